/** Rows of a table, by whole numbers. */
import { isFloat } from '../base/dtypes.ts';
import { DataError, OptionError, ShapeError, showShape } from '../base/errors.ts';
import { takeRows } from '../ops/indexing-rows.ts';
import { lift } from '../value/lift.ts';
import { noGrad } from '../value/recording.ts';
import { arrayOf, isTraced, type Value } from '../value/value.ts';
import { requireNumber } from './arguments.ts';

/** Whole numbers as int32. @throws DataError for fractions (where numbers are known). */
export function asIndices(op: string, what: string, given: Value): Value {
  const x = lift(given, op);
  if (x.dtype === 'int32') return x;
  if (isFloat(x.dtype) && !isTraced(x) && x.rank > 0) {
    const fraction = [...arrayOf(x)].find((n) => !Number.isInteger(n));
    if (fraction !== undefined) throw new DataError(`${what} must be whole numbers, got ${fraction}`, { op });
  }
  return x.to('int32');
}

/** @throws ShapeError unless the weight is a table. */
export function requireTable(op: string, weight: Value): readonly [number, number] {
  if (weight.rank === 2) return weight.shape as [number, number];
  throw new ShapeError(`the weight must be [numEmbeddings, embeddingDim], got ${showShape(weight.shape)}`, {
    op,
    shapes: [weight.shape],
  });
}

/** A padding index counted from 0, or null. @throws OptionError for one beyond the table. */
export function checkPadding(op: string, paddingIdx: number | null | undefined, n: number): number | null {
  if (paddingIdx === null || paddingIdx === undefined) return null;
  if (Number.isInteger(paddingIdx) && paddingIdx >= -n && paddingIdx < n) return (paddingIdx + n) % n;
  throw new OptionError(`paddingIdx must be from ${-n} to ${n - 1}, got ${paddingIdx}`, { op, option: 'paddingIdx' });
}

/** Row i of the weight for each index i: [..., embeddingDim]. @throws AxisError for an index beyond the table. */
export function rowsOf(op: string, weight: Value, indices: Value): Value {
  return takeRows(weight, indices, { as: op, axis: 0, shared: 0 });
}

export interface NormLimit {
  /** Rows of a larger norm are scaled down to it, in the weight itself, when they are looked up. */
  readonly maxNorm?: number | null;
  /** Which p-norm; default 2. */
  readonly normType?: number;
}

/** Scales the rows that are about to be looked up, in the cell itself. */
export function limitNorms(op: string, weight: Value, indices: Value, { maxNorm, normType = 2 }: NormLimit): void {
  if (maxNorm === null || maxNorm === undefined) return;
  requireNumber(op, 'maxNorm', maxNorm);
  const flat = indices.reshape([-1]);
  noGrad(() => {
    const rows = rowsOf(op, weight, flat);
    const norms = rows.vectorNorm(normType, 1, { keepDims: true });
    const factors = norms.add(1e-7).reciprocal().mul(maxNorm).where(norms.gt(maxNorm), 1);
    weight.assign(weight.indexCopy(0, flat, rows.mul(factors)));
  });
}
