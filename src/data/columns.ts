/** What is fitted on training data, column by column, and kept with the model. */
import { DataError, ShapeError, showShape } from '../base/errors.ts';
import { constant } from '../value/create.ts';
import { isValue, type Value } from '../value/value.ts';

/** Rows of features: a Value [n, features] or nested arrays. */
export type Rows = Value | readonly (readonly number[])[];

/** The rows as a Value. @throws ShapeError unless [n, features], or where the features are not as many as were fitted. */
export function rowsValue(op: string, x: Rows, features?: number): Value {
  const rows: Value = isValue(x) ? x : constant(x);
  if (rows.rank !== 2) {
    throw new ShapeError(`takes rows [n, features], got ${showShape(rows.shape)}`, {
      op,
      shapes: [rows.shape],
      hint: rows.rank === 1 ? 'A single feature is x.reshape([n, 1]).' : 'Flatten what lies behind the first axis.',
    });
  }
  if (features !== undefined && rows.shape[1] !== features) {
    throw new ShapeError(`was fitted on ${features} features, got ${showShape(rows.shape)}`, {
      op,
      shapes: [rows.shape],
    });
  }
  return rows;
}

/** For each feature the numbers that are there (no NaN). @throws DataError without rows, or for a feature with none. */
export function presentColumns(op: string, x: Value): Float64Array[] {
  const [n, features] = x.shape as [number, number];
  if (n === 0) throw new DataError('there are no rows to fit on', { op });
  const { data } = x;
  return Array.from({ length: features }, (_, j) => {
    const column = Float64Array.from({ length: n }, (_, i) => data[i * features + j]!);
    const infinite = column.findIndex((v) => v === Infinity || v === -Infinity);
    if (infinite >= 0) throw new DataError(`row ${infinite}, feature ${j} is ${column[infinite]}`, { op });
    const present = column.filter((v) => !Number.isNaN(v));
    if (present.length > 0) return present;
    throw new DataError(`feature ${j} has no number at all`, { op, hint: 'Leave it out.' });
  });
}

/** One number a feature, in the dtype of what it is applied to. */
export const perFeature = (numbers: readonly number[], like: Value): Value =>
  constant(Float64Array.from(numbers)).to(like.dtype === 'float32' ? 'float32' : 'float64');

export const floats = (x: Value): Value => (x.dtype === 'float32' || x.dtype === 'float64' ? x : x.to('float64'));

/** @throws DataError before `fit`. */
export function fitted<T>(op: string, state: T | null): T {
  if (state !== null) return state;
  throw new DataError('is not fitted yet', { op, hint: 'Call fit with the training data first.' });
}

/** A field of saved JSON that is a list of finite numbers. @throws DataError */
export function numbersIn(op: string, json: Readonly<Record<string, unknown>>, key: string): number[] {
  const list = json[key];
  if (Array.isArray(list) && list.length > 0 && list.every((x) => Number.isFinite(x))) return list as number[];
  throw new DataError(`the saved ${key} is not a list of finite numbers`, { op });
}
