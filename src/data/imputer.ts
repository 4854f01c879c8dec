/** Numbers in place of missing ones. https://scikit-learn.org/stable/modules/generated/sklearn.impute.SimpleImputer.html */
import { checkOptions, OptionError } from '../base/errors.ts';
import type { Value } from '../value/value.ts';
import { requireOneOf } from './arguments.ts';
import { fitted, floats, numbersIn, perFeature, presentColumns, rowsValue, type Rows } from './columns.ts';

export type ImputeStrategy = 'mean' | 'median' | 'mostFrequent' | 'constant';

export interface ImputerOptions {
  /** What stands for a feature's missing numbers; default its 'mean'. */
  readonly strategy?: ImputeStrategy;
  /** The number of the strategy 'constant'; default 0. */
  readonly fill?: number;
}

const STRATEGIES: readonly ImputeStrategy[] = ['mean', 'median', 'mostFrequent', 'constant'];

export interface ImputerJson {
  readonly type: 'Imputer';
  readonly strategy: ImputeStrategy;
  readonly fill: number;
  readonly replacements: readonly number[];
}

function median(column: Float64Array): number {
  const sorted = column.toSorted();
  const middle = sorted.length >>> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The most frequent number; of several the smallest. */
function mode(column: Float64Array): number {
  const counts = new Map<number, number>();
  for (const x of column.toSorted()) counts.set(x, (counts.get(x) ?? 0) + 1);
  return [...counts].reduce((best, entry) => (entry[1] > best[1] ? entry : best))[0];
}

/**
 * Replaces missing numbers (NaN) by what the training data say of their feature.
 * @throws OptionError for an unknown strategy; DataError before `fit`, or for a feature without numbers; ShapeError unless [n, features].
 * @example new Imputer({ strategy: 'median' }).fitTransform([[1], [NaN], [3]]) // [[1], [2], [3]]
 */
export class Imputer {
  readonly strategy: ImputeStrategy;
  readonly fill: number;
  #replacements: readonly number[] | null = null;

  constructor(options: ImputerOptions = {}) {
    checkOptions('Imputer', options, ['strategy', 'fill']);
    this.strategy = requireOneOf('Imputer', 'strategy', options.strategy ?? 'mean', STRATEGIES);
    this.fill = options.fill ?? 0;
    if (!Number.isFinite(this.fill)) {
      throw new OptionError(`fill must be a finite number, got ${String(this.fill)}`, {
        op: 'Imputer',
        option: 'fill',
      });
    }
  }

  #fitColumn(column: Float64Array): number {
    switch (this.strategy) {
      case 'mean':
        return column.reduce((a, b) => a + b, 0) / column.length;
      case 'median':
        return median(column);
      case 'mostFrequent':
        return mode(column);
      case 'constant':
        return this.fill;
    }
  }

  fit(x: Rows): this {
    const rows = rowsValue('Imputer', x);
    this.#replacements =
      this.strategy === 'constant'
        ? Array.from({ length: rows.shape[1]! }, () => this.fill)
        : presentColumns('Imputer', rows).map((column) => this.#fitColumn(column));
    return this;
  }

  transform(x: Rows): Value {
    const replacements = fitted('Imputer', this.#replacements);
    const rows = floats(rowsValue('Imputer', x, replacements.length));
    return rows.where(rows.eq(rows), perFeature(replacements, rows));
  }

  fitTransform(x: Rows): Value {
    return this.fit(x).transform(x);
  }

  toJSON(): ImputerJson {
    const replacements = fitted('Imputer', this.#replacements);
    return { type: 'Imputer', strategy: this.strategy, fill: this.fill, replacements };
  }

  /** One that `toJSON` saved. @example Imputer.fromJSON(JSON.parse(text)) */
  static fromJSON(json: object): Imputer {
    const { strategy, fill } = json as { strategy: ImputeStrategy; fill: number };
    const imputer = new Imputer({ strategy, fill });
    imputer.#replacements = numbersIn('Imputer', json as Record<string, unknown>, 'replacements');
    return imputer;
  }
}
