/** Features brought to one scale. https://scikit-learn.org/stable/modules/preprocessing.html#standardization-or-mean-removal-and-variance-scaling */
import { checkOptions, OptionError } from '../base/errors.ts';
import type { Value } from '../value/value.ts';
import { fitted, floats, numbersIn, perFeature, presentColumns, rowsValue, type Rows } from './columns.ts';

interface Affine {
  readonly shift: readonly number[];
  readonly scale: readonly number[];
}

export interface ScalerJson {
  readonly type: string;
  readonly shift: readonly number[];
  readonly scale: readonly number[];
  readonly low?: number;
  readonly high?: number;
}

/** (x − shift) / scale, feature by feature; fitted on training data, applied to any. */
abstract class Scaler {
  protected state: Affine | null = null;
  protected abstract readonly name: string;

  protected abstract fitColumn(column: Float64Array): readonly [shift: number, scale: number];

  /** Learns from training data [n, features]; missing numbers (NaN) are passed over. @throws DataError without numbers. */
  fit(x: Rows): this {
    const columns = presentColumns(this.name, rowsValue(this.name, x)).map((column) => this.fitColumn(column));
    // A constant feature keeps its scale, so that nothing is divided by 0.
    this.state = { shift: columns.map(([a]) => a), scale: columns.map(([, b]) => (b === 0 ? 1 : b)) };
    return this;
  }

  /** The features scaled, [n, features]; differentiable, floats keep their dtype. @throws ShapeError for other features. */
  transform(x: Rows): Value {
    const { shift, scale } = fitted(this.name, this.state);
    const rows = floats(rowsValue(this.name, x, shift.length));
    return rows.sub(perFeature(shift, rows)).div(perFeature(scale, rows));
  }

  fitTransform(x: Rows): Value {
    return this.fit(x).transform(x);
  }

  /** Back to the original units. */
  inverse(x: Rows): Value {
    const { shift, scale } = fitted(this.name, this.state);
    const rows = floats(rowsValue(this.name, x, shift.length));
    return rows.mul(perFeature(scale, rows)).add(perFeature(shift, rows));
  }

  toJSON(): ScalerJson {
    return { type: this.name, ...fitted(this.name, this.state) };
  }

  protected restore(json: Readonly<Record<string, unknown>>): this {
    this.state = { shift: numbersIn(this.name, json, 'shift'), scale: numbersIn(this.name, json, 'scale') };
    return this;
  }
}

function moments(column: Float64Array): [number, number] {
  const mean = column.reduce((a, b) => a + b, 0) / column.length;
  const variance = column.reduce((sum, x) => sum + (x - mean) * (x - mean), 0) / column.length;
  return [mean, Math.sqrt(variance)];
}

/**
 * Mean 0 and standard deviation 1 (of the population), feature by feature.
 * https://scikit-learn.org/stable/modules/generated/sklearn.preprocessing.StandardScaler.html
 * @throws DataError before `fit`, or for a feature without numbers; ShapeError unless [n, features].
 * @example const scaler = new StandardScaler().fit(train); model.forward(scaler.transform(test))
 */
export class StandardScaler extends Scaler {
  protected override readonly name: string = 'StandardScaler';

  protected override fitColumn(column: Float64Array): readonly [number, number] {
    return moments(column);
  }

  /** One that `toJSON` saved. @example StandardScaler.fromJSON(JSON.parse(text)) */
  static fromJSON(json: object): StandardScaler {
    return new StandardScaler().restore(json as Record<string, unknown>);
  }
}

export interface MinMaxOptions {
  /** What the smallest and the largest number of the training data become; default [0, 1]. */
  readonly range?: readonly [number, number];
}

/**
 * The training data's smallest number to 0 and largest to 1 (or another range), feature by feature.
 * https://scikit-learn.org/stable/modules/generated/sklearn.preprocessing.MinMaxScaler.html
 * @throws OptionError unless low < high; otherwise as StandardScaler.
 * @example new MinMaxScaler({ range: [-1, 1] }).fitTransform([[0], [5], [10]]) // [[-1], [0], [1]]
 */
export class MinMaxScaler extends Scaler {
  protected override readonly name: string = 'MinMaxScaler';
  readonly low: number;
  readonly high: number;

  constructor(options: MinMaxOptions = {}) {
    super();
    checkOptions('MinMaxScaler', options, ['range']);
    const [low, high] = options.range ?? [0, 1];
    if (!(low < high) || !Number.isFinite(high - low)) {
      throw new OptionError(`range must be [low, high] with low < high, got [${low}, ${high}]`, {
        op: 'MinMaxScaler',
        option: 'range',
      });
    }
    this.low = low;
    this.high = high;
  }

  protected override fitColumn(column: Float64Array): readonly [number, number] {
    const least = column.reduce((a, b) => Math.min(a, b));
    const most = column.reduce((a, b) => Math.max(a, b));
    const scale = (most === least ? 1 : most - least) / (this.high - this.low);
    return [least - this.low * scale, scale];
  }

  override toJSON(): ScalerJson {
    return { ...super.toJSON(), low: this.low, high: this.high };
  }

  /** One that `toJSON` saved. @example MinMaxScaler.fromJSON(JSON.parse(text)) */
  static fromJSON(json: object): MinMaxScaler {
    const { low, high } = json as { low?: number; high?: number };
    return new MinMaxScaler({ range: [low ?? NaN, high ?? NaN] }).restore(json as Record<string, unknown>);
  }
}
