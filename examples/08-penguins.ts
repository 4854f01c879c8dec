// Which of three species is a penguin? Logistic regression, a linear support vector machine and a small network tell them
// apart by four measurements. Two birds were never measured: means of the training birds stand in.
//   npx ts-node examples/08-penguins.ts --data FOLDER     (or CHAINRULE_DATA=FOLDER; the folder holds penguins.csv)
import { constant, manualSeed, type Value } from 'chainrule';
import { Imputer, kFold, LabelEncoder, numericColumn, readCsv, StandardScaler } from 'chainrule/data';
import { crossEntropy, l2Penalty, multiMarginLoss } from 'chainrule/losses';
import { Linear, MLP, type Module } from 'chainrule/nn';
import { Adam } from 'chainrule/optim';
import { confusionMatrix, fit, plotConfusionMatrix, predict } from 'chainrule/train';
import { dataFile, picture, target } from './common/setting.ts';

const table = readCsv(dataFile('penguins.csv'));
const columns = ['bill_length_mm', 'bill_depth_mm', 'flipper_length_mm', 'body_mass_g'];
const measured = columns.map((name) => numericColumn(table, name));
const birds = table.rows.map((_, i) => measured.map((column) => column[i]!));
const labels = new LabelEncoder();
const species = labels.fitTransform(table.rows.map((row) => row[table.columns.indexOf('species')]!));

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

const rowsAt = (rows: Int32Array): number[][] => Array.from(rows, (i) => birds[i]!);
const speciesAt = (rows: Int32Array): Value => species.indexSelect(0, constant(rows));

/** What is said of each bird by a model that has not seen it. */
async function crossValidated({ model: make, loss }: Method): Promise<Value> {
  const said = new Int32Array(birds.length);
  for (const { train, validation } of kFold(birds.length, { folds: 5, stratify: species, seed: 0 })) {
    const [means, scaler] = [new Imputer(), new StandardScaler()]; // they know the training birds only
    const x = scaler.fitTransform(means.fitTransform(rowsAt(train)));
    const model = make();
    await fit(
      model,
      { x, y: speciesAt(train) },
      {
        loss: loss(model),
        optimizer: new Adam(model.parameters(), { lr: 0.05 }),
        epochs: 30,
        batchSize: 32,
        progress: false,
      },
    );
    const scores = predict(model, scaler.transform(means.transform(rowsAt(validation))));
    scores.argmax(1).data.forEach((kind, i) => (said[validation[i]!] = kind));
  }
  return constant(said);
}

async function main(): Promise<void> {
  manualSeed(0);
  for (const [name, method] of Object.entries(methods)) {
    const said = await crossValidated(method);
    const share = said.eq(species).to('float64').mean().item();
    target(`share of penguins right by ${name}, 5 folds,`, share, { atLeast: 0.97 });
    const svg = await plotConfusionMatrix(confusionMatrix(said, species), { classes: labels.classes.map(String) });
    picture(`penguins-${name.replaceAll(' ', '-')}.svg`, svg);
  }
}

void main();
