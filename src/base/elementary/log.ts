/**
 * Logarithms. x = 2^n·m with m in [√½, √2), log m = 2·artanh s with s = (m − 1)/(m + 1), arranged after Ng's fdlibm so
 * that the leading m − 1 − (m − 1)²/2 keeps its low half; log2 and log10 multiply that pair.
 */
import type { Expr, LaneFunction, Lanes } from '../lanes/lanes.ts';
import { constantLike, horner, isDouble, keepZero } from './parts.ts';
import { halves, product, quotient, sum, sumOrdered, type Pair } from './pair.ts';

/** ln 2 in two parts: n times the first is exact. */
export const LN2: { readonly high: number; readonly low: number } = {
  high: 0.6931471803691238,
  low: 1.9082149292705877e-10,
};
const LN2_HIGH32 = 0.693359375;
const LN2_LOW32 = -2.1219444e-4;

/** (2·artanh s − 2s) / s³ as a polynomial in s², |s| ≤ 0.1718: 2^−65 of s, and 2^−36 for float32. */
const LOG64 = [
  0.6666666666666666, 0.4000000000000633, 0.28571428569058516, 0.22222222650937995, 0.18181775332657688,
  0.15387105374984072, 0.13249787111217884, 0.13254351980682647,
];
const LOG32 = [0.6666666, 0.40000337, 0.2853717, 0.23584987];

/** x as 2^n·m; `n` is a float. `twiceShrink` is 2^(1−n), or 0 for the largest n. */
export interface Split {
  readonly n: Expr;
  readonly m: Expr;
  readonly twiceShrink: Expr;
}

export const splitExponent = (k: Lanes, x: Expr): Split => (isDouble(x) ? split64(k, x) : split32(k, x));

/** Adding the distance of √½ from 1 to the bits makes the exponent change at √2 instead of at 2. */
function split64(k: Lanes, x: Expr): Split {
  const subnormal = k.lt(x, 2.2250738585072014e-308);
  const normal = k.select(subnormal, k.mul(x, 18014398509481984), x);
  const shifted = k.add(k.bits(normal), k.int64(0x00095f6200000000n));
  const exponent = k.shiftRightUnsigned(shifted, 52);
  const bias = k.select(subnormal, k.number(4503599627370496 + 1077, 'f64'), 4503599627370496 + 1023);
  return {
    n: k.sub(k.fromBits(k.bitOr(exponent, k.int64(0x4330000000000000n))), bias),
    m: k.fromBits(k.add(k.bitAnd(shifted, k.int64(0x000fffffffffffffn)), k.int64(0x3fe6a09e00000000n))),
    twiceShrink: k.fromBits(k.shiftLeft(k.sub(k.int64(2047n), exponent), 52)),
  };
}

function split32(k: Lanes, x: Expr): Split {
  const subnormal = k.lt(x, 1.1754943508222875e-38);
  const normal = k.select(subnormal, k.mul(x, 16777216), x);
  const shifted = k.add(k.bits(normal), 0x004afb0d);
  const exponent = k.shiftRightUnsigned(shifted, 23);
  const bias = k.select(subnormal, k.number(8388608 + 151, 'f32'), 8388608 + 127);
  return {
    n: k.sub(k.fromBits(k.bitOr(exponent, 0x4b000000)), bias),
    m: k.fromBits(k.add(k.bitAnd(shifted, 0x007fffff), 0x3f3504f3)),
    twiceShrink: k.fromBits(k.shiftLeft(k.sub(k.number(255, 'i32'), exponent), 23)),
  };
}

/** log m: high is 1 + f − f²/2 cut to half its digits (products with it are exact), low the rest. */
function logOfMantissa(k: Lanes, m: Expr): Pair {
  const f = k.sub(m, 1);
  const s = k.div(f, k.add(f, 2));
  const z = k.mul(s, s);
  const r = k.mul(z, horner(k, z, isDouble(m) ? LOG64 : LOG32));
  const halfSquare = k.mul(k.mul(f, 0.5), f);
  const { high } = halves(k, k.sub(f, halfSquare));
  const cut = k.sub(k.sub(f, high), halfSquare);
  return { high, low: k.add(k.mul(s, k.add(halfSquare, r)), cut) };
}

/** n·ln 2 + log m, as a pair. */
function withExponent(k: Lanes, n: Expr, m: Pair): Pair {
  const double = isDouble(n);
  const lead = sumOrdered(k, k.mul(n, double ? LN2.high : LN2_HIGH32), m.high);
  return { high: lead.high, low: k.add(k.add(lead.low, k.mul(n, double ? LN2.low : LN2_LOW32)), m.low) };
}

