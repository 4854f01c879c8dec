/**
 * Reductions across columns: vectors lie along an axis that stays, each lane of them a result of its own. The eight
 * partial sums of a block are computed one after the other, so that each row is read once, a whole cache line at a time.
 */
import type { Node } from '../../base/lanes/graph.ts';
import type { Local, ValueType } from '../../base/wasm/index.ts';
import type { Combine } from './combine.ts';
import { writeNumber, writeNumbers } from './combine.ts';
import type { Frame, Place } from './reduce-frame.ts';
import { BLOCK, Digits, LANES, writePairwise } from './reduce-order.ts';
import { writeResult, writeResults } from './reduce-result.ts';
import { writeDigits, writeLoop } from './places.ts';

/** Vectors side by side: a cache line. Long expressions fill the pipeline alone, and their code takes time to build. */
const SIDE_BY_SIDE = 4;
const LONG = 256;
/** Up to this many nodes, a single vector has its eight partial sums in locals: they need not wait for each other. */
const SHORT = 12;

export const tileOf = (frame: { readonly lanes: number }): number => 4 * SIDE_BY_SIDE * frame.lanes;

const blocksOf = (count: number, combine: Combine): number => (combine.ordered ? Math.ceil(count / BLOCK) : 1);

export function columnScratch(count: number, combine: Combine): number {
  return combine.ordered ? 16 * SIDE_BY_SIDE * LANES + Digits.bytes(blocksOf(count, combine), SIDE_BY_SIDE) : 0;
}

export function writeColumns(frame: Frame, combine: Combine): void {
  const { body, layout, lanes } = frame;
  const vectors = layout.width !== undefined;
  frame.eachUnit(tileOf(frame), (column, end) => {
    if (!vectors) return new Strip(frame, combine, column, 1, false).write();
    const last = body.local('i32');
    for (const side of layout.order.length < LONG ? [SIDE_BY_SIDE, 1] : [1]) {
      const step = side * lanes;
      body
        .get(end)
        .i32(step - 1)
        .op('i32.sub')
        .set(last);
      writeLoop(body, column, last, step, () => new Strip(frame, combine, column, side, true).write());
    }
    if (layout.columns % lanes === 0) return;
    // What is left of the last tile: the last whole vector, some of whose results are written a second time.
    body
      .get(column)
      .get(end)
      .op('i32.lt_s')
      .if([], () => {
        body.get(end).i32(lanes).op('i32.sub').set(column);
        new Strip(frame, combine, column, 1, true).write();
      });
  });
}

/** So many vectors (or a single element), from `column` on. */
class Strip {
  private readonly frame: Frame;
  private readonly combine: Combine;
  private readonly column: Local;
  private readonly side: number;
  private readonly vectors: boolean;
  private readonly values: readonly Local[];

  constructor(frame: Frame, combine: Combine, column: Local, side: number, vectors: boolean) {
    this.frame = frame;
    this.combine = combine;
    this.column = column;
    this.side = side;
    this.vectors = vectors;
    const type: ValueType = vectors ? 'v128' : combine.type;
    this.values = Array.from({ length: side }, () => frame.body.local(type));
  }

  write(): void {
    const { frame, combine, values } = this;
    const { count } = frame.layout;
    const given = values.map((_, v) => frame.writeSteady(this.column, v * frame.lanes, this.vectors));
    const k = frame.body.local('i32');
    if (count === 0) this.clear(this.values);
    else if (combine.ordered) this.writeBlocks(k, given);
    else {
      this.clear(this.values);
      frame.body.i32(0).set(k);
      writeLoop(frame.body, k, count, 1, () => this.accumulateAll(k, given));
    }
    values.forEach((value, v) => {
      if (this.vectors) writeResults(frame, value, this.column, v * frame.lanes);
      else writeResult(frame, () => frame.body.get(value));
    });
  }

  private writeBlocks(k: Local, given: readonly ReadonlyMap<Node, Local>[]): void {
    const { frame, values } = this;
    const { body, layout } = frame;
    const blocks = Math.ceil(layout.count / BLOCK);
    const [block, first, end] = [body.local('i32'), body.local('i32'), body.local('i32')];
    if (blocks === 1) {
      body.i32(0).set(first).i32(layout.count).set(end);
      return this.writeBlock(k, first, end, given);
    }
    const type = this.vectors ? 'v128' : (this.combine.type as 'f32' | 'f64');
    const offset = 16 * this.side * LANES;
    const digits = new Digits(body, frame.scratch, offset, this.side, type, (b) => this.join(b));
    body.i32(0).set(block);
    writeLoop(body, block, blocks, 1, () => {
      body.get(block).i32(BLOCK).op('i32.mul').tee(first).i32(BLOCK).op('i32.add').set(end);
      body.get(end).i32(layout.count).get(end).i32(layout.count).op('i32.lt_s').select('i32').set(end);
      this.writeBlock(k, first, end, given);
      digits.push(block, values);
    });
    digits.total(blocks, values);
  }

