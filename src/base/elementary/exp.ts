/**
 * e^x, 2^x and their kin. x = n·ln 2 + r with |r| ≤ ln 2 / 2 (ln 2 in two parts after Cody and Waite 1980), e^r by a
 * minimax polynomial, 2^n built in the exponent field. What follows from e^x takes it as a pair: high + low.
 */
import type { Expr, LaneFunction, Lanes } from '../lanes/lanes.ts';
import { powerOfTwo, scaled, toNearest, type Rounded } from './magic.ts';
import { byType, clamp, constantLike, isDouble, keepZero, polynomial } from './parts.ts';
import { square, sum, sumOrdered, type Pair } from './pair.ts';

const LOG2_E = 1.4426950408889634;
const LN2 = 0.6931471805599453;

/** 32 bits of ln 2, so that n times it is exact; and the rest. For float32 the same with 9 bits. */
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
const LN2_HIGH32 = 0.693359375;
const LN2_LOW32 = -2.1219444e-4;

/** (e^r − 1 − r) / r² on |r| ≤ 0.3467, minimax in the error of e^r: 2^−64. */
const EXP64 = [
  0.5, 0.16666666666666685, 0.04166666666666673, 0.008333333333316685, 0.0013888888888858456, 0.00019841269897194605,
  2.4801587373709037e-5, 2.755723409922293e-6, 2.7557233386959686e-7, 2.5112288457886393e-8, 2.0926935175488634e-9,
];
/** The same for float32: 2^−28. */
const EXP32 = [0.5, 0.16666518, 0.041666206, 0.008368918, 0.0013950539];

/** (e^r − 1 − r − r²/2) / r³ on |r| ≤ ½: 2^−66 of r, and 2^−27. */
const EXPM1_64 = [
  0.16666666666666666, 0.041666666666666664, 0.00833333333333344, 0.0013888888888888957, 0.00019841269840964253,
  2.4801587301396374e-5, 2.7557319600729e-6, 2.7557319459373824e-7, 2.50518798533631e-8, 2.087661419685425e-9,
  1.612622289165282e-10, 1.1512723297838353e-11,
];
const EXPM1_32 = [0.16666667, 0.041665863, 0.00833311, 0.0013981685, 0.0001998419];

/** (2^r − 1 − r·ln 2) / r² on |r| ≤ 0.5: 2^−64. */
const EXP2_64 = [
  0.24022650695910072, 0.05550410866482164, 0.00961812910762849, 0.001333355814640187, 0.0001540353039334794,
  1.5252733846973986e-5, 1.3215486828505144e-6, 1.0178054606777366e-7, 7.054889672143061e-9, 4.4562109152934746e-10,
  2.574011817905094e-11,
];
const EXP2_32 = [0.2402265, 0.055503618, 0.0096180225, 0.001339046, 0.00015471863];
/** ln 2 beyond its float64 and float32 values. */
const LN2_REST = 2.3190468138462996e-17;
const LN2_REST32 = -1.9046542e-9;

/** 2^n·(1 + r + rest): e^x before it is put together. |r| ≤ 0.35 and |rest| ≤ 0.07. */
export interface Exponential {
  readonly n: Rounded;
  readonly r: Expr;
  readonly rest: Expr;
}

/** Beyond these, e^x overflows or rounds to zero, also in the pairs made of it. */
export const clampExponent = (k: Lanes, x: Expr): Expr =>
  isDouble(x) ? clamp(k, x, -746, 712) : clamp(k, x, -104, 90);

/** x − n·ln 2, and what its rounding lost. */
function reduced(k: Lanes, x: Expr, n: Rounded): Pair {
  const double = isDouble(x);
  const high = k.sub(x, k.mul(n.n, double ? LN2_HIGH : LN2_HIGH32));
  const low = k.mul(n.n, double ? LN2_LOW : LN2_LOW32);
  const r = k.sub(high, low);
  return { high: r, low: k.sub(k.sub(high, r), low) };
}

