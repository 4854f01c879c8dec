/**
 * What a record may say of applications that need not be made: rules that hold bit for bit, whatever the numbers are
 * (x + 0 is not x, for −0 + 0 = +0; x·0 is not 0). NaNs count as equal.
 */
import type { DType } from '../base/dtypes.ts';
import type { Attributes, Aval, Primitive } from './primitive.ts';

/** A Value without numbers, as rules of simplification see it. Within one Program equal Values are one object. */
export interface Symbolic extends Aval {
  /** The number that every element is, where that is known. */
  readonly fill: number | null;
  /** What made it; null for inputs, constants, and where there are several results. */
  readonly from: Applied | null;
}

/** An application of a primitive to such Values. */
export interface Applied<A extends Attributes = Attributes> {
  readonly primitive: Primitive;
  readonly inputs: readonly Symbolic[];
  readonly attrs: A;
}

/** What an application equals: a Value that is there already, another application, or null for nothing simpler. */
export type Simpler = Symbolic | Applied | null;

/** A constant, one number everywhere. */
export const filled = (fill: number, { shape, dtype }: Aval): Symbolic => ({ shape, dtype, fill, from: null });

/** A rule of an op without attributes. */
export type Simplify = (at: Applied) => Simpler;

/** The first rule that knows something. */
export const firstOf =
  (...rules: readonly Simplify[]): Simplify =>
  (at) => {
    for (const rule of rules) {
      const simpler = rule(at);
      if (simpler !== null) return simpler;
    }
    return null;
  };

/** Whether x is `number` everywhere; −0 and +0 are different numbers. */
export const isFilled = (x: Symbolic, number: number): boolean => x.fill !== null && Object.is(x.fill, number);

/** f(x, number) = x; for a list of dtypes only, if need be. */
export const neutralSecond =
  (number: number, dtypes?: readonly DType[]): Simplify =>
  ({ inputs: [x, y] }) =>
    isFilled(y!, number) && (dtypes?.includes(y!.dtype) ?? true) ? x! : null;

/** f(number, y) = y. */
export const neutralFirst =
  (number: number, dtypes?: readonly DType[]): Simplify =>
  ({ inputs: [x, y] }) =>
    isFilled(x!, number) && (dtypes?.includes(x!.dtype) ?? true) ? y! : null;

/** On either side. */
export const neutral = (number: number, dtypes?: readonly DType[]): Simplify =>
  firstOf(neutralSecond(number, dtypes), neutralFirst(number, dtypes));

/** f(f(x)) = x. */
export const involution: Simplify = ({ primitive, inputs: [x] }) =>
  x!.from?.primitive === primitive ? x!.from.inputs[0]! : null;

/** f(f(x)) = f(x). */
export const projection: Simplify = ({ primitive, inputs: [x] }) => (x!.from?.primitive === primitive ? x! : null);

/** f(x, x) = x. */
export const idempotent: Simplify = ({ inputs: [x, y] }) => (x === y ? x! : null);

/** Whether each number of one dtype is a number of the other. */
export const holdsAll = (wide: DType, narrow: DType): boolean =>
  wide === narrow || wide === 'float64' || narrow === 'bool';

/** Between 1e−30 and 1e30, where its reciprocal is exact in every float dtype. */
export function isPowerOfTwo(x: number): boolean {
  if (!(x > 1e-30 && x < 1e30)) return false;
  let y = x;
  while (y > 1) y /= 2;
  while (y < 1) y *= 2;
  return y === 1;
}
