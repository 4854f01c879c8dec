/** Reading data: numbers, nested arrays, typed arrays, Values and JSON as contents with a shape and a dtype. */
import { castNumber, defaultDtype, isDType, newStorage, type DType, type Storage } from '../base/dtypes.ts';
import { DtypeError, ShapeError, showShape } from '../base/errors.ts';
import type { Shape } from '../base/shape-types.ts';
import { checkShape, SCALAR, sizeOf } from '../base/shapes.ts';
import type { Content } from '../base/storage.ts';
import { isPlainObject } from '../base/trees.ts';
import { contentOf, isValue, type Value } from './value.ts';

/** A Value in JSON. */
export interface ValueJson {
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** Row-major; NaN, ±∞ and −0 as text. */
  readonly data: readonly (number | string)[];
}

/**
 * What `value` and `constant` take: a number, a boolean, nested arrays of them, a typed array, a Value to copy, or one
 * that has been through JSON.
 */
export type Data =
  | number
  | boolean
  | readonly Data[]
  | Float64Array
  | Float32Array
  | Int32Array
  | Int16Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Uint16Array
  | Uint32Array
  | Value
  | ValueJson;

/** @throws DtypeError naming the four dtypes. */
export function checkDType(op: string, dtype: unknown): DType {
  if (isDType(dtype)) return dtype;
  throw new DtypeError(`unknown dtype ${JSON.stringify(dtype)}`, { op, hint: 'Use float64, float32, int32 or bool.' });
}

export interface Read {
  readonly content: Content;
  readonly shape: Shape;
  readonly dtype: DType;
}

/** int32 holds what small integer arrays hold; Uint32 does not fit and becomes float64. */
function dtypeOfTypedArray(data: ArrayBufferView, op: string): DType {
  if (data instanceof Float64Array || data instanceof Uint32Array) return 'float64';
  if (data instanceof Float32Array) return 'float32';
  const tag = Object.prototype.toString.call(data).slice(8, -1);
  if (/^(Int8|Uint8|Uint8Clamped|Int16|Uint16|Int32)Array$/.test(tag)) return 'int32';
  if (tag === 'Float64Array' || tag === 'Uint32Array') return 'float64';
  if (tag === 'Float32Array') return 'float32';
  throw new DtypeError(`${tag} cannot be held`, {
    op,
    hint: 'Convert it to Float64Array or Int32Array first (BigInt has no lossless dtype here).',
  });
}

export function copyCast(source: ArrayLike<number>, dtype: DType): Storage {
  const out = newStorage(dtype, source.length);
  if (dtype === 'float64' || dtype === 'float32') out.set(source);
  else for (let i = 0; i < source.length; i++) out[i] = castNumber(source[i]!, dtype);
  return out;
}

/** The shape of nested arrays, by their first elements. */
function nestedShape(data: unknown): number[] {
  const shape: number[] = [];
  for (let node = data; Array.isArray(node); node = node[0]) shape.push(node.length);
  return shape;
}

const describe = (path: readonly number[]): string =>
  path.length === 0 ? 'the data' : `data${path.map((i) => `[${i}]`).join('')}`;

function kindOf(node: unknown): string {
  if (isValue(node)) return `a Value of shape ${showShape(node.shape)} (put Values together with stack([a, b]))`;
  if (ArrayBuffer.isView(node)) return 'a typed array (give one flat typed array and { shape }, or plain arrays)';
  return node === null ? 'null' : typeof node;
}

const SPELLED: Readonly<Record<string, number>> = { NaN, Infinity, '-Infinity': -Infinity, '-0': -0 };

const isJson = (x: unknown): x is ValueJson =>
  isPlainObject(x) && 'shape' in x && 'dtype' in x && Array.isArray(x.data);

