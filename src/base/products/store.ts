/** Where a tile's sums go: over what is there, or on top of it. */
import type { FunctionBody, Local, MemoryLaneOpName } from '../wasm/index.ts';
import { addOf, advance, immediates, tileOf, type Sums, type TileDType } from './tile.ts';

/** How the result lies, in bytes from the address of the tile's first element. */
export type Target =
  /** Rows and columns at constant distances; a local where a row's is known at run time only. */
  | { readonly kind: 'steps'; readonly row: number | Local; readonly column: number }
  /** Element (r, s) is at rows[r] + columns[s], lists of i32. `runs`: the columns of a vector are always neighbours. */
  | { readonly kind: 'lists'; readonly rows: Local; readonly columns: Local; readonly runs: boolean };

/** What code for one row needs: an address, and for each column how far from it (constant) or from which local. */
interface Row {
  readonly address: Local;
  readonly offset: number;
}

interface Lanes {
  readonly load: MemoryLaneOpName;
  readonly store: MemoryLaneOpName;
}

const LANES: Readonly<Record<4 | 8, Lanes>> = {
  4: { load: 'v128.load32_lane', store: 'v128.store32_lane' },
  8: { load: 'v128.load64_lane', store: 'v128.store64_lane' },
};

/** Stores the sums of the first `columns` columns; where `more` is not 0, added to what is there. Moves c. */
export function storeSums(
  body: FunctionBody,
  dtype: TileDType,
  sums: Sums,
  columns: number,
  c: Local,
  target: Target,
  more?: Local,
): void {
  const writer = new StoreWriter(body, dtype, columns, c, target);
  if (more !== undefined) body.get(more).if([], () => writer.eachRow(sums, (row, own) => writer.addTo(row, own)));
  writer.eachRow(sums, (row, own) => writer.store(row, own));
}

class StoreWriter {
  private readonly body: FunctionBody;
  private readonly dtype: TileDType;
  private readonly columns: number;
  private readonly c: Local;
  private readonly target: Target;
  private readonly at: Local;
  private readonly bytes: 4 | 8;
  private readonly lanes: number;
  /** The vector into which lanes are loaded. */
  private readonly vector: Local;

  constructor(body: FunctionBody, dtype: TileDType, columns: number, c: Local, target: Target) {
    this.body = body;
    this.dtype = dtype;
    this.columns = columns;
    this.c = c;
    this.target = target;
    this.at = body.local('i32');
    this.vector = body.local('v128');
    ({ bytes: this.bytes, lanes: this.lanes } = tileOf(dtype));
  }

  eachRow(sums: Sums, inside: (row: Row, own: readonly Local[]) => void): void {
    const { body, c, target, at } = this;
    if (target.kind === 'lists') {
      sums.forEach((own, r) => {
        body
          .get(target.rows)
          .memory('i32.load', 4 * r)
          .get(c)
          .op('i32.add')
          .set(at);
        inside({ address: at, offset: 0 }, own);
      });
      return;
    }
    const offsets = typeof target.row === 'number' ? immediates(target.row, sums.length) : undefined;
    if (offsets !== undefined) return sums.forEach((own, r) => inside({ address: c, offset: offsets[r]! }, own));
    body.get(c).set(at);
    sums.forEach((own, r) => {
      inside({ address: at, offset: 0 }, own);
      if (r < sums.length - 1) advance(body, at, target.row);
    });
  }

  addTo(row: Row, own: readonly Local[]): void {
    const { body } = this;
    own.forEach((sum, v) => {
      if (this.isWhole(v)) {
        const offset = this.writePlace(row, v * this.lanes);
        body.memory('v128.load', offset, 2);
      } else {
        body.get(sum);
        for (let lane = 0; lane < this.validLanes(v); lane++) this.loadLane(row, v, lane);
      }
      body.get(sum).op(addOf(this.dtype)).set(sum);
    });
  }

  store(row: Row, own: readonly Local[]): void {
    const { body } = this;
    own.forEach((sum, v) => {
      if (this.isWhole(v) && this.validLanes(v) === this.lanes) {
        const offset = this.writePlace(row, v * this.lanes);
        body.get(sum).memory('v128.store', offset, 2);
        return;
      }
      for (let lane = 0; lane < this.validLanes(v); lane++) {
        const offset = this.writePlace(row, v * this.lanes + lane);
        body.get(sum).memoryLane(LANES[this.bytes].store, lane, offset);
      }
    });
  }

  /** Replaces one lane of the vector on the stack by what is in memory. */
  private loadLane(row: Row, v: number, lane: number): void {
    const { body } = this;
    const { vector } = this;
    body.set(vector);
    const offset = this.writePlace(row, v * this.lanes + lane);
    body.get(vector).memoryLane(LANES[this.bytes].load, lane, offset);
  }

  /** How many columns of vector v are the result's. */
  private validLanes(v: number): number {
    return Math.min(this.lanes, this.columns - v * this.lanes);
  }

  /** Whether vector v lies in one piece; loading it may read a little too much. */
  private isWhole(v: number): boolean {
    const { target } = this;
    return target.kind === 'lists' ? target.runs && this.validLanes(v) === this.lanes : target.column === this.bytes;
  }

  /** Puts an address on the stack; gives the constant offset that belongs to it. */
  private writePlace({ address, offset }: Row, column: number): number {
    const { body, target } = this;
    if (target.kind === 'lists') {
      body
        .get(target.columns)
        .memory('i32.load', 4 * column)
        .get(address)
        .op('i32.add');
      return 0;
    }
    body.get(address);
    if (target.column >= 0) return offset + column * target.column;
    body.i32(column * target.column).op('i32.add');
    return offset;
  }
}
