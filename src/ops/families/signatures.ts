/** The type-level signatures that several ops share. An op with a signature of its own keeps it beside itself. */
import type { AxesArgument, Broadcast, Fits, Ok, Reduced, Shape } from '../../base/shape-types.ts';
import type { Value } from '../../value/value.ts';

/** The shape of an operand; a number or boolean is a scalar. */
export type Of<V> = V extends Value<infer S> ? S : [];

export type AnyOperand = Value | number | boolean;

/** y = f(x), the same shape. */
export interface Unary {
  method<V extends Value>(this: V): Value<Of<V>>;
  free<V extends AnyOperand>(x: V): Value<Of<V>>;
}

/** z = f(x, y), broadcast. */
export interface Binary {
  method<V extends Value, W extends AnyOperand>(
    this: V,
    other: Fits<Broadcast<Of<V>, Of<W>>, W>,
  ): Value<Ok<Broadcast<Of<V>, Of<W>>>>;
  free<V extends AnyOperand, W extends AnyOperand>(
    x: V,
    y: Fits<Broadcast<Of<V>, Of<W>>, W>,
  ): Value<Ok<Broadcast<Of<V>, Of<W>>>>;
}

/** A number that tunes an op: known, or itself computed. */
export type Parameter = number | Value<[]>;

/** y = f(x, parameter), the same shape. */
export interface Parametric {
  method<V extends Value>(this: V, parameter?: Parameter): Value<Of<V>>;
  free<V extends AnyOperand>(x: V, parameter?: Parameter): Value<Of<V>>;
}

/** y = f(x, first, second), the same shape. */
export interface Parametric2 {
  method<V extends Value>(this: V, first?: Parameter, second?: Parameter): Value<Of<V>>;
  free<V extends AnyOperand>(x: V, first?: Parameter, second?: Parameter): Value<Of<V>>;
}

export interface ReductionOptions<Keep extends boolean = boolean> {
  /** Reduced axes stay, with length 1. */
  readonly keepDims?: Keep;
}

/** Reduces an axis, several, or all of them. */
export interface Reduction {
  method<V extends Value, const A extends AxesArgument = undefined, const K extends boolean = false>(
    this: V,
    axis?: Fits<Reduced<Of<V>, A, K>, A>,
    options?: ReductionOptions<K>,
  ): Value<Ok<Reduced<Of<V>, A, K>>>;
  free<V extends AnyOperand, const A extends AxesArgument = undefined, const K extends boolean = false>(
    x: V,
    axis?: Fits<Reduced<Of<V>, A, K>, A>,
    options?: ReductionOptions<K>,
  ): Value<Ok<Reduced<Of<V>, A, K>>>;
}

/** A function of one operand and anything else, whose result's shape types do not follow. */
export interface Untyped<Args extends readonly unknown[]> {
  method<V extends Value>(this: V, ...args: Args): Value<Shape>;
  free<V extends AnyOperand>(x: V, ...args: Args): Value<Shape>;
}
