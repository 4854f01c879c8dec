/**
 * log x. x = 2^n·m with m in [√½, √2), log m = 2·artanh s with s = (m − 1)/(m + 1), in the arrangement of Ng's
 * fdlibm e_log.c that keeps the leading m − 1 exact.
 */
import type { Expr, LaneFunction, Lanes } from '../lanes/lanes.ts';
import { byType, horner, constantLike } from './parts.ts';

const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
const LN2_HIGH32 = 0.693359375;
const LN2_LOW32 = -2.1219444e-4;

/** (2·artanh s − 2s) / s³ as a polynomial in s², |s| ≤ 0.1718; error 2^−60 of s. */
const LOG64 = [
  0.666666666666671, 0.39999999999514224, 0.2857142873082259, 0.22222198910014904, 0.18183581880347663,
  0.15312880762191292, 0.1481351161919666,
];
const LOG32 = [0.6666678, 0.39975986, 0.29928255];

/** x > 0, finite, as 2^n · m; `n` comes as a float. */
function split(k: Lanes, x: Expr): { n: Expr; m: Expr } {
  return x.type === 'f64' ? split64(k, x) : split32(k, x);
}

function split64(k: Lanes, x: Expr): { n: Expr; m: Expr } {
  const subnormal = k.lt(x, 2.2250738585072014e-308);
  const scaled = k.select(subnormal, k.mul(x, 18014398509481984), x);
  const shifted = k.add(k.bits(scaled), k.int64(0x00095f6200000000n));
  const exponent = k.fromBits(k.bitOr(k.shiftRightUnsigned(shifted, 52), k.int64(0x4330000000000000n)));
  const m = k.fromBits(k.add(k.bitAnd(shifted, k.int64(0x000fffffffffffffn)), k.int64(0x3fe6a09e00000000n)));
  return {
    n: k.sub(exponent, k.select(subnormal, k.number(4503599627370496 + 1077, 'f64'), 4503599627370496 + 1023)),
    m,
  };
}

function split32(k: Lanes, x: Expr): { n: Expr; m: Expr } {
  const subnormal = k.lt(x, 1.1754943508222875e-38);
  const scaled = k.select(subnormal, k.mul(x, 16777216), x);
  const shifted = k.add(k.bits(scaled), 0x004afb0d);
  const exponent = k.fromBits(k.bitOr(k.shiftRightUnsigned(shifted, 23), 0x4b000000));
  const m = k.fromBits(k.add(k.bitAnd(shifted, 0x007fffff), 0x3f3504f3));
  return { n: k.sub(exponent, k.select(subnormal, k.number(8388608 + 151, 'f32'), 8388608 + 127)), m };
}

/** log(0) = −∞, log of a negative number NaN, log ∞ = ∞. */
export function logEdges(k: Lanes, x: Expr, inside: Expr): Expr {
  const regular = k.and(k.gt(x, 0), k.lt(x, Infinity));
  const outside = k.select(k.eq(x, 0), constantLike(k, x, -Infinity), k.select(k.lt(x, 0), NaN, x));
  return k.select(regular, inside, outside);
}

function logOf(k: Lanes, x: Expr): Expr {
  const double = x.type === 'f64';
  const { n, m } = split(k, x);
  const f = k.sub(m, 1);
  const s = k.div(f, k.add(f, 2));
  const z = k.mul(s, s);
  const r = k.mul(z, horner(k, z, double ? LOG64 : LOG32));
  const halfSquare = k.mul(k.mul(f, 0.5), f);
  const tail = k.add(k.mul(s, k.add(halfSquare, r)), k.mul(n, double ? LN2_LOW : LN2_LOW32));
  const sum = k.sub(k.mul(n, double ? LN2_HIGH : LN2_HIGH32), k.sub(k.sub(halfSquare, tail), f));
  return logEdges(k, x, sum);
}

/** The natural logarithm. */
export const log: LaneFunction = byType(logOf, logOf);
