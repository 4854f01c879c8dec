/** Mini-batches. */
import { checkOptions, OptionError, ShapeError, showShapes } from '../base/errors.ts';
import { rand } from '../ops/random.ts';
import { constant } from '../value/create.ts';
import type { Value } from '../value/value.ts';

export interface BatchOptions {
  readonly batchSize: number;
  /** In a new random order (seeded by `manualSeed`); default true. */
  readonly shuffle?: boolean;
  /** Leave out the last batch if it is smaller; default false. */
  readonly dropLast?: boolean;
}

/** 0 … n−1 in a random order, seeded by `manualSeed`: the ranks of n uniform numbers. @example permutation(3) */
export function permutation(n: number): Int32Array {
  const keys = rand([n], { dtype: 'float64' }).data;
  return Int32Array.from({ length: n }, (_, i) => i).sort((a, b) => keys[a]! - keys[b]! || a - b);
}

/**
 * Pieces of several Values along their first axes, which must agree.
 * @throws ShapeError where they do not; OptionError for a batch size below 1.
 * @example for (const [images, labels] of batches([x, y], { batchSize: 64 })) …
 */
export function* batches(values: readonly Value[], options: BatchOptions): Generator<Value[]> {
  checkOptions('batches', options, ['batchSize', 'shuffle', 'dropLast']);
  const { batchSize, shuffle = true, dropLast = false } = options;
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new OptionError(`batchSize must be a whole number ≥ 1, got ${String(batchSize)}`, {
      op: 'batches',
      option: 'batchSize',
    });
  }
  const n = values[0]?.shape[0] ?? 0;
  if (values.some((x) => x.shape[0] !== n)) {
    throw new ShapeError(`first axes differ: ${showShapes(values.map((x) => x.shape))}`, {
      op: 'batches',
      shapes: values.map((x) => x.shape),
    });
  }
  const order = shuffle ? permutation(n) : Int32Array.from({ length: n }, (_, i) => i);
  for (let from = 0; from < n; from += batchSize) {
    const to = Math.min(n, from + batchSize);
    if (dropLast && to - from < batchSize) return;
    const index = constant(order.slice(from, to));
    yield values.map((x) => x.indexSelect(0, index));
  }
}
