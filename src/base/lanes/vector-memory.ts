/** Vectors between memory and the stack. Elements of half the lane width lie in the lower half of their vector. */
import { bytesPerElement, type DType } from '../dtypes.ts';
import type { FunctionBody } from '../wasm/index.ts';
import type { LaneWidth } from './vector-form.ts';
import { writeLoadMask, writeStoreMask } from './vector-masks.ts';

/** As many elements side by side as there are lanes, from the address on the stack. */
export function writeLoadVector(body: FunctionBody, dtype: DType, width: LaneWidth, at: number): void {
  if (dtype === 'bool') writeLoadMask(body, width, at);
  else if (bytesPerElement(dtype) === width) body.memory('v128.load', at, 3);
  else body.memory('v128.load64_zero', at, 2);
}

/** The same from the stack to the address below it. */
export function writeStoreVector(body: FunctionBody, dtype: DType, width: LaneWidth, at: number): void {
  if (dtype === 'bool') writeStoreMask(body, width, at);
  else if (bytesPerElement(dtype) === width) body.memory('v128.store', at, 3);
  else body.memoryLane('v128.store64_lane', 0, at);
}
