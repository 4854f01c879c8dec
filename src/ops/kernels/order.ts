/** Sorting places by their keys, stably: merging for short rows, by digits for long ones. */
import type { Storage } from '../../base/dtypes.ts';

/** Rows up to this length are merged; a pass over digits costs a table of 2048 counts. */
const SHORT = 1024;
/** Runs of this length are sorted by insertion. */
const RUN = 16;
const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;
/** Of the two words of a float64, the one with the sign. */
const HIGH = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 1 : 0;

/** Buffers for rows of one length. */
export interface Sorter {
  /** The result: places 0 … n−1 in order. */
  readonly order: Int32Array;
  readonly spare: Int32Array;
  /** What places are compared by: no NaN, no −0. */
  readonly keys: Float64Array;
}

export const makeSorter = (n: number): Sorter => ({
  order: new Int32Array(n),
  spare: new Int32Array(n),
  keys: new Float64Array(n),
});

/**
 * Sorts n elements `stride` apart, leaving their places in `sorter.order`. Equal ones (−0 and +0 too) keep their order;
 * NaN counts as larger than every number.
 */
export function sortPlaces(
  sorter: Sorter,
  data: Storage,
  start: number,
  stride: number,
  n: number,
  descending: boolean,
): void {
  const { order, spare, keys } = sorter;
  let numbers = 0;
  let nans = 0;
  for (let i = 0, at = start; i < n; i++, at += stride) {
    const x = data[at]!;
    if (x !== x) spare[nans++] = i;
    else {
      keys[i] = (descending ? -x : x) + 0;
      order[numbers++] = i;
    }
  }
  if (nans > 0) {
    // The numbers are sorted in a buffer of their own, so that NaNs can be put on their side.
    const part = { ...sorter, order: order.slice(0, numbers), spare: new Int32Array(numbers) };
    sortNumbers(part, numbers);
    order.set(spare.subarray(0, nans), descending ? 0 : numbers);
    order.set(part.order, descending ? nans : 0);
  } else sortNumbers(sorter, n);
}

const sortNumbers = (sorter: Sorter, n: number): void => (n <= SHORT ? mergeSort(sorter, n) : digitSort(sorter, n));

// Merging ----------------------------------------------------------------------------------------------------------

function mergeSort({ order, spare, keys }: Sorter, n: number): void {
  for (let start = 0; start < n; start += RUN) insertionSort(order, keys, start, Math.min(n, start + RUN));
  let from = order;
  let to = spare;
  for (let width = RUN; width < n; width *= 2) {
    for (let start = 0; start < n; start += 2 * width) {
      merge(from, to, keys, start, Math.min(n, start + width), Math.min(n, start + 2 * width));
    }
    [from, to] = [to, from];
  }
  if (from !== order) order.set(from.subarray(0, n));
}

function insertionSort(order: Int32Array, keys: Float64Array, start: number, end: number): void {
  for (let i = start + 1; i < end; i++) {
    const place = order[i]!;
    const key = keys[place]!;
    let j = i;
    for (; j > start && keys[order[j - 1]!]! > key; j--) order[j] = order[j - 1]!;
    order[j] = place;
  }
}

function merge(from: Int32Array, to: Int32Array, keys: Float64Array, start: number, middle: number, end: number): void {
  let left = start;
  let right = middle;
  for (let i = start; i < end; i++) {
    const takesLeft = left < middle && (right >= end || keys[from[left]!]! <= keys[from[right]!]!);
    to[i] = takesLeft ? from[left++]! : from[right++]!;
  }
}

// By digits --------------------------------------------------------------------------------------------------------

/** Bits of a float64 as two words that order as the numbers do: negative ones inverted, others with the sign set. */
function toOrderedWords(words: Uint32Array, n: number): void {
  for (let i = 0; i < 2 * n; i += 2) {
    const high = words[i + HIGH]!;
    const negative = high >> 31;
    words[i + HIGH] = high ^ (negative | 0x80000000);
    words[i + 1 - HIGH]! ^= negative;
  }
}

/** From the lowest digit to the highest, each pass keeping the order of the one before. */
function digitSort({ order, spare, keys }: Sorter, n: number): void {
  const words = new Uint32Array(keys.buffer, keys.byteOffset, 2 * keys.length);
  toOrderedWords(words, keys.length);
  let from = order;
  let to = spare;
  const counts = new Int32Array(DIGITS);
  for (const word of [1 - HIGH, HIGH]) {
    for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
      if (!countDigits(counts, words, word, shift, from, n)) continue;
      for (let i = 0; i < n; i++) {
        const place = from[i]!;
        const digit = (words[2 * place + word]! >>> shift) & (DIGITS - 1);
        to[counts[digit]!++] = place;
      }
      [from, to] = [to, from];
    }
  }
  if (from !== order) order.set(from.subarray(0, n));
}

/** Where each digit's places begin; false where all have one digit, so that there is nothing to sort by. */
function countDigits(
  counts: Int32Array,
  words: Uint32Array,
  word: number,
  shift: number,
  places: Int32Array,
  n: number,
): boolean {
  counts.fill(0);
  for (let i = 0; i < n; i++) counts[(words[2 * places[i]! + word]! >>> shift) & (DIGITS - 1)]!++;
  let begin = 0;
  for (let digit = 0; digit < DIGITS; digit++) {
    const count = counts[digit]!;
    if (count === n) return false;
    counts[digit] = begin;
    begin += count;
  }
  return true;
}
