/** NumPy's array files. https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
import type { Value } from '../value/value.ts';
import { checkedSize, decode, ELEMENTS, encode, failure } from './elements.ts';
import { readBytes, writeBytes } from './files.ts';

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

const NAMES: Readonly<Record<string, string>> = {
  f8: 'f64',
  f4: 'f32',
  f2: 'f16',
  i8: 'i64',
  i4: 'i32',
  i2: 'i16',
  i1: 'i8',
  u8: 'u64',
  u4: 'u32',
  u2: 'u16',
  u1: 'u8',
  b1: 'bool',
};

const DESCRIBED = { float64: '<f8', float32: '<f4', int32: '<i4', bool: '|b1' } as const;

type Fail = (message: string) => never;

interface Header {
  readonly element: string;
  readonly little: boolean;
  readonly fortran: boolean;
  readonly shape: readonly number[];
  readonly start: number;
}

function readHeader(bytes: Uint8Array, fail: Fail): Header {
  if (!MAGIC.every((byte, i) => bytes[i] === byte)) return fail('is no .npy file: it does not start with \\x93NUMPY');
  if (bytes.length < 12) return fail('is cut off in the header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const long = bytes[6]! >= 2;
  const from = long ? 12 : 10;
  const start = from + (long ? view.getUint32(8, true) : view.getUint16(8, true));
  if (start > bytes.length) return fail(`is cut off in the header, which ends at byte ${start} of ${bytes.length}`);
  return { ...readDictionary(new TextDecoder().decode(bytes.subarray(from, start)), fail), start };
}

function readDictionary(text: string, fail: Fail): Omit<Header, 'start'> {
  const descr = /'descr'\s*:\s*'([<>|=])([a-zA-Z]\d+)'/.exec(text);
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text);
  const shape = /'shape'\s*:\s*\(([\d\s,]*)\)/.exec(text);
  if (order === null || shape === null) return fail(`has a damaged header: ${JSON.stringify(text.trim())}`);
  const element = NAMES[descr?.[2] ?? ''];
  if (element === undefined) {
    const type = /'descr'\s*:\s*('[^']*'|\[.*?\])/.exec(text)?.[1] ?? 'none';
    return fail(`has element type ${type}, which cannot be read; there are ${Object.keys(NAMES).join(', ')}`);
  }
  const axes = shape[1]!.split(',').map((n) => n.trim());
  return {
    element,
    little: descr![1] !== '>',
    fortran: order[1] === 'True',
    shape: axes.filter((n) => n !== '').map(Number),
  };
}

/**
 * The array in an .npy file's bytes; float16 becomes float32, integers int32 (64-bit ones beyond it float64).
 * @throws DataError naming the file (`name`) for anything damaged.
 * @example parseNpy(bytes).shape
 */
export function parseNpy(bytes: Uint8Array, name: string = 'npy data'): Value {
  const fail = failure('readNpy', name);
  const { element, little, fortran, shape, start } = readHeader(bytes, fail);
  const expected = checkedSize(shape, fail) * ELEMENTS[element]!.bytes;
  if (bytes.length - start !== expected) {
    const what = bytes.length - start < expected ? 'cut off' : 'too long';
    return fail(`is ${what}: shape [${shape.join(', ')}] needs ${expected} bytes, there are ${bytes.length - start}`);
  }
  const data = bytes.subarray(start);
  if (!fortran || shape.length < 2) return decode(data, element, shape, little, fail);
  const reversed = decode(data, element, [...shape].reverse(), little, fail);
  return reversed.permute(shape.map((_, i) => shape.length - 1 - i)).detach();
}

/** A Value as the bytes of an .npy file. @example formatNpy(constant([1, 2])) */
export function formatNpy(x: Value): Uint8Array {
  const shape = `(${x.shape.join(', ')}${x.rank === 1 ? ',' : ''})`;
  const text = `{'descr': '${DESCRIBED[x.dtype]}', 'fortran_order': False, 'shape': ${shape}, }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const header = new TextEncoder().encode(`${text.padEnd(length - 1)}\n`);
  const data = encode(x);
  const out = new Uint8Array(10 + length + data.length);
  out.set(MAGIC);
  out.set([1, 0, length & 255, length >> 8], 6);
  out.set(header, 10);
  out.set(data, 10 + length);
  return out;
}

/** Reads an .npy file, packed with gzip or not. @throws DataError naming the file. @example readNpy('x.npy').shape */
export const readNpy = (path: string): Value => parseNpy(readBytes(path, 'readNpy'), path);

/** Writes an .npy file, whole or not at all. @throws DataError naming the file. @example writeNpy('x.npy', x) */
export const writeNpy = (path: string, x: Value): void => writeBytes(path, formatNpy(x), 'writeNpy');
