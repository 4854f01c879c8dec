/**
 * Products of large matrices: a block of rows and a block of columns at a time, k in blocks of K_BLOCK. Columns are
 * packed into panels, rows too unless k runs through neighbours in memory; then tile by tile. Operands may lie in any
 * way: what has no constant step is found through lists of places.
 */
import { K_BLOCK, tileOf } from '../../base/products/tile.ts';
import type { FunctionBody, FunctionRef, Local } from '../../base/wasm/index.ts';
import type { Emission } from '../emission.ts';
import { writeLoop } from './places.ts';
import { writeSmaller, writeUnits, type Block, type Grid, type Parameters } from './product-grid.ts';
import { listFunction } from './product-lists.ts';
import { multiplyFunction } from './product-multiply.ts';
import { packFunction } from './product-pack.ts';
import { stepOf, type Matrices, type Side, type Walk } from './product-shape.ts';

/** How a blocked product works. */
export interface Blocked {
  readonly x: Matrices;
  readonly grid: Grid;
  /** Rows and columns of a tile. */
  readonly rows: number;
  readonly columns: number;
  readonly a: Panels;
  readonly b: Panels;
  /** Lists of places of the result's rows and columns, where they have no constant steps. */
  readonly toRows: number | undefined;
  readonly toColumns: number | undefined;
  readonly scratch: number;
}

/** Panels of one operand; places count from the start of the scratch memory. */
export interface Panels {
  /** Rows of a panel. */
  readonly width: number;
  /** Where panels lie; undefined for an operand that is read in place. */
  readonly at: number | undefined;
  /** Bytes from the panels of one block of k to the next; 0 where they are packed anew for every unit. */
  readonly kept: number;
  /** Lists of places, where the operand's rows or its depth have no constant step. */
  readonly rows: number | undefined;
  readonly depth: number | undefined;
}

/** Up to so many bytes of panels are kept, over all of k, for the next unit. */
const KEPT_BYTES = 1 << 22;

const whole = (length: number, width: number): number => Math.ceil(length / width) * width;

export function tileFor({ dtype }: Pick<Matrices, 'dtype'>, fast: boolean): { rows: number; columns: number } {
  const { rows, columns } = tileOf(dtype);
  return { rows: fast && dtype === 'float32' ? 6 : rows, columns };
}

/** Whether rows can be read in place: k runs through neighbours. */
const inPlace = ({ rows, depth }: Side, bytes: number): boolean =>
  stepOf(rows) !== undefined && stepOf(depth) === bytes;

export function blockedOf(x: Matrices, grid: Grid, fast: boolean): Blocked {
  const { rows, columns } = tileFor(x, fast);
  let end = 0;
  const take = (bytes: number): number => {
    const at = end;
    end += whole(bytes, 16) + 16;
    return at;
  };
  const list = (walk: Walk, length: number): number | undefined =>
    stepOf(walk) === undefined ? take(4 * length) : undefined;
  const blocks = Math.ceil(x.k / K_BLOCK);
  const panels = (side: Side, width: number, length: number, again: boolean): Panels => {
    const block = whole(length, width) * K_BLOCK * x.bytes;
    const keep = again && blocks * block <= KEPT_BYTES;
    return {
      width,
      at: take(keep ? blocks * block : block),
      kept: keep ? block : 0,
      rows: list(side.rows, whole(length, width)),
      depth: list(side.depth, K_BLOCK),
    };
  };
  const [m, n] = [Math.min(x.m, grid.rows), Math.min(x.n, grid.columns)];
  const a = inPlace(x.a, x.bytes)
    ? { width: rows, at: undefined, kept: 0, rows: undefined, depth: undefined }
    : panels(x.a, rows, m, n < x.n || x.a.batch.includes(0));
  const b = panels(x.b, columns, n, n === x.n && (m < x.m || x.b.batch.includes(0)));
  const lists = stepOf(x.to.rows) === undefined || stepOf(x.to.columns) === undefined;
  const toRows = lists ? take(4 * whole(m, rows)) : undefined;
  const toColumns = lists ? take(4 * whole(n, columns)) : undefined;
  return { x, grid, rows, columns, a, b, toRows, toColumns, scratch: end };
}

