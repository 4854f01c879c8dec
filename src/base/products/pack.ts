/** Rearranges a block of an operand into panels: `width` rows (or columns) side by side, one step of k after another. */
import type { FunctionBody, Local, MemoryLaneOpName } from '../wasm/index.ts';
import { advance, countDown, tileOf, type TileDType } from './tile.ts';
import { writeTransposed } from './transpose.ts';

/** How far an index goes, in bytes: a constant for each step, the same at run time, or from a list of i32 in memory. */
export type Distance = number | Local | { readonly list: Local };

/** A block and the place of its panels. Addresses in bytes; `rows` and `depth` ≥ 1. */
export interface Packing {
  readonly dtype: TileDType;
  /** Rows of a panel. */
  readonly width: number;
  readonly source: Local;
  /** Moves behind the last panel. Up to 15 bytes beyond it may be written. */
  readonly target: Local;
  readonly rows: Local;
  readonly depth: Local;
  /** From one panel to the next; default: as long as they are. */
  readonly panelBytes?: Local;
  /** A list of rows is filled up to whole panels with any valid places. */
  readonly row: Distance;
  readonly inner: Distance;
}

const isLocal = (distance: Distance): distance is Local => typeof distance === 'object' && 'index' in distance;

/** Writes the code that packs a block. What fills up the last panel is arbitrary: its sums are read by nobody. */
export function writePacking(body: FunctionBody, packing: Packing): void {
  new PackWriter(body, packing).write();
}

class PackWriter {
  private readonly body: FunctionBody;
  private readonly packing: Packing;
  private readonly bytes: 4 | 8;
  private readonly lanes: 2 | 4;
  /** Bytes of one step of k within a panel. */
  private readonly stepBytes: number;
  /** The first row of the strip that is being written, of the panel, and k. */
  private readonly row: Local;
  private readonly first: Local;
  private readonly k: Local;
  /** Where the strip's next vector goes. */
  private readonly to: Local;
  /** Addresses of the strip's rows. */
  private readonly pointers: readonly Local[];
  private readonly vectors: readonly Local[];
  private readonly at: Local;
  private readonly entry: Local;

  constructor(body: FunctionBody, packing: Packing) {
    this.body = body;
    this.packing = packing;
    ({ bytes: this.bytes, lanes: this.lanes } = tileOf(packing.dtype));
    this.stepBytes = packing.width * this.bytes;
    [this.row, this.first, this.k] = [body.local('i32'), body.local('i32'), body.local('i32')];
    [this.to, this.at, this.entry] = [body.local('i32'), body.local('i32'), body.local('i32')];
    this.pointers = Array.from({ length: this.lanes }, () => body.local('i32'));
    this.vectors = Array.from({ length: this.lanes }, () => body.local('v128'));
  }

  write(): void {
    const { body, first } = this;
    const { width, rows, depth, target } = this.packing;
    const panelBytes = this.packing.panelBytes ?? body.local('i32');
    if (this.packing.panelBytes === undefined) body.get(depth).i32(this.stepBytes).op('i32.mul').set(panelBytes);
    body.i32(0).set(first);
    body.loop([], (again) => {
      this.writePanel();
      advance(body, target, panelBytes);
      advance(body, first, width);
      body.get(first).get(rows).op('i32.lt_s').brIf(again);
    });
  }

  private writePanel(): void {
    const { row } = this.packing;
    if (row === this.bytes) return this.copyPanel();
    if (!isLocal(row)) return this.writeStrips();
    this.body
      .get(row)
      .i32(this.bytes)
      .op('i32.eq')
      .if(
        [],
        () => this.copyPanel(),
        () => this.writeStrips(),
      );
  }

  /** Rows that lie side by side: all of them at once. */
  private copyPanel(): void {
    const { body, first, at } = this;
    const { source, width } = this.packing;
    body.get(source).get(first).i32(this.bytes).op('i32.mul').op('i32.add').set(at);
    this.copyAlong(at, Math.ceil(width / this.lanes), this.packing.target);
  }

