// Which rate, width and activation suit the penguins? Every combination is trained on five folds.
//   npx ts-node examples/13-search.ts --data FOLDER     (or CHAINRULE_DATA=FOLDER; the folder holds penguins.csv)
import { Imputer, StandardScaler } from 'chainrule/data';
import { crossEntropy } from 'chainrule/losses';
import { MLP } from 'chainrule/nn';
import { Adam } from 'chainrule/optim';
import { evaluate, fit, gridSearch } from 'chainrule/train';
import { penguins } from './common/penguins.ts';
import { quick, target } from './common/setting.ts';

const { x, y } = penguins();
const space = {
  lr: quick ? [0.001, 0.03] : [0.001, 0.003, 0.01, 0.03],
  width: quick ? [16] : [4, 16, 64],
  activation: ['relu', 'tanh'],
} as const;

async function main(): Promise<void> {
  const results = await gridSearch(
    space,
    async ({ lr, width, activation }, { train, validation }) => {
      const [means, scaler] = [new Imputer(), new StandardScaler()]; // they know the training birds only
      const seen = { x: scaler.fitTransform(means.fitTransform(train.x)), y: train.y };
      const unseen = { x: scaler.transform(means.transform(validation.x)), y: validation.y };
      const model = new MLP([4, width, 3], { activation });
      const optimizer = new Adam(model.parameters(), { lr });
      await fit(model, seen, { loss: crossEntropy, optimizer, epochs: 20, batchSize: 32, progress: false });
      return evaluate(model, unseen, { loss: crossEntropy, metrics: ['accuracy'] });
    },
    { data: { x, y }, folds: 5, stratify: true, metric: 'accuracy' },
  );
  console.log(String(results));
  target('share of penguins right by the best, 5 folds,', results.best.mean, { atLeast: 0.97 });
}

void main();
