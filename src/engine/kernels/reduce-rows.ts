/** Reductions along rows: vectors lie along the last reduced axis, and their lanes are joined at the end of a block. */
import type { Node } from '../../base/lanes/graph.ts';
import type { Local } from '../../base/wasm/index.ts';
import { writeNumbers, type Combine } from './combine.ts';
import type { Frame, Place } from './reduce-frame.ts';
import { BLOCK, Digits, LANES, writeAcross } from './reduce-order.ts';
import { extractOp, writeResult } from './reduce-result.ts';
import { writeDigits, writeLoop } from './places.ts';

/** Partial results side by side where their order is free. */
const FREE = 4;
/** Two blocks are summed at a time where two vectors of partial sums would wait for each other; longer code has other work. */
const SHORT = 32;

interface Blocking {
  /** Vectors of partial results, and elements that they take in at a time. */
  readonly vectors: number;
  readonly group: number;
  /** Elements per block. */
  readonly block: number;
  readonly blocks: number;
  /** How many whole blocks in front are summed two at a time. */
  readonly paired: number;
  /** Whole groups of the last block, and the elements behind them. */
  readonly lastGroups: number;
  readonly tail: number;
}

function blockingOf(count: number, lanes: number, ordered: boolean, short: boolean): Blocking {
  const vectors = ordered ? LANES / lanes : count >= FREE * lanes ? FREE : 1;
  const group = vectors * lanes;
  const block = ordered ? BLOCK : count;
  const blocks = Math.max(1, Math.ceil(count / block));
  const last = count - (blocks - 1) * block;
  const paired = ordered && short && vectors < FREE ? 2 * Math.floor(count / (2 * BLOCK)) : 0;
  return { vectors, group, block, blocks, paired, lastGroups: Math.floor(last / group), tail: last % group };
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
    this.blocking = blockingOf(frame.layout.count, frame.lanes, combine.ordered, frame.layout.order.length < SHORT);
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
      this.writePairs(digits);
      const block = body.local('i32');
      body.i32(this.blocking.paired).set(block);
      writeLoop(body, block, blocks, 1, () => {
        this.writeBlock(block);
        digits.push(block, [result]);
      });
      digits.total(blocks, [result]);
    }
    writeResult(frame, () => body.get(result));
  }

  /** The blocks in front, whole ones, two at a time: their sum is a digit of the second level. */
  private writePairs(digits: Digits): void {
    const { frame, k, partials, result } = this;
    const { body } = frame;
    const { paired, group } = this.blocking;
    if (paired === 0) return;
    const [pair, end, first] = [body.local('i32'), body.local('i32'), body.local(this.combine.type)];
    const others = partials.map(() => body.local('v128'));
    body.i32(0).set(pair);
    writeLoop(body, pair, paired / 2, 1, () => {
      this.clear([...partials, ...others]);
      body.get(k).i32(BLOCK).op('i32.add').set(end);
      writeLoop(body, k, end, group, () => {
        this.writeGroup(partials, 0);
        this.writeGroup(others, BLOCK);
      });
      body.get(k).i32(BLOCK).op('i32.add').set(k);
      this.joinLanes(partials, first);
      this.joinLanes(others, result);
      body.get(first).get(result);
      this.combine.scalar(body);
      body.set(result);
      digits.push(pair, [result], 1);
    });
  }

  /** From element k on; `block` is its number where there are several. */
  private writeBlock(block: Local | undefined): void {
    const { frame, k, partials } = this;
    const { body } = frame;
    const { group, block: size, blocks, lastGroups, tail } = this.blocking;
    this.clear(partials);
    const isLast = (): void =>
      void body
        .get(block!)
        .i32(blocks - 1)
        .op('i32.eq');
    if (block === undefined && lastGroups === 1) this.writeGroup(partials, 0);
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
      writeLoop(body, k, end, group, () => this.writeGroup(partials, 0));
    }
    if (tail > 0) {
      if (block === undefined) this.writeTail(lastGroups === 1 ? group : 0);
      else {
        isLast();
        body.if([], () => this.writeTail(0));
      }
    }
    this.joinLanes(partials, this.result);
  }

  private clear(partials: readonly Local[]): void {
    for (const partial of partials) {
      writeNumbers(this.frame.body, this.combine.identity, this.combine.type);
      this.frame.body.set(partial);
    }
  }

  /** A group of elements, the first of them number k + shift. */
  private writeGroup(partials: readonly Local[], shift: number): void {
    const { frame } = this;
    const { inner } = frame.layout;
    // Groups that end with the axis they lie on need its index once.
    const place =
      inner.length > 1 && inner[inner.length - 1]! % this.blocking.group === 0 ? this.placeOf(shift) : undefined;
    partials.forEach((partial, v) => {
      this.joinInto(partial, () => {
        if (place === undefined) this.writeVector(shift + v * frame.lanes, frame.lanes);
        else frame.writeVector(this.given, undefined, place, v * frame.lanes);
      });
    });
  }

  private placeOf(shift: number): Place {
    const { body, layout } = this.frame;
    const at = body.local('i32');
    body.get(this.k).i32(shift).op('i32.add').set(at);
    return writeDigits(body, at, layout.inner);
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
    frame.writeVector(this.given, undefined, this.placeOf(shift), 0, count);
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

  private joinLanes(partials: readonly Local[], result: Local): void {
    const { frame, combine } = this;
    const { body } = frame;
    writeAcross(
      body,
      partials,
      frame.lanes,
      combine.type === 'f64' ? 8 : 4,
      (b) => combine.vector(b),
      (lane) => body.lane(extractOp(combine.type), lane),
      (b) => combine.scalar(b),
    );
    body.set(result);
  }
}
