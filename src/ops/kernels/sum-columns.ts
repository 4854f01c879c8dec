/**
 * Sums down the columns of a row-major matrix, in the same order as `sum-tree.ts` sums one run, and so with the same
 * bits: rows are read once, in the order in which they lie, while every column keeps its own eight lanes.
 */
import type { DType, Storage } from '../../base/dtypes.ts';
import { BLOCK, LANES } from './sum-tree.ts';

/** Columns taken together: their lanes stay in the first-level cache. */
const TILE = 256;
/** Levels of the pairwise tree over blocks: enough for 2^32 rows. */
const LEVELS = 26;

type Floats = Float64Array | Float32Array;

interface Scratch {
  /** Lane k of column c is at k·width + c. */
  readonly lanes: Floats;
  /** The sum of 2^k blocks of column c is at k·width + c: one digit of a binary counter. */
  readonly digits: Floats;
}

// Storing into a Float32Array rounds, which is all that float32 arithmetic asks for.
const makeScratch = (array: Float64ArrayConstructor | Float32ArrayConstructor): Scratch => ({
  lanes: new array(LANES * TILE),
  digits: new array(LEVELS * TILE),
});

let scratch64: Scratch | null = null;
let scratch32: Scratch | null = null;

const scratchFor = (dtype: DType): Scratch =>
  dtype === 'float32' ? (scratch32 ??= makeScratch(Float32Array)) : (scratch64 ??= makeScratch(Float64Array));

/** out[out0 + c] = Σ_r data[start + r·columns + c] for r < rows, c < columns. */
export function sumColumns(
  out: Storage,
  out0: number,
  data: Storage,
  start: number,
  rows: number,
  columns: number,
  dtype: DType,
): void {
  if (dtype === 'int32' || dtype === 'bool') return sumColumnsWrapping(out, out0, data, start, rows, columns);
  const scratch = scratchFor(dtype);
  for (let c = 0; c < columns; c += TILE) {
    sumTile(out, out0 + c, data as Floats, start + c, rows, columns, Math.min(TILE, columns - c), scratch);
  }
}

function sumTile(
  out: Storage,
  out0: number,
  data: Floats,
  start: number,
  rows: number,
  stride: number,
  width: number,
  { lanes, digits }: Scratch,
): void {
  let blocks = 0;
  for (let row = 0; row < rows; row += BLOCK) {
    addRows(lanes, data, start + row * stride, Math.min(BLOCK, rows - row), stride, width);
    joinLanes(lanes, width);
    let level = 0;
    for (let n = blocks; (n & 1) === 1; n >>>= 1) addInto(lanes, 0, digits, level++ * width, width);
    copyInto(digits, level * width, lanes, width);
    blocks++;
  }
  joinDigits(out, out0, digits, blocks, width);
}

/** Row r of the block goes to lane r mod 8 of every column. */
function addRows(lanes: Floats, data: Floats, start: number, rows: number, stride: number, width: number): void {
  lanes.fill(0, 0, LANES * width);
  const whole = rows - (rows % (4 * LANES));
  const add = lanes instanceof Float32Array ? addFourRows32 : addFourRows64;
  for (let first = 0; first < whole; first += 4 * LANES) {
    for (let k = 0; k < LANES; k++) add(lanes, k * width, data, start + (first + k) * stride, LANES * stride, width);
  }
  for (let r = whole; r < rows; r++) {
    addInto(lanes, (r & (LANES - 1)) * width, data, start + r * stride, width);
  }
}

/** Four rows of one lane, one after the other: one load and one store of the lane for four sums. */
function addFourRows64(lanes: Floats, lane: number, data: Floats, p: number, step: number, width: number): void {
  const q = p + step;
  const r = q + step;
  const s = r + step;
  for (let c = 0; c < width; c++) {
    lanes[lane + c] = lanes[lane + c]! + data[p + c]! + data[q + c]! + data[r + c]! + data[s + c]!;
  }
}

// Storing rounds only the last of the four sums; the others are rounded here.
function addFourRows32(lanes: Floats, lane: number, data: Floats, p: number, step: number, width: number): void {
  const round = Math.fround;
  const q = p + step;
  const r = q + step;
  const s = r + step;
  for (let c = 0; c < width; c++) {
    const two = round(round(lanes[lane + c]! + data[p + c]!) + data[q + c]!);
    lanes[lane + c] = round(two + data[r + c]!) + data[s + c]!;
  }
}

/** Lanes pairwise, into lane 0. */
function joinLanes(lanes: Floats, width: number): void {
  for (let step = 1; step < LANES; step *= 2) {
    for (let lane = 0; lane < LANES; lane += 2 * step)
      addInto(lanes, lane * width, lanes, (lane + step) * width, width);
  }
}

function addInto(target: Floats, t: number, source: Floats, s: number, width: number): void {
  for (let c = 0; c < width; c++) target[t + c]! += source[s + c]!;
}

function copyInto(target: Floats, t: number, source: Floats, width: number): void {
  for (let c = 0; c < width; c++) target[t + c] = source[c]!;
}

/** The digits that are set, the smallest first. */
function joinDigits(out: Storage, out0: number, digits: Floats, blocks: number, width: number): void {
  let sum = -1;
  for (let level = 0, n = blocks; n > 0; level++, n >>>= 1) {
    if ((n & 1) === 0) continue;
    if (sum >= 0) addInto(digits, level * width, digits, sum, width);
    sum = level * width;
  }
  for (let c = 0; c < width; c++) out[out0 + c] = sum < 0 ? 0 : digits[sum + c]!;
}

function sumColumnsWrapping(
  out: Storage,
  out0: number,
  data: Storage,
  start: number,
  rows: number,
  columns: number,
): void {
  for (let r = 0, at = start; r < rows; r++, at += columns) {
    for (let c = 0; c < columns; c++) out[out0 + c] = (out[out0 + c]! + data[at + c]!) | 0;
  }
}
