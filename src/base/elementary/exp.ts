/**
 * e^x. x = n·ln 2 + r with |r| ≤ ln 2 / 2 (Cody and Waite's two-part ln 2), e^r by a minimax polynomial around 1 + r, and
 * 2^n built in the exponent field.
 */
import type { Expr, LaneFunction, Lanes } from '../lanes/lanes.ts';
import { byType, clamp, polynomial } from './parts.ts';

const LOG2_E = 1.4426950408889634;

/** Adding it to |t| < 2^51 rounds t to an integer, which is then the low bits of the sum. */
export const MAGIC64 = 6755399441055744;
export const MAGIC64_BITS = 0x4338000000000000n;
export const MAGIC32 = 12582912;
export const MAGIC32_BITS = 0x4b400000;

/** 32 bits of ln 2, so that n times it is exact; and the rest. */
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
const LN2_HIGH32 = 0.693359375;
const LN2_LOW32 = -2.1219444e-4;

/** (e^r − 1 − r) / r² on |r| ≤ 0.3467, minimax in the error of e^r: 2^−64. */
const EXP64 = [
  0.5, 0.16666666666666685, 0.04166666666666673, 0.008333333333316685, 0.0013888888888858439, 0.00019841269897194548,
  2.4801587373738906e-5, 2.7557234099292212e-6, 2.755723336524338e-7, 2.5112288432386106e-8, 2.0926941090615537e-9,
];
/** The same for float32: 2^−28. */
const EXP32 = [0.5, 0.16666518, 0.041666206, 0.008368918, 0.001395054];

/** `y · 2^n` for n = low bits of `t`; in two factors, so that it overflows and underflows with one rounding. */
export function scaleByMagic(k: Lanes, y: Expr, t: Expr): Expr {
  const double = t.type === 'f64';
  const biased = double ? k.add(k.bits(t), k.int64(2046n - MAGIC64_BITS)) : k.add(k.bits(t), 254 - MAGIC32_BITS);
  const half = k.shiftRightUnsigned(biased, 1);
  const mantissa = double ? 52 : 23;
  const first = k.fromBits(k.shiftLeft(half, mantissa));
  const second = k.fromBits(k.shiftLeft(k.sub(biased, half), mantissa));
  return k.mul(k.mul(y, first), second);
}

function exp64(k: Lanes, x: Expr): Expr {
  const within = clamp(k, x, -746, 710);
  const t = k.add(k.mul(within, LOG2_E), MAGIC64);
  const n = k.sub(t, MAGIC64);
  const high = k.sub(within, k.mul(n, LN2_HIGH));
  const low = k.mul(n, LN2_LOW);
  const r = k.sub(high, low);
  const tail = k.sub(k.sub(high, r), low);
  const rest = k.add(k.mul(k.mul(r, r), polynomial(k, r, EXP64)), tail);
  return scaleByMagic(k, onePlus(k, r, rest), t);
}

/** 1 + r + rest, |rest| ≪ 1, rounded once. */
function onePlus(k: Lanes, r: Expr, rest: Expr): Expr {
  const sum = k.add(r, 1);
  const lost = k.add(k.sub(1, sum), r);
  return k.add(sum, k.add(lost, rest));
}

function exp32(k: Lanes, x: Expr): Expr {
  const within = clamp(k, x, -104, 89);
  const t = k.add(k.mul(within, LOG2_E), MAGIC32);
  const n = k.sub(t, MAGIC32);
  const high = k.sub(within, k.mul(n, LN2_HIGH32));
  const r = k.sub(high, k.mul(n, LN2_LOW32));
  const rest = k.mul(k.mul(r, r), polynomial(k, r, EXP32));
  return scaleByMagic(k, onePlus(k, r, rest), t);
}

/** e^x. */
export const exp: LaneFunction = byType(exp64, exp32);
