// How far does a car go on a gallon? Linear regression on seven properties of 392 cars, by least squares and by Huber's
// loss, which a few odd cars do not move as much.
//   npx ts-node examples/07-cars.ts --data FOLDER     (or CHAINRULE_DATA=FOLDER; the folder holds cars.json)
import { constant, manualSeed, type Value } from 'chainrule';
import { kFold, readJson, StandardScaler } from 'chainrule/data';
import { huberLoss, mseLoss } from 'chainrule/losses';
import { Linear } from 'chainrule/nn';
import { LBFGS } from 'chainrule/optim';
import { r2 } from 'chainrule/train';
import { dataFile, target } from './common/setting.ts';

interface Car {
  readonly Miles_per_Gallon: number | null;
  readonly Cylinders: number;
  readonly Displacement: number;
  readonly Horsepower: number | null;
  readonly Weight_in_lbs: number;
  readonly Acceleration: number;
  readonly Year: string;
  readonly Origin: 'USA' | 'Europe' | 'Japan';
}

const FEATURES = ['log cylinders', 'log displacement', 'log horsepower', 'log weight', 'log acceleration'];
const NAMES = [...FEATURES, 'year', 'from the USA', 'from Europe'];

/** Sizes act by their ratios, so that their logarithms are what is weighed. */
function features(car: Car): number[] {
  const sizes = [car.Cylinders, car.Displacement, car.Horsepower!, car.Weight_in_lbs, car.Acceleration];
  const year = new Date(car.Year).getUTCFullYear();
  return [...sizes.map(Math.log), year, Number(car.Origin === 'USA'), Number(car.Origin === 'Europe')];
}

const cars = (readJson(dataFile('cars.json')) as Car[]).filter(
  (car) => car.Miles_per_Gallon !== null && car.Horsepower !== null,
);
const x = cars.map(features);
const y = cars.map((car) => car.Miles_per_Gallon!);
manualSeed(0);

type Loss = (prediction: Value, target: Value) => Value;

/** The layer that fits these rows best; L-BFGS finds it in one call. */
function fitted(loss: Loss, rows: Value, targets: Value): Linear {
  const layer = new Linear(NAMES.length, 1, { dtype: 'float64' });
  const optimizer = new LBFGS(layer.parameters(), { lr: 1, maxIter: 100, lineSearchFn: 'strongWolfe' });
  optimizer.step(() => {
    optimizer.zeroGrad();
    const l = loss(layer.forward(rows).squeeze(-1), targets);
    l.backward();
    return l;
  });
  return layer;
}

const pick = <T>(from: readonly T[], at: Int32Array): T[] => Array.from(at, (i) => from[i]!);

/** Every car is predicted once, by a layer that has not seen it. */
function crossValidated(loss: Loss): number {
  const predictions = new Float64Array(cars.length);
  for (const { train, validation } of kFold(cars.length, { folds: 5, seed: 0 })) {
    const scaler = new StandardScaler(); // knows the training cars only
    const layer = fitted(loss, scaler.fitTransform(pick(x, train)), constant(pick(y, train)));
    const said = layer.forward(scaler.transform(pick(x, validation))).data;
    validation.forEach((car, i) => (predictions[car] = said[i]!));
  }
  return r2(constant(predictions), constant(y));
}

const losses: Readonly<Record<string, Loss>> = {
  'least squares': mseLoss,
  'Huber’s loss': (prediction, goal) => huberLoss(prediction, goal, { delta: 3 }),
};
for (const [name, loss] of Object.entries(losses)) {
  target(`R² of ${name} over 5 folds,`, crossValidated(loss), { atLeast: 0.8 });
}

const layer = fitted(mseLoss, new StandardScaler().fitTransform(x), constant(y));
console.log('\nMiles per gallon, for a standard deviation more of');
NAMES.forEach((name, i) => console.log(`  ${name.padEnd(17)} ${layer.weight.data[i]!.toFixed(2).padStart(6)}`));
