/** Masks between memory, where they are bytes of 0 and 1, and vectors, where they are lanes without bits or full of them. */
import type { FunctionBody } from '../wasm/index.ts';
import type { LaneWidth } from './vector-form.ts';

/** 0 or 1 on the stack becomes no bits or all bits in every lane. */
export function writeSplatMask(body: FunctionBody, width: LaneWidth): void {
  if (width === 8) body.op('i64.extend_i32_u').op('i64x2.splat').op('i64x2.neg');
  else body.op('i32x4.splat').op('i32x4.neg');
}

/** One byte per lane from the address on the stack. */
export function writeLoadMask(body: FunctionBody, width: LaneWidth, at: number): void {
  if (width === 4) body.memory('v128.load32_zero', at, 0);
  else body.memory('i32.load16_u', at, 0).op('i32x4.splat');
  body.op('i16x8.extend_low_i8x16_u').op('i32x4.extend_low_i16x8_u');
  if (width === 4) body.op('i32x4.neg');
  else body.op('i64x2.extend_low_i32x4_u').op('i64x2.neg');
}

/** One byte per lane to the address below the mask: the sign bits, spread by a multiplication to one per byte. */
export function writeStoreMask(body: FunctionBody, width: LaneWidth, at: number): void {
  if (width === 4) {
    body.op('i32x4.bitmask').i32(0x00204081).op('i32.mul').i32(0x01010101).op('i32.and').memory('i32.store', at, 0);
  } else {
    body.op('i64x2.bitmask').i32(0x81).op('i32.mul').i32(0x0101).op('i32.and').memory('i32.store16', at, 0);
  }
}
