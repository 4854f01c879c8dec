/** Sums of a few elements along an axis, as loops over bands of their results. */
import type { DType } from '../../base/dtypes.ts';
import type { Node } from '../../base/lanes/graph.ts';
import type { Band, Lowering } from '../../ops/lowering.ts';
import type { Walk } from './access.ts';
import type { Expression } from './group.ts';

const replaced = (list: readonly number[], axis: number, value: number): number[] =>
  list.map((x, i) => (i === axis ? value : x));

/** Elements first, first + stride, … of an axis of a walk, `count` of them. */
function along(walk: Walk, axis: number, first: number, stride: number, count: number): Walk {
  const step = walk.strides[axis]!;
  return {
    buffer: walk.buffer,
    start: walk.start + first * step,
    strides: replaced(walk.strides, axis, stride * step),
    shape: replaced(walk.shape, axis, count),
  };
}

/** The places of a band in the result. */
export const bandBox = (to: Walk, axis: number, { at, step, count }: Band): Walk => along(to, axis, at, step, count);

/** What is written there, rounded after every step as the reference kernel rounds. */
export function bandSum(
  e: Expression,
  dtype: DType,
  source: Walk,
  { axis, start }: Extract<Lowering, { kind: 'bands' }>,
  { terms, count }: Band,
): Node {
  const { graph } = e;
  const zero = e.constant(0, dtype);
  const values = terms.map(({ from, stride, weight }) => {
    const x = e.read(along(source, axis, from, stride, count));
    // Weights are float64 in any case: the product is rounded once more where elements are narrower.
    return weight === null ? x : graph.to(graph.mul(graph.to(x, 'f64'), weight), dtype === 'float32' ? 'f32' : 'f64');
  });
  const [first, ...rest] = start === 'zero' ? [zero, ...values] : values;
  return rest.reduce((sum, value) => graph.add(sum, value), first ?? zero);
}