/** e^(x + tail) for x within the limits of `clampExponent`, |tail| at most a few units in x's last place. */
export function exponential(k: Lanes, x: Expr, tail?: Expr): Exponential {
  const n = toNearest(k, k.mul(x, LOG2_E));
  const { high: r, low: lost } = reduced(k, x, n);
  const rest = k.add(k.mul(k.mul(r, r), polynomial(k, r, isDouble(x) ? EXP64 : EXP32)), lost);
  if (tail === undefined) return { n, r, rest };
  return { n, r, rest: k.add(rest, k.mul(tail, k.add(k.add(rest, r), 1))) };
}

/** 1 + r + rest, rounded once. */
function onePlus(k: Lanes, { r, rest }: Exponential): Expr {
  const { high, low } = sumOrdered(k, constantLike(k, r, 1), r);
  return k.add(high, k.add(low, rest));
}

/** 1 + r + rest as a pair. */
export function onePlusPair(k: Lanes, { r, rest }: Exponential): Pair {
  const lead = sumOrdered(k, constantLike(k, r, 1), r);
  return sumOrdered(k, lead.high, k.add(lead.low, rest));
}

/** 2^by·e^x as a pair, out of an `Exponential`. */
export function exponentialPair(k: Lanes, e: Exponential, by = 0): Pair {
  const whole = onePlusPair(k, e);
  const scale = powerOfTwo(k, e.n, by);
  return { high: scaled(k, whole.high, scale), low: scaled(k, whole.low, scale) };
}

/** e^(x + tail), rounded once. */
export function expWithTail(k: Lanes, x: Expr, tail?: Expr): Expr {
  const e = exponential(k, x, tail);
  return scaled(k, onePlus(k, e), powerOfTwo(k, e.n));
}

/** e^x. */
export const exp: LaneFunction = (k, x) => expWithTail(k, clampExponent(k, x));

function exp2Of(k: Lanes, x: Expr): Expr {
  const double = isDouble(x);
  const within = double ? clamp(k, x, -1076, 1025) : clamp(k, x, -151, 129);
  const n = toNearest(k, within);
  const r = k.sub(within, n.n);
  const curve = k.mul(k.mul(r, r), polynomial(k, r, double ? EXP2_64 : EXP2_32));
  const rest = k.add(curve, k.mul(r, double ? LN2_REST : LN2_REST32));
  return scaled(k, onePlus(k, { n, r: k.mul(r, LN2), rest }), powerOfTwo(k, n));
}

/** 2^x; exact for integers. */
export const exp2: LaneFunction = byType(exp2Of, exp2Of);

/**
 * e^x − 1 as a pair; for |x| up to 700 (float32: 86), beyond which the 1 does not count. Up to ½ nothing is taken off x
 * (r would be larger than the result), and r² comes as a pair (its rounding alone would cost a third of an ulp).
 */
export function expm1Pair(k: Lanes, x: Expr): Pair {
  const n = toNearest(k, k.select(k.lt(k.abs(x), 0.5), 0, k.mul(x, LOG2_E)));
  const { high: r, low: lost } = reduced(k, x, n);
  const z = square(k, r);
  const cubic = k.mul(k.mul(r, z.high), polynomial(k, r, isDouble(x) ? EXPM1_64 : EXPM1_32));
  const lead = sumOrdered(k, r, k.mul(z.high, 0.5));
  const rest = k.add(lead.low, k.add(k.add(k.mul(z.low, 0.5), lost), cubic));
  const one = sumOrdered(k, constantLike(k, x, 1), lead.high);
  const scale = powerOfTwo(k, n);
  const less = sum(k, scaled(k, one.high, scale), constantLike(k, x, -1));
  const low = k.add(less.low, scaled(k, k.add(one.low, rest), scale));
  return sumOrdered(k, less.high, low);
}

/** e^x − 1, exact near zero. */
export const expm1: LaneFunction = (k, x) => {
  const limit = isDouble(x) ? 700 : 86;
  const inside = expm1Pair(k, clamp(k, x, -limit, limit));
  return keepZero(k, x, k.select(k.gt(x, limit), exp(k, x), k.add(inside.high, inside.low)));
};
