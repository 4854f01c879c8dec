/**
 * x^y = e^(y·log x). The logarithm is needed to some 68 bits, because y·log x reaches 745: m = (1 + s)/(1 − s) with s and
 * the first two terms of 2·artanh s as pairs. Special cases follow C99, annex F.
 */
import type { Expr, LaneFunction, Lanes } from '../lanes/lanes.ts';
import { clampExponent, exp, expWithTail } from './exp.ts';
import { LN2, logPair, splitExponent } from './log.ts';
import { byType, clamp, constantLike, horner } from './parts.ts';
import { product, productOfPairs, quotient, sum, sumOrdered, type Pair } from './pair.ts';

/** (2·artanh s − 2s − ⅔s³) / s⁵ in s², |s| ≤ 0.1718: 2^−70 of s. */
const ARTANH = [
  0.39999999999999997, 0.2857142857143296, 0.22222222220336119, 0.18181818549082493, 0.1538457720438232,
  0.1333559491122782, 0.11688330573484439, 0.11885459119156548,
];
const TWO_THIRDS: readonly [number, number] = [0.6666666666666666, 3.700743415417188e-17];

/** log x to about 68 bits, for positive finite x. */
function preciseLog(k: Lanes, x: Expr): Pair {
  const { n, m } = splitExponent(k, x);
  const f = k.sub(m, 1);
  const s = quotient(k, { high: f, low: k.number(0, 'f64') }, sumOrdered(k, k.number(2, 'f64'), f));
  const z = productOfPairs(k, s, s);
  const rest = k.mul(z.high, horner(k, z.high, ARTANH));
  const lead = sumOrdered(k, k.number(TWO_THIRDS[0], 'f64'), rest);
  const factor: Pair = { high: lead.high, low: k.add(lead.low, TWO_THIRDS[1]) };
  const bend = productOfPairs(k, s, productOfPairs(k, z, factor));
  const twice = sumOrdered(k, k.mul(s.high, 2), bend.high);
  const mantissa: Pair = { high: twice.high, low: k.add(twice.low, k.add(bend.low, k.mul(s.low, 2))) };
  const total = sum(k, k.mul(n, LN2.high), mantissa.high);
  const low = k.add(k.mul(n, LN2.low), mantissa.low);
  const joined = sum(k, total.low, low);
  return sumOrdered(k, k.add(total.high, joined.high), k.add(lost(k, total.high, joined.high), joined.low));
}

/** What x + y loses, |x| ≥ |y|. */
const lost = (k: Lanes, x: Expr, y: Expr): Expr => sumOrdered(k, x, y).low;

/** x^y for positive finite x and |y| ≤ 2^100 (beyond, the result is 0, 1 or ∞ as it is there). */
function positivePower(k: Lanes, x: Expr, y: Expr): Expr {
  const logarithm = preciseLog(k, x);
  const lead = product(k, y, logarithm.high);
  const whole = clampExponent(k, lead.high);
  const tail = k.add(lead.low, k.mul(y, logarithm.low));
  return expWithTail(k, whole, k.select(k.eq(whole, lead.high), tail, 0));
}

/** The same to float32's accuracy, in float64. */
const roughPower = (k: Lanes, x: Expr, y: Expr): Expr => {
  const pair = logPair(k, x);
  return exp(k, k.mul(y, k.add(pair.high, pair.low)));
};

function withEdges(k: Lanes, x: Expr, y: Expr, inside: (size: Expr, y: Expr) => Expr): Expr {
  const size = k.abs(x);
  const regular = k.and(k.gt(size, 0), k.lt(size, Infinity));
  const grows = k.eq(k.gt(y, 0), k.gt(size, 1));
  const edge = k.select(grows, constantLike(k, x, Infinity), 0);
  const magnitude = k.select(
    regular,
    inside(size, clamp(k, y, -1e30, 1e30)),
    k.select(k.isNaN(y), y, k.add(edge, nanOnly(k, x))),
  );
  const integer = k.eq(k.trunc(y), y);
  const half = k.mul(y, 0.5);
  const odd = k.and(integer, k.ne(k.trunc(half), half));
  const signed = k.select(k.and(odd, k.lt(k.copySign(1, x), 0)), k.neg(magnitude), magnitude);
  const real = k.or(k.or(integer, k.ge(x, 0)), k.not(k.lt(size, Infinity)));
  const value = k.select(k.or(real, k.eq(x, 0)), signed, NaN);
  return k.select(k.or(k.eq(y, 0), k.eq(x, 1)), 1, value);
}

/** NaN for NaN, else 0. */
const nanOnly = (k: Lanes, x: Expr): Expr => k.select(k.isNaN(x), x, 0);

/** x^y. */
export const pow: LaneFunction = byType(
  (k, x, y) => withEdges(k, x, y, (size, within) => positivePower(k, size, within)),
  (k, x, y) => {
    const wide = withEdges(k, k.to(x, 'f64'), k.to(y, 'f64'), (size, within) => roughPower(k, size, within));
    return k.to(wide, 'f32');
  },
);
