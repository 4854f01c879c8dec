/**
 * Tiles whose columns lie apart, k running through neighbours along each of them: squares of columns and k are turned
 * in registers as they come. Worth it where every column is read once; else packing turns them once for all rows.
 */
import type { FunctionBody, Local } from '../wasm/index.ts';
import {
  addOf,
  advance,
  clearSums,
  countDown,
  K_BLOCK,
  makeSums,
  tileOf,
  writeSum,
  splatOf,
  type Sums,
  type TileDType,
} from './tile.ts';
import { writeTransposed } from './transpose.ts';

/** Distances in bytes; `columns` of the last vectors may be fewer than it has lanes. */
export interface AcrossTile {
  readonly dtype: TileDType;
  readonly rows: number;
  readonly columns: number;
  readonly aRow: number;
  readonly aDepth: number;
  readonly bColumn: number;
  readonly fused?: boolean;
}

export const acrossKey = ({ dtype, rows, columns, aRow, aDepth, bColumn, fused = false }: AcrossTile): string =>
  ['across', dtype, rows, columns, aRow, aDepth, bColumn, fused].join();

/** The sums over all of k ≥ 1, in blocks of K_BLOCK added in order. Moves a and b. */
export function writeAcross(body: FunctionBody, tile: AcrossTile, a: Local, b: Local, depth: number): Sums {
  const vectors = Math.ceil(tile.columns / tileOf(tile.dtype).lanes);
  const writer = new AcrossWriter(body, tile, makeSums(body, tile.rows, vectors), a, b);
  if (depth <= K_BLOCK) {
    writer.block(depth);
    return writer.sums;
  }
  const totals = makeSums(body, tile.rows, vectors);
  const add = addOf(tile.dtype);
  const block = (steps: number): void => {
    clearSums(body, writer.sums);
    writer.block(steps);
    totals.forEach((row, r) => row.forEach((total, v) => body.get(total).get(writer.sums[r]![v]!).op(add).set(total)));
  };
  const blocks = body.local('i32');
  body.i32(Math.floor(depth / K_BLOCK)).set(blocks);
  countDown(body, blocks, () => block(K_BLOCK));
  if (depth % K_BLOCK > 0) block(depth % K_BLOCK);
  return totals;
}

class AcrossWriter {
  readonly sums: Sums;
  private readonly body: FunctionBody;
  private readonly tile: AcrossTile;
  private readonly a: Local;
  private readonly b: Local;
  private readonly x: Local;
  private readonly vectors: readonly Local[];
  private readonly lanes: number;
  private readonly bytes: number;

  constructor(body: FunctionBody, tile: AcrossTile, sums: Sums, a: Local, b: Local) {
    this.body = body;
    this.tile = tile;
    this.sums = sums;
    this.a = a;
    this.b = b;
    ({ lanes: this.lanes, bytes: this.bytes } = tileOf(tile.dtype));
    this.x = body.local('v128');
    this.vectors = Array.from({ length: this.lanes }, () => body.local('v128'));
  }

  block(depth: number): void {
    const { body, lanes, bytes, a, b, tile } = this;
    const squares = Math.floor(depth / lanes);
    if (squares > 0) {
      const count = body.local('i32');
      body.i32(squares).set(count);
      countDown(body, count, () => {
        this.squares();
        advance(body, a, lanes * tile.aDepth);
        advance(body, b, 16);
      });
    }
    for (let k = 0; k < depth % lanes; k++) {
      this.oneStep();
      advance(body, a, tile.aDepth);
      advance(body, b, bytes);
    }
  }

  /** Bytes from the first column to column `lane` of vector v; behind the last one, the last one again. */
  private at(v: number, lane: number): number {
    return Math.min(v * this.lanes + lane, this.tile.columns - 1) * this.tile.bColumn;
  }

  private squares(): void {
    const { body, vectors } = this;
    this.sums[0]!.forEach((_, v) => {
      vectors.forEach((vector, lane) => body.get(this.b).memory('v128.load', this.at(v, lane), 2).set(vector));
      writeTransposed(body, vectors).forEach((column, k) => this.add(v, column, k));
    });
  }

  private oneStep(): void {
    const { body, bytes } = this;
    const [vector] = this.vectors as [Local];
    this.sums[0]!.forEach((_, v) => {
      body.get(this.b).memory(splatOf(this.tile.dtype), this.at(v, 0)).set(vector);
      for (let lane = 1; lane < this.lanes; lane++) {
        const load = bytes === 4 ? 'v128.load32_lane' : 'v128.load64_lane';
        body.get(this.b).get(vector).memoryLane(load, lane, this.at(v, lane)).set(vector);
      }
      this.add(v, vector, 0);
    });
  }

  /** The products of one vector of columns with step k of every row. */
  private add(v: number, columns: Local, k: number): void {
    const { body, tile, x } = this;
    this.sums.forEach((row, r) => {
      body
        .get(this.a)
        .memory(splatOf(tile.dtype), r * tile.aRow + k * tile.aDepth)
        .set(x);
      writeSum(body, tile.dtype, tile.fused === true, row[v]!, x, columns);
    });
  }
}
