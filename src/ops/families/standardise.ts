/** Numbers brought to mean 0 and variance 1 over some axes: what batch, layer, group and instance norm share. */
import { OptionError, ShapeError, showShape } from '../../base/errors.ts';
import type { Shape } from '../../base/shape-types.ts';
import { sameShape, sizeOf } from '../../base/shapes.ts';
import type { Value } from '../../value/value.ts';
import { runtime } from '../runtime.ts';
import type { Range } from '../slice.ts';

/** Mean and (biased) variance over axes, which stay with length 1, and what is left of x without its mean. */
export interface Moments {
  readonly mean: Value;
  readonly variance: Value;
  readonly deviation: Value;
  /** How many elements each mean is of. */
  readonly count: number;
}

/** The first element of each group. */
const firstOf = (x: Value, axes: readonly number[]): Value =>
  x.slice(...x.shape.map((_, i): Range => (axes.includes(i) ? [0, 1] : null)));

/**
 * Sums are of differences to each group's first element, on which nothing but rounding depends: a large common offset
 * costs no digits, and equal elements deviate by exactly 0.
 */
export function momentsOf(x: Value, axes: readonly number[]): Moments {
  const keep = { keepDims: true } as const;
  const count = sizeOf(axes.map((i) => x.shape[i]!));
  const first = count === 0 ? null : firstOf(x, axes).stopGradient();
  const shifted = first === null ? x : x.sub(first);
  const shift = shifted.mean(axes, keep);
  const deviation = shifted.sub(shift);
  const variance = deviation.mul(deviation).mean(axes, keep);
  return { mean: first === null ? shift : shift.add(first), variance, deviation, count };
}

/** A vector of n channels, in the shape in which it meets [N, C, …] of some rank. */
export const perChannel = (v: Value, rank: number): Value =>
  v.reshape(Array.from({ length: Math.max(rank, 1) }, (_, i) => (i === Math.min(1, rank - 1) ? v.size : 1)));

/** deviation / √(variance + eps), times a scale and plus an offset where there are any (in shapes that broadcast). */
export function scaled(
  deviation: Value,
  variance: Value,
  eps: number,
  scale: Value | null | undefined,
  offset: Value | null | undefined,
): Value {
  const unit = variance.add(eps).rsqrt();
  const small = scale !== null && scale !== undefined && sizeOf(scale.shape) === sizeOf(unit.shape);
  // Factors of one size meet before they meet x.
  const y = small ? deviation.mul(unit.mul(scale)) : deviation.mul(unit);
  const factored = small || scale === null || scale === undefined ? y : y.mul(scale);
  return offset === null || offset === undefined ? factored : factored.add(offset);
}

/** @throws OptionError unless eps is a number. */
export function checkNumber(op: string, option: string, x: unknown): number {
  if (typeof x === 'number' && x === x) return x;
  throw new OptionError(`${option} must be a number, got ${String(x)}`, { op, option });
}

/** A vector in x's dtype. @throws ShapeError where it is not [n], or whatever `shape` says. */
export function vectorFor(
  op: string,
  option: string,
  v: Value | null | undefined,
  shape: Shape,
  x: Value,
): Value | null {
  if (v === null || v === undefined) return null;
  if (!runtime.isValue(v)) throw new OptionError(`${option} must be a Value or null`, { op, option });
  if (sameShape(v.shape, shape)) return v.dtype === x.dtype ? v : v.to(x.dtype);
  throw new ShapeError(`${option} must be ${showShape(shape)} for x ${showShape(x.shape)}, got ${showShape(v.shape)}`, {
    op,
    option,
    shapes: [x.shape, v.shape],
  });
}
