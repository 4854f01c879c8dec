/** Vectors whose elements lie anywhere: each pattern of places with the fewest instructions it can be had for. */
import { bytesPerElement, type DType } from '../../base/dtypes.ts';
import type { LaneWidth } from '../../base/lanes/vector-form.ts';
import { writeSplatMask } from '../../base/lanes/vector-masks.ts';
import { writeLoadVector, writeStoreVector } from '../../base/lanes/vector-memory.ts';
import type { FunctionBody, Local, MemoryLaneOpName, MemoryOpName } from '../../base/wasm/index.ts';
import { writeAddress } from './elements.ts';

const SPLATS: Readonly<Record<number, MemoryOpName>> = { 4: 'v128.load32_splat', 8: 'v128.load64_splat' };
const FIRSTS: Readonly<Record<number, MemoryOpName>> = { 4: 'v128.load32_zero', 8: 'v128.load64_zero' };
const LANE_LOADS: Readonly<Record<number, MemoryLaneOpName>> = {
  1: 'v128.load8_lane',
  4: 'v128.load32_lane',
  8: 'v128.load64_lane',
};
const LANE_STORES: Readonly<Record<number, MemoryLaneOpName>> = {
  1: 'v128.store8_lane',
  4: 'v128.store32_lane',
  8: 'v128.store64_lane',
};

/** Elements at `pointer` + `places` (counted in elements); fewer places than lanes leave zeros. */
export function writeGather(
  body: FunctionBody,
  dtype: DType,
  width: LaneWidth,
  pointer: Local,
  places: readonly number[],
): void {
  const bytes = bytesPerElement(dtype);
  const full = places.length === 16 / width;
  const first = places[0]! * bytes;
  if (full && places.every((place, i) => place === places[0]! + i)) {
    writeLoadVector(body, dtype, width, writeAddress(body, pointer, first));
  } else if (full && places.every((place) => place === places[0])) writeSplat(body, dtype, width, pointer, first);
  else if (full && bytes === width && inTwoWindows(places)) writeWindows(body, width, pointer, places);
  else writeOneByOne(body, dtype, width, pointer, places);
}

function writeSplat(body: FunctionBody, dtype: DType, width: LaneWidth, pointer: Local, place: number): void {
  const at = writeAddress(body, pointer, place);
  if (dtype !== 'bool') return void body.memory(SPLATS[bytesPerElement(dtype)]!, at);
  body.memory('i32.load8_u', at);
  writeSplatMask(body, width);
}

function writeOneByOne(
  body: FunctionBody,
  dtype: DType,
  width: LaneWidth,
  pointer: Local,
  places: readonly number[],
): void {
  const bytes = bytesPerElement(dtype);
  const vector = body.local('v128');
  const rest = dtype === 'bool' ? places : places.slice(1);
  if (dtype === 'bool') body.v128(new Uint8Array(16)).set(vector);
  else body.memory(FIRSTS[bytes]!, writeAddress(body, pointer, places[0]! * bytes)).set(vector);
  rest.forEach((place, i) => {
    // Bytes go to the lowest of their lane; numbers of half the width side by side.
    const lane = dtype === 'bool' ? i * width : i + 1;
    const at = writeAddress(body, pointer, place * bytes);
    body.get(vector).memoryLane(LANE_LOADS[bytes]!, lane, at).set(vector);
  });
  body.get(vector);
  if (dtype === 'bool') body.op(width === 8 ? 'i64x2.neg' : 'i32x4.neg');
}

/** Whether two vectors, at the lowest place and up to the highest, hold all the elements between them. */
function inTwoWindows(places: readonly number[]): boolean {
  const [low, high] = [Math.min(...places), Math.max(...places)];
  const lanes = places.length;
  return high - low >= lanes - 1 && places.every((place) => place < low + lanes || place > high - lanes);
}

function writeWindows(body: FunctionBody, width: LaneWidth, pointer: Local, places: readonly number[]): void {
  const lanes = places.length;
  const low = Math.min(...places);
  const second = Math.max(...places) - lanes + 1;
  for (const window of [low, second]) writeLoadRaw(body, width, pointer, window * width);
  body.shuffle(
    bytesOfLanes(
      width,
      places.map((place) => (place < low + lanes ? place - low : place - second + lanes)),
    ),
  );
}

/** Sixteen bytes as they are. */
export function writeLoadRaw(body: FunctionBody, width: LaneWidth, pointer: Local, offset: number): void {
  body.memory('v128.load', writeAddress(body, pointer, offset), width === 8 ? 3 : 2);
}

/** A vector's lanes to `pointer` + `places`. */
export function writeScatter(
  body: FunctionBody,
  dtype: DType,
  width: LaneWidth,
  pointer: Local,
  places: readonly number[],
  value: Local,
): void {
  const bytes = bytesPerElement(dtype);
  if (places.length === 16 / width && places.every((place, i) => place === places[0]! + i)) {
    const at = writeAddress(body, pointer, places[0]! * bytes);
    body.get(value);
    return writeStoreVector(body, dtype, width, at);
  }
  let lanes = value;
  if (dtype === 'bool') {
    lanes = body.local('v128');
    body
      .get(value)
      .op(width === 8 ? 'i64x2.neg' : 'i32x4.neg')
      .set(lanes);
  }
  places.forEach((place, i) => {
    const at = writeAddress(body, pointer, place * bytes);
    body.get(lanes).memoryLane(LANE_STORES[bytes]!, dtype === 'bool' ? i * width : i, at);
  });
}

/** Turns a square of vectors around its diagonal: lane j of vector i becomes lane i of vector j. */
export function writeTranspose(body: FunctionBody, width: LaneWidth, rows: readonly Local[]): Local[] {
  const pairs = (a: Local, b: Local, lanes: readonly number[]): Local => {
    const out = body.local('v128');
    body.get(a).get(b).shuffle(bytesOfLanes(width, lanes)).set(out);
    return out;
  };
  const [a, b, c, d] = rows as [Local, Local, Local, Local];
  if (width === 8) return [pairs(a, b, [0, 2]), pairs(a, b, [1, 3])];
  const [ab, cd] = [pairs(a, b, [0, 4, 1, 5]), pairs(c, d, [0, 4, 1, 5])];
  const [ab2, cd2] = [pairs(a, b, [2, 6, 3, 7]), pairs(c, d, [2, 6, 3, 7])];
  return [
    pairs(ab, cd, [0, 1, 4, 5]),
    pairs(ab, cd, [2, 3, 6, 7]),
    pairs(ab2, cd2, [0, 1, 4, 5]),
    pairs(ab2, cd2, [2, 3, 6, 7]),
  ];
}

const bytesOfLanes = (width: LaneWidth, lanes: readonly number[]): number[] =>
  lanes.flatMap((lane) => Array.from({ length: width }, (_, byte) => lane * width + byte));
