/** Pieces that the elementary functions share. Literals take the type of the operand beside them: one text, both floats. */
import type { Expr, LaneFunction, Lanes } from '../lanes/lanes.ts';

/** c[0] + c[1]·x + c[2]·x² + … */
export function horner(k: Lanes, x: Expr, c: readonly number[]): Expr {
  let sum: Expr = constantLike(k, x, c[c.length - 1]!);
  for (let i = c.length - 2; i >= 0; i--) sum = k.add(k.mul(sum, x), c[i]!);
  return sum;
}

/** The same polynomial as even and odd halves: one multiplication more, half the chain of dependent steps. */
export function polynomial(k: Lanes, x: Expr, c: readonly number[]): Expr {
  const square = k.mul(x, x);
  const even = horner(
    k,
    square,
    c.filter((_, i) => i % 2 === 0),
  );
  const odd = horner(
    k,
    square,
    c.filter((_, i) => i % 2 === 1),
  );
  return k.add(k.mul(odd, x), even);
}

/** A constant of the type of `x`. */
export const constantLike = (k: Lanes, x: Expr, value: number): Expr =>
  k.number(value, x.type as 'f64' | 'f32' | 'i32');

export const isDouble = (x: Expr): boolean => x.type === 'f64';

/** Limits to [low, high]; NaN stays. Written so that vectors need one instruction for each side. */
export function clamp(k: Lanes, x: Expr, low: number, high: number): Expr {
  const below = k.select(k.lt(constantLike(k, x, high), x), high, x);
  return k.select(k.lt(below, low), low, below);
}

/** y, but the argument itself where that is zero: −0 stays −0. */
export const keepZero = (k: Lanes, x: Expr, y: Expr): Expr => k.select(k.eq(x, 0), x, y);

/** A function with its own formulas for each float type. */
export const byType =
  (f64: LaneFunction, f32: LaneFunction): LaneFunction =>
  (k, ...xs) =>
    xs[0]!.type === 'f32' ? f32(k, ...xs) : f64(k, ...xs);

/** A function whose float32 form computes in float64 and rounds once at the end. */
export const throughDouble = (f64: LaneFunction): LaneFunction =>
  byType(f64, (k, ...xs) => k.to(f64(k, ...xs.map((x) => k.to(x, 'f64'))), 'f32'));
