/**
 * Which way a product is computed: in place or in panels, as it is or transposed. All ways give the same bits; costs are
 * rough counts of vector instructions.
 */
import { K_BLOCK, tileOf } from '../../base/products/tile.ts';
import { tileFor } from './product-blocked.ts';
import { directOf, directScratch, stepsOf, type Direct } from './product-direct.ts';
import type { Grid } from './product-grid.ts';
import { stepOf, transposed, type Matrices, type Side } from './product-shape.ts';

export type Way =
  | { readonly kind: 'direct'; readonly x: Matrices; readonly direct: Direct; readonly cost: number }
  | { readonly kind: 'blocked'; readonly x: Matrices; readonly cost: number };

/** Vector instructions in a nanosecond, when nothing else holds them up. */
const PER_NANOSECOND = 14;

/** The first cache, or what a block may take of it. */
const NEAR_BYTES = 16 * 1024;

/** Columns packed for a direct product stay within this. */
const DIRECT_SCRATCH = 1 << 18;

export const nanosecondsOf = ({ x, cost }: Way): number => (batchOf(x) * cost) / PER_NANOSECOND;

export const batchOf = ({ batch }: Matrices): number => batch.reduce((size, n) => size * n, 1);

/** The cheapest way; `x` may come back transposed. */
export function wayOf(x: Matrices, fast: boolean): Way {
  const ways = [x, transposed(x)].flatMap((own): Way[] => {
    const steps = stepsOf(own);
    const blocked: Way = { kind: 'blocked', x: own, cost: blockedCost(own, fast) };
    if (steps === undefined) return [blocked];
    const direct = directOf(own, steps);
    if (directScratch(direct) > DIRECT_SCRATCH) return [blocked];
    return [{ kind: 'direct', x: own, direct, cost: directCost(direct) }, blocked];
  });
  return ways.reduce((best, way) => (way.cost < best.cost ? way : best));
}

/** A step of k in a tile; a sum waits for the one before, so that few of them take as long as several. */
const stepCost = (rows: number, vectors: number): number => Math.max(vectors + rows + 2 * rows * vectors, 12);

/** Calls, stores, loops: what a tile costs before it has added anything. */
const TILE_COST = 24;

function tilesCost(x: Matrices, rows: number, columns: number): number {
  const { lanes } = tileOf(x.dtype);
  const steps = Math.ceil(x.k / K_BLOCK);
  const row = (height: number): number => {
    const whole = Math.floor(x.n / columns) * (stepCost(height, columns / lanes) * x.k + TILE_COST * steps);
    const rest = x.n % columns;
    return whole + (rest === 0 ? 0 : stepCost(height, Math.ceil(rest / lanes)) * x.k + TILE_COST * steps);
  };
  return Math.floor(x.m / rows) * row(rows) + (x.m % rows === 0 ? 0 : row(x.m % rows));
}

/** Storing the result, and adding to it for every block of k but the first. */
function storeCost({ to, bytes, dtype, m, n, k }: Matrices, again: boolean): number {
  const blocks = again ? Math.max(1, Math.ceil(k / K_BLOCK)) : 1;
  const step = stepOf(to.columns);
  // Lanes one by one; columns a multiple of 1 KB apart drive each other out of the first cache.
  const apart = step !== undefined && step % 1024 === 0 && n > 4 ? 60 : 2;
  const each = step === bytes || n === 1 ? 1 / tileOf(dtype).lanes : apart;
  return m * n * each * (2 * blocks - 1);
}

/** Packing one element. */
function packCost(side: Side, bytes: number): number {
  if (stepOf(side.rows) === bytes) return 0.5;
  if (stepOf(side.depth) === bytes) return 1.2;
  const isRun = (walk: Side['rows']): boolean => walk[walk.length - 1]?.step === bytes;
  return isRun(side.rows) ? 0.8 : isRun(side.depth) ? 1.6 : 2.5;
}

const SETUP = 600;

