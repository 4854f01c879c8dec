/** Lowerings of the ops that an integer index steers: element by element, or by whole rows. */
import { stridesOf, type Shape } from '../../base/shapes.ts';
import type { Join, Lowering } from '../lowering.ts';
import type { Aval } from '../primitive.ts';

/** Strides along all axes but one, where they are 0. */
const besides = (shape: Shape, axis: number): number[] =>
  stridesOf(shape).map((stride, i) => (i === axis ? 0 : stride));

/** One element of x for each element of the index, which has x's rank. */
export const pickElements = ([x, index]: readonly Aval[], axis: number): Lowering => ({
  kind: 'pick',
  strides: besides(x!.shape, axis),
  indexStrides: stridesOf(index!.shape),
  step: stridesOf(x!.shape)[axis]!,
  length: x!.shape[axis]!,
});

/** One element of the source for each element of the index. */
export const putElements = (join: Join, [x, index, source]: readonly Aval[], axis: number): Lowering => ({
  kind: 'put',
  join,
  domain: index!.shape,
  strides: besides(x!.shape, axis),
  sourceStrides: stridesOf(source!.shape),
  indexStrides: stridesOf(index!.shape),
  step: stridesOf(x!.shape)[axis]!,
  length: x!.shape[axis]!,
});

/** Which axis of x is indexed, and how many leading axes x and the index have in common. */
interface Rows {
  readonly axis: number;
  readonly shared: number;
}

/** Strides along the axes of picked rows: x's own, with the index's (but for those in common) in place of `axis`. */
function rowStrides(
  x: Shape,
  index: Shape,
  { axis, shared }: Rows,
): Pick<Lowering & { kind: 'pick' }, 'strides' | 'indexStrides'> {
  const [own, theirs] = [stridesOf(x), stridesOf(index)];
  const still = (from: number, to: number): number[] => new Array<number>(to - from).fill(0);
  return {
    strides: [...own.slice(0, axis), ...still(shared, index.length), ...own.slice(axis + 1)],
    indexStrides: [
      ...theirs.slice(0, shared),
      ...still(shared, axis),
      ...theirs.slice(shared),
      ...still(axis + 1, x.length),
    ],
  };
}

/** The rows of x that the index names. */
export const pickRows = ([x, index]: readonly Aval[], rows: Rows): Lowering => ({
  kind: 'pick',
  ...rowStrides(x!.shape, index!.shape, rows),
  step: stridesOf(x!.shape)[rows.axis]!,
  length: x!.shape[rows.axis]!,
});

/** The source's rows added to those that the index names. */
export const addRows = ([x, index, source]: readonly Aval[], rows: Rows): Lowering => ({
  kind: 'put',
  join: 'add',
  domain: source!.shape,
  ...rowStrides(x!.shape, index!.shape, rows),
  sourceStrides: stridesOf(source!.shape),
  step: stridesOf(x!.shape)[rows.axis]!,
  length: x!.shape[rows.axis]!,
});
