// A program that needs no more than subpaths never names `chainrule` itself.
import assert from 'node:assert/strict';
import { moons } from 'chainrule/data';
import { crossEntropy } from 'chainrule/losses';
import { MLP } from 'chainrule/nn';
import { Adam } from 'chainrule/optim';

const { x, y } = moons(20);
const model = new MLP([2, 4, 2]);
const optimizer = new Adam(model.parameters(), { lr: 0.01 });
const loss = crossEntropy(model.forward(x), y);
loss.backward();
optimizer.step();
assert.ok(loss.item() > crossEntropy(model.forward(x), y).item());
