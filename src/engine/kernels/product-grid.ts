/** How a product falls into units, and the code that walks through some of them. */
import type { FunctionBody, Local } from '../../base/wasm/index.ts';
import { writeDigits, writeLoop, writeOffset } from './places.ts';
import type { Matrices } from './product-shape.ts';

/** A unit is `batches` products in a row, or a block of rows and columns of one. */
export interface Grid {
  readonly batches: number;
  /** Rows and columns of a block; whole tiles, if there are several. */
  readonly rows: number;
  readonly columns: number;
}

const blocks = (length: number, block: number): number => Math.ceil(length / Math.max(1, block));

const batchOf = ({ batch }: Matrices): number => batch.reduce((size, n) => size * n, 1);

export const unitsOf = (x: Matrices, grid: Grid): number =>
  blocks(batchOf(x), grid.batches) * blocks(x.m, grid.rows) * blocks(x.n, grid.columns);

/** One block: the addresses where its matrices start, and its rows and columns. */
export interface Block {
  readonly a: Local;
  readonly b: Local;
  readonly to: Local;
  readonly row: Local;
  readonly rowEnd: Local;
  readonly column: Local;
  readonly columnEnd: Local;
}

/** The parameters of a task's function. */
export interface Parameters {
  readonly first: Local;
  readonly end: Local;
  readonly scratch: Local;
  readonly a: Local;
  readonly b: Local;
  readonly to: Local;
}

/** For every block of the units first … end − 1: columns run fastest, then rows, then the batch. */
export function writeUnits(
  body: FunctionBody,
  x: Matrices,
  grid: Grid,
  parameters: Parameters,
  inside: (block: Block) => void,
): void {
  const { first: unit, end } = parameters;
  const [rowBlocks, columnBlocks] = [blocks(x.m, grid.rows), blocks(x.n, grid.columns)];
  const names = ['a', 'b', 'to', 'row', 'rowEnd', 'column', 'columnEnd'] as const;
  const block = Object.fromEntries(names.map((name) => [name, body.local('i32')])) as unknown as Block;
  const [rest, batch, batchEnd] = [body.local('i32'), body.local('i32'), body.local('i32')];
  writeLoop(body, unit, end, 1, () => {
    body.get(unit).set(rest);
    writeRange(body, rest, columnBlocks, grid.columns, x.n, block.column, block.columnEnd);
    writeRange(body, rest, rowBlocks, grid.rows, x.m, block.row, block.rowEnd);
    body.get(rest).i32(grid.batches).op('i32.mul').set(batch);
    writeSmaller(body, batch, grid.batches, batchOf(x), batchEnd);
    writeLoop(body, batch, batchEnd, 1, () => {
      const digits = writeDigits(body, batch, x.batch);
      for (const side of ['a', 'b', 'to'] as const) {
        body.get(parameters[side]);
        if (x[side].start !== 0) body.i32(x[side].start | 0).op('i32.add');
        writeOffset(body, digits, x[side].batch, 1);
        body.set(block[side]);
      }
      inside(block);
    });
  });
}

/** Takes the number of a block off `rest`: from = number·size, to = the smaller of from + size and length. */
function writeRange(
  body: FunctionBody,
  rest: Local,
  count: number,
  size: number,
  length: number,
  from: Local,
  to: Local,
): void {
  if (count <= 1) {
    body.i32(0).set(from);
    body.i32(length).set(to);
    return;
  }
  body.get(rest).i32(count).op('i32.rem_u').i32(size).op('i32.mul').set(from);
  body.get(rest).i32(count).op('i32.div_u').set(rest);
  writeSmaller(body, from, size, length, to);
}

/** `to = min(from + size, length)` */
export function writeSmaller(body: FunctionBody, from: Local, size: number, length: number, to: Local): void {
  body.get(from).i32(size).op('i32.add').tee(to).i32(length).get(to).i32(length).op('i32.lt_s').select('i32').set(to);
}