  /** A vector's width of rows at a time; the last strip first, for it may reach into what the others write. */
  private writeStrips(): void {
    const { body, row, first, to } = this;
    const { width, target } = this.packing;
    const strips = Math.ceil(width / this.lanes);
    for (let s = strips - 1; s >= 0; s--) {
      body
        .get(first)
        .i32(s * this.lanes)
        .op('i32.add')
        .set(row);
      body
        .get(target)
        .i32(s * 16)
        .op('i32.add')
        .set(to);
      this.findRows();
      this.writeStrip();
    }
  }

  /** Addresses of the strip's rows; behind the last row, the last row again. */
  private findRows(): void {
    const { body, row, pointers } = this;
    const { source, rows, row: distance } = this.packing;
    pointers.forEach((pointer, lane) => {
      if (typeof distance === 'object' && 'list' in distance) {
        this.listEntry(distance.list, row);
        body.memory('i32.load', 4 * lane);
      } else {
        const [index, last] = [this.at, this.entry];
        body.get(row).i32(lane).op('i32.add').tee(index);
        body.get(rows).i32(1).op('i32.sub').tee(last);
        body.get(index).get(last).op('i32.lt_s').select('i32');
        if (typeof distance === 'number') body.i32(distance | 0);
        else body.get(distance);
        body.op('i32.mul');
      }
      body.get(source).op('i32.add').set(pointer);
    });
  }

  private writeStrip(): void {
    const { body, row } = this;
    const distance = this.packing.row;
    const [pointer] = this.pointers as [Local];
    if (typeof distance === 'object' && 'list' in distance) {
      this.listEntry(distance.list, row);
      this.isRun();
      body.if(
        [],
        () => this.copyAlong(pointer, 1, this.to),
        () => this.writeApart(),
      );
    } else this.writeApart();
  }

  /** Rows apart: squares along k where k runs through neighbours, else one element after another. */
  private writeApart(): void {
    const { body } = this;
    const { inner } = this.packing;
    if (inner === this.bytes) return this.transposeAlong();
    if (typeof inner === 'number') return this.gatherAlong(() => this.moveBy(inner));
    if (!isLocal(inner)) return this.followList(inner.list);
    body
      .get(inner)
      .i32(this.bytes)
      .op('i32.eq')
      .if(
        [],
        () => this.transposeAlong(),
        () => this.gatherAlong(() => this.moveBy(inner)),
      );
  }

  /** For every k: `vectors` vectors from the address to the target. */
  private copyAlong(from: Local, vectors: number, to: Local): void {
    const { body, k } = this;
    const { depth, inner } = this.packing;
    const copy = (source: Local, ahead: number, onto: number): void => {
      for (let v = 0; v < vectors; v++) {
        body
          .get(this.cursor(to))
          .get(source)
          .memory('v128.load', ahead + 16 * v, 2)
          .memory('v128.store', onto * this.stepBytes + 16 * v, 2);
      }
    };
    body.get(to).set(this.cursor(to));
    body.get(depth).set(k);
    if (typeof inner === 'object' && 'list' in inner) {
      body.get(inner.list).set(this.entry);
      countDown(body, k, () => {
        body.get(this.entry).memory('i32.load').get(from).op('i32.add').set(this.pointers[1]!);
        copy(this.pointers[1]!, 0, 0);
        advance(body, this.entry, 4);
        advance(body, this.cursor(to), this.stepBytes);
      });
      return;
    }
    countDown(body, k, () => {
      copy(from, 0, 0);
      advance(body, from, inner);
      advance(body, this.cursor(to), this.stepBytes);
    });
  }

  /** The pointer that runs along a panel: the strip's own, or a copy of the panel's. */
  private cursor(to: Local): Local {
    return to === this.packing.target ? this.to : to;
  }

