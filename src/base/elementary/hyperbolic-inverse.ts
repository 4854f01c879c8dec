/** asinh, acosh, atanh: logarithms of pairs, which keep the digits that x + √(x² ± 1) − 1 needs near zero. */
import type { Expr, LaneFunction, Lanes } from '../lanes/lanes.ts';
import { logOfPair } from './log.ts';
import { constantLike, keepZero, throughDouble } from './parts.ts';
import { quotient, rootOfPair, square, sum, sumOrdered, type Pair } from './pair.ts';

/** From here on √(x² ± 1) is x to the last digit. */
const LARGE = 268435456;

/** log(x + √(x² + shift)) for x in its domain; x itself may be as large as there are numbers. */
function areaLog(k: Lanes, x: Expr, shift: 1 | -1): Expr {
  const large = k.gt(x, LARGE);
  const within = k.select(large, 1, x);
  const s = square(k, within);
  const shifted = sum(k, s.high, constantLike(k, x, shift));
  const root = rootOfPair(k, sumOrdered(k, shifted.high, k.add(shifted.low, s.low)));
  const lead = sum(k, within, root.high);
  const total = sumOrdered(k, lead.high, k.add(lead.low, root.low));
  const u: Pair = { high: k.select(large, x, total.high), low: k.select(large, 0, total.low) };
  const log = logOfPair(k, u, k.select(large, constantLike(k, x, 1), 0));
  return k.add(log.high, log.low);
}

function asinhOf(k: Lanes, x: Expr): Expr {
  const size = k.abs(x);
  // Below 2^−27, x³/6 does not reach x's last digit; infinities and NaN are their own result.
  const direct = k.or(k.lt(size, 7.450580596923828e-9), k.not(k.lt(size, Infinity)));
  return k.copySign(k.select(direct, size, areaLog(k, size, 1)), x);
}

function acoshOf(k: Lanes, x: Expr): Expr {
  return k.select(k.lt(x, 1), NaN, k.select(k.lt(x, Infinity), areaLog(k, x, -1), x));
}

function atanhOf(k: Lanes, x: Expr): Expr {
  const size = k.abs(x);
  const one = constantLike(k, x, 1);
  const ratio = quotient(k, sum(k, one, size), sum(k, one, k.neg(size)));
  const log = logOfPair(k, ratio);
  const inside = k.mul(k.add(log.high, log.low), 0.5);
  const large = k.select(k.eq(size, 1), constantLike(k, x, Infinity), k.select(k.gt(size, 1), NaN, size));
  const y = k.select(k.lt(size, 1), inside, large);
  return keepZero(k, x, k.copySign(k.select(k.lt(size, 7.450580596923828e-9), size, y), x));
}

export const asinh: LaneFunction = throughDouble((k, x) => asinhOf(k, x));
export const acosh: LaneFunction = throughDouble((k, x) => acoshOf(k, x));
export const atanh: LaneFunction = throughDouble((k, x) => atanhOf(k, x));
