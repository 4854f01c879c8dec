/**
 * The one order in which numbers are summed: 8 lanes over blocks of 128, lanes pairwise, blocks pairwise. It depends on
 * the count alone, so the same numbers give the same bits wherever and however they are summed; and its error grows
 * with the logarithm of the count.
 */
import type { DType, Storage } from '../../base/dtypes.ts';

export const BLOCK = 128;
export const LANES = 8;

/** Partial sums of whole blocks, like the digits of a binary counter: slot i holds the sum of 2^i blocks. */
const partials = new Float64Array(64);

// Two copies of the block loop: Math.fround around every sum is what makes float32, and costs too much elsewhere.
function sumBlock64(data: Storage, start: number, stride: number, count: number): number {
  let a = 0,
    b = 0,
    c = 0,
    d = 0,
    e = 0,
    f = 0,
    g = 0,
    h = 0;
  const whole = count - (count % LANES);
  let at = start;
  let i = 0;
  for (; i < whole; i += LANES) {
    a += data[at]!;
    at += stride;
    b += data[at]!;
    at += stride;
    c += data[at]!;
    at += stride;
    d += data[at]!;
    at += stride;
    e += data[at]!;
    at += stride;
    f += data[at]!;
    at += stride;
    g += data[at]!;
    at += stride;
    h += data[at]!;
    at += stride;
  }
  const rest = count - whole;
  if (rest > 0) {
    a += data[at]!;
    at += stride;
  }
  if (rest > 1) {
    b += data[at]!;
    at += stride;
  }
  if (rest > 2) {
    c += data[at]!;
    at += stride;
  }
  if (rest > 3) {
    d += data[at]!;
    at += stride;
  }
  if (rest > 4) {
    e += data[at]!;
    at += stride;
  }
  if (rest > 5) {
    f += data[at]!;
    at += stride;
  }
  if (rest > 6) g += data[at]!;
  return a + b + (c + d) + (e + f + (g + h));
}

// The same with every sum rounded to float32. Lanes are local numbers, so that nothing is allocated.
function sumBlock32(data: Storage, start: number, stride: number, count: number): number {
  const r = Math.fround;
  let a = r(0),
    b = r(0),
    c = r(0),
    d = r(0),
    e = r(0),
    f = r(0),
    g = r(0),
    h = r(0);
  const whole = count - (count % LANES);
  let at = start;
  for (let i = 0; i < whole; i += LANES) {
    a = r(a + data[at]!);
    at += stride;
    b = r(b + data[at]!);
    at += stride;
    c = r(c + data[at]!);
    at += stride;
    d = r(d + data[at]!);
    at += stride;
    e = r(e + data[at]!);
    at += stride;
    f = r(f + data[at]!);
    at += stride;
    g = r(g + data[at]!);
    at += stride;
    h = r(h + data[at]!);
    at += stride;
  }
  const rest = count - whole;
  if (rest > 0) {
    a = r(a + data[at]!);
    at += stride;
  }
  if (rest > 1) {
    b = r(b + data[at]!);
    at += stride;
  }
  if (rest > 2) {
    c = r(c + data[at]!);
    at += stride;
  }
  if (rest > 3) {
    d = r(d + data[at]!);
    at += stride;
  }
  if (rest > 4) {
    e = r(e + data[at]!);
    at += stride;
  }
  if (rest > 5) {
    f = r(f + data[at]!);
    at += stride;
  }
  if (rest > 6) g = r(g + data[at]!);
  return r(r(r(a + b) + r(c + d)) + r(r(e + f) + r(g + h)));
}

/** Σ data[start + i·stride] for i < count, in the project's order; float32 is rounded at every step, int32 wraps. */
export function sumStrided(data: Storage, start: number, stride: number, count: number, dtype: DType): number {
  if (dtype === 'int32' || dtype === 'bool') return sumWrapping(data, start, stride, count);
  const single = dtype === 'float32';
  const sumBlock = single ? sumBlock32 : sumBlock64;
  if (count <= BLOCK) return sumBlock(data, start, stride, count);
  let blocks = 0;
  for (let i = 0; i < count; i += BLOCK) {
    let sum = sumBlock(data, start + i * stride, stride, Math.min(BLOCK, count - i));
    let slot = 0;
    for (let n = blocks; (n & 1) === 1; n >>>= 1)
      sum = single ? Math.fround(partials[slot++]! + sum) : partials[slot++]! + sum;
    partials[slot] = sum;
    blocks++;
  }
  return joinPartials(blocks, single);
}

/** Adds the digits that are set, the smallest first. */
function joinPartials(blocks: number, single: boolean): number {
  let sum: number | null = null;
  for (let slot = 0, n = blocks; n > 0; slot++, n >>>= 1) {
    if ((n & 1) === 0) continue;
    const part = partials[slot]!;
    if (sum === null) sum = part;
    else sum = single ? Math.fround(part + sum) : part + sum;
  }
  return sum ?? 0;
}

function sumWrapping(data: Storage, start: number, stride: number, count: number): number {
  let sum = 0;
  for (let i = 0, at = start; i < count; i++, at += stride) sum = (sum + data[at]!) | 0;
  return sum;
}