  /** As many k at a time as a vector has lanes, then the last few one by one. */
  private transposeAlong(): void {
    const { body, k } = this;
    const { depth } = this.packing;
    body
      .get(depth)
      .i32(this.lanes === 4 ? 2 : 1)
      .op('i32.shr_u')
      .tee(k)
      .if([], () =>
        countDown(body, k, () => {
          this.square(this.pointers);
          this.moveBy(16);
        }),
      );
    body
      .get(depth)
      .i32(this.lanes - 1)
      .op('i32.and')
      .tee(k)
      .if([], () =>
        countDown(body, k, () => {
          this.oneStep(this.pointers);
          this.moveBy(this.bytes);
        }),
      );
  }

  private gatherAlong(move: () => void): void {
    const { body, k } = this;
    body.get(this.packing.depth).set(k);
    countDown(body, k, () => {
      this.oneStep(this.pointers);
      move();
    });
  }

  /** k from a list: squares where its entries are neighbours. */
  private followList(list: Local): void {
    const { body, k, entry } = this;
    const { depth } = this.packing;
    const here = this.pointers.map(() => body.local('i32'));
    const find = (): void =>
      here.forEach((pointer, lane) =>
        body.get(entry).memory('i32.load').get(this.pointers[lane]!).op('i32.add').set(pointer),
      );
    body.i32(0).set(k);
    body.loop([], (again) => {
      this.listEntry(list, k);
      body.set(entry);
      find();
      body.get(k).i32(this.lanes).op('i32.add').get(depth).op('i32.le_s');
      body.if(
        ['i32'],
        () => {
          body.get(entry);
          this.isRun();
        },
        () => body.i32(0),
      );
      body.if(
        [],
        () => {
          this.square(here);
          advance(body, k, this.lanes);
        },
        () => {
          this.oneStep(here);
          advance(body, k, 1);
        },
      );
      body.get(k).get(depth).op('i32.lt_s').brIf(again);
    });
  }

  /** Puts the address of a list's entry on the stack. */
  private listEntry(list: Local, index: Local): void {
    this.body.get(list).get(index).i32(2).op('i32.shl').op('i32.add');
  }

  /** From the address of a list's entry on the stack: whether as many entries as a vector has lanes are neighbours. */
  private isRun(): void {
    const { body, at, lanes, bytes } = this;
    body.set(at);
    const apart = new Uint8Array(new Int32Array([0, 1, 2, 3].map((n) => (n % lanes) * bytes)).buffer);
    if (lanes === 4) body.get(at).memory('v128.load', 0, 2);
    else body.get(at).memory('v128.load64_splat', 0, 2);
    body.get(at).memory('v128.load32_splat').v128(apart).op('i32x4.add').op('i32x4.eq').op('i32x4.all_true');
  }

  private moveBy(bytes: number | Local): void {
    for (const pointer of this.pointers) advance(this.body, pointer, bytes);
  }

  /** As many k as lanes, of as many rows. */
  private square(rows: readonly Local[]): void {
    const { body, to } = this;
    rows.forEach((row, lane) => body.get(row).memory('v128.load', 0, 2).set(this.vectors[lane]!));
    writeTransposed(body, this.vectors).forEach((vector, step) =>
      body
        .get(to)
        .get(vector)
        .memory('v128.store', step * this.stepBytes, 2),
    );
    advance(body, to, this.lanes * this.stepBytes);
  }

  private oneStep(rows: readonly Local[]): void {
    const { body, to, bytes } = this;
    const load: MemoryLaneOpName = bytes === 4 ? 'v128.load32_lane' : 'v128.load64_lane';
    const vector = this.vectors[0]!;
    body
      .get(rows[0]!)
      .memory(bytes === 4 ? 'v128.load32_splat' : 'v128.load64_splat')
      .set(vector);
    rows.forEach((row, lane) => {
      if (lane > 0) body.get(row).get(vector).memoryLane(load, lane).set(vector);
    });
    body.get(to).get(vector).memory('v128.store', 0, 2);
    advance(body, to, this.stepBytes);
  }
}