  private writeBlock(k: Local, first: Local, end: Local, given: readonly ReadonlyMap<Node, Local>[]): void {
    if (this.side === 1 && this.frame.layout.order.length <= SHORT) this.writeAtOnce(k, first, end, given[0]!);
    else this.writeInTurn(k, first, end, given);
  }

  /** Eight rows at a time, each lane of the block in a local. */
  private writeAtOnce(k: Local, first: Local, end: Local, given: ReadonlyMap<Node, Local>): void {
    const { body, layout } = this.frame;
    const [value] = this.values as [Local];
    const lanes = Array.from({ length: LANES }, () => body.local(value.type));
    const last = body.local('i32');
    const row = body.local('i32');
    const add = (lane: number): void => {
      body.get(k).i32(lane).op('i32.add').set(row);
      this.accumulate(lanes[lane]!, writeDigits(body, row, layout.inner), 0, given);
    };
    for (const lane of lanes) this.clear([lane]);
    body
      .get(first)
      .set(k)
      .get(end)
      .i32(LANES - 1)
      .op('i32.sub')
      .set(last);
    writeLoop(body, k, last, LANES, () => lanes.forEach((_, lane) => add(lane)));
    const rest = layout.count % LANES;
    if (rest > 0) {
      // Only the last block ends within a group.
      body
        .get(k)
        .get(end)
        .op('i32.lt_s')
        .if([], () => lanes.slice(0, rest).forEach((_, lane) => add(lane)));
    }
    writePairwise(
      body,
      (lane) => body.get(lanes[lane]!),
      (b) => this.join(b),
    );
    body.set(value);
  }

  /** One lane after the other goes to the scratch bytes, then all together. */
  private writeInTurn(k: Local, first: Local, end: Local, given: readonly ReadonlyMap<Node, Local>[]): void {
    const { frame, values } = this;
    const { body, scratch } = frame;
    const [lane, at] = [body.local('i32'), body.local('i32')];
    const op = this.vectors ? 'v128' : (this.combine.type as 'f32' | 'f64');
    body.i32(0).set(lane).get(scratch).set(at);
    writeLoop(body, lane, LANES, 1, () => {
      this.clear(this.values);
      body.get(first).get(lane).op('i32.add').set(k);
      writeLoop(body, k, end, LANES, () => this.accumulateAll(k, given));
      values.forEach((value, v) =>
        body
          .get(at)
          .get(value)
          .memory(`${op}.store`, 16 * v),
      );
      body
        .get(at)
        .i32(16 * this.side)
        .op('i32.add')
        .set(at);
    });
    values.forEach((value, v) => {
      writePairwise(
        body,
        (l) => body.get(scratch).memory(`${op}.load`, 16 * (l * this.side + v)),
        (b) => this.join(b),
      );
      body.set(value);
    });
  }

  private accumulateAll(k: Local, given: readonly ReadonlyMap<Node, Local>[]): void {
    const place = writeDigits(this.frame.body, k, this.frame.layout.inner);
    this.values.forEach((value, v) => this.accumulate(value, place, v, given[v]!));
  }

  private accumulate(value: Local, place: Place, v: number, given: ReadonlyMap<Node, Local>): void {
    const { frame } = this;
    frame.body.get(value);
    if (this.vectors) frame.writeVector(given, this.column, place, v * frame.lanes);
    else frame.writeElement(given, undefined, place, 0);
    this.join(frame.body);
    frame.body.set(value);
  }

  private join(body: Frame['body']): void {
    if (this.vectors) this.combine.vector(body);
    else this.combine.scalar(body);
  }

  private clear(values: readonly Local[]): void {
    const { body } = this.frame;
    for (const value of values) {
      if (this.vectors) writeNumbers(body, this.combine.identity, this.combine.type);
      else writeNumber(body, this.combine.identity, this.combine.type);
      body.set(value);
    }
  }
}
