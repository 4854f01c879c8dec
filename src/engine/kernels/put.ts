/** Elements and rows put where an index says: scatter, scatterAdd, the gradients of picks and embeddings. */
import type { DType } from '../../base/dtypes.ts';
import { SCALAR_LOADS, SCALAR_STORES } from '../../base/lanes/scalar-form.ts';
import type { FunctionBody, Local, OpName } from '../../base/wasm/index.ts';
import { sizeOf } from '../../base/shapes.ts';
import type { Emission, Task } from '../emission.ts';
import type { PutStep } from '../steps.ts';
import { boundAxes, freeAxes, splitRow, type Axes, type Row } from './index-axes.ts';
import { IndexFrame, indexKey, INDEX_PARAMS } from './index-frame.ts';
import { writeDigits, writeLoop } from './places.ts';

/** Elements of a row that one unit takes: each unit reads the whole index. */
const TILE = 128;

/** How two elements become one. Where they are replaced, the second stays. */
interface Joining {
  readonly scalar: OpName;
  readonly vector: OpName;
}

const ADDING: Readonly<Record<DType, Joining>> = {
  float64: { scalar: 'f64.add', vector: 'f64x2.add' },
  float32: { scalar: 'f32.add', vector: 'f32x4.add' },
  int32: { scalar: 'i32.add', vector: 'i32x4.add' },
  bool: { scalar: 'i32.or', vector: 'v128.or' },
};

/**
 * The task of a put. A unit is one place of the axes along which places never repeat, or a piece of a row of them; it
 * follows the index from its start to its end. Traps where an index is out of range.
 */
export function putTask(step: PutStep, e: Emission): Task {
  const free = splitRow(freeAxes(step));
  const bound = boundAxes(step);
  const tiles = Math.ceil(free.row.length / TILE);
  return {
    function: e.shared(indexKey(step), () =>
      e.module.function(undefined, INDEX_PARAMS, [], (body) =>
        new PutWriter(body, step, free.outer, free.row, bound).write(tiles),
      ),
    ),
    args: [step.source.buffer, step.index.buffer, step.to.buffer],
    units: sizeOf(step.domain) === 0 ? 0 : sizeOf(free.outer.shape) * tiles,
    scratch: 0,
    nanoseconds: sizeOf(free.outer.shape) * sizeOf(bound.shape) * (4 + free.row.length / 4),
  };
}

class PutWriter {
  private readonly body: FunctionBody;
  private readonly frame: IndexFrame;
  private readonly outer: Axes;
  private readonly row: Row;
  private readonly bound: Axes;
  private readonly dtype: DType;
  private readonly joining: Joining | undefined;

  constructor(body: FunctionBody, step: PutStep, outer: Axes, row: Row, bound: Axes) {
    this.body = body;
    this.frame = new IndexFrame(body, step);
    this.outer = outer;
    this.row = row;
    this.bound = bound;
    this.dtype = step.to.buffer.dtype;
    this.joining = step.join === 'replace' ? undefined : ADDING[this.dtype];
  }

  write(tiles: number): void {
    const { body, frame, outer, bound, row } = this;
    const starts = frame.starts();
    const [u, k] = [body.local('i32'), body.local('i32')];
    body.get(frame.first).set(u);
    writeLoop(body, u, frame.end, 1, () => {
      const digits = writeDigits(body, u, tiles === 1 ? outer.shape : [...outer.shape, tiles]);
      const place = frame.addresses(outer, digits, starts);
      const tile = tiles === 1 ? undefined : digits[digits.length - 1]!;
      const length = tile === undefined ? undefined : this.startTile(tile, place);
      body.i32(0).set(k);
      writeLoop(body, k, sizeOf(bound.shape), 1, () => {
        const [source, index, to] = frame.addresses(bound, writeDigits(body, k, bound.shape), place);
        frame.follow(index, to);
        if (row.length === 1) this.joinOne(source, to);
        else this.joinRow(source, to, length);
      });
    });
  }

  /** Moves source and target to the tile; its length, which the last tile of a row has for itself. */
  private startTile(tile: Local, [source, , to]: readonly [Local, Local, Local]): Local {
    const { body, frame, row } = this;
    const length = body.local('i32');
    for (const [address, stride] of [
      [source, row.source],
      [to, row.to],
    ] as const) {
      frame.advance(address, [stride * TILE], [tile], frame.bytes, address);
    }
    body.i32(row.length).get(tile).i32(TILE).op('i32.mul').op('i32.sub').set(length);
    body.get(length).i32(TILE).get(length).i32(TILE).op('i32.lt_s').select('i32').set(length);
    return length;
  }

  private joinOne(source: Local, to: Local): void {
    const { body, dtype, joining } = this;
    body.get(to);
    if (joining !== undefined) body.get(to).memory(SCALAR_LOADS[dtype]);
    body.get(source).memory(SCALAR_LOADS[dtype]);
    if (joining !== undefined) body.op(joining.scalar);
    body.memory(SCALAR_STORES[dtype]);
  }

  private joinRow(source: Local, to: Local, length: Local | undefined): void {
    const { body, row, frame } = this;
    const i = body.local('i32');
    const end = length ?? row.length;
    body.i32(0).set(i);
    if (row.source === 1 && row.to === 1) this.joinVectors(source, to, i, end);
    writeLoop(body, i, end, 1, () => {
      this.joinOne(source, to);
      this.move(source, row.source * frame.bytes);
      this.move(to, row.to * frame.bytes);
    });
  }

  private joinVectors(source: Local, to: Local, i: Local, end: Local | number): void {
    const { body, joining, frame } = this;
    const lanes = 16 / frame.bytes;
    const last = body.local('i32');
    if (typeof end === 'number') body.i32(end);
    else body.get(end);
    body
      .i32(lanes - 1)
      .op('i32.sub')
      .set(last);
    writeLoop(body, i, last, lanes, () => {
      body.get(to);
      if (joining !== undefined) body.get(to).memory('v128.load', 0, 0);
      body.get(source).memory('v128.load', 0, 0);
      if (joining !== undefined) body.op(joining.vector);
      body.memory('v128.store', 0, 0);
      this.move(source, 16);
      this.move(to, 16);
    });
  }

  private move(address: Local, bytes: number): void {
    this.body
      .get(address)
      .i32(bytes | 0)
      .op('i32.add')
      .set(address);
  }
}
