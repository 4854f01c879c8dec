/** Steps about places in arrays, from what records say of them. */
import { sizeOf, stridesOf, type Shape } from '../../base/shapes.ts';
import type { Lowering } from '../../ops/lowering.ts';
import type { Buffer, LargestStep, PickStep, PutStep } from '../steps.ts';

type LoweringOf<K extends Lowering['kind']> = Extract<Lowering, { readonly kind: K }>;

/** Buffers hold whole arrays, row-major; the result has this shape. */
export const pickStep = (
  { strides, indexStrides, step, length }: LoweringOf<'pick'>,
  shape: Shape,
  source: Buffer,
  index: Buffer,
  to: Buffer,
): PickStep => ({
  kind: 'pick',
  domain: shape,
  source: { buffer: source, start: 0, strides },
  index: { buffer: index, start: 0, strides: indexStrides },
  step,
  length,
  to: { buffer: to, start: 0, strides: stridesOf(shape) },
});

/** The windows lie over the last two axes of `shape`. */
export function largestStep(
  { rows, columns }: LoweringOf<'largest'>,
  shape: Shape,
  source: Buffer,
  to: Buffer,
): LargestStep {
  const [height, width] = shape.slice(-2) as [number, number];
  return { kind: 'largest', planes: sizeOf(shape.slice(0, -2)), height, width, rows, columns, source, to };
}

/** `to` holds what the source is put into. */
export const putStep = (
  { join, domain, strides, sourceStrides, indexStrides, step, length }: LoweringOf<'put'>,
  index: Buffer,
  source: Buffer,
  to: Buffer,
): PutStep => ({
  kind: 'put',
  join,
  domain,
  source: { buffer: source, start: 0, strides: sourceStrides },
  index: { buffer: index, start: 0, strides: indexStrides },
  step,
  length,
  to: { buffer: to, start: 0, strides },
});
