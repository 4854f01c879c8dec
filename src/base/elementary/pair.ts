/**
 * Numbers as unevaluated sums high + low, for the few steps where one rounding is too many. Without a fused
 * multiply-add, products are split by halves (Dekker 1971); sums after Knuth and Møller.
 */
import type { Expr, Lanes } from '../lanes/lanes.ts';

export interface Pair {
  readonly high: Expr;
  readonly low: Expr;
}

/** x + y exactly, where |x| ≥ |y| or x = 0. */
export function sumOrdered(k: Lanes, x: Expr, y: Expr): Pair {
  const high = k.add(x, y);
  return { high, low: k.add(k.sub(x, high), y) };
}

/** x + y exactly, in any order of size. */
export function sum(k: Lanes, x: Expr, y: Expr): Pair {
  const high = k.add(x, y);
  const shareOfY = k.sub(high, x);
  const shareOfX = k.sub(high, shareOfY);
  return { high, low: k.add(k.sub(x, shareOfX), k.sub(y, shareOfY)) };
}

/** The upper half of x's digits, cut off in its bits, so that huge numbers do not overflow; and the rest. */
export function halves(k: Lanes, x: Expr): Pair {
  const mask = x.type === 'f64' ? k.int64(-0x8000000n) : k.number(-0x1000, 'i32');
  const high = k.fromBits(k.bitAnd(k.bits(x), mask));
  return { high, low: k.sub(x, high) };
}

/** x·y as a pair; the last bit of `low` may be rounded. */
export function product(k: Lanes, x: Expr, y: Expr): Pair {
  const high = k.mul(x, y);
  const a = halves(k, x);
  const b = halves(k, y);
  const cross = k.add(k.mul(a.high, b.low), k.mul(a.low, b.high));
  const lead = k.sub(k.mul(a.high, b.high), high);
  return { high, low: k.add(k.add(lead, cross), k.mul(a.low, b.low)) };
}

export const square = (k: Lanes, x: Expr): Pair => product(k, x, x);

/** x·y for pairs, to about twice the working precision. */
export function productOfPairs(k: Lanes, x: Pair, y: Pair): Pair {
  const p = product(k, x.high, y.high);
  const low = k.add(p.low, k.add(k.mul(x.high, y.low), k.mul(x.low, y.high)));
  return sumOrdered(k, p.high, low);
}

/** n / d for pairs: the quotient of the leading parts and what it leaves over. */
export function quotient(k: Lanes, n: Pair, d: Pair): Pair {
  const high = k.div(n.high, d.high);
  const back = product(k, high, d.high);
  const left = k.sub(k.sub(n.high, back.high), back.low);
  const rest = k.add(left, k.sub(n.low, k.mul(high, d.low)));
  return { high, low: k.div(rest, d.high) };
}

/** The root of a pair; 0 for 0. */
export function rootOfPair(k: Lanes, x: Pair): Pair {
  const high = k.sqrt(x.high);
  const back = square(k, high);
  const left = k.add(k.sub(k.sub(x.high, back.high), back.low), x.low);
  return { high, low: k.select(k.eq(high, 0), 0, k.div(left, k.mul(high, 2))) };
}

export const rounded = (k: Lanes, x: Pair): Expr => k.add(x.high, x.low);
