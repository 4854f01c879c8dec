// Handwritten digits, with the training loop written out.
//   npx ts-node examples/04-digits.ts --data FOLDER     (or CHAINRULE_DATA=FOLDER)
// The folder holds MNIST's four IDX files, packed or not, under their usual names.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { manualSeed, type Value } from 'chainrule';
import { batches, readIdx } from 'chainrule/data';
import { crossEntropy } from 'chainrule/losses';
import { MLP } from 'chainrule/nn';
import { Adam } from 'chainrule/optim';
import { accuracy, predict } from 'chainrule/train';

const { values } = parseArgs({
  options: { data: { type: 'string' }, epochs: { type: 'string', default: '4' } },
});
const folder = values.data ?? (process.env['CHAINRULE_DATA'] || undefined);

/** The file of the folder whose name holds these words. */
function find(set: 'train' | 'test', kind: 'images' | 'labels'): string {
  const words = new RegExp(`${set === 'test' ? '(test|t10k)' : 'train'}-${kind}`);
  const name = readdirSync(folder!).find((file) => words.test(file));
  if (name === undefined) throw new Error(`${folder} has no ${set}-${kind} file`);
  return join(folder!, name);
}

/** Images as rows of 784 numbers between 0 and 1, and the digit that each shows. */
function load(set: 'train' | 'test'): { x: Value; y: Value } {
  const images = readIdx(find(set, 'images'));
  const x = images.reshape([images.shape[0]!, -1]).to('float32').div(255);
  return { x, y: readIdx(find(set, 'labels')) };
}

/** An image in characters: lines of 14, two rows of pixels to one. */
function show(image: Value): string {
  const rows = image.reshape([14, 2, 14, 2]).mean([1, 3]).toArray() as number[][];
  return rows.map((row) => row.map((ink) => ' .:*#'[Math.floor(ink * 4.99)]).join('')).join('\n');
}

function main(): void {
  if (folder === undefined || !existsSync(folder)) {
    console.log('skipped: no data. Give a folder with MNIST’s IDX files: --data FOLDER, or CHAINRULE_DATA=FOLDER');
    return;
  }
  manualSeed(0);
  const [train, test] = [load('train'), load('test')];
  const model = new MLP([784, 128, 10]);
  const optimizer = new Adam(model.parameters(), { lr: 2e-3 });
  for (let epoch = 1; epoch <= Number(values.epochs); epoch++) {
    let last = NaN;
    for (const [x, y] of batches([train.x, train.y], { batchSize: 64 })) {
      const loss = crossEntropy(model.forward(x!), y!);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      last = loss.item();
    }
    const share = accuracy(predict(model, test.x), test.y);
    console.log(`epoch ${epoch}  last loss ${last.toFixed(4)}  test accuracy ${(100 * share).toFixed(1)} %`);
  }

  const guesses = model.forward(test.x).argmax(1);
  const wrong = guesses.ne(test.y).data.indexOf(1);
  if (wrong < 0) return;
  const [guess, truth] = [guesses.at(wrong).item(), test.y.at(wrong).item()];
  console.log(`\nThe first that it gets wrong: it says ${guess}, the label says ${truth}.`);
  console.log(show(test.x.at(wrong)));
}

main();
