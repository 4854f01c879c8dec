/** Integer indices as places in an array. */
import { AxisError, DtypeError } from '../../base/errors.ts';
import type { DType } from '../../base/dtypes.ts';
import { sizeOf, stridesOf, type Shape } from '../../base/shapes.ts';
import type { Dense } from '../../base/storage.ts';

/** @throws AxisError unless 0 ≤ i < length. */
export function checkIndex(op: string, i: number, length: number, axis: number): number {
  if (i >= 0 && i < length) return i;
  throw new AxisError(`index ${i} is out of range for axis ${axis} of length ${length}`, { op, axis });
}

/** @throws DtypeError unless the dtype is int32. */
export function requireIndex(op: string, dtype: DType): void {
  if (dtype === 'int32') return;
  throw new DtypeError(`indices are int32, got ${dtype}`, {
    op,
    hint: `Make them with constant([…], { dtype: 'int32' }) or cast with to('int32').`,
  });
}

/** A shape seen from one axis: the product of what is before it, its length, the product of what is behind. */
const around = (shape: Shape, axis: number): readonly [before: number, length: number, behind: number] => [
  sizeOf(shape.slice(0, axis)),
  shape[axis]!,
  sizeOf(shape.slice(axis + 1)),
];

export type Visit = (element: number, place: number) => void;

/**
 * Calls `visit` for each element of the index with its place in x. The index has x's rank; along axes other than `axis`
 * it may be shorter than x, and reads from the front.
 */
export function eachPlace(op: string, index: Dense, x: Shape, axis: number, visit: Visit): void {
  if (index.data.length === 0) return;
  if (index.shape.every((n, i) => i === axis || n === x[i])) eachPlaceInRows(op, index, x, axis, visit);
  else eachPlaceInFront(op, index, x, axis, visit);
}

/** The index is as long as x along all other axes: three loops. */
function eachPlaceInRows(op: string, index: Dense, x: Shape, axis: number, visit: Visit): void {
  const [before, length, behind] = around(x, axis);
  const count = index.shape[axis]!;
  let element = 0;
  for (let b = 0; b < before; b++) {
    for (let k = 0; k < count; k++) {
      for (let j = 0; j < behind; j++, element++) {
        const i = checkIndex(op, index.data[element]!, length, axis);
        visit(element, (b * length + i) * behind + j);
      }
    }
  }
}

function eachPlaceInFront(op: string, index: Dense, x: Shape, axis: number, visit: Visit): void {
  const strides = stridesOf(x);
  const at = new Array<number>(x.length).fill(0);
  for (let element = 0; element < index.data.length; element++) {
    let place = checkIndex(op, index.data[element]!, x[axis]!, axis) * strides[axis]!;
    for (let k = 0; k < at.length; k++) if (k !== axis) place += at[k]! * strides[k]!;
    visit(element, place);
    for (let k = at.length - 1; k >= 0; k--) {
      if (++at[k]! < index.shape[k]!) break;
      at[k] = 0;
    }
  }
}
