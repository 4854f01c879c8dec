/** Values and typed arrays in trees of plain data: tensors of a file. */
import { DataError } from '../../base/errors.ts';
import { constant } from '../../value/create.ts';
import { isValue, type Value } from '../../value/value.ts';
import type { Kind } from './plain.ts';

/** Values become tensors of the file, named after their places. */
export const tensorKind = (tensors: Record<string, Value>, op: string): Kind => ({
  tag: 'tensor',
  matches: isValue,
  write: (x, at) => {
    tensors[at] = x as Value;
    return at;
  },
  read: (name) => {
    const x = tensors[String(name)];
    if (x !== undefined) return x;
    throw new DataError(`has lost the tensor ${String(name)}`, { op });
  },
});

const ARRAYS = { Float64Array, Float32Array, Int32Array } as const;

/** Typed arrays become tensors, too. */
export const arrayKind: Kind = {
  tag: 'array',
  matches: (x) => Object.values(ARRAYS).some((Type) => x instanceof Type),
  write: (x, at, further) => {
    const numbers = x as Float64Array;
    return { type: numbers.constructor.name, numbers: further(constant(numbers), at) };
  },
  read: (data, at, further) => {
    const { type, numbers } = data as { readonly type: keyof typeof ARRAYS; readonly numbers: unknown };
    return ARRAYS[type].from((further(numbers, at) as Value).data);
  },
};
