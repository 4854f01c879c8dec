/**
 * Products straight from where their operands lie: small ones and thin ones, which would not repay two panels. Rows of
 * the left operand are read in place; columns of the right one too where they are side by side, else a few at a time
 * are packed first.
 */
import { acrossKey, writeAcross, type AcrossTile } from '../../base/products/across.ts';
import { writePacking } from '../../base/products/pack.ts';
import { storeSums } from '../../base/products/store.ts';
import { immediates, keyOf, tileOf, writeTotals, type Tile } from '../../base/products/tile.ts';
import type { FunctionBody, FunctionRef, Local } from '../../base/wasm/index.ts';
import type { Emission } from '../emission.ts';
import { writeLoop } from './places.ts';
import { writeUnits, type Block, type Grid, type Parameters } from './product-grid.ts';
import { stepOf, type Matrices } from './product-shape.ts';

/** Accumulators of a tile, in vectors. */
const ACCUMULATORS = 8;

/** Distances of a product all of whose walks have steps. */
interface Steps {
  readonly aRow: number;
  readonly aDepth: number;
  readonly bColumn: number;
  readonly bDepth: number;
  readonly toRow: number;
  readonly toColumn: number;
}

export function stepsOf({ a, b, to }: Matrices): Steps | undefined {
  const all = [a.rows, a.depth, b.rows, b.depth, to.rows, to.columns].map(stepOf);
  if (all.includes(undefined)) return undefined;
  const [aRow, aDepth, bColumn, bDepth, toRow, toColumn] = all as [number, number, number, number, number, number];
  return { aRow, aDepth, bColumn, bDepth, toRow, toColumn };
}

/** How a direct product is cut into tiles. */
export interface Direct {
  readonly x: Matrices;
  readonly steps: Steps;
  readonly rows: number;
  readonly columns: number;
  /** Columns: side by side where they lie, packed before use, or turned in registers as they are read. */
  readonly reads: 'inPlace' | 'packed' | 'across';
}

/** Vectors of columns that a tile turns at a time. */
const ACROSS = 4;

export function directOf(x: Matrices, steps: Steps): Direct {
  const { lanes } = tileOf(x.dtype);
  const rows = x.m === 1 ? 1 : x.m < 4 ? 2 : 4;
  const all = Math.max(1, Math.ceil(x.n / lanes));
  const reads = x.n === 1 || steps.bColumn === x.bytes ? 'inPlace' : isAcross(x, steps, rows) ? 'across' : 'packed';
  const most = reads === 'across' ? Math.min(ACROSS, ACCUMULATORS / rows) : ACCUMULATORS / rows;
  return { x, steps, rows, columns: Math.min(most, all) * lanes, reads };
}

/** So few rows that no register is missing, and offsets of columns and rows that can be constants. */
function isAcross(x: Matrices, steps: Steps, rows: number): boolean {
  const { lanes } = tileOf(x.dtype);
  const offsets = [
    immediates(steps.bColumn, ACROSS * lanes),
    immediates(steps.aRow, rows),
    immediates(steps.aDepth, lanes),
  ];
  return x.m <= 2 && x.k > 0 && steps.bDepth === x.bytes && !offsets.includes(undefined);
}

/** Bytes for the columns that are packed at a time. */
export const directScratch = ({ x, columns, reads }: Direct): number =>
  reads === 'packed' ? columns * x.k * x.bytes + 16 : 0;

export function directFunction(direct: Direct, grid: Grid, e: Emission): FunctionRef {
  return e.module.function(undefined, ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'], [], (body) => {
    const [first, end, scratch, a, b, to] = body.params as [Local, Local, Local, Local, Local, Local];
    const parameters: Parameters = { first, end, scratch, a, b, to };
    const writer = new DirectWriter(body, direct, parameters, e);
    writeUnits(body, direct.x, grid, parameters, (block) => writer.writeBlock(block));
  });
}

class DirectWriter {
  private readonly body: FunctionBody;
  private readonly direct: Direct;
  private readonly scratch: Local;
  private readonly e: Emission;
  private readonly row: Local;
  private readonly column: Local;
  private readonly b: Local;
  private readonly count: Local;
  private readonly depth: Local;
  private readonly target: Local;

  constructor(body: FunctionBody, direct: Direct, { scratch }: Parameters, e: Emission) {
    this.body = body;
    this.direct = direct;
    this.scratch = scratch;
    this.e = e;
    [this.row, this.b, this.count] = [body.local('i32'), body.local('i32'), body.local('i32')];
    [this.depth, this.target] = [body.local('i32'), body.local('i32')];
    this.column = body.local('i32');
  }

