/**
 * Inverse circular functions. atan of a quotient n/d ≤ 1 is atan c + atan((n − c·d)/(d + c·n)) with c = 0, ½ or 1, which
 * leaves |t| ≤ ¼; the quotient is taken as a pair. asin and acos go through √((1 − |x|)/2) above one half.
 */
import type { Expr, LaneFunction, Lanes } from '../lanes/lanes.ts';
import { constantLike, horner, keepZero, throughDouble } from './parts.ts';
import { quotient, rootOfPair, sum, sumOrdered, type Pair } from './pair.ts';

/** (atan t − t) / t³ in t², |t| ≤ 0.2502: 2^−63 of t. */
const ATAN = [
  -0.3333333333333332, 0.19999999999991347, -0.14285714283792877, 0.11111110901743658, -0.09090896163850244,
  0.07691824253326418, -0.06655470255736078, 0.05724413151143889, -0.03998298935637084,
];

/** (asin x − x) / x³ in x², |x| ≤ ½: 2^−63 of x. */
const ASIN = [
  0.1666666666666666, 0.0750000000000256, 0.04464285713965808, 0.030381944646333026, 0.022372151548691238,
  0.017352946372074823, 0.013961859276230391, 0.011586108645133007, 0.009481092597238023, 0.01002365303402448,
  0.0006354740514610339, 0.024929147543173536, -0.026282703801264864, 0.03372090690606237,
];

const PI: readonly [number, number] = [3.141592653589793, 1.2246467991473532e-16];
const PI_HALF: readonly [number, number] = [1.5707963267948966, 6.123233995736766e-17];
const PI_QUARTER: readonly [number, number] = [0.7853981633974483, 3.061616997868383e-17];
const ATAN_HALF: readonly [number, number] = [0.4636476090008061, 2.2698777452961687e-17];

/** atan(n / d) for 0 ≤ n ≤ d as a pair; both in the range where products neither overflow nor vanish. */
function atanOfRatio(k: Lanes, n: Expr, d: Expr): Pair {
  const above = k.gt(n, k.mul(d, 0.25));
  const far = k.gt(n, k.mul(d, 0.75));
  const c = k.select(far, constantLike(k, n, 1), k.select(above, constantLike(k, n, 0.5), 0));
  const top = sum(k, n, k.neg(k.mul(d, c)));
  const bottom = sumOrdered(k, d, k.mul(n, c));
  const t = quotient(k, top, bottom);
  const z = k.mul(t.high, t.high);
  const bend = k.add(k.mul(k.mul(t.high, z), horner(k, z, ATAN)), t.low);
  const base = k.select(far, constantLike(k, n, PI_QUARTER[0]), k.select(above, constantLike(k, n, ATAN_HALF[0]), 0));
  const baseLow = k.select(
    far,
    constantLike(k, n, PI_QUARTER[1]),
    k.select(above, constantLike(k, n, ATAN_HALF[1]), 0),
  );
  const lead = sum(k, base, t.high);
  return { high: lead.high, low: k.add(lead.low, k.add(bend, baseLow)) };
}

/** whole − pair, with `whole` in two parts. */
function minus(k: Lanes, whole: readonly [number, number], pair: Pair): Pair {
  const lead = sumOrdered(k, constantLike(k, pair.high, whole[0]), k.neg(pair.high));
  return { high: lead.high, low: k.add(lead.low, k.sub(whole[1], pair.low)) };
}

const choose = (k: Lanes, condition: Expr, x: Pair, y: Pair): Pair => ({
  high: k.select(condition, x.high, y.high),
  low: k.select(condition, x.low, y.low),
});

/** atan x. */
export const atan: LaneFunction = throughDouble((k, x) => {
  const size = k.abs(x);
  const steep = k.gt(size, 1);
  // 2^60 and above is a right angle to the last digit.
  const within = k.select(k.gt(size, 1152921504606846976), 1152921504606846976, size);
  const ratio = atanOfRatio(k, k.select(steep, 1, within), k.select(steep, within, 1));
  const angle = choose(k, steep, minus(k, PI_HALF, ratio), ratio);
  const y = k.select(k.lt(size, 7.450580596923828e-9), size, k.add(angle.high, angle.low));
  return k.copySign(y, x);
});

