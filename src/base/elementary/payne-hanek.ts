/**
 * Division by π/2 for arguments of any size (Payne and Hanek 1983): of the product with 2/π only the digits around the
 * point are wanted, so only the digits of 2/π that reach there take part. In integers of 32 digits each.
 */
import type { Expr, Lanes } from '../lanes/lanes.ts';
import { product, sum, sumOrdered, type Pair } from './pair.ts';

/** The rest of the division by π/2, and the low bits of the quotient (the quadrant). */
export interface Reduced {
  readonly quadrant: Expr;
  readonly r: Pair;
}

/** 2/π in binary, behind 64 zeros. */
const TWO_OVER_PI: readonly bigint[] = (
  '0000000000000000' +
  'a2f9836e4e441529fc2757d1f534ddc0db6295993c439041fe5163abdebbc561b7246e3a424dd2e0' +
  '06492eea09d1921cfe1deb1cb129a73ee88235f52ebb4484e99c7026b45f7e413991d639835339f4' +
  '9c845f8bbdf9283b1ff897ffde05980fef2f118b5a0a6d1f6d367ecf27cb09b74f463f669e5fea2d' +
  '7527bac7ebe5f17b3d0739f78a5292ea6bfb5fb11f8d5d0856033046fc7b6babf0cfbc209af4361d'
)
  .match(/.{8}/g)!
  .map((word) => BigInt(`0x${word}`));

/** Words of 2/π that take part: two bits before the point, 222 behind it, less the 31 by which the window may slip. */
const WINDOW = 7;
const WORD = 0xffffffffn;

const PI_HALF_HIGH = 1.5707963267948966;
const PI_HALF_LOW = 6.123233995736766e-17;

/** x = n·π/2 + r for |x| ≥ 2^20, finite. */
export function reduceHuge(k: Lanes, x: Expr): Reduced {
  const bits = k.bits(x);
  // |x| = M·2^e; the window begins at bit e + 62 of the table.
  const mantissa = k.bitOr(k.bitAnd(bits, k.int64(0xfffffffffffffn)), k.int64(0x10000000000000n));
  const exponent = k.bitAnd(k.shiftRightUnsigned(bits, 52), k.int64(0x7ffn));
  const start = k.sub(exponent, k.int64(1075n - 62n));
  const window = windowAt(k, k.shiftRightUnsigned(start, 5));
  const limbs = shiftedLimbs(k, mantissa, k.bitAnd(start, k.int64(31n)));
  const words = lowProduct(k, limbs, window);
  const { quadrant, r } = nearestQuarter(k, words);
  const negative = k.lt(x, 0);
  const flip = (y: Expr): Expr => k.select(negative, k.neg(y), y);
  return {
    quadrant: k.bitAnd(k.select(negative, k.sub(k.int64(4n), quadrant), quadrant), k.int64(3n)),
    r: { high: flip(r.high), low: flip(r.low) },
  };
}

/** Seven words of the table from word `index` on: a shifter that moves by 32, 16, 8, … words. */
function windowAt(k: Lanes, index: Expr): Expr[] {
  let words: Expr[] = TWO_OVER_PI.map((word) => k.int64(word));
  for (let step = 32; step >= 1; step /= 2) {
    const move = k.ne(k.bitAnd(index, k.int64(BigInt(step))), k.int64(0n));
    const needed = Math.min(words.length, WINDOW + step - 1);
    const all = words;
    words = all.slice(0, needed).map((word, i) => k.select(move, all[i + step] ?? word, word));
  }
  return words.slice(0, WINDOW);
}

/** M·2^by (by < 32) in three words, the least first. */
function shiftedLimbs(k: Lanes, mantissa: Expr, by: Expr): Expr[] {
  // 2^by as an integer: the digits of 2^52 + 2^by.
  const power = k.add(k.fromBits(k.shiftLeft(k.add(by, k.int64(1023n)), 52)), 4503599627370496);
  const factor = k.bitAnd(k.bits(power), k.int64(0xfffffffffffffn));
  const low = k.mul(k.bitAnd(mantissa, k.int64(WORD)), factor);
  const high = k.add(k.mul(k.shiftRightUnsigned(mantissa, 32), factor), k.shiftRightUnsigned(low, 32));
  return [low, high, k.shiftRightUnsigned(high, 32)].map((limb, i) => (i === 2 ? limb : k.bitAnd(limb, k.int64(WORD))));
}

/** The low seven words of limbs (least first) × window (greatest first); least first. */
function lowProduct(k: Lanes, limbs: readonly Expr[], window: readonly Expr[]): Expr[] {
  const words: Expr[] = [];
  let carry: Expr = k.int64(0n);
  for (let i = 0; i < WINDOW; i++) {
    let sumLow = carry;
    let sumHigh: Expr = k.int64(0n);
    for (let j = 0; j < limbs.length && j <= i; j++) {
      const part = k.mul(limbs[j]!, window[WINDOW - 1 - (i - j)]!);
      sumLow = k.add(sumLow, k.bitAnd(part, k.int64(WORD)));
      sumHigh = k.add(sumHigh, k.shiftRightUnsigned(part, 32));
    }
    words.push(k.bitAnd(sumLow, k.int64(WORD)));
    carry = k.add(sumHigh, k.shiftRightUnsigned(sumLow, 32));
  }
  return words;
}

/** The quotient's last two bits after rounding, and what is left, times π/2. */
function nearestQuarter(k: Lanes, words: readonly Expr[]): Reduced {
  const top = k.add(words[6]!, k.int64(0x20000000n));
  const quadrant = k.bitAnd(k.shiftRightUnsigned(top, 30), k.int64(3n));
  const asFloat = (word: Expr, power: number): Expr =>
    k.mul(k.sub(k.fromBits(k.bitOr(word, k.int64(0x4330000000000000n))), 4503599627370496), power);
  const lead = k.sub(asFloat(k.bitAnd(top, k.int64(0x3fffffffn)), 9.313225746154785e-10), 0.5);
  const first = sum(k, lead, asFloat(words[5]!, POWERS[0]));
  const second = sum(k, first.low, asFloat(words[4]!, POWERS[1]));
  const rest = k.add(second.low, k.add(asFloat(words[3]!, POWERS[2]), asFloat(words[2]!, POWERS[3])));
  const joined = sum(k, first.high, second.high);
  const turn = sumOrdered(k, joined.high, k.add(joined.low, rest));
  const scaled = product(k, turn.high, k.number(PI_HALF_HIGH, 'f64'));
  const tail = k.add(scaled.low, k.add(k.mul(turn.high, PI_HALF_LOW), k.mul(turn.low, PI_HALF_HIGH)));
  return { quadrant, r: sumOrdered(k, scaled.high, tail) };
}

/** 2^−62, 2^−94, 2^−126, 2^−158. */
const POWERS = [2.168404344971009e-19, 5.048709793414476e-29, 1.1754943508222875e-38, 2.736911063134408e-48] as const;
