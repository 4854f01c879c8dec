// A small network learns to tell two half moons apart; the line that it draws becomes a picture.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { manualSeed } from 'chainrule';
import { moons } from 'chainrule/data';
import { crossEntropy } from 'chainrule/losses';
import { MLP } from 'chainrule/nn';
import { Adam } from 'chainrule/optim';
import { evaluate, fit, lines, plotDecisionBoundary, plotLoss } from 'chainrule/train';

manualSeed(1); // the same losses to the last bit, every time
const train = moons(600, { noise: 0.12 });
const test = moons(300, { noise: 0.12 });

const model = new MLP([2, 24, 24, 2], { activation: 'tanh' });

async function main(): Promise<void> {
  const history = await fit(model, train, {
    loss: crossEntropy,
    optimizer: new Adam(model.parameters(), { lr: 0.02 }),
    epochs: 20,
    batchSize: 30,
    metrics: ['accuracy'],
    validation: test,
    progress: lines((line) => console.log(line)),
    schedule: (done) => 1 - done,
  });
  const { accuracy } = await evaluate(model, test, { metrics: ['accuracy'] });
  console.log(`\nAccuracy on new moons: ${(100 * accuracy!).toFixed(1)} %`);

  const out = process.argv[2] ?? 'out';
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, 'moons-loss.svg'), await plotLoss(history));
  writeFileSync(join(out, 'moons-boundary.svg'), await plotDecisionBoundary(model, test.x, test.y));
  console.log(`Pictures: ${join(out, 'moons-loss.svg')}, ${join(out, 'moons-boundary.svg')}`);
}

void main();