function readJson({ shape, dtype, data }: ValueJson, wanted: DType | undefined, op: string): Read {
  const numbers = data.map((x, i) => {
    const number = typeof x === 'string' ? SPELLED[x] : x;
    if (typeof number !== 'number') throw new TypeError(`${op}: data[${i}] is ${JSON.stringify(x)}, not a number`);
    return number;
  });
  const flat = { content: copyCast(numbers, checkDType(op, dtype)), shape: [numbers.length], dtype };
  const { content } = withShape(flat, shape, op);
  const type = wanted ?? dtype;
  return { content: type === dtype ? content : copyCast(content as Storage, type), shape, dtype: type };
}

function readNested(data: readonly unknown[], op: string): { flat: number[]; shape: number[]; booleans: boolean } {
  const shape = nestedShape(data);
  const flat: number[] = [];
  let booleans = sizeOf(shape) > 0;
  const path: number[] = [];
  const visit = (node: unknown, depth: number): void => {
    if (depth === shape.length) {
      if (typeof node === 'boolean') flat.push(node ? 1 : 0);
      else if (typeof node === 'number') flat.push(node);
      else if (isValue(node) && node.shape.length === 0) flat.push(node.data[0]!);
      else if (Array.isArray(node)) {
        throw new ShapeError(
          `ragged array: ${describe(path)} is an array of ${node.length}, where others are numbers`,
          { op, hint: 'All rows need the same length and depth.' },
        );
      } else throw new TypeError(`${op}: ${describe(path)} is ${kindOf(node)}, not a number`);
      if (typeof node !== 'boolean') booleans = false;
      return;
    }
    if (!Array.isArray(node) || node.length !== shape[depth]) {
      const got = Array.isArray(node) ? `an array of ${node.length}` : `a ${typeof node}`;
      throw new ShapeError(`ragged array: ${describe(path)} is ${got}, where others have length ${shape[depth]}`, {
        op,
        hint: 'All rows need the same length and depth.',
      });
    }
    for (let i = 0; i < node.length; i++) {
      path.push(i);
      visit(node[i], depth + 1);
      path.pop();
    }
  };
  visit(data, 0);
  return { flat, shape, booleans };
}

export function readData(data: Data, dtype: DType | undefined, op: string): Read {
  if (typeof data === 'number' || typeof data === 'boolean') {
    const type = dtype ?? (typeof data === 'boolean' ? 'bool' : defaultDtype());
    return { content: castNumber(Number(data), type), shape: SCALAR, dtype: type };
  }
  if (isValue(data)) return readValue(data, dtype ?? data.dtype);
  if (ArrayBuffer.isView(data)) {
    const type = dtype ?? dtypeOfTypedArray(data, op);
    return {
      content: copyCast(data, type),
      shape: [(data as ArrayLike<number>).length],
      dtype: type,
    };
  }
  if (isJson(data)) return readJson(data, dtype, op);
  if (!Array.isArray(data)) {
    throw new TypeError(
      `${op}: data must be a number, a boolean, nested arrays of them or a typed array, got ${data === null ? 'null' : typeof data}`,
    );
  }
  const { flat, shape, booleans } = readNested(data, op);
  const type = dtype ?? (booleans ? 'bool' : defaultDtype());
  return { content: copyCast(flat, type), shape, dtype: type };
}

function readValue(x: Value, dtype: DType): Read {
  const content = contentOf(x);
  if (typeof content === 'number') return { content: castNumber(content, dtype), shape: x.shape, dtype };
  return { content: copyCast(content, dtype), shape: x.shape, dtype };
}

export function withShape(read: Read, wanted: Shape | undefined, op: string): Read {
  if (wanted === undefined) return read;
  const shape = checkShape(op, wanted);
  if (sizeOf(shape) !== sizeOf(read.shape)) {
    throw new ShapeError(`${sizeOf(read.shape)} elements do not fill the shape ${showShape(shape)}`, {
      op,
      shapes: [read.shape, shape],
    });
  }
  return { ...read, shape };
}
