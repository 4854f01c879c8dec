/** Examples put together into a batch: each field of them becomes one Value with the batch as its first axis. */
import { isFloat, newStorage, type DType } from '../base/dtypes.ts';
import { DataError, ShapeError, showShape } from '../base/errors.ts';
import { isPlainObject } from '../base/trees.ts';
import { constant } from '../value/create.ts';
import { arrayOf, isValue, makeCell, type Value } from '../value/value.ts';

type Numbers = Float64Array | Float32Array | Int32Array | Int16Array | Int8Array | Uint8Array | Uint16Array;

/** What `collate` makes of examples of type T. */
export type Collated<T> = T extends
  Value | number | boolean | Numbers | readonly number[] | readonly (readonly number[])[]
  ? Value
  : T extends string
    ? string[]
    : T extends readonly unknown[]
      ? { -readonly [K in keyof T]: Collated<T[K]> }
      : T extends object
        ? { [K in keyof T]: Collated<T[K]> }
        : T[];

/** Rows that are copied faster element by element than as a part of the array. */
const SHORT = 16;

/** The rows of x at the indices, as a leaf of its own. */
export function rowsOf(x: Value, indices: ArrayLike<number>): Value {
  const from = arrayOf(x);
  const size = x.shape.slice(1).reduce((a, b) => a * b, 1);
  const data = newStorage(x.dtype, indices.length * size);
  for (let i = 0; i < indices.length; i++) {
    const at = indices[i]! * size;
    if (size > SHORT) data.set(from.subarray(at, at + size), i * size);
    else for (let k = 0; k < size; k++) data[i * size + k] = from[at + k]!;
  }
  return makeCell(Object.freeze([indices.length, ...x.shape.slice(1)]), x.dtype, data, false);
}

/** Floats as the loader's dtype; whole numbers and booleans stay. */
export const asFloats = (x: Value, dtype: DType): Value => (isFloat(x.dtype) && x.dtype !== dtype ? x.to(dtype) : x);

const isNumeric = (x: unknown): boolean =>
  typeof x === 'number' || typeof x === 'boolean' || (Array.isArray(x) && x.length > 0 && x.every(isNumeric));

function stackValues(values: readonly Value[], path: string): Value {
  const first = values[0]!;
  const size = first.size;
  const data = newStorage(first.dtype, values.length * size);
  values.forEach((x, i) => {
    if (x.dtype !== first.dtype || x.shape.join() !== first.shape.join()) {
      throw new ShapeError(
        `example 0 has ${path}${showShape(first.shape)} ${first.dtype}, example ${i} of the batch ${showShape(x.shape)} ${x.dtype}`,
        {
          op: 'collate',
          shapes: [first.shape, x.shape],
          hint: 'Bring them to one shape in the dataset, or hand the DataLoader a collate function that pads. Whole tensors come as new TensorDataset(x, y).',
        },
      );
    }
    data.set(arrayOf(x), i * size);
  });
  return makeCell(Object.freeze([values.length, ...first.shape]), first.dtype, data, false);
}

function collateAt(examples: readonly unknown[], dtype: DType, path: string): unknown {
  const first = examples[0];
  if (isValue(first)) return asFloats(stackValues(examples as Value[], path), dtype);
  if (isNumeric(first) || ArrayBuffer.isView(first)) {
    return asFloats(
      stackValues(
        examples.map((x) => constant(x as number[])),
        path,
      ),
      dtype,
    );
  }
  if (Array.isArray(first)) {
    return first.map((_, i) =>
      collateAt(
        examples.map((x) => (x as unknown[])[i]),
        dtype,
        `${path}[${i}] `,
      ),
    );
  }
  if (!isPlainObject(first)) return [...examples];
  return Object.fromEntries(
    Object.keys(first).map((key) => [
      key,
      collateAt(
        examples.map((x) => field(x, key)),
        dtype,
        `${path}.${key} `,
      ),
    ]),
  );
}

function field(example: unknown, key: string): unknown {
  if (isPlainObject(example) && Object.hasOwn(example, key)) return example[key];
  throw new DataError(`an example of the batch lacks the field ${JSON.stringify(key)} that the first one has`, {
    op: 'collate',
  });
}

/**
 * A batch of examples: numbers, arrays of numbers and Values are stacked along a new first axis; arrays and plain objects
 * of them field by field; strings and other things stay lists. Floats become `dtype` (float32); whole-number types stay.
 * @throws ShapeError where shapes differ within a field; DataError where a field is missing.
 * @example collate([{ x: [1, 2], y: 0 }, { x: [3, 4], y: 1 }]).x.shape // [2, 2]
 */
export function collate<T>(examples: readonly T[], dtype: DType = 'float32'): Collated<T> {
  if (examples.length === 0) throw new DataError('a batch of no examples', { op: 'collate' });
  return collateAt(examples, dtype, '') as Collated<T>;
}
