// Compiled by a strict consumer under every module resolution, with nothing but the published declarations.
import { grad, isValue, value, type Value } from 'chainrule';
import * as data from 'chainrule/data';
import { toDot, toSvg } from 'chainrule/graph';
import * as losses from 'chainrule/losses';
import * as nn from 'chainrule/nn';
import * as optim from 'chainrule/optim';
import { checkGradients } from 'chainrule/testing';
import * as train from 'chainrule/train';

const a = value(2);
const b = value(1);
const e: Value = a.add(b).mul(b.add(1));
e.backward();
const slope: Value | null = a.grad;
const dot: string = toDot(e);
const svg: Promise<string> = toSvg(e);
const derivative = grad((x: Value) => x.mul(x));
const six: number = derivative(value(3)).item() as number;
checkGradients((x: Value) => x.mul(x), [a]);

const model = new nn.MLP([2, 8, 2]);
const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
optimizer.lr = 1e-4;
const loss: Value = losses.mseLoss(model.forward(value([[1, 2]])), value([[0, 1]]));

export const used: unknown[] = [slope, dot, svg, six, loss, isValue(e), data, train];
