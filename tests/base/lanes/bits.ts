/** Random numbers as bit patterns, and equality of bits (all NaNs count as one). */
import { newStorage, type DType, type Storage } from '../../../src/base/dtypes.ts';

/** xorshift32: a stream of uint32 that is the same on every run. */
export function stream(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

const SPECIAL = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  1.5,
  2.5,
  Infinity,
  -Infinity,
  NaN,
  2147483647,
  -2147483648,
  5e-324,
  1e-310,
  3e38,
];

/** Any bits, mixed with special values and numbers of ordinary size. */
export function randomArray(dtype: DType, length: number, seed: number): Storage {
  const next = stream(seed);
  const out = newStorage(dtype, length);
  const words = new Uint32Array(2);
  const wide = new Float64Array(words.buffer);
  const single = new Float32Array(words.buffer);
  for (let i = 0; i < length; i++) {
    const kind = next() % 4;
    words[0] = next();
    words[1] = next();
    if (dtype === 'bool') out[i] = words[0] & 1;
    else if (dtype === 'int32') out[i] = kind === 0 ? (words[0] % 21) - 10 : words[0] | 0;
    else if (kind === 0) out[i] = SPECIAL[words[0] % SPECIAL.length]!;
    else if (kind === 1) out[i] = (words[0] / 4294967296 - 0.5) * 20;
    else out[i] = dtype === 'float64' ? wide[0]! : single[0]!;
  }
  return out;
}

export const sameBits = (a: number, b: number): boolean => Object.is(a, b);

/** The first places where two arrays differ, for a readable failure. */
export function differences(found: Storage, wanted: Storage, operands: readonly (Storage | number)[]): string[] {
  const out: string[] = [];
  for (let i = 0; i < found.length && out.length < 5; i++) {
    if (sameBits(found[i]!, wanted[i]!)) continue;
    const xs = operands.map((x) => (typeof x === 'number' ? x : x[i]!));
    out.push(`[${i}] (${xs.join(', ')}): ${found[i]!} instead of ${wanted[i]!}`);
  }
  return out;
}
