/**
 * The error function. Near zero a polynomial; beyond, erfc x = e^(−x²)·g(x)/(1 + 2x), g a polynomial in
 * (x − 4)/(x + 4), which covers the half-line in one piece (after Shepherd and Laframboise 1981).
 */
import type { Expr, LaneFunction, Lanes } from '../lanes/lanes.ts';
import { exp, exponential, expWithTail, onePlusPair } from './exp.ts';
import { powerOfTwo, scaled } from './magic.ts';
import { byType, constantLike, horner, polynomial } from './parts.ts';
import { square, sumOrdered } from './pair.ts';

/** erf x / x − 1 in x², |x| ≤ 1.25: 2^−60. */
const ERF_NEAR = [
  0.1283791670955126, -0.3761263890318373, 0.1128379167095423, -0.026866170644983523, 0.005223977624170256,
  -0.0008548326957798273, 0.00012055330783725221, -1.4925600315166397e-5, 1.6461318149282473e-6, -1.6356880700553675e-7,
  1.473585024547085e-8, -1.189540874810606e-9, 7.95285188255412e-11, -3.2774969661407555e-12,
];
/** (1 + 2x)·e^(x²)·erfc x in (x − 4)/(x + 4), 0.95 ≤ x ≤ 28: 2^−59. */
const ERFC_FAR = [
  1.2329951186255526, -0.1396211168405625, 0.015379652102620937, 0.06809705425469151, -0.10103906603639717,
  0.09373283499841578, -0.06633036580939007, 0.03716751553560373, -0.01619773410193301, 0.005031970008735154,
  -0.000757772889969666, -0.00019925700108174713, 0.0001506194737014042, -2.439730595447774e-5, -1.1214497392244713e-5,
  5.702293189599085e-6, 2.7836613681020775e-7, -8.077797879903976e-7, 9.157509051026601e-8, 8.656791916804248e-8,
  -2.4427428286407606e-8,
];

const near = (k: Lanes, x: Expr): Expr => k.add(x, k.mul(x, horner(k, k.mul(x, x), ERF_NEAR)));

/** erfc x for x ≥ 0.95. */
function far(k: Lanes, x: Expr): Expr {
  const within = k.select(k.gt(x, 28), 28, x);
  const t = k.div(k.sub(within, 4), k.add(within, 4));
  const g = k.div(polynomial(k, t, ERFC_FAR), k.add(k.mul(within, 2), 1));
  const s = square(k, within);
  return k.mul(expWithTail(k, k.neg(s.high), k.neg(s.low)), g);
}

function erf64(k: Lanes, x: Expr): Expr {
  const size = k.abs(x);
  return k.copySign(k.select(k.lt(size, 1.0), near(k, size), k.sub(1, far(k, size))), x);
}

/** erf x / x − 1 in x², |x| ≤ 0.9: 2^−31; and log erfc x, 0.8 ≤ x ≤ 4: 2^−32 of 1. */
const ERF32_NEAR = [0.12837917, -0.37612635, 0.112837195, -0.026860753, 0.0052044364, -0.00081819296, 8.53884e-5];
const LOG_ERFC32 = [
  0.00014089119, -1.1293465, -0.63369906, -0.107880175, 0.024853205, -0.004067245, 0.00041251452, -1.9155323e-5,
];

/** For float32, 1 − e^p(x): the error of the small second part hardly counts. */
function erf32(k: Lanes, x: Expr): Expr {
  const size = k.abs(x);
  const close = k.add(size, k.mul(size, polynomial(k, k.mul(size, size), ERF32_NEAR)));
  const within = k.select(k.gt(size, 4), 4, size);
  const beyond = k.sub(1, exp(k, polynomial(k, within, LOG_ERFC32)));
  return k.copySign(k.select(k.lt(size, 0.875), close, beyond), x);
}

/** erf x. */
export const erf: LaneFunction = byType(
  (k, x) => erf64(k, x),
  (k, x) => erf32(k, x),
);

/** (1 + 2x)·e^(x²)·erfc x in (x − 2.75)/(x + 2.75), 0.75 ≤ x ≤ 10.2: 2^−28; and what float32 loses of the first. */
const ERFC32_FAR = [
  -0.1304625, -0.071305866, 0.14490694, -0.11450116, 0.052312415, -0.010434663, -0.0025916719, 0.0017082171,
];
const ERFC32_FIRST = 1.2588036;
const ERFC32_REST = 1.7396787e-8;

/**
 * erfc x for x ≥ 0.75 in float32. What rounding takes off numerator and denominator comes back, roughly, as `lost`: their
 * quotient is 0.8 times the denominator's inverse, within a tenth.
 */
function far32(k: Lanes, x: Expr): Expr {
  const within = k.select(k.gt(x, 10.1), 10.1, x);
  const t = k.div(k.sub(within, 2.75), k.add(within, 2.75));
  const curve = k.add(k.mul(t, polynomial(k, t, ERFC32_FAR)), ERFC32_REST);
  const above = sumOrdered(k, constantLike(k, x, ERFC32_FIRST), curve);
  const below = sumOrdered(k, k.mul(within, 2), constantLike(k, x, 1));
  const g = k.div(above.high, below.high);
  const lost = k.mul(k.sub(above.low, k.mul(g, below.low)), 0.8);
  const s = square(k, within);
  const e = exponential(k, k.neg(s.high), k.neg(s.low));
  const power = onePlusPair(k, e);
  const rest = k.mul(g, k.add(power.low, k.mul(power.high, lost)));
  return scaled(k, k.add(k.mul(g, power.high), rest), powerOfTwo(k, e.n));
}

/** erfc x for |x| below 1. Above ¼ the subtraction from 1 would lose a digit: a half is taken off first, exactly. */
function central(k: Lanes, x: Expr, beyond: Expr): Expr {
  const direct = k.sub(1, k.add(x, beyond));
  return k.select(k.lt(x, 0.25), direct, k.sub(0.5, k.add(k.sub(x, 0.5), beyond)));
}

/** The two pieces: up to `border`, and the tail beyond it on either side. */
function joined(k: Lanes, x: Expr, border: number, near: Expr, tail: Expr): Expr {
  const y = k.select(k.lt(x, 0), k.sub(2, tail), tail);
  return k.select(k.lt(k.abs(x), border), near, y);
}

function erfc64(k: Lanes, x: Expr): Expr {
  const beyond = k.mul(x, horner(k, k.mul(x, x), ERF_NEAR));
  return joined(k, x, 0.96, central(k, x, beyond), far(k, k.abs(x)));
}

function erfc32(k: Lanes, x: Expr): Expr {
  const beyond = k.mul(x, polynomial(k, k.mul(x, x), ERF32_NEAR));
  return joined(k, x, 0.8, central(k, x, beyond), far32(k, k.abs(x)));
}

/** erfc x = 1 − erf x, with all its digits where erf x is near 1. */
export const erfc: LaneFunction = byType(
  (k, x) => erfc64(k, x),
  (k, x) => erfc32(k, x),
);
