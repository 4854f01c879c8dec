/** Reductions along rows: vectors lie along the last reduced axis, and their lanes are joined at the end of a block. */
import type { Node } from '../../base/lanes/graph.ts';
import type { Local } from '../../base/wasm/index.ts';
import { writeNumbers, type Combine } from './combine.ts';
import type { Frame } from './reduce-frame.ts';
import { BLOCK, Digits, LANES, writeAcross } from './reduce-order.ts';
import { extractOp, writeResult } from './reduce-result.ts';
import { writeDigits, writeLoop } from './places.ts';

/** Partial results side by side where their order is free. */
const FREE = 4;

interface Blocking {
  /** Vectors of partial results, and elements that they take in at a time. */
  readonly vectors: number;
  readonly group: number;
  /** Elements per block. */
  readonly block: number;
  readonly blocks: number;
  /** Whole groups of the last block, and the elements behind them. */
  readonly lastGroups: number;
  readonly tail: number;
}

function blockingOf(count: number, lanes: number, ordered: boolean): Blocking {
  const vectors = ordered ? LANES / lanes : count >= FREE * lanes ? FREE : 1;
  const group = vectors * lanes;
  const block = ordered ? BLOCK : count;
  const blocks = Math.max(1, Math.ceil(count / block));
  const last = count - (blocks - 1) * block;
  return { vectors, group, block, blocks, lastGroups: Math.floor(last / group), tail: last % group };
}

export const rowScratch = (count: number, combine: Combine): number =>
  combine.ordered ? Digits.bytes(Math.ceil(count / BLOCK), 1) : 0;

export function writeRows(frame: Frame, combine: Combine): void {
  frame.eachUnit(1, () => new Row(frame, combine).write());
}

class Row {
  private readonly frame: Frame;
  private readonly combine: Combine;
  private readonly blocking: Blocking;
  private readonly partials: readonly Local[];
  private readonly given: ReadonlyMap<Node, Local>;
  private readonly k: Local;
  private readonly result: Local;

  constructor(frame: Frame, combine: Combine) {
    this.frame = frame;
    this.combine = combine;
    this.blocking = blockingOf(frame.layout.count, frame.lanes, combine.ordered);
    this.partials = Array.from({ length: this.blocking.vectors }, () => frame.body.local('v128'));
    this.given = frame.writeSteady(undefined, 0, true);
    this.k = frame.body.local('i32');
    this.result = frame.body.local(combine.type);
  }

  write(): void {
    const { frame, result } = this;
    const { body } = frame;
    const { blocks } = this.blocking;
    body.i32(0).set(this.k);
    if (blocks === 1) this.writeBlock(undefined);
    else {
      const type = this.combine.type as 'f32' | 'f64';
      const digits = new Digits(body, frame.scratch, 0, 1, type, (b) => this.combine.scalar(b));
      const block = body.local('i32');
      body.i32(0).set(block);
      writeLoop(body, block, blocks, 1, () => {
        this.writeBlock(block);
        digits.push(block, [result]);
      });
      digits.total(blocks, [result]);
    }
    writeResult(frame, () => body.get(result));
  }

  /** From element k on; `block` is its number where there are several. */
  private writeBlock(block: Local | undefined): void {
    const { frame, k, partials, combine } = this;
    const { body } = frame;
    const { group, block: size, blocks, lastGroups, tail } = this.blocking;
    for (const partial of partials) {
      writeNumbers(body, combine.identity, combine.type);
      body.set(partial);
    }
    const isLast = (): void =>
      void body
        .get(block!)
        .i32(blocks - 1)
        .op('i32.eq');
    if (block === undefined && lastGroups === 1) this.writeGroup();
    else if (block !== undefined || lastGroups > 0) {
      const end = body.local('i32');
      body.get(k);
      if (block === undefined) body.i32(lastGroups * group);
      else {
        body.i32(lastGroups * group).i32(size);
        isLast();
        body.select('i32');
      }
      body.op('i32.add').set(end);
      writeLoop(body, k, end, group, () => this.writeGroup());
    }
    if (tail > 0) {
      if (block === undefined) this.writeTail(lastGroups === 1 ? group : 0);
      else {
        isLast();
        body.if([], () => this.writeTail(0));
      }
    }
    this.joinLanes();
  }

  private writeGroup(): void {
    const { frame } = this;
    this.partials.forEach((partial, v) => {
      this.joinInto(partial, () => this.writeVector(v * frame.lanes, frame.lanes));
    });
  }

  /** The elements behind the last whole group, `shift` behind k; lanes without an element take the identity. */
  private writeTail(shift: number): void {
    const { lanes } = this.frame;
    for (let v = 0; v * lanes < this.blocking.tail; v++) {
      const count = Math.min(lanes, this.blocking.tail - v * lanes);
      this.joinInto(this.partials[v]!, () => {
        this.writeVector(shift + v * lanes, count);
        if (count < lanes) this.writeMasked(count);
      });
    }
  }

  private joinInto(partial: Local, write: () => void): void {
    const { body } = this.frame;
    body.get(partial);
    write();
    this.combine.vector(body);
    body.set(partial);
  }

  /** The expression at element k + shift. */
  private writeVector(shift: number, count: number): void {
    const { frame } = this;
    const { inner } = frame.layout;
    if (inner.length === 1) return frame.writeVector(this.given, undefined, [this.k], shift, count);
    const at = frame.body.local('i32');
    frame.body.get(this.k).i32(shift).op('i32.add').set(at);
    frame.writeVector(this.given, undefined, writeDigits(frame.body, at, inner), 0, count);
  }

  private writeMasked(count: number): void {
    const { body } = this.frame;
    const { identity, type } = this.combine;
    const bytes = type === 'f64' ? 8 : 4;
    const kept = Uint8Array.from({ length: 16 }, (_, byte) => (byte < count * bytes ? 255 : 0));
    if (identity === 0) return void body.v128(kept).op('v128.and');
    writeNumbers(body, identity, type);
    body.v128(kept).op('v128.bitselect');
  }

  private joinLanes(): void {
    const { frame, combine } = this;
    const { body } = frame;
    writeAcross(
      body,
      this.partials,
      frame.lanes,
      combine.type === 'f64' ? 8 : 4,
      (b) => combine.vector(b),
      (lane) => body.lane(extractOp(combine.type), lane),
      (b) => combine.scalar(b),
    );
    body.set(this.result);
  }
}
