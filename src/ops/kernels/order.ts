/** Sorting places by their keys, stably: merging for short rows, by digits for long ones. */
import type { Storage } from '../../base/dtypes.ts';

/** Rows up to this length are merged; digits cost three tables of 2048 counts. */
const SHORT = 256;
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

const sortNumbers = (sorter: Sorter, n: number): void => (n <= SHORT ? mergeSort(sorter, 0, n) : digitSort(sorter, n));

// Merging ----------------------------------------------------------------------------------------------------------

/** Sorts the places from `start` to `end`. */
function mergeSort({ order, spare, keys }: Sorter, start: number, end: number): void {
  for (let at = start; at < end; at += RUN) insertionSort(order, keys, at, Math.min(end, at + RUN));
  let from = order;
  let to = spare;
  for (let width = RUN; width < end - start; width *= 2) {
    for (let at = start; at < end; at += 2 * width) {
      merge(from, to, keys, at, Math.min(end, at + width), Math.min(end, at + 2 * width));
    }
    [from, to] = [to, from];
  }
  if (from !== order) order.set(from.subarray(start, end), start);
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

/** By the digits of the upper words, from the lowest to the highest; what has equal upper words is merged. */
function digitSort(sorter: Sorter, n: number): void {
  const { order, spare, keys } = sorter;
  let words = upperWords(keys, order, n);
  let nextWords = new Int32Array(n);
  let from = order;
  let to = spare;
  const counts = new Int32Array(DIGITS);
  for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
    if (!countDigits(counts, words, shift, n)) continue;
    for (let i = 0; i < n; i++) {
      const word = words[i]!;
      const at = counts[(word >>> shift) & (DIGITS - 1)]!++;
      to[at] = from[i]!;
      nextWords[at] = word;
    }
    [from, to] = [to, from];
    [words, nextWords] = [nextWords, words];
  }
  if (from !== order) order.set(from.subarray(0, n));
  for (let start = 0, i = 1; i <= n; i++) {
    if (i < n && words[i] === words[start]) continue;
    if (i - start > 1) mergeSort(sorter, start, i);
    start = i;
  }
}

/** The words with sign, exponent and first digits, so that they order as the numbers do when taken for unsigned. */
function upperWords(keys: Float64Array, order: Int32Array, n: number): Int32Array<ArrayBuffer> {
  const halves = new Int32Array(keys.buffer, keys.byteOffset, 2 * keys.length);
  const words = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    const word = halves[2 * order[i]! + HIGH]!;
    // Of negative numbers every bit is turned, of others the sign.
    words[i] = word ^ ((word >> 31) | 0x80000000);
  }
  return words;
}

/** Where each digit's places begin; false where all have one digit, so that there is nothing to sort by. */
function countDigits(counts: Int32Array, words: Int32Array, shift: number, n: number): boolean {
  counts.fill(0);
  for (let i = 0; i < n; i++) counts[(words[i]! >>> shift) & (DIGITS - 1)]!++;
  let begin = 0;
  for (let digit = 0; digit < DIGITS; digit++) {
    const count = counts[digit]!;
    if (count === n) return false;
    counts[digit] = begin;
    begin += count;
  }
  return true;
}
