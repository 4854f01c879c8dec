/** Data for each fold of a search. */
import { DataError, OptionError, ShapeError, showShapes } from '../../base/errors.ts';
import { flatten, unflatten } from '../../base/trees.ts';
import { requireBetween } from '../../data/arguments.ts';
import { rowsOf } from '../../data/collate.ts';
import { Dataset } from '../../data/dataset.ts';
import { kFold, splitIndices, type Fold, type Labels } from '../../data/split.ts';
import { isValue } from '../../value/value.ts';

/** Data that can be divided by rows: Values in objects and lists, whose first axes count the examples, or a Dataset. */
export type Divisible = Dataset<unknown> | object;

/** How the data are divided. */
export interface FoldOptions {
  /** Default 5, for cross-validation. */
  readonly folds?: number;
  /** Instead of folds: this share of the data, or so many examples, to validate on. */
  readonly validation?: number;
  /** Labels whose proportions every fold keeps; true for `data.y`. */
  readonly stratify?: boolean | Labels;
}

/** What one training gets. */
export interface FoldData<D> {
  readonly train: D;
  readonly validation: D;
  /** From 0 on. */
  readonly fold: number;
  /** The random numbers have been seeded with it. */
  readonly seed: number;
}

/** The data, and where each fold's parts are. */
export interface Folds<D> {
  /** How many examples; 0 without data. */
  readonly examples: number;
  readonly count: number;
  at(fold: number, seed: number): FoldData<D>;
}

/** How many rows the Values have, and the part of them at some indices. */
function divide<D>(op: string, data: D): { rows: number; part: (indices: Int32Array) => D } {
  if (data instanceof Dataset) {
    return { rows: data.length, part: (indices) => data.subset(indices) as D };
  }
  const { leaves, structure } = flatten(data, isValue);
  const rows = leaves[0]?.shape[0];
  if (rows === undefined) {
    throw new DataError('data are { x, y } of Values whose first axes count the examples, or a Dataset', {
      op,
      hint: 'Load other data in the training function, which may leave data and folds out.',
    });
  }
  if (leaves.some(({ shape }) => shape[0] !== rows)) {
    const shapes = leaves.map(({ shape }) => shape);
    throw new ShapeError(`first axes differ: ${showShapes(shapes)}`, { op, shapes });
  }
  return {
    rows,
    part: (indices) =>
      unflatten(
        structure,
        leaves.map((leaf) => rowsOf(leaf, indices)),
      ) as D,
  };
}

function labelsOf(op: string, data: unknown, stratify: boolean | Labels | undefined): Labels | undefined {
  if (stratify !== true) return stratify === false ? undefined : stratify;
  const y = (data as { y?: unknown }).y ?? (Array.isArray(data) ? (data as unknown[])[1] : undefined);
  if (isValue(y) && y.rank === 1) return y;
  throw new OptionError('stratify: true needs data with labels y of one axis', {
    op,
    option: 'stratify',
    hint: 'Give the labels: stratify: labels.',
  });
}

function indicesOf(op: string, data: unknown, rows: number, options: FoldOptions, seed: number): readonly Fold[] {
  const labels = labelsOf(op, data, options.stratify);
  const stratify = labels === undefined ? {} : { stratify: labels };
  if (options.validation === undefined) return kFold(rows, { folds: options.folds ?? 5, seed, ...stratify });
  if (options.folds !== undefined) {
    throw new OptionError('either folds or validation', { op, option: 'validation' });
  }
  requireBetween(op, 'validation', options.validation, Number.MIN_VALUE, rows);
  const { train, validation } = splitIndices(rows, { validation: options.validation, seed, ...stratify });
  return [{ train, validation }];
}

/** Folds of the data, the same for every configuration; without data one that holds none. */
export function foldsOf<D>(op: string, data: D | undefined, options: FoldOptions, seed: number): Folds<D> {
  if (data === undefined) {
    const useless = (['folds', 'validation', 'stratify'] as const).find((name) => options[name] !== undefined);
    if (useless !== undefined) {
      throw new OptionError(`${useless} needs data to divide`, { op, option: useless, hint: 'Give data: { x, y }.' });
    }
    const none = { train: undefined as D, validation: undefined as D };
    return { examples: 0, count: 1, at: (fold, own) => ({ ...none, fold, seed: own }) };
  }
  const { rows, part } = divide(op, data);
  const indices = indicesOf(op, data, rows, options, seed);
  return {
    examples: rows,
    count: indices.length,
    at: (fold, own) => ({
      train: part(indices[fold]!.train),
      validation: part(indices[fold]!.validation),
      fold,
      seed: own,
    }),
  };
}
