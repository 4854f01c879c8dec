// Rosenblatt's perceptron learns the boolean gates, except for XOR, which one line cannot separate; a network of two
// layers can.
//   npx ts-node examples/06-perceptron.ts
import { compile, manualSeed, type Value } from 'chainrule';
import { booleanGate } from 'chainrule/data';
import { binaryCrossEntropyWithLogits } from 'chainrule/losses';
import { MLP, Perceptron } from 'chainrule/nn';
import { Adam } from 'chainrule/optim';
import { target } from './common/setting.ts';

manualSeed(1);

console.log('gate   learned   epochs   w1·x1 + w2·x2 + b ≥ 0');
for (const gate of ['and', 'or', 'nand', 'nor', 'xor'] as const) {
  const { x, y } = booleanGate(gate);
  const unit = new Perceptron(2);
  const { converged, epochs } = unit.fit(x, y);
  const [w1, w2] = unit.weight.data;
  const line = converged ? `${w1}·x1 + ${w2}·x2 + ${unit.bias.data[0]} ≥ 0` : 'goes round in circles';
  console.log(`${gate.padEnd(6)} ${(converged ? 'yes' : 'no').padEnd(9)} ${String(epochs).padEnd(8)} ${line}`);
  if (gate !== 'xor') target(`rows of ${gate} right,`, unit.forward(x).eq(y).sum().item(), { atLeast: 4 });
}

const { x, y } = booleanGate('xor');
const network = new MLP([2, 4, 1], { activation: 'tanh' });
const optimizer = new Adam(network.parameters(), { lr: 0.05 });
const logits = (): Value => network.forward(x).squeeze(-1);
const step = compile(() => {
  optimizer.zeroGrad();
  const loss = binaryCrossEntropyWithLogits(logits(), y);
  loss.backward();
  optimizer.step();
  return loss;
});
let loss = step();
for (let i = 1; i < 500; i++) loss = step();
console.log(`\nA network of 4 hidden units after 500 steps: loss ${loss.item().toFixed(4)}`);
const said = logits().sigmoid().data;
for (let row = 0; row < 4; row++) console.log(`  ${x.at(row).data.join(', ')} → ${said[row]!.toFixed(3)}`);
target('rows of xor right,', logits().gt(0).eq(y).sum().item(), { atLeast: 4 });
