/** Rounding to integers by adding a number so large that its last digit counts ones; and powers of two built in bits. */
import type { Expr, Lanes } from '../lanes/lanes.ts';
import { isDouble } from './parts.ts';

const MAGIC64 = 6755399441055744;
const MAGIC32 = 12582912;
const MAGIC64_BITS = 0x4338000000000000n;
const MAGIC32_BITS = 0x4b400000;

/** An integer as a float, and as the low bits of the sum that found it. */
export interface Rounded {
  readonly n: Expr;
  readonly sum: Expr;
}

/** The integer nearest to `t`, |t| < 2^51 (float32: 2^22). */
export function toNearest(k: Lanes, t: Expr): Rounded {
  const magic = isDouble(t) ? MAGIC64 : MAGIC32;
  const sum = k.add(t, magic);
  return { n: k.sub(sum, magic), sum };
}

/** The low bits of the integer: `bits & mask`, an i64 or i32. */
export const lowBits = (k: Lanes, r: Rounded, mask: number): Expr => k.bitAnd(k.bits(r.sum), mask);

export interface Scale {
  readonly first: Expr;
  readonly second: Expr;
}

/** 2^(n + by) as two factors, so that products with it overflow and underflow with a single rounding. */
export function powerOfTwo(k: Lanes, { sum }: Rounded, by = 0): Scale {
  const biased = isDouble(sum)
    ? k.add(k.bits(sum), k.int64(BigInt(2046 + by) - MAGIC64_BITS))
    : k.add(k.bits(sum), 254 + by - MAGIC32_BITS);
  const half = k.shiftRightUnsigned(biased, 1);
  const mantissa = isDouble(sum) ? 52 : 23;
  return {
    first: k.fromBits(k.shiftLeft(half, mantissa)),
    second: k.fromBits(k.shiftLeft(k.sub(biased, half), mantissa)),
  };
}

export const scaled = (k: Lanes, y: Expr, by: Scale): Expr => k.mul(k.mul(y, by.first), by.second);
