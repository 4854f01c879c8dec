/** IDX: the format of the MNIST digits. http://yann.lecun.com/exdb/mnist/ */
import { newStorage, type DType, type Storage } from '../base/dtypes.ts';
import { DataError } from '../base/errors.ts';
import { sizeOf } from '../base/shapes.ts';
import { immediate, makeCell, type Value } from '../value/value.ts';
import { readBytes } from './files.ts';

interface ElementType {
  readonly bytes: number;
  readonly dtype: DType;
  read(view: DataView, at: number): number;
}

const TYPES: Readonly<Record<number, ElementType>> = {
  0x08: { bytes: 1, dtype: 'int32', read: (view, at) => view.getUint8(at) },
  0x09: { bytes: 1, dtype: 'int32', read: (view, at) => view.getInt8(at) },
  0x0b: { bytes: 2, dtype: 'int32', read: (view, at) => view.getInt16(at) },
  0x0c: { bytes: 4, dtype: 'int32', read: (view, at) => view.getInt32(at) },
  0x0d: { bytes: 4, dtype: 'float32', read: (view, at) => view.getFloat32(at) },
  0x0e: { bytes: 8, dtype: 'float64', read: (view, at) => view.getFloat64(at) },
};

interface Header {
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly start: number;
}

function readHeader(view: DataView, name: string): Header {
  const fail = (message: string): never => {
    throw new DataError(`${name}: ${message}`, { op: 'readIdx' });
  };
  if (view.byteLength < 4) return fail(`an IDX file has at least 4 bytes, this has ${view.byteLength}`);
  if (view.getUint16(0) !== 0)
    return fail(`not an IDX file: it starts with byte ${view.getUint8(0)}, ${view.getUint8(1)} instead of 0, 0`);
  const type = TYPES[view.getUint8(2)];
  if (type === undefined) return fail(`byte 2 names no IDX element type: 0x${view.getUint8(2).toString(16)}`);
  const rank = view.getUint8(3);
  const start = 4 + 4 * rank;
  if (view.byteLength < start)
    return fail(`cut off in the header: ${rank} axes need ${start} bytes, there are ${view.byteLength}`);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  return { type, shape, start };
}

/**
 * The array in an IDX file's (unpacked) bytes, with the shape that the file states; bytes and integers are int32.
 * @throws DataError for damaged files, saying what is wrong. `name` stands for the file in messages.
 * @example parseIdx(new Uint8Array([0, 0, 8, 1, 0, 0, 0, 2, 7, 9])).toArray() // [7, 9]
 */
export function parseIdx(bytes: Uint8Array, name: string = 'IDX data'): Value {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { type, shape, start } = readHeader(view, name);
  const count = sizeOf(shape);
  const expected = start + count * type.bytes;
  if (bytes.length !== expected) {
    const what =
      bytes.length < expected
        ? `cut off: item ${Math.floor(((bytes.length - start) * (shape[0] ?? 1)) / Math.max(1, count * type.bytes))} of ${shape[0] ?? 1} is incomplete`
        : 'too long';
    throw new DataError(
      `${name}: ${what}; shape [${shape.join(', ')}] needs ${expected} bytes, there are ${bytes.length}`,
      { op: 'readIdx' },
    );
  }
  const data: Storage = newStorage(type.dtype, count);
  if (type === TYPES[0x08]) data.set(bytes.subarray(start));
  else for (let i = 0; i < count; i++) data[i] = type.read(view, start + i * type.bytes);
  return shape.length === 0 ? immediate(shape, type.dtype, data[0]!) : makeCell(shape, type.dtype, data, false);
}

/**
 * Reads an IDX file, packed with gzip or not.
 * @throws DataError naming the file and what is wrong with it.
 * @example readIdx('train-images-idx3-ubyte.gz').shape // [60000, 28, 28]
 */
export const readIdx = (path: string): Value => parseIdx(readBytes(path, 'readIdx'), path);
