/**
 * The inner part of a matrix product: one tile of the result, held in registers while k runs.
 *
 * Vectors go across columns and never across k: each element of the result sees the same additions in the same order as
 * in a plain loop, and has the same bits.
 */
import type { FunctionBody, Local, MemoryOpName, OpName } from '../wasm/index.ts';

export type ProductDType = 'float64' | 'float32';

/** What tiles can multiply; int32 wraps. */
export type TileDType = ProductDType | 'int32';

export interface TileShape {
  /** Rows of the tile, and of a panel of the left operand. */
  readonly rows: number;
  /** Columns of the tile, and of a panel of the right operand. */
  readonly columns: number;
  readonly bytes: 4 | 8;
  /** Elements of one vector. */
  readonly lanes: 2 | 4;
}

/** Additions along k go into a sum of their own for so many steps; the sums are added in order. Part of the result. */
export const K_BLOCK = 256;

// Eight accumulators, two vectors of b and one of a: what fits the sixteen vector registers of an x86 processor. More
// rows spill; more than one step of k in a turn of the loop costs up to 40 % in V8.
const TILES: Readonly<Record<TileDType, TileShape>> = {
  float32: { rows: 4, columns: 8, bytes: 4, lanes: 4 },
  float64: { rows: 4, columns: 4, bytes: 8, lanes: 2 },
  int32: { rows: 4, columns: 8, bytes: 4, lanes: 4 },
};

export const tileOf = (dtype: TileDType): TileShape => TILES[dtype];

interface Instructions {
  readonly mul: OpName;
  readonly add: OpName;
  readonly splat: MemoryOpName;
  /** a·b + c in one rounding or two, as the processor likes. */
  readonly fused?: OpName;
}

const INSTRUCTIONS: Readonly<Record<TileDType, Instructions>> = {
  float32: { mul: 'f32x4.mul', add: 'f32x4.add', splat: 'v128.load32_splat', fused: 'f32x4.relaxed_madd' },
  float64: { mul: 'f64x2.mul', add: 'f64x2.add', splat: 'v128.load64_splat', fused: 'f64x2.relaxed_madd' },
  int32: { mul: 'i32x4.mul', add: 'i32x4.add', splat: 'v128.load32_splat' },
};

/** The addition of two vectors of elements. */
export const addOf = (dtype: TileDType): OpName => INSTRUCTIONS[dtype].add;

/** The multiplication of two vectors of elements. */
export const mulOf = (dtype: TileDType): OpName => INSTRUCTIONS[dtype].mul;

/** The load that fills a vector with one element. */
export const splatOf = (dtype: TileDType): MemoryOpName => INSTRUCTIONS[dtype].splat;

/** `sum += x · y`, in two roundings, or as the processor likes. */
export function writeSum(body: FunctionBody, dtype: TileDType, isFused: boolean, sum: Local, x: Local, y: Local): void {
  const { mul, add, fused } = INSTRUCTIONS[dtype];
  if (isFused && fused !== undefined) body.get(x).get(y).get(sum).op(fused).set(sum);
  else body.get(sum).get(x).get(y).op(mul).op(add).set(sum);
}

/** Runs `inside` `count` times, at least once; leaves `count` at 0. */
export function countDown(body: FunctionBody, count: Local, inside: () => void): void {
  body.loop([], (again) => {
    inside();
    body.get(count).i32(1).op('i32.sub').tee(count).brIf(again);
  });
}

/** `pointer += bytes` */
export const advance = (body: FunctionBody, pointer: Local, by: number | Local): void => {
  if (by === 0) return;
  body.get(pointer);
  if (typeof by === 'number') body.i32(by | 0);
  else body.get(by);
  body.op('i32.add').set(pointer);
};

/** A tile and how its operands lie: distances in bytes; the columns of b are side by side. */
export interface Tile {
  readonly dtype: TileDType;
  readonly rows: number;
  readonly vectors: number;
  readonly aRow: number;
  readonly aDepth: number;
  readonly bDepth: number;
  /** Whether multiplications and additions may be fused. */
  readonly fused?: boolean;
}

/** Tiles of one key are one piece of code. */
export const keyOf = ({ dtype, rows, vectors, aRow, aDepth, bDepth, fused = false }: Tile): string =>
  [dtype, rows, vectors, aRow, aDepth, bDepth, fused].join();

/** Accumulators, by row and vector. */
export type Sums = readonly (readonly Local[])[];

export const makeSums = (body: FunctionBody, rows: number, vectors: number): Sums =>
  Array.from({ length: rows }, () => Array.from({ length: vectors }, () => body.local('v128')));