/** Columns that are not read where they lie: code that brings them into the scratch memory first. */
export interface Window {
  /** Brings what the block needs; gives the address from which the places of columns and depth count. */
  enter?(block: Block): Local;
  /** Packs the block's columns over one block of k, on its own; lists of the columns' places are there. */
  pack?(block: Block, at: Local, from: Local, depth: Local, rowList: () => void): void;
}

/** `function(first, end, scratch, a, b, to)`: some units of a blocked product. */
export function blockedFunction(
  blocked: Blocked,
  e: Emission,
  windowOf: (body: FunctionBody, scratch: Local) => Window = () => ({}),
): FunctionRef {
  return e.module.function(undefined, ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'], [], (body) => {
    const [first, end, scratch, a, b, to] = body.params as [Local, Local, Local, Local, Local, Local];
    const parameters: Parameters = { first, end, scratch, a, b, to };
    const writer = new BlockedWriter(body, blocked, scratch, e, windowOf(body, scratch));
    writer.forget();
    writeUnits(body, blocked.x, blocked.grid, parameters, (block) => writer.writeBlock(block));
  });
}

/** One operand while its blocks are packed. */
interface Packed {
  readonly side: Side;
  readonly panels: Panels;
  /** Where the block's panels, or its rows, start. */
  readonly at: Local;
  /** Whether the panels are there already. */
  readonly ready: Local;
  /** Of what they are: where the matrix starts, and the block's first row. */
  readonly matrix: Local;
  readonly row: Local;
}

class BlockedWriter {
  private readonly body: FunctionBody;
  private readonly blocked: Blocked;
  private readonly scratch: Local;
  private readonly e: Emission;
  private readonly from: Local;
  private readonly depth: Local;
  private readonly count: Local;
  private readonly a: Packed;
  private readonly b: Packed;

  private readonly window: Window;

  constructor(body: FunctionBody, blocked: Blocked, scratch: Local, e: Emission, window: Window) {
    this.body = body;
    this.blocked = blocked;
    this.scratch = scratch;
    this.e = e;
    this.window = window;
    const local = (): Local => body.local('i32');
    [this.from, this.depth, this.count] = [local(), local(), local()];
    const packed = (side: Side, panels: Panels): Packed => ({
      side,
      panels,
      at: local(),
      ready: local(),
      matrix: local(),
      row: local(),
    });
    this.a = packed(blocked.x.a, blocked.a);
    this.b = packed(blocked.x.b, blocked.b);
  }

  /** No panels are kept from another call: a row that no block starts at. */
  forget(): void {
    for (const { row } of [this.a, this.b]) this.body.i32(-1).set(row);
  }

  writeBlock(block: Block): void {
    const { body, from, depth, a, b } = this;
    const { k } = this.blocked.x;
    this.findResult(block);
    if (k === 0) return this.multiply(block);
    const starts = { a: block.a, b: block.b };
    this.prepare(a, block.a, block.row, block.rowEnd);
    this.prepare(b, block.b, block.column, block.columnEnd, () => {
      starts.b = this.window.enter?.(block) ?? block.b;
    });
    body.i32(0).set(from);
    writeLoop(body, from, k, K_BLOCK, () => {
      writeSmaller(body, from, K_BLOCK, k, depth);
      body.get(depth).get(from).op('i32.sub').set(depth);
      this.pack(a, starts.a, block.row, () => this.callPacking(a, starts.a, block.row, block.rowEnd));
      this.pack(b, starts.b, block.column, () => {
        if (this.window.pack === undefined) this.callPacking(b, starts.b, block.column, block.columnEnd);
        else this.window.pack(block, b.at, from, depth, () => this.place(this.blocked.b.rows ?? 0));
      });
      this.multiply(block);
    });
  }

  /** Puts the address of a place in the scratch memory on the stack. */
  private place(at: number): void {
    this.body.get(this.scratch);
    if (at > 0) this.body.i32(at).op('i32.add');
  }

  /** The places of the block's rows and columns in the result. */
  private findResult({ row, rowEnd, column, columnEnd }: Block): void {
    const { x, toRows, toColumns, rows, columns } = this.blocked;
    if (toRows === undefined || toColumns === undefined) return;
    this.list(x.to.rows, toRows, row, rowEnd, rows);
    this.list(x.to.columns, toColumns, column, columnEnd, columns);
  }

