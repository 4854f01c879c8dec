/** What the product kernel asks of an operand: bring me this block. */
import type { Storage } from '../dtypes.ts';

/** Some rows of the left operand (or columns of the right one) over a range of k. */
export interface Block {
  readonly first: number;
  readonly rows: number;
  readonly from: number;
  readonly depth: number;
}

/** Which index runs fastest in a block that was brought in. */
export type Innermost = 'k' | 'row';

export interface Operand {
  /** Writes the block's elements to `target`, from `at` on, without gaps. */
  readonly bring: (target: Storage, at: number, block: Block) => Innermost;
}

/** Below this length a loop is faster than a view and `set`. */
const WORTH_A_VIEW = 48;

/** `count` runs of `length` elements, each `fromStep` (`toStep`) behind the one before. */
export function copyRuns(
  target: Storage,
  to: number,
  toStep: number,
  source: Storage,
  from: number,
  fromStep: number,
  count: number,
  length: number,
): void {
  if (toStep === length && fromStep === length) return copyRun(target, to, source, from, count * length);
  for (let i = 0, t = to, s = from; i < count; i++, t += toStep, s += fromStep) copyRun(target, t, source, s, length);
}

function copyRun(target: Storage, to: number, source: Storage, from: number, length: number): void {
  if (length >= WORTH_A_VIEW) target.set(source.subarray(from, from + length), to);
  else for (let i = 0; i < length; i++) target[to + i] = source[from + i]!;
}

/** A matrix within an array: element (i, j) is data[start + i·rows + j·columns]. */
export interface Matrix {
  readonly data: Storage;
  readonly start: number;
  /** From one row to the next. */
  readonly rows: number;
  /** From one column to the next. */
  readonly columns: number;
}

/** A matrix whose columns are k; quick where one of the steps is 1. */
export function matrixOperand({ data, start, rows: outer, columns: inner }: Matrix): Operand {
  return {
    bring: (target, at, { first, rows, from, depth }) => {
      const origin = start + first * outer + from * inner;
      if (inner !== 1 && outer === 1) {
        copyRuns(target, at, rows, data, origin, inner, depth, rows);
        return 'row';
      }
      if (inner === 1) copyRuns(target, at, depth, data, origin, outer, rows, depth);
      else pickEach(target, at, data, origin, outer, inner, rows, depth);
      return 'k';
    },
  };
}

function pickEach(
  target: Storage,
  at: number,
  data: Storage,
  origin: number,
  outer: number,
  inner: number,
  rows: number,
  depth: number,
): void {
  for (let r = 0, to = at; r < rows; r++) {
    for (let k = 0, from = origin + r * outer; k < depth; k++, from += inner) target[to++] = data[from]!;
  }
}

/**
 * Element (row, k) is data[start + outer[row] + inner[k]]: axes in any order, windows that overlap. Quick where one of
 * the two lists has long runs of neighbours.
 */
export function gatheredOperand(data: Storage, start: number, outer: Int32Array, inner: Int32Array): Operand {
  const [rowRun, kRun] = [runLength(outer), runLength(inner)];
  return {
    bring: (target, at, { first, rows, from, depth }) => {
      if (rowRun > kRun) gather(target, at, data, start, inner, from, depth, outer, first, rows, rowRun);
      else gather(target, at, data, start, outer, first, rows, inner, from, depth, kRun);
      return rowRun > kRun ? 'row' : 'k';
    },
  };
}

/** The n for which the list consists of runs of n neighbours each; 1 where there is no other. */
export function runLength(places: Int32Array): number {
  let length = 1;
  while (length < places.length && places[length] === places[0]! + length) length++;
  for (let i = 0; i < places.length; i++) if (places[i] !== places[i - (i % length)]! + (i % length)) return 1;
  return length;
}

function gather(
  target: Storage,
  at: number,
  data: Storage,
  start: number,
  slow: Int32Array,
  slowFrom: number,
  slowCount: number,
  fast: Int32Array,
  fastFrom: number,
  fastCount: number,
  run: number,
): void {
  const end = fastFrom + fastCount;
  for (let i = slowFrom, to = at; i < slowFrom + slowCount; i++) {
    const origin = start + slow[i]!;
    for (let j = fastFrom; j < end;) {
      const length = Math.min(run - (j % run), end - j);
      copyRun(target, to, data, origin + fast[j]!, length);
      to += length;
      j += length;
    }
  }
}
