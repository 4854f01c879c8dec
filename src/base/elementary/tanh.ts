/** Hyperbolic functions and the logistic sigmoid, all from e^x as a pair. */
import type { Expr, LaneFunction, Lanes } from '../lanes/lanes.ts';
import { clampExponent, exp, exponential, exponentialPair, expm1Pair } from './exp.ts';
import { byType, constantLike, horner, isDouble, keepZero } from './parts.ts';
import { quotient, sum, sumOrdered, type Pair } from './pair.ts';

/** (sinh x − x) / x³ in x², |x| ≤ 1: 2^−63 of x. */
const SINH = [
  0.16666666666666669, 0.008333333333333127, 0.0001984126984144626, 2.755731915254164e-6, 2.5052123855112008e-8,
  1.6057203915098987e-10, 7.760441792878981e-13,
];

/** (e^|x| ± e^−|x|) / 2; beyond 22 (where e^−2x is lost) the second part is left out, so that infinities stay. */
function halfSum(k: Lanes, size: Expr, sign: 1 | -1): Expr {
  const half = exponentialPair(k, exponential(k, clampExponent(k, size)), -1);
  const other = k.select(k.lt(size, 22), k.div(sign * 0.25, half.high), 0);
  const both = k.add(half.high, other);
  const lost = k.select(k.lt(size, 22), k.add(k.sub(half.high, both), other), 0);
  return k.add(both, k.add(lost, half.low));
}

/** sinh x. */
export const sinh: LaneFunction = (k, x) => {
  const size = k.abs(x);
  const z = k.mul(size, size);
  const small = k.add(size, k.mul(k.mul(size, z), horner(k, z, isDouble(x) ? SINH : SINH.slice(0, 5))));
  return k.copySign(k.select(k.lt(size, 1), small, halfSum(k, size, -1)), x);
};

/** cosh x. */
export const cosh: LaneFunction = (k, x) => halfSum(k, k.abs(x), 1);

/** tanh x = (e^2x − 1) / (e^2x + 1), as pairs. */
function tanh64(k: Lanes, x: Expr): Expr {
  const size = k.abs(x);
  const within = k.select(k.lt(constantLike(k, x, 22), size), 22, size);
  const top = expm1Pair(k, k.mul(within, 2));
  const lead = sum(k, constantLike(k, x, 2), top.high);
  const ratio = quotient(k, top, { high: lead.high, low: k.add(lead.low, top.low) });
  return k.copySign(keepZero(k, x, k.add(ratio.high, ratio.low)), x);
}

/** (tanh x − x) / x³ in x², |x| ≤ 0.5625: 2^−29 of x. */
const TANH32 = [-0.33333313, 0.13332471, -0.053839248, 0.021014279, -0.00618864];

/** For float32, 1 − 2 / (e^2x + 1) from tanh x = ½ on, where the errors of the fraction count half. */
function tanh32(k: Lanes, x: Expr): Expr {
  const size = k.abs(x);
  const z = k.mul(size, size);
  const small = k.add(size, k.mul(k.mul(size, z), horner(k, z, TANH32)));
  const large = k.sub(1, k.div(2, k.add(exp(k, k.mul(size, 2)), 1)));
  return k.copySign(k.select(k.lt(size, 0.55), small, large), x);
}

/** tanh x. */
export const tanh: LaneFunction = byType(
  (k, x) => tanh64(k, x),
  (k, x) => tanh32(k, x),
);

function sigmoid64(k: Lanes, x: Expr): Expr {
  const small = exponentialPair(k, exponential(k, clampExponent(k, k.neg(k.abs(x)))));
  const negative = k.lt(x, 0);
  const top: Pair = { high: k.select(negative, small.high, 1), low: k.select(negative, small.low, 0) };
  const lead = sumOrdered(k, constantLike(k, x, 1), small.high);
  const ratio = quotient(k, top, { high: lead.high, low: k.add(lead.low, small.low) });
  return k.add(ratio.high, ratio.low);
}

/** As a fraction of rounded numbers, put right by what the denominator lost. */
function sigmoid32(k: Lanes, x: Expr): Expr {
  const negative = k.lt(x, 0);
  const small = exp(k, k.neg(k.abs(x)));
  const bottom = sumOrdered(k, constantLike(k, x, 1), small);
  const y = k.div(k.select(negative, small, 1), bottom.high);
  const inverse = k.select(negative, k.sub(1, y), y);
  return k.sub(y, k.mul(k.mul(y, inverse), bottom.low));
}

/** 1 / (1 + e^−x): for negative x as e^x / (1 + e^x), so that small results keep their digits. */
export const sigmoid: LaneFunction = byType(
  (k, x) => sigmoid64(k, x),
  (k, x) => sigmoid32(k, x),
);