/** The angle of (x, y): atan2(y, x) in [−π, π], with C's rules for zeros and infinities. */
export const atan2: LaneFunction = throughDouble((k, y, x) => {
  const { near, far, steep } = ordered(k, k.abs(y), k.abs(x));
  const scale = k.select(
    k.gt(far, 1e290),
    k.number(8.758115402030107e-47, 'f64'),
    k.select(k.lt(far, 1e-230), k.number(1.141798154164768e46, 'f64'), 1),
  );
  const ratio = atanOfRatio(k, k.mul(near, scale), k.mul(far, scale));
  // A quotient so small that its correction would vanish is its own angle.
  const direct = k.div(near, far);
  const tiny = k.lt(direct, 7.450580596923828e-9);
  const flat = choose(k, tiny, { high: direct, low: constantLike(k, near, 0) }, ratio);
  const upright = choose(k, steep, minus(k, PI_HALF, flat), flat);
  const left = isNegative(k, x);
  const angle = choose(k, left, minus(k, PI, upright), upright);
  return k.copySign(k.select(k.or(k.isNaN(x), k.isNaN(y)), NaN, k.add(angle.high, angle.low)), y);
});

interface Ordered {
  readonly near: Expr;
  readonly far: Expr;
  readonly steep: Expr;
}

/** The smaller and the larger; two infinities count as equal and finite, two zeros as 0/1. */
function ordered(k: Lanes, a: Expr, b: Expr): Ordered {
  const steep = k.gt(a, b);
  const near = k.select(steep, b, a);
  const far = k.select(steep, a, b);
  const infinite = k.eq(far, Infinity);
  return {
    near: k.select(infinite, k.select(k.eq(near, Infinity), constantLike(k, a, 1), 0), near),
    far: k.select(k.or(infinite, k.eq(far, 0)), 1, far),
    steep,
  };
}

/** Whether the sign bit is set: true for −0. */
const isNegative = (k: Lanes, x: Expr): Expr => k.lt(k.copySign(1, x), 0);

/** asin of |x|: the argument of the series, its value as a pair, and whether it is the half angle. */
function halfAngle(k: Lanes, size: Expr): { root: Pair; bend: Expr; far: Expr } {
  const far = k.gt(size, 0.5);
  const z = k.select(far, k.mul(k.sub(1, size), 0.5), k.mul(size, size));
  const half = rootOfPair(k, { high: z, low: constantLike(k, size, 0) });
  const root = choose(k, far, half, { high: size, low: constantLike(k, size, 0) });
  const bend = k.add(k.mul(k.mul(root.high, z), horner(k, z, ASIN)), root.low);
  return { root, bend, far };
}

/** asin x; NaN outside [−1, 1]. */
export const asin: LaneFunction = throughDouble((k, x) => {
  const size = k.abs(x);
  const { root, bend, far } = halfAngle(k, size);
  const complement = minus(k, PI_HALF, { high: k.mul(root.high, 2), low: k.mul(bend, 2) });
  const y = k.select(far, k.add(complement.high, complement.low), k.add(root.high, bend));
  return keepZero(k, x, k.copySign(y, x));
});

/** acos x. */
export const acos: LaneFunction = throughDouble((k, x) => {
  const { root, bend, far } = halfAngle(k, k.abs(x));
  const angle: Pair = { high: k.mul(root.high, 2), low: k.mul(bend, 2) };
  const negative = k.lt(x, 0);
  const outside = choose(k, negative, minus(k, PI, angle), angle);
  const signed: Pair = {
    high: k.select(negative, k.neg(root.high), root.high),
    low: k.select(negative, k.neg(bend), bend),
  };
  const inside = minus(k, PI_HALF, signed);
  const y = choose(k, far, outside, inside);
  return k.add(y.high, y.low);
});