  /** The list of a range's places, as long as whole panels. */
  private list(walk: Walk, at: number, from: Local, end: Local, width: number): void {
    const { body, count } = this;
    this.place(at);
    body.get(from);
    body.get(end).get(from).op('i32.sub').tee(count);
    body
      .get(count)
      .i32(width - 1)
      .op('i32.add')
      .i32(width)
      .op('i32.div_u')
      .i32(width)
      .op('i32.mul');
    body.call(listFunction(walk, this.e));
  }

  /** Finds out whether the block's panels are there from the unit before; if not, where its rows are. */
  private prepare(
    { side, panels, ready, matrix, row }: Packed,
    start: Local,
    from: Local,
    end: Local,
    enter: () => void = () => undefined,
  ): void {
    const { body } = this;
    if (panels.at === undefined) return;
    if (panels.kept > 0) {
      body.get(matrix).get(start).op('i32.eq').get(row).get(from).op('i32.eq').op('i32.and').set(ready);
      body.get(start).set(matrix).get(from).set(row);
    }
    const write = (): void => {
      if (panels.rows !== undefined) this.list(side.rows, panels.rows, from, end, panels.width);
      enter();
    };
    if (panels.kept > 0) body.get(ready).op('i32.eqz').if([], write);
    else write();
  }

  /** Sets `at` to the block's panels for this block of k, packing them if they are not there. */
  private pack({ panels, side, at, ready }: Packed, start: Local, from: Local, write: () => void): void {
    const { body } = this;
    if (panels.at === undefined) {
      body.get(start);
      body
        .get(from)
        .i32(stepOf(side.rows)! | 0)
        .op('i32.mul')
        .op('i32.add');
      body.get(this.from).i32(this.blocked.x.bytes).op('i32.mul').op('i32.add').set(at);
      return;
    }
    this.place(panels.at);
    if (panels.kept > 0) {
      body.get(this.from).i32(K_BLOCK).op('i32.div_u').i32(panels.kept).op('i32.mul').op('i32.add');
    }
    body.set(at);
    if (panels.kept > 0) body.get(ready).op('i32.eqz').if([], write);
    else write();
  }

  private callPacking({ side, panels, at }: Packed, start: Local, from: Local, end: Local): void {
    const { body, count } = this;
    const { x } = this.blocked;
    if (panels.depth !== undefined) {
      const behind = body.local('i32');
      body.get(this.from).get(this.depth).op('i32.add').set(behind);
      this.list(side.depth, panels.depth, this.from, behind, 1);
    }
    body.get(end).get(from).op('i32.sub').set(count);
    body.get(start);
    const [row, inner] = [stepOf(side.rows), stepOf(side.depth)];
    if (row !== undefined)
      body
        .get(from)
        .i32(row | 0)
        .op('i32.mul')
        .op('i32.add');
    if (inner !== undefined)
      body
        .get(this.from)
        .i32(inner | 0)
        .op('i32.mul')
        .op('i32.add');
    body.get(at).get(count).get(this.depth);
    this.place(panels.rows ?? 0);
    this.place(panels.depth ?? 0);
    body
      .get(this.depth)
      .i32(panels.width * x.bytes)
      .op('i32.mul');
    body.call(packFunction(x.dtype, panels.width, row, inner, this.e));
  }

  /** All tiles of the block. */
  private multiply(block: Block): void {
    const { body } = this;
    const { x, toRows, toColumns } = this.blocked;
    body.get(this.a.at).get(this.b.at);
    body.get(block.to);
    if (toRows === undefined) {
      body
        .get(block.row)
        .i32(stepOf(x.to.rows)! | 0)
        .op('i32.mul')
        .op('i32.add');
      body
        .get(block.column)
        .i32(stepOf(x.to.columns)! | 0)
        .op('i32.mul')
        .op('i32.add');
    }
    body.get(block.rowEnd).get(block.row).op('i32.sub');
    body.get(block.columnEnd).get(block.column).op('i32.sub');
    body.get(this.depth).get(this.from);
    this.place(toRows ?? 0);
    this.place(toColumns ?? 0);
    body.call(multiplyFunction(this.blocked, this.e));
  }
}