/** log(0) = −∞, log of a negative number NaN, log ∞ = ∞. */
function logEdges(k: Lanes, x: Expr, inside: Expr): Expr {
  const regular = k.and(k.gt(x, 0), k.lt(x, Infinity));
  const outside = k.select(k.eq(x, 0), constantLike(k, x, -Infinity), k.select(k.lt(x, 0), NaN, x));
  return k.select(regular, inside, outside);
}

/** log x as a pair, x positive and finite. */
export function logPair(k: Lanes, x: Expr): Pair {
  const { n, m } = splitExponent(k, x);
  return withExponent(k, n, logOfMantissa(k, m));
}

/**
 * log(x.high + x.low) as a pair: the low part enters by the tangent, so results near zero keep their digits where
 * x.high − 1 has them. `doublings` adds that many times ln 2.
 */
export function logOfPair(k: Lanes, x: Pair, doublings?: Expr): Pair {
  const { n, m, twiceShrink } = splitExponent(k, x.high);
  const log = logOfMantissa(k, m);
  const tangent = k.div(k.mul(k.mul(x.low, twiceShrink), 0.5), m);
  return withExponent(k, doublings === undefined ? n : k.add(n, doublings), {
    high: log.high,
    low: k.add(log.low, tangent),
  });
}

/** The natural logarithm. */
export const log: LaneFunction = (k, x) => {
  const pair = logPair(k, x);
  return logEdges(k, x, k.add(pair.high, pair.low));
};

/** log m times a constant given as two parts, the first of few digits; plus n times another such constant. */
function scaledLog(k: Lanes, x: Expr, factor: readonly [number, number], unit: readonly [number, number]): Expr {
  const { n, m } = splitExponent(k, x);
  const { high, low } = logOfMantissa(k, m);
  const lead = k.mul(high, factor[0]);
  const rest = k.add(k.mul(k.add(low, high), factor[1]), k.mul(low, factor[0]));
  const total = sumOrdered(k, k.mul(n, unit[0]), lead);
  const tail = k.add(k.add(total.low, k.mul(n, unit[1])), rest);
  return logEdges(k, x, k.add(total.high, tail));
}

const LOG2_E = [1.4426950365304947, 4.3584687174185184e-9] as const;
const LOG2_E32 = [1.4423828125, 3.122284e-4] as const;
/** The base-2 logarithm; exact for powers of two. */
export const log2: LaneFunction = (k, x) => scaledLog(k, x, isDouble(x) ? LOG2_E : LOG2_E32, [1, 0]);

const LOG10_E = [0.434294480830431, 1.0728208431540585e-9] as const;
const LOG10_E32 = [0.4342041015625, 9.038034e-5] as const;
const LOG10_2 = [0.30102999566361177, 3.694239077158931e-13] as const;
const LOG10_2_32 = [0.301025390625, 4.605039e-6] as const;
/** The base-10 logarithm. */
export const log10: LaneFunction = (k, x) =>
  isDouble(x) ? scaledLog(k, x, LOG10_E, LOG10_2) : scaledLog(k, x, LOG10_E32, LOG10_2_32);

/** log(1 + x), exact near zero. */
export const log1p: LaneFunction = (k, x) => {
  const shifted = sum(k, x, constantLike(k, x, 1));
  const pair = logOfPair(k, shifted);
  return keepZero(k, x, logEdges(k, shifted.high, k.add(pair.high, pair.low)));
};

/** x·log y, and 0 where x is 0 (whatever y, unless it is NaN). */
export const xlogy: LaneFunction = (k, x, y) => {
  const pair = logPair(k, y);
  const lead = product(k, x, pair.high);
  const precise = k.add(lead.high, k.add(lead.low, k.mul(x, pair.low)));
  const regular = k.and(k.and(k.gt(y, 0), k.lt(y, Infinity)), k.lt(k.abs(x), Infinity));
  const value = k.select(regular, precise, k.mul(x, log(k, y)));
  return k.select(k.and(k.eq(x, 0), k.eq(y, y)), 0, value);
};

/** log(x / (1 − x)). */
export const logit: LaneFunction = (k, x) => {
  const ratio = quotient(k, { high: x, low: constantLike(k, x, 0) }, sum(k, constantLike(k, x, 1), k.neg(x)));
  const pair = logOfPair(k, ratio);
  return logEdges(k, ratio.high, k.add(pair.high, pair.low));
};
