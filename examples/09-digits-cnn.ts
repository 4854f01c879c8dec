// A convolutional network reads handwritten digits.
//   npx ts-node examples/09-digits-cnn.ts --data FOLDER     (or CHAINRULE_DATA=FOLDER; the folder holds MNIST's IDX files)
import { manualSeed } from 'chainrule';
import { crossEntropy } from 'chainrule/losses';
import { Conv2d, Dropout, Flatten, Linear, MaxPool2d, ReLU, Sequential } from 'chainrule/nn';
import { Adam, OneCycleLR } from 'chainrule/optim';
import { evaluate, fit, plotFilters, plotHistory } from 'chainrule/train';
import { digits } from './common/digits.ts';
import { picture, quick, target } from './common/setting.ts';

async function main(): Promise<void> {
  manualSeed(0);
  const [train, test] = [digits('train'), digits('test')];
  const model = new Sequential(
    new Conv2d(1, 16, 3, { padding: 1 }),
    new ReLU(),
    new MaxPool2d(2),
    new Conv2d(16, 32, 3, { padding: 1 }),
    new ReLU(),
    new MaxPool2d(2),
    new Flatten(),
    new Dropout(0.25),
    new Linear(32 * 7 * 7, 64),
    new ReLU(),
    new Linear(64, 10),
  );
  const epochs = quick ? 4 : 12;
  const optimizer = new Adam(model.parameters());
  const totalSteps = epochs * Math.ceil(train.y.size / 64);
  const history = await fit(model, train, {
    loss: crossEntropy,
    optimizer,
    epochs,
    batchSize: 64,
    schedule: { scheduler: new OneCycleLR(optimizer, { maxLr: 4e-3, totalSteps }), every: 'batch' },
    metrics: ['accuracy'],
    validation: test,
  });
  const { accuracy } = await evaluate(model, test, { metrics: ['accuracy'] });
  target('share of the 1,000 test digits that it reads right,', accuracy!, { atLeast: 0.975 });
  picture('digits-cnn-curves.svg', await plotHistory(history));
  picture('digits-cnn-filters.svg', await plotFilters(model));
}

void main();
