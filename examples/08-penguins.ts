// Which of three species is a penguin? Logistic regression, a linear support vector machine and a small network tell them
// apart by four measurements. Two birds were never measured: means of the training birds stand in.
//   npx ts-node examples/08-penguins.ts --data FOLDER     (or CHAINRULE_DATA=FOLDER; the folder holds penguins.csv)
import { constant, manualSeed, type Value } from 'chainrule';
import { Imputer, kFold, StandardScaler } from 'chainrule/data';
import { crossEntropy, l2Penalty, multiMarginLoss } from 'chainrule/losses';
import { Linear, MLP, type Module } from 'chainrule/nn';
import { Adam } from 'chainrule/optim';
import { accuracy, confusionMatrix, fit, plotConfusionMatrix, predict } from 'chainrule/train';
import { penguins } from './common/penguins.ts';
import { picture, target } from './common/setting.ts';

const { x, y, species } = penguins();

interface Method {
  readonly model: () => Module;
  readonly loss: (model: Module) => (scores: Value, target: Value) => Value;
}

const methods: Readonly<Record<string, Method>> = {
  'logistic regression': {
    model: () => new Linear(4, 3),
    loss: () => crossEntropy,
  },
  // A hinge for every wrong class, and weights kept small: the margin is wide.
  'support vector machine': {
    model: () => new Linear(4, 3),
    loss: (model) => (scores, target) => multiMarginLoss(scores, target).add(l2Penalty(model.parameters(), 1e-3)),
  },
  'network of 16 units': {
    model: () => new MLP([4, 16, 3]),
    loss: () => crossEntropy,
  },
};

const at = (rows: Int32Array, of: Value): Value => of.indexSelect(0, constant(rows));

/** What is said of each bird by a model that has not seen it. */
async function crossValidated({ model: make, loss }: Method): Promise<Value> {
  const said = new Int32Array(y.size);
  for (const { train, validation } of kFold(y.size, { folds: 5, stratify: y, seed: 0 })) {
    const [means, scaler] = [new Imputer(), new StandardScaler()]; // they know the training birds only
    const model = make();
    const birds = { x: scaler.fitTransform(means.fitTransform(at(train, x))), y: at(train, y) };
    const optimizer = new Adam(model.parameters(), { lr: 0.05 });
    await fit(model, birds, { loss: loss(model), optimizer, epochs: 30, batchSize: 32, progress: false });
    const scores = predict(model, scaler.transform(means.transform(at(validation, x))));
    scores.argmax(1).data.forEach((kind, i) => (said[validation[i]!] = kind));
  }
  return constant(said);
}

async function main(): Promise<void> {
  manualSeed(0);
  for (const [name, method] of Object.entries(methods)) {
    const said = await crossValidated(method);
    target(`share of penguins right by ${name}, 5 folds,`, accuracy(said, y), { atLeast: 0.97 });
    const svg = await plotConfusionMatrix(confusionMatrix(said, y), { classes: species });
    picture(`penguins-${name.replaceAll(' ', '-')}.svg`, svg);
  }
}

void main();
