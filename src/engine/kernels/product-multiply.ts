/** The tiles of a block whose columns, and perhaps rows, lie in panels. */
import { storeSums, type Target } from '../../base/products/store.ts';
import { advance, keyOf, tileOf, writeSums, writeTotals, type Tile } from '../../base/products/tile.ts';
import type { FunctionBody, FunctionRef, Local } from '../../base/wasm/index.ts';
import type { Emission } from '../emission.ts';
import { writeLoop } from './places.ts';
import type { Blocked } from './product-blocked.ts';
import { stepOf, type Matrices } from './product-shape.ts';

/** `multiply(a, b, to, rows, columns, depth, more, rowList, columnList)`: all tiles of a block, over one block of k. */
export function multiplyFunction(blocked: Blocked, e: Emission): FunctionRef {
  const { x, a, rows, columns, toRows } = blocked;
  const steps = [stepOf(x.to.rows), stepOf(x.to.columns)];
  const inPlaceStep = a.at === undefined ? stepOf(x.a.rows)! : undefined;
  const runs = hasRuns(x, columns);
  const key = ['multiply', x.dtype, rows, columns, x.m % rows, x.n % columns, x.k === 0, e.fast];
  const all = [...key, inPlaceStep, ...(toRows === undefined ? steps : ['lists', runs])].join();
  return e.shared(all, () => {
    const types = Array.from({ length: 9 }, () => 'i32' as const);
    return e.module.function(undefined, types, [], (body) => {
      new MultiplyWriter(body, blocked, e, inPlaceStep).write();
    });
  });
}

/** Whether the columns of a vector are neighbours in the result, wherever it starts. */
function hasRuns({ to, dtype, bytes }: Matrices, columns: number): boolean {
  const inner = to.columns[to.columns.length - 1];
  if (inner === undefined || inner.step !== bytes) return false;
  return to.columns.length === 1 || inner.size % Math.min(columns, tileOf(dtype).lanes) === 0;
}

class MultiplyWriter {
  private readonly body: FunctionBody;
  private readonly blocked: Blocked;
  private readonly e: Emission;
  private readonly inPlaceStep: number | undefined;
  private readonly row: Local;
  private readonly column: Local;
  private readonly bPanel: Local;
  private readonly target: Local;

  constructor(body: FunctionBody, blocked: Blocked, e: Emission, inPlaceStep: number | undefined) {
    this.body = body;
    this.blocked = blocked;
    this.e = e;
    this.inPlaceStep = inPlaceStep;
    [this.row, this.column] = [body.local('i32'), body.local('i32')];
    [this.bPanel, this.target] = [body.local('i32'), body.local('i32')];
  }

  write(): void {
    const { body, column, bPanel, target } = this;
    const { x, columns, toColumns } = this.blocked;
    const [, b, to, , columnCount, depth, , , columnList] = body.params as [
      Local,
      Local,
      Local,
      Local,
      Local,
      Local,
      Local,
      Local,
      Local,
    ];
    const panelBytes = body.local('i32');
    body
      .get(depth)
      .i32(columns * x.bytes)
      .op('i32.mul')
      .set(panelBytes);
    body.get(b).set(bPanel).get(to).set(target);
    const last = body.local('i32');
    body
      .get(columnCount)
      .i32(columns - 1)
      .op('i32.sub')
      .set(last);
    writeLoop(body, column, last, columns, () => {
      this.writeRows(columns);
      advance(body, bPanel, panelBytes);
      if (toColumns === undefined) advance(body, target, stepOf(x.to.columns)! * columns);
      else advance(body, columnList, 4 * columns);
    });
    if (x.n % columns === 0) return;
    body
      .get(column)
      .get(columnCount)
      .op('i32.lt_s')
      .if([], () => this.writeRows(x.n % columns));
  }

  private writeRows(columns: number): void {
    const { body, row } = this;
    const { x, rows } = this.blocked;
    const rowCount = body.params[3]!;
    const last = body.local('i32');
    body
      .get(rowCount)
      .i32(rows - 1)
      .op('i32.sub')
      .set(last);
    body.i32(0).set(row);
    writeLoop(body, row, last, rows, () => this.callTile(rows, columns));
    if (x.m % rows === 0) return;
    body
      .get(row)
      .get(rowCount)
      .op('i32.lt_s')
      .if([], () => this.callTile(x.m % rows, columns));
  }

  private callTile(rows: number, columns: number): void {
    const { body, row } = this;
    const { x, toRows } = this.blocked;
    const [a, , , , , depth, more, rowList, columnList] = body.params as [
      Local,
      Local,
      Local,
      Local,
      Local,
      Local,
      Local,
      Local,
      Local,
    ];
    body.get(a).get(row);
    if (this.inPlaceStep === undefined) body.get(depth).op('i32.mul').i32(x.bytes).op('i32.mul');
    else body.i32(this.inPlaceStep | 0).op('i32.mul');
    body.op('i32.add').get(this.bPanel).get(this.target);
    if (toRows === undefined) {
      body
        .get(row)
        .i32(stepOf(x.to.rows)! | 0)
        .op('i32.mul')
        .op('i32.add');
    }
    body.get(depth).get(more).get(rowList).get(row).i32(2).op('i32.shl').op('i32.add').get(columnList);
    body.call(this.tile(rows, columns));
  }

  /** `(a, b, to, depth, more, rowList, columnList)` */
  private tile(rows: number, columns: number): FunctionRef {
    const { x, toRows } = this.blocked;
    const width = this.blocked.columns;
    const { lanes } = tileOf(x.dtype);
    const [aRow, aDepth] =
      this.inPlaceStep === undefined ? [x.bytes, this.blocked.rows * x.bytes] : [this.inPlaceStep, x.bytes];
    const tile: Tile = {
      dtype: x.dtype,
      rows,
      vectors: Math.ceil(columns / lanes),
      aRow,
      aDepth,
      bDepth: width * x.bytes,
      fused: this.e.fast,
    };
    const steps = [stepOf(x.to.rows), stepOf(x.to.columns)] as const;
    const runs = hasRuns(x, width);
    const where = toRows === undefined ? steps : ['lists', runs];
    const key = ['panel tile', keyOf(tile), columns, x.k === 0, ...where].join();
    const types = Array.from({ length: 7 }, () => 'i32' as const);
    return this.e.shared(key, () =>
      this.e.module.function(undefined, types, [], (body) => {
        const [a, b, to, depth, more, rowList, columnList] = body.params as [
          Local,
          Local,
          Local,
          Local,
          Local,
          Local,
          Local,
        ];
        const target: Target =
          toRows === undefined
            ? { kind: 'steps', row: steps[0]!, column: steps[1]! }
            : { kind: 'lists', rows: rowList, columns: columnList, runs };
        const sums = x.k === 0 ? writeTotals(body, tile, a, b, 0) : writeSums(body, tile, a, b, depth);
        storeSums(body, x.dtype, sums, columns, to, target, x.k === 0 ? undefined : more);
      }),
    );
  }
}
