/** Element types: what they hold, how they promote, and which typed array stores them. */

/** `bool` is stored as bytes 0 and 1; `int32` wraps; floats are IEEE 754. */
export type DType = 'float64' | 'float32' | 'int32' | 'bool';

/** The arrays that hold elements: one kind per dtype. */
export type Storage = Float64Array | Float32Array | Int32Array | Uint8Array;

/** From narrow to wide: promotion takes the later of two. */
export const DTYPES: readonly DType[] = ['bool', 'int32', 'float32', 'float64'];

const BYTES: Readonly<Record<DType, number>> = { bool: 1, int32: 4, float32: 4, float64: 8 };

export const bytesPerElement = (dtype: DType): number => BYTES[dtype];

export const isDType = (x: unknown): x is DType => typeof x === 'string' && Object.hasOwn(BYTES, x);

export const isFloat = (dtype: DType): boolean => dtype === 'float64' || dtype === 'float32';

/** The wider of two dtypes, in the order bool < int32 < float32 < float64. */
export const widerDType = (a: DType, b: DType): DType => (DTYPES.indexOf(a) >= DTYPES.indexOf(b) ? a : b);

/** int32 from a number as PyTorch-free JavaScript users expect: saturating, NaN → 0. */
function toInt32Saturating(x: number): number {
  if (x >= 2147483647) return 2147483647;
  if (x <= -2147483648) return -2147483648;
  return Math.trunc(x) | 0;
}

/** One element as `dtype` stores it: rounded, saturated or reduced to 0 and 1. */
export function castNumber(x: number, dtype: DType): number {
  switch (dtype) {
    case 'float64':
      return x;
    case 'float32':
      return Math.fround(x);
    case 'int32':
      return toInt32Saturating(x);
    case 'bool':
      return x !== 0 ? 1 : 0;
  }
}

/** A zero-filled array of its own buffer. Small short-lived results come from `allocate` in storage.ts instead. */
export function newStorage(dtype: DType, length: number): Storage {
  switch (dtype) {
    case 'float64':
      return new Float64Array(length);
    case 'float32':
      return new Float32Array(length);
    case 'int32':
      return new Int32Array(length);
    case 'bool':
      return new Uint8Array(length);
  }
}

let currentDefault: 'float64' | 'float32' = 'float64';

/** The dtype of numbers, nested arrays and factories: float64 unless `setDefaultDtype` changed it. */
export const defaultDtype = (): 'float64' | 'float32' => currentDefault;

/** Used by `setDefaultDtype`, which checks its argument. */
export const replaceDefaultDtype = (dtype: 'float64' | 'float32'): void => {
  currentDefault = dtype;
};