function blockedCost(x: Matrices, fast: boolean): number {
  const { rows, columns } = tileFor(x, fast);
  const inPlace = stepOf(x.a.rows) !== undefined && stepOf(x.a.depth) === x.bytes;
  const packing = x.k * (x.n * packCost(x.b, x.bytes) + (inPlace ? 0 : x.m * packCost(x.a, x.bytes)));
  return tilesCost(x, rows, columns) + packing + storeCost(x, true) + SETUP;
}

function directCost({ x, steps, rows, columns, reads }: Direct): number {
  const { lanes } = tileOf(x.dtype);
  const tiles = tilesCost(x, rows, columns) + storeCost(x, false);
  if (reads === 'across') return tiles + (x.n * x.k * 2) / lanes;
  // Every column of tiles reads all rows again, every row of tiles all columns: from further away, unless they stay near.
  const rowTiles = Math.ceil(x.m / rows);
  const columnTiles = Math.ceil(x.n / columns);
  const far = steps.aDepth === x.bytes || isNear(x.k, LINE, steps.aDepth) ? 0 : rowTiles * columnTiles * x.k * 8;
  if (reads === 'packed') return tiles + far + x.n * x.k * packCost(x.b, x.bytes) + 60 * columnTiles;
  const again = isNear(x.k, columns * x.bytes, steps.bDepth) ? 0 : rowTiles - 1;
  return tiles + far + (again * x.k * x.n * 2) / lanes;
}

/** Whether `count` pieces of so many bytes, `step` apart, stay in the first cache. */
const isNear = (count: number, bytes: number, step: number): boolean =>
  count * Math.max(LINE, bytes) <= NEAR_BYTES * spread(step);

const LINE = 64;
const SETS = 64;

/** The share of the first cache that lines so many bytes apart can lie in. */
function spread(step: number): number {
  let sets = SETS;
  for (let lines = Math.abs(step) / LINE; sets > 1 && Number.isInteger(lines) && lines % 2 === 0; lines /= 2) sets /= 2;
  return sets / SETS;
}

// Units --------------------------------------------------------------------------------------------------------------

/** Work of a unit, in instructions, that is not cut any further: some 25 µs. */
const UNIT = 350_000;
const ENOUGH_UNITS = 12;

/** Rows and columns of a block of panels: what stays in a second-level cache of 1 MB. */
const BLOCK_ROWS = 256;
const BLOCK_COLUMNS = 256;

/** Cuts the work into independent units of about the same size. */
export function gridOf(way: Way, fast: boolean): Grid {
  const { x, cost } = way;
  const tile = way.kind === 'direct' ? way.direct : tileFor(x, fast);
  const batch = batchOf(x);
  if (batch * x.m * x.n === 0) return { batches: 1, rows: x.m, columns: x.n };
  const wanted = Math.max(1, Math.min(ENOUGH_UNITS, Math.floor((batch * cost) / UNIT)));
  const most = way.kind === 'direct' ? Infinity : 1;
  const rows = blocksOf(x.m, tile.rows, Math.min(x.m, BLOCK_ROWS * most), 1);
  let columns = blocksOf(x.n, tile.columns, Math.min(x.n, BLOCK_COLUMNS * most), 1);
  const units = (): number => batch * Math.ceil(x.m / rows) * Math.ceil(x.n / columns);
  if (units() === batch && batch >= wanted) {
    const fewest = Math.max(wanted, Math.floor((batch * cost) / UNIT));
    return { batches: Math.max(1, Math.floor(batch / fewest)), rows, columns };
  }
  // Columns first: they are packed for their unit alone, and rows need not be packed at all where they lie well.
  columns = blocksOf(x.n, tile.columns, columns, wanted / (units() / Math.ceil(x.n / columns)));
  return { batches: 1, rows: blocksOf(x.m, tile.rows, rows, wanted / (units() / Math.ceil(x.m / rows))), columns };
}

/** The size of blocks, whole tiles, if there are to be `wanted` of them, none larger than `most`. */
function blocksOf(length: number, tile: number, most: number, wanted: number): number {
  const count = Math.max(Math.ceil(length / Math.max(1, most)), Math.round(wanted), 1);
  if (count <= 1) return length;
  return Math.ceil(length / count / tile) * tile;
}
