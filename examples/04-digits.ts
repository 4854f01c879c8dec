// Handwritten digits, with the training loop written out.
//   npx ts-node examples/04-digits.ts --data FOLDER     (or CHAINRULE_DATA=FOLDER)
// The folder holds MNIST's four IDX files, packed or not, under their usual names.
import { compile, manualSeed, type Value } from 'chainrule';
import { batches } from 'chainrule/data';
import { crossEntropy } from 'chainrule/losses';
import { MLP } from 'chainrule/nn';
import { Adam } from 'chainrule/optim';
import { digits } from './common/digits.ts';
import { quick, target } from './common/setting.ts';

/** An image in characters: lines of 14, two rows of pixels to one. */
function show(image: Value): string {
  const rows = image.reshape([14, 2, 14, 2]).mean([1, 3]).toArray() as number[][];
  return rows.map((row) => row.map((ink) => ' .:*#'[Math.floor(ink * 4.99)]).join('')).join('\n');
}

manualSeed(0);
const [train, test] = [digits('train'), digits('test')];
const model = new MLP([784, 256, 128, 10], { dropout: 0.3 });
const optimizer = new Adam(model.parameters());
const read = (images: Value): Value => model.forward(images.flatten(1));

const step = compile((x: Value, y: Value) => {
  const loss = crossEntropy(read(x), y);
  optimizer.zeroGrad();
  loss.backward();
  optimizer.step();
  return loss;
});

const epochs = quick ? 8 : 15;
for (let epoch = 1; epoch <= epochs; epoch++) {
  optimizer.lr = 2e-3 * (1 - (epoch - 1) / epochs);
  let last = NaN;
  model.train();
  for (const [x, y] of batches([train.x, train.y], { batchSize: 64 })) last = step(x!, y!).item();
  model.eval();
  const right = read(test.x).argmax(1).eq(test.y).to('float64').mean().item();
  console.log(`epoch ${epoch}  last loss ${last.toFixed(4)}  test accuracy ${(100 * right).toFixed(1)} %`);
}

const guesses = read(test.x).argmax(1);
target('share of the 1,000 test digits read right,', guesses.eq(test.y).to('float64').mean().item(), { atLeast: 0.95 });
const wrong = guesses.ne(test.y).data.indexOf(1);
if (wrong >= 0) {
  const [guess, truth] = [guesses.at(wrong).item(), test.y.at(wrong).item()];
  console.log(`\nThe first that it gets wrong: it says ${guess}, the label says ${truth}.`);
  console.log(show(test.x.at(wrong)));
}
