/** The element types of binary files, and what they become here. */
import { newStorage, type DType, type Storage } from '../base/dtypes.ts';
import { DataError, showShape } from '../base/errors.ts';
import { sizeOf } from '../base/shapes.ts';
import { immediate, makeCell, type Value } from '../value/value.ts';

export interface ElementType {
  readonly bytes: number;
  readonly dtype: DType;
  read(view: DataView, at: number, little: boolean): number;
}

const scratch = new DataView(new ArrayBuffer(4));

function floatOfBits(bits: number): number {
  scratch.setUint32(0, bits >>> 0);
  return scratch.getFloat32(0);
}

/** IEEE 754 binary16. */
function half(bits: number): number {
  const [sign, exponent, fraction] = [bits >>> 15, (bits >>> 10) & 31, bits & 1023];
  if (exponent === 0) return (sign === 1 ? -1 : 1) * fraction * 5.960464477539063e-8;
  return floatOfBits((sign << 31) | ((exponent === 31 ? 255 : exponent + 112) << 23) | (fraction << 13));
}

const signed64 = (view: DataView, at: number, little: boolean): number => Number(view.getBigInt64(at, little));
const unsigned64 = (view: DataView, at: number, little: boolean): number => Number(view.getBigUint64(at, little));

/** By short names: kind and bits. 64-bit integers are int32 where all of them fit, else float64. */
export const ELEMENTS: Readonly<Record<string, ElementType>> = {
  f64: { bytes: 8, dtype: 'float64', read: (view, at, little) => view.getFloat64(at, little) },
  f32: { bytes: 4, dtype: 'float32', read: (view, at, little) => view.getFloat32(at, little) },
  f16: { bytes: 2, dtype: 'float32', read: (view, at, little) => half(view.getUint16(at, little)) },
  bf16: { bytes: 2, dtype: 'float32', read: (view, at, little) => floatOfBits(view.getUint16(at, little) << 16) },
  i64: { bytes: 8, dtype: 'int32', read: signed64 },
  u64: { bytes: 8, dtype: 'int32', read: unsigned64 },
  i32: { bytes: 4, dtype: 'int32', read: (view, at, little) => view.getInt32(at, little) },
  u32: { bytes: 4, dtype: 'float64', read: (view, at, little) => view.getUint32(at, little) },
  i16: { bytes: 2, dtype: 'int32', read: (view, at, little) => view.getInt16(at, little) },
  u16: { bytes: 2, dtype: 'int32', read: (view, at, little) => view.getUint16(at, little) },
  i8: { bytes: 1, dtype: 'int32', read: (view, at) => view.getInt8(at) },
  u8: { bytes: 1, dtype: 'int32', read: (view, at) => view.getUint8(at) },
  bool: { bytes: 1, dtype: 'bool', read: (view, at) => Number(view.getUint8(at) !== 0) },
};

/** The short name of what each dtype is written as. */
export const WRITTEN: Readonly<Record<DType, string>> = { float64: 'f64', float32: 'f32', int32: 'i32', bool: 'bool' };

/** Elements that lie in the file as they lie in memory. */
function copied(bytes: Uint8Array, name: string): Storage | undefined {
  const { buffer } = bytes;
  const at = bytes.byteOffset;
  const own = (): ArrayBuffer => buffer.slice(at, at + bytes.length) as ArrayBuffer;
  if (name === 'f64') return new Float64Array(own());
  if (name === 'f32') return new Float32Array(own());
  if (name === 'i32') return new Int32Array(own());
  return undefined;
}

/** 64-bit integers, as int32 or float64. */
function wide(numbers: Float64Array, fail: (message: string) => never): Storage {
  const beyond = numbers.find((x) => !Number.isSafeInteger(x));
  if (beyond !== undefined) return fail(`holds ${beyond}, a 64-bit integer that float64 cannot hold exactly`);
  return numbers.every((x) => (x | 0) === x) ? Int32Array.from(numbers) : numbers;
}

const dtypeOf = (data: Storage, type: ElementType): DType =>
  type.dtype === 'int32' && data.BYTES_PER_ELEMENT === 8 ? 'float64' : type.dtype;

/** The Value that these bytes hold; there are as many as the shape needs. */
export function decode(
  bytes: Uint8Array,
  element: string,
  shape: readonly number[],
  little: boolean,
  fail: (message: string) => never,
): Value {
  const type = ELEMENTS[element]!;
  const data = (little ? copied(bytes, element) : undefined) ?? readEach(bytes, type, element, little, fail);
  const dtype = dtypeOf(data, type);
  return shape.length === 0
    ? immediate(shape, dtype, data[0]!)
    : makeCell(Object.freeze([...shape]), dtype, data, false);
}

function readEach(
  bytes: Uint8Array,
  type: ElementType,
  element: string,
  little: boolean,
  fail: (message: string) => never,
): Storage {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const count = bytes.length / type.bytes;
  const integers = element === 'i64' || element === 'u64';
  const data = newStorage(integers ? 'float64' : type.dtype, count);
  for (let i = 0; i < count; i++) data[i] = type.read(view, i * type.bytes, little);
  return integers ? wide(data as Float64Array, fail) : data;
}

/** A Value's elements, little-endian. */
export function encode(x: Value): Uint8Array {
  // Through DataView-free copies: every host that runs WebAssembly is little-endian.
  const { data } = x;
  return new Uint8Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength));
}

/** The product of a shape read from a file. @throws what `fail` throws for axes that are no whole numbers ≥ 0. */
export function checkedSize(shape: readonly unknown[], fail: (message: string) => never): number {
  if (!shape.every((n) => Number.isSafeInteger(n) && (n as number) >= 0)) {
    return fail(`shape [${shape.map(String).join(', ')}] has an axis that is no length`);
  }
  const size = sizeOf(shape as readonly number[]);
  return Number.isSafeInteger(size) ? size : fail(`shape ${showShape(shape as number[])} is too large`);
}

/** A function that throws DataErrors about one file. */
export const failure =
  (op: string, name: string, hint?: string) =>
  (message: string): never => {
    throw new DataError(`${name} ${message}`, { op, ...(hint === undefined ? {} : { hint }) });
  };