const ZERO = new Uint8Array(16);

export const clearSums = (body: FunctionBody, sums: Sums): void => {
  for (const row of sums) for (const sum of row) body.v128(ZERO).set(sum);
};

/** What one step of k needs besides the accumulators. */
interface Registers {
  readonly x: Local;
  readonly vectors: readonly Local[];
}

const makeRegisters = (body: FunctionBody, { vectors }: Tile): Registers => ({
  x: body.local('v128'),
  vectors: Array.from({ length: vectors }, () => body.local('v128')),
});

/** One step of k: sums += a's column · b's row, both at a distance of so many bytes from where the pointers are. */
function writeStep(
  body: FunctionBody,
  tile: Tile,
  sums: Sums,
  registers: Registers,
  a: Local,
  b: Local,
  aAt: number,
  bAt: number,
): void {
  const splat = splatOf(tile.dtype);
  const { x, vectors } = registers;
  vectors.forEach((vector, v) =>
    body
      .get(b)
      .memory('v128.load', bAt + 16 * v, 2)
      .set(vector),
  );
  const rowAt = immediates(tile.aRow, tile.rows);
  const row = rowAt === undefined ? body.local('i32') : a;
  if (rowAt === undefined) body.get(a).set(row);
  sums.forEach((own, r) => {
    body
      .get(row)
      .memory(splat, aAt + (rowAt?.[r] ?? 0))
      .set(x);
    if (rowAt === undefined) advance(body, row, tile.aRow);
    own.forEach((sum, v) => writeSum(body, tile.dtype, tile.fused === true, sum, x, vectors[v]!));
  });
}

const LARGEST_OFFSET = 0x3fffffff;

/** i·step for i < count, where all of them may be the constant offset of a load or store. */
export function immediates(step: number, count: number): readonly number[] | undefined {
  if (step < 0 || step * count > LARGEST_OFFSET) return undefined;
  return Array.from({ length: count }, (_, i) => i * step);
}

/** Up to so many steps of k are written out one after another. */
const STRAIGHT = 8;

/** One block of k: adds `depth` steps to the sums; leaves the pointers anywhere. `depth` ≥ 1 is used up. */
function writeBlock(
  body: FunctionBody,
  tile: Tile,
  sums: Sums,
  registers: Registers,
  a: Local,
  b: Local,
  depth: Local | number,
): void {
  const count = typeof depth === 'number' ? body.local('i32') : depth;
  if (typeof depth === 'number') {
    const [aAt, bAt] = [immediates(tile.aDepth, depth), immediates(tile.bDepth, depth)];
    if (depth <= STRAIGHT && aAt !== undefined && bAt !== undefined) {
      for (let k = 0; k < depth; k++) writeStep(body, tile, sums, registers, a, b, aAt[k]!, bAt[k]!);
      return;
    }
    body.i32(depth).set(count);
  }
  countDown(body, count, () => {
    writeStep(body, tile, sums, registers, a, b, 0, 0);
    advance(body, a, tile.aDepth);
    advance(body, b, tile.bDepth);
  });
}

/** The sums over one block of k, of `depth` ≥ 1 steps; uses up `depth`, moves a and b. */
export function writeSums(body: FunctionBody, tile: Tile, a: Local, b: Local, depth: Local | number): Sums {
  const sums = makeSums(body, tile.rows, tile.vectors);
  writeBlock(body, tile, sums, makeRegisters(body, tile), a, b, depth);
  return sums;
}

/** The sums over all of k, in blocks of K_BLOCK added in order. */
export function writeTotals(body: FunctionBody, tile: Tile, a: Local, b: Local, depth: number): Sums {
  const sums = makeSums(body, tile.rows, tile.vectors);
  if (depth === 0) return sums;
  const registers = makeRegisters(body, tile);
  if (depth <= K_BLOCK) {
    writeBlock(body, tile, sums, registers, a, b, depth);
    return sums;
  }
  const totals = makeSums(body, tile.rows, tile.vectors);
  const add = addOf(tile.dtype);
  const block = (steps: number): void => {
    clearSums(body, sums);
    writeBlock(body, tile, sums, registers, a, b, steps);
    totals.forEach((row, r) => row.forEach((total, v) => body.get(total).get(sums[r]![v]!).op(add).set(total)));
  };
  const blocks = body.local('i32');
  body.i32(Math.floor(depth / K_BLOCK)).set(blocks);
  countDown(body, blocks, () => block(K_BLOCK));
  // A short rest is written straight on and would leave the pointers where they are: nothing comes behind it.
  if (depth % K_BLOCK > 0) block(depth % K_BLOCK);
  return totals;
}
