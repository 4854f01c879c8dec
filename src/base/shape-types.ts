/**
 * Shapes in the type system. A shape is a tuple of number literals as far as it is known: an unknown axis is `number`,
 * an unknown rank is `Shape`. A rule yields a shape, or a string: the text of the mistake, which the editor then shows.
 */
import type { Shape } from './shapes.ts';

export type { Shape };

/** `[2, 3]` without the readonly that `const` type parameters add. */
export type Mutable<S extends Shape> = { -readonly [I in keyof S]: S[I] };

/** "2, 3" */
export type Text<S extends Shape> = S extends readonly [infer Head extends number, ...infer Tail extends Shape]
  ? Tail extends readonly []
    ? `${Head}`
    : `${Head}, ${Text<Tail>}`
  : '';

/** True where the rank of S is not known. */
export type Unranked<S extends Shape> = number extends S['length'] ? true : false;

/** The parameter's type: the operand where the rule holds, else the message. */
export type Fits<Result, Operand> = [Result] extends [string] ? Result : Operand;

/** The result's type; after a mistake go on without shapes, so that one mistake is one message. */
export type Ok<Result> = Result extends Shape ? Result : Shape;

// Broadcasting -----------------------------------------------------------------------------------------------------

type Axis<M extends number, N extends number> = number extends M
  ? N extends 1
    ? number
    : N
  : number extends N
    ? M extends 1
      ? number
      : M
    : M extends N
      ? M
      : M extends 1
        ? N
        : N extends 1
          ? M
          : never;

type Align<
  A extends Shape,
  B extends Shape,
  A0 extends Shape,
  B0 extends Shape,
  Out extends Shape = [],
> = A extends readonly [...infer Am extends Shape, infer M extends number]
  ? B extends readonly [...infer Bn extends Shape, infer N extends number]
    ? [Axis<M, N>] extends [never]
      ? `cannot broadcast [${Text<A0>}] with [${Text<B0>}]: ${M} against ${N}`
      : Align<Am, Bn, A0, B0, [Axis<M, N>, ...Out]>
    : [...A, ...Out]
  : [...B, ...Out];

/** NumPy's rule: aligned from the last axis, 1 stretches. */
export type Broadcast<A extends Shape, B extends Shape> = true extends Unranked<A> | Unranked<B>
  ? Shape
  : Align<A, B, A, B>;

// Axes -------------------------------------------------------------------------------------------------------------

type Digits<N extends number> = `${N}`;

/** The axis counted from the front, as the text of a number: -1 of rank 3 is "2"; `never` out of range. */
type FromFront<S extends Shape, A extends number> =
  Digits<A> extends `-${infer Back extends number}`
    ? TailIndex<S, Back>
    : Digits<A> extends keyof S & string
      ? Digits<A>
      : never;

/** The index that lies `Back` from the end. */
type TailIndex<S extends Shape, Back extends number, Count extends readonly unknown[] = []> = S extends readonly [
  ...infer Init extends Shape,
  number,
]
  ? [...Count, 0]['length'] extends Back
    ? Digits<Init['length'] & number>
    : TailIndex<Init, Back, [...Count, 0]>
  : never;

type FromFrontAll<S extends Shape, A extends readonly number[]> = { [I in keyof A]: FromFront<S, A[I]> }[number];

type DropAxes<
  S extends Shape,
  Drop extends string,
  Keep extends boolean,
  Index extends readonly unknown[] = [],
> = S extends readonly [infer Head extends number, ...infer Tail extends Shape]
  ? Digits<Index['length'] & number> extends Drop
    ? Keep extends true
      ? [1, ...DropAxes<Tail, Drop, Keep, [...Index, 0]>]
      : DropAxes<Tail, Drop, Keep, [...Index, 0]>
    : [Head, ...DropAxes<Tail, Drop, Keep, [...Index, 0]>]
  : [];

export type AxesArgument = number | readonly number[] | null | undefined;

/** The shape after reducing axes: a number, a list, or absent for all of them. */
export type Reduced<S extends Shape, A extends AxesArgument, Keep extends boolean> =
  Unranked<S> extends true
    ? [A, Keep] extends [null | undefined, false]
      ? []
      : Shape
    : boolean extends Keep
      ? Shape
      : [A] extends [null | undefined]
        ? Keep extends true
          ? { [I in keyof S]: 1 }
          : []
        : [A] extends [number]
          ? number extends A
            ? Shape
            : [FromFront<S, A>] extends [never]
              ? `axis ${A} is out of range for [${Text<S>}]`
              : DropAxes<S, FromFront<S, A>, Keep>
          : [A] extends [readonly number[]]
            ? number extends A[number] | A['length']
              ? Shape
              : DropAxes<S, FromFrontAll<S, A>, Keep>
            : Shape;

/** One axis replaced by `N` elements. */
export type WithAxis<S extends Shape, A extends number, N extends number> =
  Unranked<S> extends true
    ? Shape
    : number extends A
      ? Shape
      : [FromFront<S, A>] extends [never]
        ? `axis ${A} is out of range for [${Text<S>}]`
        : { [I in keyof S]: I extends FromFront<S, A> ? N : S[I] };

/** The length of an axis; `never` out of range. */
type LengthOf<S extends Shape, A extends number> = S[FromFront<S, A> & keyof S] & number;

