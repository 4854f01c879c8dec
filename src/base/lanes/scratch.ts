/** The one bounded memory through which kernels work on arrays. Nothing stays in it between calls. */
import type { DType, Storage } from '../dtypes.ts';

const PAGE = 65536;
const PAGES = 16;
const SCRATCH_BYTES: number = PAGES * PAGE;

/** An operand's share at a time: a few of them fit the second-level cache together. */
const CHUNK_BYTES = 65536;

/** Fixed from the start: growing a memory would detach its views. */
export const scratchLimits: { readonly initial: number; readonly maximum: number } = { initial: PAGES, maximum: PAGES };

export interface Scratch {
  readonly memory: WebAssembly.Memory;
  readonly views: Readonly<Record<DType, Storage>>;
}

let shared: Scratch | undefined;

/** The scratch memory, made at first use. */
export function scratch(): Scratch {
  if (shared === undefined) {
    const memory = new WebAssembly.Memory(scratchLimits);
    const { buffer } = memory;
    const views = {
      float64: new Float64Array(buffer),
      float32: new Float32Array(buffer),
      int32: new Int32Array(buffer),
      bool: new Uint8Array(buffer),
    };
    shared = { memory, views };
  }
  return shared;
}

/** Bytes between one array's place and the next, when `arrays` of them share the memory. */
export function strideFor(arrays: number): number {
  let stride = CHUNK_BYTES;
  while (stride * arrays > SCRATCH_BYTES && stride > 64) stride /= 2;
  return stride;
}
