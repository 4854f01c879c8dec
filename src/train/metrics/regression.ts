/** How far predicted numbers are off. */
import { ShapeError, showShape } from '../../base/errors.ts';
import { sameShape } from '../../base/shapes.ts';
import type { Shape } from '../../base/shape-types.ts';
import { meanOf } from './averages.ts';
import type { Metric } from './metric.ts';
import { numbersOf, type Numbers } from './input.ts';

/** Sums of one output over examples. */
interface Sums {
  count: number;
  /** Of |prediction − target|. */
  absolute: number;
  /** Of its square. */
  squared: number;
  /** The targets' mean, and the sum of their squared distances from it. */
  mean: number;
  spread: number;
}

const NOTHING: Sums = { count: 0, absolute: 0, squared: 0, mean: 0, spread: 0 };

/** One more number. Mean and spread by Welford's recurrence, which does not cancel. */
function note(sums: Sums, prediction: number, target: number): void {
  const error = prediction - target;
  sums.count++;
  sums.absolute += Math.abs(error);
  sums.squared += error * error;
  const delta = target - sums.mean;
  sums.mean += delta / sums.count;
  sums.spread += delta * (target - sums.mean);
}

const withoutOnes = (shape: Shape): readonly number[] => shape.filter((n, i) => n !== 1 || i === 0);

/** What regression metrics share: a number for each output, and the mean of those. */
abstract class RegressionMetric implements Metric {
  readonly name: string;
  readonly #measure: (sums: Sums) => number;
  #outputs: Sums[] = [];

  constructor(name: string, measure: (sums: Sums) => number) {
    this.name = name;
    this.#measure = measure;
  }

  reset(): void {
    this.#outputs = [];
  }

  update(prediction: Numbers, target: Numbers): void {
    const [p, t] = [numbersOf(this.name, 'prediction', prediction), numbersOf(this.name, 'target', target)];
    if (!sameShape(withoutOnes(p.shape), withoutOnes(t.shape))) {
      throw new ShapeError(`predictions ${showShape(p.shape)} do not go with targets ${showShape(t.shape)}`, {
        op: this.name,
        shapes: [p.shape, t.shape],
        hint: 'They must be equal, but for axes of length 1.',
      });
    }
    const width = p.size / (p.shape[0] ?? 1) || 1;
    while (this.#outputs.length < width) this.#outputs.push({ ...NOTHING });
    const [predicted, actual] = [p.data, t.data];
    for (let i = 0; i < actual.length; i++) note(this.#outputs[i % width]!, predicted[i]!, actual[i]!);
  }

  /** The mean over outputs. */
  result(): number {
    return this.#outputs.length === 0 ? NaN : meanOrNaN(this.#outputs.map(this.#measure));
  }

  stateDict(): unknown {
    return this.#outputs;
  }

  loadStateDict(state: unknown): void {
    this.#outputs = (state as readonly Sums[]).map((sums) => ({ ...sums }));
  }
}

const meanOrNaN = (numbers: readonly number[]): number => (numbers.some(Number.isNaN) ? NaN : meanOf(numbers));

/** A perfect fit of targets that are all the same is 1, any other 0. */
function determination({ count, squared, spread }: Sums): number {
  if (count < 2) return NaN;
  if (spread === 0) return squared === 0 ? 1 : 0;
  return 1 - squared / spread;
}

/**
 * The coefficient of determination: the share of the targets' variance that predictions explain; 1 is perfect, 0 no
 * better than the mean. Of several outputs the mean.
 * https://scikit-learn.org/stable/modules/generated/sklearn.metrics.r2_score.html
 * @throws ShapeError for shapes that do not go together.
 * @example await fit(model, data, { …, metrics: ['r2'] })
 */
export class R2 extends RegressionMetric {
  constructor() {
    super('r2', determination);
  }
}

/**
 * The mean absolute error.
 * https://scikit-learn.org/stable/modules/generated/sklearn.metrics.mean_absolute_error.html
 * @throws ShapeError for shapes that do not go together.
 * @example await fit(model, data, { …, metrics: ['mae'] })
 */
export class MeanAbsoluteError extends RegressionMetric {
  constructor() {
    super('mae', ({ absolute, count }) => absolute / count);
  }
}

/**
 * The mean squared error.
 * https://scikit-learn.org/stable/modules/generated/sklearn.metrics.mean_squared_error.html
 * @throws ShapeError for shapes that do not go together.
 * @example await fit(model, data, { …, metrics: ['mse'] })
 */
export class MeanSquaredError extends RegressionMetric {
  constructor() {
    super('mse', ({ squared, count }) => squared / count);
  }
}

/**
 * The root of the mean squared error; of several outputs the mean of their roots.
 * https://scikit-learn.org/stable/modules/generated/sklearn.metrics.root_mean_squared_error.html
 * @throws ShapeError for shapes that do not go together.
 * @example await fit(model, data, { …, metrics: ['rmse'] })
 */
export class RootMeanSquaredError extends RegressionMetric {
  constructor() {
    super('rmse', ({ squared, count }) => Math.sqrt(squared / count));
  }
}

function whole(metric: RegressionMetric, prediction: Numbers, target: Numbers): number {
  metric.update(prediction, target);
  return metric.result();
}

/** The coefficient of determination. See `R2`. @example r2([2.5, 0, 2, 8], [3, -0.5, 2, 7]) // 0.948… */
export const r2 = (prediction: Numbers, target: Numbers): number => whole(new R2(), prediction, target);

/** The mean absolute error. See `MeanAbsoluteError`. @example mae([1, 2], [1, 4]) // 1 */
export const mae = (prediction: Numbers, target: Numbers): number => whole(new MeanAbsoluteError(), prediction, target);

/** The mean squared error. See `MeanSquaredError`. @example mse([1, 2], [1, 4]) // 2 */
export const mse = (prediction: Numbers, target: Numbers): number => whole(new MeanSquaredError(), prediction, target);

/** The root of the mean squared error. See `RootMeanSquaredError`. @example rmse([1, 2], [1, 4]) // 1.41… */
export const rmse = (prediction: Numbers, target: Numbers): number =>
  whole(new RootMeanSquaredError(), prediction, target);
