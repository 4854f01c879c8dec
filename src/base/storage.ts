/** Where elements live. Small arrays are views into slabs: a fresh Float64Array(16) costs ten times a view. */
import { bytesPerElement, newStorage, type DType, type Storage } from './dtypes.ts';
import { sizeOf, type Shape } from './shapes.ts';

/** All elements of a Value: one number that stands for every element, or an array of them (row-major). */
export type Content = number | Storage;

/** An array with its shape and dtype: what kernels read and fill. */
export interface Dense {
  readonly data: Storage;
  readonly shape: Shape;
  readonly dtype: DType;
}

const SLAB_BYTES = 1 << 15;
const LARGEST_IN_SLAB = 1 << 10;

interface Slab {
  buffer: ArrayBuffer;
  used: number;
}

// One slab serves every dtype: offsets stay multiples of 8. A region is handed out once and never again, so it is zero.
const slab: Slab = { buffer: new ArrayBuffer(SLAB_BYTES), used: 0 };

function regionInSlab(bytes: number): number {
  if (slab.used + bytes > SLAB_BYTES) {
    slab.buffer = new ArrayBuffer(SLAB_BYTES);
    slab.used = 0;
  }
  const offset = slab.used;
  slab.used += (bytes + 7) & ~7;
  return offset;
}

/** A zero-filled array of `length` elements. */
export function allocate(dtype: DType, length: number): Storage {
  const bytes = length * bytesPerElement(dtype);
  if (bytes > LARGEST_IN_SLAB || length === 0) return newStorage(dtype, length);
  const offset = regionInSlab(bytes);
  switch (dtype) {
    case 'float64':
      return new Float64Array(slab.buffer, offset, length);
    case 'float32':
      return new Float32Array(slab.buffer, offset, length);
    case 'int32':
      return new Int32Array(slab.buffer, offset, length);
    case 'bool':
      return new Uint8Array(slab.buffer, offset, length);
  }
}

export const newDense = (shape: Shape, dtype: DType): Dense => ({ data: allocate(dtype, sizeOf(shape)), shape, dtype });

/** The elements as an array, whichever way they were held. */
export function toStorage(content: Content, dtype: DType, size: number): Storage {
  if (typeof content !== 'number') return content;
  const data = allocate(dtype, size);
  if (content !== 0 || Object.is(content, -0)) data.fill(content);
  return data;
}
