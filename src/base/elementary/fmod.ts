/** The remainder of a division towards zero, exact for every pair of numbers. */
import type { Expr, LaneFunction, Lanes } from '../lanes/lanes.ts';
import { throughDouble } from './parts.ts';
import type { Pair } from './pair.ts';

const TWO_52 = 4503599627370496;
const MANTISSA = TWO_52 - 1;
/** Lifts subnormal numbers into the normal range. */
const TWO_54 = 18014398509481984;
const SMALLEST_NORMAL = 2.2250738585072014e-308;
/** Binary digits of the quotient found at a time, and the times that cover the widest pair, 2^1024 by 2^−1074. */
const DIGITS = 50;
const STEPS = 42;

/** Halves of 26 digits each, by rounding (Veltkamp 1968): their products are exact. Needs |x| < 2^996. */
function halves(k: Lanes, x: Expr): Pair {
  const spread = k.mul(x, 134217729);
  const high = k.sub(spread, k.sub(spread, x));
  return { high, low: k.sub(x, high) };
}

/** x·y as a pair, exactly: the one in pair.ts may lose a last bit. */
function product(k: Lanes, x: Expr, y: Expr): Pair {
  const high = k.mul(x, y);
  const a = halves(k, x);
  const b = halves(k, y);
  const lead = k.sub(k.mul(a.high, b.high), high);
  const cross = k.add(k.add(lead, k.mul(a.high, b.low)), k.mul(a.low, b.high));
  return { high, low: k.add(cross, k.mul(a.low, b.low)) };
}

/** x − trunc(x / y)·y for x ≥ 0, y > 0, x / y < 2^52: the product as a pair, so that nothing is lost. */
function remainderOf(k: Lanes, x: Expr, y: Expr): Expr {
  const quotient = k.trunc(k.div(x, y));
  const p = product(k, quotient, y);
  const rest = k.sub(k.sub(x, p.high), p.low);
  // Rounding may have lifted the quotient to the next integer.
  return k.select(k.lt(rest, 0), k.add(rest, y), rest);
}

/** 2^n for an integer n in −1022 … 1023, given as a float. */
const powerOfTwo = (k: Lanes, n: Expr): Expr => k.fromBits(k.shiftLeft(k.bits(k.add(n, TWO_52 + 1023)), 52));

/** m·2^exponent with 1 ≤ m < 2, for positive finite x. */
function split(k: Lanes, x: Expr): { mantissa: Expr; exponent: Expr } {
  const tiny = k.lt(x, SMALLEST_NORMAL);
  const bits = k.bits(k.select(tiny, k.mul(x, TWO_54), x));
  const one = k.bits(k.number(1, 'f64'));
  const offset = k.bits(k.number(TWO_52, 'f64'));
  const biased = k.sub(k.fromBits(k.bitOr(k.shiftRightUnsigned(bits, 52), offset)), TWO_52);
  return {
    mantissa: k.fromBits(k.bitOr(k.bitAnd(bits, MANTISSA), one)),
    exponent: k.sub(biased, k.select(tiny, k.number(1023 + 54, 'f64'), 1023)),
  };
}

/** Any quotient, any sizes: long division of the mantissas, 50 binary digits at a time. */
const longDivision: LaneFunction = (k, x, y) => {
  const top = split(k, x);
  const bottom = split(k, y);
  const m = bottom.mantissa;
  let left = k.sub(top.exponent, bottom.exponent);
  let rest: Expr = k.select(k.ge(top.mantissa, m), k.sub(top.mantissa, m), top.mantissa);
  for (let i = 0; i < STEPS; i++) {
    const digits = k.min(left, DIGITS);
    rest = remainderOf(k, k.mul(rest, powerOfTwo(k, digits)), m);
    left = k.sub(left, digits);
  }
  // In two halves, each of which is a normal number.
  const half = k.trunc(k.mul(bottom.exponent, 0.5));
  const value = k.mul(k.mul(rest, powerOfTwo(k, half)), powerOfTwo(k, k.sub(bottom.exponent, half)));
  const defined = k.and(k.lt(x, Infinity), k.gt(y, 0));
  return k.select(k.and(defined, k.lt(x, y)), x, k.select(defined, value, NaN));
};

/** x − trunc(x / y)·y with the sign of x; NaN for y = 0 and for infinite x; x for infinite y. */
export const fmod: LaneFunction = throughDouble((k, a, b) => {
  const x = k.abs(a);
  const y = k.abs(b);
  const wide = k.or(k.gt(x, 1e290), k.gt(y, 1e290));
  const rare = k.or(k.or(wide, k.lt(y, 1e-270)), k.ge(k.div(x, y), TWO_52));
  return k.copySign(k.rare(rare, remainderOf(k, x, y), longDivision, x, y), a);
});
