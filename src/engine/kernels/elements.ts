/** Elements between memory and the forms in which lanes compute: one by one, or as many as a vector holds. */
import { bytesPerElement, type DType } from '../../base/dtypes.ts';
import { SCALAR_LOADS, SCALAR_STORES } from '../../base/lanes/scalar-form.ts';
import type { LaneWidth } from '../../base/lanes/vector-form.ts';
import { writeSplatMask } from '../../base/lanes/vector-masks.ts';
import { writeLoadVector as writeLoadNeighbours } from '../../base/lanes/vector-memory.ts';
import type { FunctionBody, Local, MemoryLaneOpName, MemoryOpName } from '../../base/wasm/index.ts';

/** The element at address + offset. */
export function writeLoad(body: FunctionBody, dtype: DType, address: Local, offset: number): void {
  body.memory(SCALAR_LOADS[dtype], writeAddress(body, address, offset));
}

/** To the address below the element, plus offset ≥ 0. */
export function writeStore(body: FunctionBody, dtype: DType, offset = 0): void {
  body.memory(SCALAR_STORES[dtype], offset);
}

/**
 * Leaves an address on the stack and returns what is still to be added to it: addresses wrap around, immediates do not, so
 * that negative distances are added first.
 */
export function writeAddress(body: FunctionBody, address: Local, offset: number): number {
  body.get(address);
  if (offset >= 0) return offset;
  body.i32(offset | 0).op('i32.add');
  return 0;
}

/**
 * A vector of the `count` elements that lie `stride` elements apart from address + offset on, in lanes of `width` bytes;
 * what is narrower lies in the lower half, a bool is a mask. Lanes without an element are zero (false).
 */
export function writeLoadVector(
  body: FunctionBody,
  dtype: DType,
  width: LaneWidth,
  address: Local,
  offset: number,
  stride: number,
  count: number = 16 / width,
): void {
  if (stride === 0) return writeLoadSplat(body, dtype, width, address, offset);
  if (stride === 1 && count === 16 / width)
    return writeLoadNeighbours(body, dtype, width, writeAddress(body, address, offset));
  writeGather(body, dtype, width, address, offset, stride, count);
}

function writeLoadSplat(body: FunctionBody, dtype: DType, width: LaneWidth, address: Local, offset: number): void {
  const at = writeAddress(body, address, offset);
  if (dtype === 'bool') {
    body.memory('i32.load8_u', at);
    writeSplatMask(body, width);
  } else {
    body.memory(bytesPerElement(dtype) === 8 ? 'v128.load64_splat' : 'v128.load32_splat', at);
  }
}

interface LaneLoads {
  readonly first: MemoryOpName;
  readonly lane: MemoryLaneOpName;
}

const LANE_LOADS: Readonly<Record<number, LaneLoads>> = {
  4: { first: 'v128.load32_zero', lane: 'v128.load32_lane' },
  8: { first: 'v128.load64_zero', lane: 'v128.load64_lane' },
};

function writeGather(
  body: FunctionBody,
  dtype: DType,
  width: LaneWidth,
  address: Local,
  offset: number,
  stride: number,
  count: number,
): void {
  const bytes = bytesPerElement(dtype);
  const place = (lane: number): number => offset + lane * stride * bytes;
  const vector = body.local('v128');
  if (dtype === 'bool') {
    body.i32(0).op('i32x4.splat').set(vector);
    for (let lane = 0; lane < count; lane++) writeLane(body, 'v128.load8_lane', vector, lane, address, place(lane));
    body.get(vector).op('i16x8.extend_low_i8x16_u').op('i32x4.extend_low_i16x8_u');
    if (width === 4) body.op('i32x4.neg');
    else body.op('i64x2.extend_low_i32x4_u').op('i64x2.neg');
    return;
  }
  const loads = LANE_LOADS[bytes]!;
  const pair = bytes === 4 && stride === 1 && count > 1;
  body.memory(pair ? 'v128.load64_zero' : loads.first, writeAddress(body, address, offset), pair ? 2 : undefined);
  body.set(vector);
  for (let lane = pair ? 2 : 1; lane < count; lane++) {
    writeLane(body, loads.lane, vector, lane, address, place(lane));
  }
  body.get(vector);
}

function writeLane(
  body: FunctionBody,
  op: MemoryLaneOpName,
  vector: Local,
  lane: number,
  address: Local,
  offset: number,
): void {
  const at = writeAddress(body, address, offset);
  body.get(vector).memoryLane(op, lane, at).set(vector);
}
