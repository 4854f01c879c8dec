/** What a law is: something that must hold for an op at every sampled input. */
import { isFloat } from '../../base/dtypes.ts';
import { showShape } from '../../base/errors.ts';
import { generatorState, restoreGenerator } from '../../base/random.ts';
import { sameShape } from '../../base/shapes.ts';
import { flatten } from '../../base/trees.ts';
import type { OpRecord, Sample } from '../../ops/op.ts';
import { isLeaf } from '../../program/trace.ts';
import { lift } from '../../value/lift.ts';
import type { Value } from '../../value/value.ts';
import { leafPaths, sameNumbers } from '../problem.ts';

/** One op, one of its samples, operands in the sample's domains. */
export interface Case {
  readonly record: OpRecord;
  readonly sample: Sample;
  /** Constants of the sample's dtypes (float64 where none is stated). */
  readonly inputs: readonly Value[];
}

export interface Law {
  readonly name: string;
  /** True if it is to be tried with NaN, ±∞ and −0 among the operands. */
  readonly special?: boolean;
  /** Why the law says nothing of a sample; null if it does. */
  exempts(sample: Sample, record: OpRecord): string | null;
  /** @throws if the law is broken. */
  check(at: Case): void;
}

/** A law that was broken, in words. */
export class LawError extends Error {
  override readonly name: string = 'LawError';
}

export const differentiable = ({ differentiable }: Sample): string | null =>
  differentiable === false ? 'not differentiable' : null;

export const batchable = ({ notBatched }: Sample): string | null => notBatched ?? null;

/** Runs f and winds the random numbers back, so that another run draws the same. */
export function drawing<T>(f: () => T): T {
  const before = generatorState();
  try {
    return f();
  } finally {
    restoreGenerator(before);
  }
}

export const everything = (): null => null;

/** Both reasons, the first that applies. */
export const both =
  (...reasons: readonly Law['exempts'][]): Law['exempts'] =>
  (sample, record) => {
    for (const reason of reasons) {
      const why = reason(sample, record);
      if (why !== null) return why;
    }
    return null;
  };

export interface Results {
  readonly values: readonly Value[];
  readonly names: readonly string[];
}

/** All Values of a result, in order, with their places in it. */
export function resultsOf(result: unknown): Results {
  const { leaves, structure } = flatten(result, isLeaf);
  return { values: leaves.map((x) => lift(x, 'law')), names: leafPaths(structure, 'result') };
}

/** The sample's call as a function to all Values of its result. */
export const flatCall =
  ({ call }: Sample): ((...xs: Value[]) => Value[]) =>
  (...xs) =>
    resultsOf(call(...xs)).values.slice();

/** The same, float results only. */
export const floatCall =
  (sample: Sample): ((...xs: Value[]) => Value[]) =>
  (...xs) =>
    flatCall(sample)(...xs).filter((y) => isFloat(y.dtype));

export const positionsOfFloats = (inputs: readonly Value[]): number[] =>
  inputs.flatMap((x, i) => (isFloat(x.dtype) ? [i] : []));

export function requireAlike(what: string, got: Value, want: Value): void {
  if (!sameShape(got.shape, want.shape)) {
    throw new LawError(`${what}: shape ${showShape(got.shape)}, expected ${showShape(want.shape)}`);
  }
  if (got.dtype !== want.dtype) throw new LawError(`${what}: ${got.dtype}, expected ${want.dtype}`);
}

const firstOther = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  for (let i = 0; i < b.length; i++) if (!Object.is(a[i], b[i])) return i;
  return -1;
};

/** @throws LawError unless shapes, dtypes and bits are equal. */
export function requireSame(what: string, got: Value, want: Value): void {
  requireAlike(what, got, want);
  if (sameNumbers(got.data, want.data)) return;
  const i = firstOther(got.data, want.data);
  throw new LawError(`${what}: element ${i} is ${show(got.data[i]!)}, expected ${show(want.data[i]!)} (bit for bit)`);
}

const show = (x: number): string => (Object.is(x, -0) ? '-0' : String(x));

/** @throws LawError unless shapes are equal and elements close, relative to the largest (and to `atLeast`). */
export function requireClose(what: string, got: Value, want: Value, tolerance: number, atLeast: number = 1e-6): void {
  if (!sameShape(got.shape, want.shape)) {
    throw new LawError(`${what}: shape ${showShape(got.shape)}, expected ${showShape(want.shape)}`);
  }
  let size = 0;
  for (const x of want.data) if (Number.isFinite(x)) size = Math.max(size, Math.abs(x));
  for (let i = 0; i < want.data.length; i++) {
    const [x, y] = [got.data[i]!, want.data[i]!];
    if (Object.is(x, y) || x === y) continue;
    if (Math.abs(x - y) <= tolerance * Math.max(size, Math.abs(y), atLeast)) continue;
    throw new LawError(`${what}: element ${i} is ${x}, expected ${y} (within ${tolerance})`);
  }
}
