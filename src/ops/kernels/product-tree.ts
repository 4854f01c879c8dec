/** Products of many numbers, in the order in which `sum-tree.ts` adds them: 8 lanes, blocks of 128, pairwise across. */
import type { DType, Storage } from '../../base/dtypes.ts';
import { BLOCK, LANES } from './sum-tree.ts';

// A Float32Array rounds what is stored in it, which is all that float32 arithmetic asks for.
interface Scratch {
  readonly lanes: Float64Array | Float32Array;
  /** Slot i holds the product of 2^i blocks, like the digits of a binary counter. */
  readonly digits: Float64Array | Float32Array;
}

const SLOTS = 32;
const scratch64: Scratch = { lanes: new Float64Array(LANES), digits: new Float64Array(SLOTS) };
const scratch32: Scratch = { lanes: new Float32Array(LANES), digits: new Float32Array(SLOTS) };

function multiplyBlock(lanes: Scratch['lanes'], data: Storage, start: number, stride: number, count: number): number {
  lanes.fill(1);
  for (let i = 0, at = start; i < count; i++, at += stride) lanes[i & (LANES - 1)]! *= data[at]!;
  for (let step = 1; step < LANES; step *= 2) {
    for (let lane = 0; lane < LANES; lane += 2 * step) lanes[lane]! *= lanes[lane + step]!;
  }
  return lanes[0]!;
}

/** Π data[start + i·stride] for i < count; float32 is rounded at every step, int32 wraps; 1 for none. */
export function multiplyStrided(data: Storage, start: number, stride: number, count: number, dtype: DType): number {
  if (dtype === 'int32' || dtype === 'bool') return multiplyWrapping(data, start, stride, count);
  const { lanes, digits } = dtype === 'float32' ? scratch32 : scratch64;
  let blocks = 0;
  for (let i = 0; i < count; i += BLOCK) {
    lanes[0] = multiplyBlock(lanes, data, start + i * stride, stride, Math.min(BLOCK, count - i));
    let slot = 0;
    for (let n = blocks; (n & 1) === 1; n >>>= 1) lanes[0] *= digits[slot++]!;
    digits[slot] = lanes[0];
    blocks++;
  }
  return joinDigits(digits, blocks);
}

/** The digits that are set, the smallest first. */
function joinDigits(digits: Scratch['digits'], blocks: number): number {
  let product = -1;
  for (let slot = 0, n = blocks; n > 0; slot++, n >>>= 1) {
    if ((n & 1) === 0) continue;
    if (product >= 0) digits[slot]! *= digits[product]!;
    product = slot;
  }
  return product < 0 ? 1 : digits[product]!;
}

function multiplyWrapping(data: Storage, start: number, stride: number, count: number): number {
  let product = 1;
  for (let i = 0, at = start; i < count; i++, at += stride) product = Math.imul(product, data[at]!);
  return product;
}
