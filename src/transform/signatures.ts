/** The types of transforms: what goes in for a function's parameters, and what comes out for its results. */
import type { Shape } from '../base/shape-types.ts';
import type { Value } from '../value/value.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- the boundary: functions of any parameters are transformed */

/** Any function of Values, numbers, and trees of them. */
export type AnyFunction = (...args: any[]) => unknown;
export type AnyParameters = any[];
/** A tree whose structure only the call knows. */
export type AnyTree = any;

type IsAny<T> = 0 extends 1 & T ? true : false;

/* eslint-enable @typescript-eslint/no-explicit-any */

/** What may be passed where f takes a T: numbers stand for scalar Values. */
export type Lifted<T> =
  IsAny<T> extends true
    ? T
    : T extends Value
      ? T | number
      : T extends number | boolean
        ? T | Value
        : T extends readonly unknown[] | Readonly<Record<string, unknown>>
          ? { [K in keyof T]: Lifted<T[K]> }
          : T;

export type LiftedAll<A extends readonly unknown[]> = { [I in keyof A]: Lifted<A[I]> };

/** A tree with a Value for every number. */
export type Values<T> =
  IsAny<T> extends true
    ? T
    : T extends Value
      ? T
      : T extends number | boolean
        ? Value<[]>
        : T extends readonly unknown[] | Readonly<Record<string, unknown>>
          ? { [K in keyof T]: Values<T[K]> }
          : T;

/** The same tree with Values of other shapes: batched, stacked, one block for each element. */
export type Reshaped<T> =
  IsAny<T> extends true
    ? T
    : T extends Value | number | boolean
      ? Value<Shape>
      : T extends readonly unknown[] | Readonly<Record<string, unknown>>
        ? { [K in keyof T]: Reshaped<T[K]> }
        : T;

export type ReshapedAll<A extends readonly unknown[]> = { [I in keyof A]: Reshaped<A[I]> };

type At<A extends readonly unknown[], N extends number> = number extends N ? A[number] : A[N];

/** One cotangent tree for each differentiated argument: alone for a position, in an array for several. */
export type Cotangents<A extends readonly unknown[], O> = O extends { readonly argnums: infer N }
  ? N extends number
    ? Values<At<A, N>>
    : N extends readonly number[]
      ? { -readonly [I in keyof N]: Values<At<A, N[I] & number>> }
      : Values<A[0]>
  : Values<A[0]>;

/** For each result a tree of blocks like the argument. */
export type Blocks<R, T> =
  IsAny<R> extends true
    ? R
    : R extends Value | number | boolean
      ? Reshaped<T>
      : R extends readonly unknown[] | Readonly<Record<string, unknown>>
        ? { [K in keyof R]: Blocks<R[K], T> }
        : R;
