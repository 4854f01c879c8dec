/** A program that trains and saves, to be killed: prints each epoch and, at the end, what came out, as JSON. */
import { setTimeout } from 'node:timers/promises';
import { manualSeed, rand, randn } from 'chainrule';
import { mseLoss } from 'chainrule/losses';
import { Dropout, Linear, ReLU, Sequential } from 'chainrule/nn';
import { Adam, StepLR } from 'chainrule/optim';
import { checkpoint, fit } from 'chainrule/train';

const [, , directory, epochs] = process.argv;

manualSeed(7);
const x = randn([40, 3], { dtype: 'float32' });
const y = x.square().sum(1, { keepDims: true }).detach();
const model = new Sequential(new Linear(3, 16), new ReLU(), new Dropout(0.2), new Linear(16, 1));
const optimizer = new Adam(model.parameters(), { lr: 0.01 });

async function main(): Promise<void> {
  const { batchLosses } = await fit(
    model,
    { x, y },
    {
      loss: mseLoss,
      optimizer,
      epochs: Number(epochs),
      batchSize: 8,
      progress: false,
      schedule: new StepLR(optimizer, { stepSize: 10, gamma: 0.9 }),
      callbacks: [
        {
          onEpochEnd: ({ epoch }) => {
            console.log(`epoch ${epoch}`);
            return setTimeout(4);
          },
        },
        ...(directory === '' ? [] : [checkpoint({ directory: directory!, keepBest: 2, resume: true })]),
      ],
    },
  );
  const weights = Object.values(model.stateDict()).map((w) => w.toArray());
  console.log(JSON.stringify({ batchLosses, weights, next: rand([2]).toArray() }));
}

void main();
