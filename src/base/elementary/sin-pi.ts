/** sin πx and cot πx: whole turns are taken off exactly, before π comes in. For reflection formulas. */
import type { Expr, Lanes } from '../lanes/lanes.ts';
import { lowBits, toNearest } from './magic.ts';
import { product, sumOrdered } from './pair.ts';
import type { Reduced } from './payne-hanek.ts';
import { sinOfReduced, tanOfReduced } from './sin.ts';

const PI_HALF_HIGH = 1.5707963267948966;
const PI_HALF_LOW = 6.123233995736766e-17;

/** How far x is from the nearest integer; exact. */
export const fromInteger = (k: Lanes, x: Expr): Expr => k.sub(x, k.nearest(x));

/** π·(distance to the nearest integer), reduced by quarter turns. */
function reducePi(k: Lanes, x: Expr): Reduced {
  const twice = k.mul(fromInteger(k, x), 2);
  const turns = toNearest(k, twice);
  const rest = k.sub(twice, turns.n);
  const lead = product(k, rest, k.number(PI_HALF_HIGH, 'f64'));
  return { quadrant: lowBits(k, turns, 3), r: sumOrdered(k, lead.high, k.add(lead.low, k.mul(rest, PI_HALF_LOW))) };
}

/** ± sin πx: the sign is that of the distance to the nearest integer. */
export const sinOfPi = (k: Lanes, x: Expr): Expr => sinOfReduced(k, reducePi(k, x), 0);

/** cot πx. */
export function cotOfPi(k: Lanes, x: Expr): Expr {
  const { quadrant, r } = reducePi(k, x);
  return k.neg(tanOfReduced(k, { quadrant: k.add(quadrant, 1), r }));
}
