/**
 * sin, cos, tan. x = n·π/2 + r with |r| ≤ π/4, π/2 in three parts of 33 bits (Cody and Waite 1980), r as a pair; the
 * polynomials are arranged after Ng's fdlibm. Arguments too large for that go to payne-hanek.ts, one by one.
 */
import type { Expr, LaneFunction, Lanes } from '../lanes/lanes.ts';
import { lowBits, toNearest } from './magic.ts';
import { byType, horner, keepZero, throughDouble } from './parts.ts';
import { product, quotient, sumOrdered, type Pair } from './pair.ts';
import { reduceHuge, type Reduced } from './payne-hanek.ts';

const TWO_OVER_PI = 0.6366197723675814;

/** π/2 = the sum; n up to 2^20 times the first two is exact, the third is good to 2^−119. */
const PI_HALF = [1.5707963267341256, 6.077100506303966e-11, 2.0222662487959506e-21] as const;
/** n up to 2^20: the largest argument of the fast path. */
const LIMIT = 1.6e6;

/** (sin r − r) / r³ in r², |r| ≤ 0.786: 2^−58 of r; and (cos r − 1 + r²/2) / r⁴: 2^−64. */
const SIN64 = [
  -0.16666666666666632, 0.008333333333322316, -0.00019841269829725262, 2.7557313662061824e-6, -2.5050753263627713e-8,
  1.5896504832588934e-10,
];
const COS64 = [
  0.0416666666666666, -0.001388888888887399, 2.4801587289394906e-5, -2.7557314326024224e-7, 2.087571955775187e-9,
  -1.135944862856914e-11,
];

/** π/2 in parts of 11 bits and a last one, for float32: n up to 2^13 times each of the first four is exact. */
const PI_HALF32 = [
  1.5703125, 0.0004837512969970703, 7.549533620476723e-8, 2.5632829192545614e-12, 6.123234262925839e-17,
] as const;
const LIMIT32 = 12000;
const SIN32 = [-0.16666667, 0.008333329, -0.00019839327, 2.7182373e-6];
const COS32 = [0.041666668, -0.0013888883, 2.4799512e-5, -2.720955e-7];

function reduce64(k: Lanes, x: Expr): Reduced {
  const turns = toNearest(k, k.mul(x, TWO_OVER_PI));
  const first = k.sub(x, k.mul(turns.n, PI_HALF[0]));
  const w = k.mul(turns.n, PI_HALF[1]);
  const second = k.sub(first, w);
  const lost = k.sub(k.sub(first, second), w);
  const v = k.sub(k.mul(turns.n, PI_HALF[2]), lost);
  const high = k.sub(second, v);
  return { quadrant: lowBits(k, turns, 3), r: { high, low: k.sub(k.sub(second, high), v) } };
}

function reduce32(k: Lanes, x: Expr): { quadrant: Expr; r: Expr } {
  const turns = toNearest(k, k.mul(x, TWO_OVER_PI));
  let r: Expr = x;
  for (const part of PI_HALF32) r = k.sub(r, k.mul(turns.n, part));
  return { quadrant: lowBits(k, turns, 3), r };
}

/** sin r as r + the rest, and cos r as 1 − r²/2 + the rest. */
function sinPair(k: Lanes, { high, low }: Pair): Pair {
  const z = k.mul(high, high);
  const cube = k.mul(high, z);
  const bend = k.mul(cube, horner(k, z, SIN64));
  // sin(r + low) = sin r + low·cos r, where cos r ≈ 1 − r²/2.
  return { high, low: k.add(bend, k.sub(low, k.mul(k.mul(z, 0.5), low))) };
}

function cosPair(k: Lanes, { high, low }: Pair): Pair {
  const z = product(k, high, high);
  const half = k.mul(z.high, 0.5);
  const lead = sumOrdered(k, k.number(1, 'f64'), k.neg(half));
  const bend = k.mul(k.mul(z.high, z.high), horner(k, z.high, COS64));
  const rest = k.sub(bend, k.add(k.mul(high, low), k.mul(z.low, 0.5)));
  return { high: lead.high, low: k.add(lead.low, rest) };
}