/** A rule for one axis: unknown where S or A is, a message where A is out of range, else `Result`. */
type OnAxis<S extends Shape, A extends number, Result> =
  Unranked<S> extends true
    ? Shape
    : number extends A
      ? Shape
      : [FromFront<S, A>] extends [never]
        ? `axis ${A} is out of range for [${Text<S>}]`
        : Result;

type InsertAt<S extends Shape, Place extends string, N extends number, Index extends readonly unknown[] = []> =
  Digits<Index['length'] & number> extends Place
    ? [N, ...S]
    : S extends readonly [infer Head extends number, ...infer Tail extends Shape]
      ? [Head, ...InsertAt<Tail, Place, N, [...Index, 0]>]
      : S;

/** A new axis of length N, which has the place A in the result. */
export type Inserted<S extends Shape, A extends number, N extends number> = OnAxis<
  [...S, 1],
  A,
  InsertAt<S, FromFront<[...S, 1], A>, N>
>;

/** An axis dropped if its length is 1. */
export type Squeezed<S extends Shape, A extends number> = S extends readonly []
  ? S
  : OnAxis<
      S,
      A,
      number extends LengthOf<S, A> ? Shape : LengthOf<S, A> extends 1 ? DropAxes<S, FromFront<S, A>, false> : S
    >;

/** All axes of length 1 dropped. */
export type SqueezedAll<S extends Shape, Out extends Shape = []> = number extends S[number]
  ? Shape
  : S extends readonly [infer Head extends number, ...infer Tail extends Shape]
    ? SqueezedAll<Tail, Head extends 1 ? Out : [...Out, Head]>
    : Out;

/** Two axes exchanged. */
export type Swapped<S extends Shape, A extends number, B extends number> = S extends readonly []
  ? S
  : OnAxis<
      S,
      A,
      OnAxis<
        S,
        B,
        {
          [I in keyof S]: I extends FromFront<S, A>
            ? LengthOf<S, B>
            : I extends FromFront<S, B>
              ? LengthOf<S, A>
              : S[I];
        }
      >
    >;

/** The last two axes exchanged; shapes of fewer axes as they are. */
export type Transposed<S extends Shape> =
  Unranked<S> extends true
    ? Shape
    : S extends readonly [...infer Lead extends Shape, infer M extends number, infer N extends number]
      ? [...Lead, N, M]
      : S;

/** Axis i of the result is axis P[i] of S. */
export type Permuted<S extends Shape, P extends readonly number[]> = true extends Unranked<S> | Unranked<P>
  ? Shape
  : number extends P[number]
    ? Shape
    : P['length'] extends S['length']
      ? { -readonly [I in keyof P]: LengthOf<S, P[I]> }
      : `[${Text<P>}] does not name each axis of [${Text<S>}] once`;

/** The leading axes dropped, one for each entry of I. */
export type WithoutLeading<S extends Shape, I extends readonly unknown[]> =
  true extends Unranked<S>
    ? Shape
    : number extends I['length']
      ? Shape
      : I extends readonly [unknown, ...infer Rest]
        ? S extends readonly [number, ...infer Tail extends Shape]
          ? WithoutLeading<Tail, Rest>
          : 'more indices than axes'
        : S;

// Products ---------------------------------------------------------------------------------------------------------

type Batched<R, Core extends Shape> = R extends Shape ? (Unranked<R> extends true ? Shape : [...R, ...Core]) : R;

/** Matrix product over the last two axes; vectors are rows on the left and columns on the right. */
export type MatMul<A extends Shape, B extends Shape> = true extends Unranked<A> | Unranked<B>
  ? Shape
  : A extends readonly []
    ? 'matmul: needs at least one axis, got a scalar'
    : B extends readonly []
      ? 'matmul: needs at least one axis, got a scalar'
      : A extends readonly [infer K extends number]
        ? B extends readonly [infer J extends number]
          ? Inner<A, B, K, J, []>
          : B extends readonly [...infer R extends Shape, infer J extends number, infer N extends number]
            ? Inner<A, B, K, J, [...R, N]>
            : Shape
        : A extends readonly [...infer L extends Shape, infer M extends number, infer K extends number]
          ? B extends readonly [infer J extends number]
            ? Inner<A, B, K, J, [...L, M]>
            : B extends readonly [...infer R extends Shape, infer J extends number, infer N extends number]
              ? Inner<A, B, K, J, Batched<Broadcast<L, R>, [M, N]>>
              : Shape
          : Shape;

type Inner<A extends Shape, B extends Shape, K extends number, J extends number, Result> = number extends K | J
  ? Result
  : K extends J
    ? Result
    : `matmul: [${Text<A>}] by [${Text<B>}]: inner axes differ, ${K} against ${J}`;

// Data -------------------------------------------------------------------------------------------------------------

/** The shape of nested arrays: a tuple's length where it is known. */
export type ShapeOfData<D> = D extends number | boolean
  ? []
  : D extends readonly [infer Head, ...unknown[]]
    ? [D['length'] & number, ...ShapeOfData<Head>]
    : D extends readonly (infer Element)[]
      ? D extends readonly []
        ? [0]
        : D extends Element // nested to any depth
          ? Shape
          : Element extends number | boolean
            ? [number]
            : ShapeOfData<Element> extends infer Inner extends Shape
              ? [number, ...Inner]
              : Shape
      : D extends ArrayLike<number>
        ? [number]
        : Shape;