  writeBlock(block: Block): void {
    const { body, column } = this;
    const { x, columns } = this.direct;
    const { columnEnd } = block;
    body.get(block.column).set(column);
    if (x.n >= columns) {
      const last = body.local('i32');
      body
        .get(columnEnd)
        .i32(columns - 1)
        .op('i32.sub')
        .set(last);
      writeLoop(body, column, last, columns, () => this.writeColumns(block, columns));
    }
    if (x.n % columns === 0) return;
    body
      .get(column)
      .get(columnEnd)
      .op('i32.lt_s')
      .if([], () => this.writeColumns(block, x.n % columns));
  }

  /** All rows of so many columns. */
  private writeColumns(block: Block, columns: number): void {
    const { body, row } = this;
    const { x, rows } = this.direct;
    const bDepth = this.findColumns(block, columns);
    body.get(block.row).set(row);
    if (x.m >= rows) {
      const last = body.local('i32');
      body
        .get(block.rowEnd)
        .i32(rows - 1)
        .op('i32.sub')
        .set(last);
      writeLoop(body, row, last, rows, () => this.callTile(block, rows, columns, bDepth));
    }
    if (x.m % rows === 0) return;
    body
      .get(row)
      .get(block.rowEnd)
      .op('i32.lt_s')
      .if([], () => this.callTile(block, x.m % rows, columns, bDepth));
  }

  /** Sets `b` to where the columns lie side by side, and gives the distance from one k to the next there. */
  private findColumns({ b }: Block, columns: number): number {
    const { body, column } = this;
    const { x, steps, reads } = this.direct;
    body
      .get(b)
      .get(column)
      .i32(steps.bColumn | 0)
      .op('i32.mul')
      .op('i32.add')
      .set(this.b);
    if (reads !== 'packed' || x.k === 0) return steps.bDepth;
    const { lanes } = tileOf(x.dtype);
    const width = Math.ceil(columns / lanes) * lanes;
    body.get(this.scratch).set(this.target).i32(columns).set(this.count).i32(x.k).set(this.depth);
    writePacking(body, {
      dtype: x.dtype,
      width,
      source: this.b,
      target: this.target,
      rows: this.count,
      depth: this.depth,
      row: steps.bColumn,
      inner: steps.bDepth,
    });
    body.get(this.scratch).set(this.b);
    return width * x.bytes;
  }

  private callTile({ a, to }: Block, rows: number, columns: number, bDepth: number): void {
    const { body, row, column } = this;
    const { steps } = this.direct;
    body
      .get(a)
      .get(row)
      .i32(steps.aRow | 0)
      .op('i32.mul')
      .op('i32.add');
    body.get(this.b);
    body
      .get(to)
      .get(row)
      .i32(steps.toRow | 0)
      .op('i32.mul')
      .op('i32.add');
    body
      .get(column)
      .i32(steps.toColumn | 0)
      .op('i32.mul')
      .op('i32.add');
    body.call(this.tile(rows, columns, bDepth));
  }

  /** `(a, b, to)`: the products of a few rows and columns over all of k. */
  private tile(rows: number, columns: number, bDepth: number): FunctionRef {
    const { x, steps, reads } = this.direct;
    const { lanes } = tileOf(x.dtype);
    const { dtype } = x;
    const across: AcrossTile = { dtype, rows, columns, ...steps, fused: this.e.fast };
    const tile: Tile = {
      dtype: x.dtype,
      rows,
      vectors: Math.ceil(columns / lanes),
      aRow: steps.aRow,
      aDepth: steps.aDepth,
      bDepth,
      fused: this.e.fast,
    };
    const own = reads === 'across' ? acrossKey(across) : keyOf(tile);
    const key = ['product tile', own, columns, x.k, steps.toRow, steps.toColumn].join();
    return this.e.shared(key, () =>
      this.e.module.function(undefined, ['i32', 'i32', 'i32'], [], (body) => {
        const [a, b, to] = body.params as [Local, Local, Local];
        const sums = reads === 'across' ? writeAcross(body, across, a, b, x.k) : writeTotals(body, tile, a, b, x.k);
        storeSums(body, x.dtype, sums, columns, to, { kind: 'steps', row: steps.toRow, column: steps.toColumn });
      }),
    );
  }
}