/** sin of a reduced argument plus `ahead` quarter turns. */
export function sinOfReduced(k: Lanes, { quadrant, r }: Reduced, ahead: number): Expr {
  const q = k.add(quadrant, ahead);
  const s = sinPair(k, r);
  const c = cosPair(k, r);
  const odd = k.ne(k.bitAnd(q, 1), 0);
  const y = k.select(odd, k.add(c.high, c.low), k.add(s.high, s.low));
  return k.fromBits(k.bitXor(k.bits(y), k.shiftLeft(k.bitAnd(q, 2), 62)));
}

/** tan of a reduced argument: sin / cos, or −cos / sin in odd quadrants. */
export function tanOfReduced(k: Lanes, { quadrant, r }: Reduced): Expr {
  const s = sinPair(k, r);
  const c = cosPair(k, r);
  const odd = k.ne(k.bitAnd(quadrant, 1), 0);
  const top = sumOrdered(k, k.select(odd, k.neg(c.high), s.high), k.select(odd, k.neg(c.low), s.low));
  const bottom = sumOrdered(k, k.select(odd, s.high, c.high), k.select(odd, s.low, c.low));
  const ratio = quotient(k, top, bottom);
  return k.add(ratio.high, ratio.low);
}

function circular64(ahead: number, huge: LaneFunction): LaneFunction {
  return (k, x) => k.rare(k.gt(k.abs(x), LIMIT), sinOfReduced(k, reduce64(k, x), ahead), huge, x);
}

function circular32(ahead: number, huge: LaneFunction): LaneFunction {
  return (k, x) => {
    const { quadrant, r } = reduce32(k, x);
    const q = k.add(quadrant, ahead);
    const z = k.mul(r, r);
    const s = k.add(r, k.mul(k.mul(r, z), horner(k, z, SIN32)));
    const half = k.mul(z, 0.5);
    const lead = k.sub(1, half);
    const lost = k.sub(k.sub(1, lead), half);
    const c = k.add(lead, k.add(lost, k.mul(k.mul(z, z), horner(k, z, COS32))));
    const y = k.select(k.ne(k.bitAnd(q, 1), 0), c, s);
    const fast = k.fromBits(k.bitXor(k.bits(y), k.shiftLeft(k.bitAnd(q, 2), 30)));
    return k.rare(k.gt(k.abs(x), LIMIT32), fast, huge, x);
  };
}

/** A float32 argument, computed in float64. */
const widened =
  (f: LaneFunction): LaneFunction =>
  (k, x) =>
    k.to(f(k, k.to(x, 'f64')), 'f32');

/** A function of an argument reduced by Payne and Hanek's method; NaN for infinities. */
const huge =
  (f: (k: Lanes, reduced: Reduced) => Expr): LaneFunction =>
  (k, x) =>
    k.select(k.lt(k.abs(x), Infinity), f(k, reduceHuge(k, x)), NaN);
const hugeSin = huge((k, reduced) => sinOfReduced(k, reduced, 0));
const hugeCos = huge((k, reduced) => sinOfReduced(k, reduced, 1));
const hugeTan = huge(tanOfReduced);

const sin64 = circular64(0, hugeSin);
const cos64 = circular64(1, hugeCos);
const tan64: LaneFunction = (k, x) => k.rare(k.gt(k.abs(x), LIMIT), tanOfReduced(k, reduce64(k, x)), hugeTan, x);

const sinOf = byType(sin64, circular32(0, widened(sin64)));

/** sin x, x in radians; right for every finite x. */
export const sin: LaneFunction = (k, x) => keepZero(k, x, sinOf(k, x));

/** cos x. */
export const cos: LaneFunction = byType(cos64, circular32(1, widened(cos64)));

/** tan x. */
export const tan: LaneFunction = throughDouble((k, x) => keepZero(k, x, tan64(k, x)));
