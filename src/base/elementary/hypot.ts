/** √(x² + y²) and log(eˣ + eʸ): sums that must neither overflow nor lose the smaller part. */
import type { Expr, LaneFunction, Lanes } from '../lanes/lanes.ts';
import { clampExponent, exponential, exponentialPair } from './exp.ts';
import { logOfPair } from './log.ts';
import { byType, constantLike } from './parts.ts';
import { rootOfPair, square, sum, sumOrdered } from './pair.ts';

/** Powers of two that bring any pair of numbers to where squares are safe. */
const DOWN = 2.409919865102884e-181;
const UP = 4.149515568880993e180;

function hypotOf(k: Lanes, x: Expr, y: Expr): Expr {
  const a = k.abs(x);
  const b = k.abs(y);
  const steep = k.gt(b, a);
  const large = k.select(steep, b, a);
  const huge = k.gt(large, 1e150);
  const tiny = k.lt(large, 1e-140);
  const scale = k.select(huge, constantLike(k, x, DOWN), k.select(tiny, constantLike(k, x, UP), 1));
  const back = k.select(huge, constantLike(k, x, UP), k.select(tiny, constantLike(k, x, DOWN), 1));
  const s = square(k, k.mul(large, scale));
  const t = square(k, k.mul(k.select(steep, a, b), scale));
  const both = sumOrdered(k, s.high, t.high);
  const root = rootOfPair(k, sumOrdered(k, both.high, k.add(both.low, k.add(s.low, t.low))));
  const length = k.mul(k.add(root.high, root.low), back);
  return k.select(k.or(k.eq(a, Infinity), k.eq(b, Infinity)), Infinity, length);
}

/** √(x² + y²); ∞ if either is infinite, even beside NaN. */
export const hypot: LaneFunction = byType(
  (k, x, y) => hypotOf(k, x, y),
  (k, x, y) => {
    const a = k.to(x, 'f64');
    const b = k.to(y, 'f64');
    const length = k.sqrt(k.add(k.mul(a, a), k.mul(b, b)));
    return k.to(k.select(k.or(k.eq(k.abs(a), Infinity), k.eq(k.abs(b), Infinity)), Infinity, length), 'f32');
  },
);

/** log(eˣ + eʸ) = max + log(1 + e^−|x − y|). */
export const logAddExp: LaneFunction = (k, x, y) => {
  const swap = k.lt(x, y);
  const high = k.select(swap, y, x);
  const gap = sum(k, k.select(swap, x, y), k.neg(high));
  const e = exponentialPair(k, exponential(k, clampExponent(k, gap.high), gap.low));
  const lead = sumOrdered(k, constantLike(k, x, 1), e.high);
  const log = logOfPair(k, { high: lead.high, low: k.add(lead.low, e.low) });
  const total = sum(k, high, log.high);
  const value = k.add(total.high, k.add(total.low, log.low));
  // Infinities have no distance; nor do NaNs, which the sum passes on.
  const regular = k.and(k.lt(k.abs(x), Infinity), k.lt(k.abs(y), Infinity));
  const edge = k.select(k.or(k.isNaN(x), k.isNaN(y)), k.add(x, y), high);
  return k.select(regular, value, edge);
};
