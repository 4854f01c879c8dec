/** Ops along one axis, and what they have in common: a scalar counts as a row of one, as in PyTorch. */
import type { Fits, Ok, Reduced, Shape } from '../../base/shape-types.ts';
import { normalizeAxis } from '../../base/shapes.ts';
import type { Value } from '../../value/value.ts';
import type { AnyOperand, Of, ReductionOptions } from './signatures.ts';

/** y = f(x, axis), the same shape. */
export interface AlongAxis {
  method<V extends Value>(this: V, axis: number): Value<Of<V>>;
  free<V extends AnyOperand>(x: V, axis: number): Value<Of<V>>;
}

/** Elements chosen from an axis, with where they were. */
export interface Selected<S extends Shape = Shape> {
  readonly values: Value<S>;
  /** int32, counted along the axis. */
  readonly indices: Value<S>;
}

/** Chosen elements of the operand's own shape: sorted, running maxima. */
export interface SelectedAlongAxis {
  method<V extends Value>(this: V, axis: number): Selected<Of<V>>;
  free<V extends AnyOperand>(x: V, axis: number): Selected<Of<V>>;
}

/** Without an axis a scalar; along one axis values and indices: extremes, medians. */
export interface ScalarOrSelected {
  method: {
    <V extends Value>(this: V): Value<[]>;
    <V extends Value, const A extends number, const K extends boolean = false>(
      this: V,
      axis: Fits<Reduced<Of<V>, A, K>, A>,
      options?: ReductionOptions<K>,
    ): Selected<Ok<Reduced<Of<V>, A, K>>>;
  };
  free: {
    <V extends AnyOperand>(x: V): Value<[]>;
    <V extends AnyOperand, const A extends number, const K extends boolean = false>(
      x: V,
      axis: Fits<Reduced<Of<V>, A, K>, A>,
      options?: ReductionOptions<K>,
    ): Selected<Ok<Reduced<Of<V>, A, K>>>;
  };
}

/** The operand with at least one axis, and the axis counted from the front. */
interface Placed {
  readonly x: Value;
  readonly axis: number;
}

/** @throws AxisError */
const place = (op: string, x: Value, axis: number): Placed =>
  x.rank === 0
    ? { x: x.reshape([1]), axis: normalizeAxis(op, axis, 1, [1]) }
    : { x, axis: normalizeAxis(op, axis, x.rank, x.shape) };

/** f along one axis of x. */
export function alongAxis(op: string, x: Value, axis: number, f: (x: Value, axis: number) => Value): Value {
  const placed = place(op, x, axis);
  const y = f(placed.x, placed.axis);
  return x.rank === 0 ? y.reshape([]) : y;
}

/** The same for a selection. */
export function selectAlongAxis(op: string, x: Value, axis: number, f: (x: Value, axis: number) => Selected): Selected {
  const placed = place(op, x, axis);
  const { values, indices } = f(placed.x, placed.axis);
  return x.rank === 0 ? { values: values.reshape([]), indices: indices.reshape([]) } : { values, indices };
}

/** Without the axis that a selection has reduced to one element, unless it is to be kept. */
export function withoutAxis({ values, indices }: Selected, axis: number, keepDims: boolean | undefined): Selected {
  if (keepDims === true) return { values, indices };
  const shape = values.shape.filter((_, i) => i !== axis);
  return { values: values.reshape(shape), indices: indices.reshape(shape) };
}
