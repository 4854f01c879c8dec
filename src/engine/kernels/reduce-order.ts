/** The order of sums and products in generated code: lanes pairwise, blocks pairwise (ops/kernels/sum-tree.ts). */
import type { FunctionBody, Local } from '../../base/wasm/index.ts';

export const BLOCK = 128;
export const LANES = 8;

/** Joins the values on the stack, two of one kind: (x, y) → one. */
export type Join = (body: FunctionBody) => void;

/** Lanes pairwise: ((a b) (c d)) ((e f) (g h)); `write(i)` leaves lane i on the stack. */
export function writePairwise(
  body: FunctionBody,
  write: (lane: number) => void,
  join: Join,
  count: number = LANES,
  at: number = 0,
): void {
  if (count === 1) return write(at);
  writePairwise(body, write, join, count / 2, at);
  writePairwise(body, write, join, count / 2, at + count / 2);
  join(body);
}

/** Even or odd numbers of lanes out of two vectors, `lanes` of `bytes` each, that lie in the low halves or fill them. */
const everySecond = (first: 0 | 1, lanes: number, bytes: number): number[] =>
  Array.from({ length: 16 }, (_, byte) => {
    const lane = 2 * (Math.floor(byte / bytes) % lanes) + first;
    return (lane < lanes ? lane * bytes : 16 + (lane - lanes) * bytes) + (byte % bytes);
  });

/** The lanes of these vectors, neighbours first, joined into one scalar on the stack. */
export function writeAcross(
  body: FunctionBody,
  vectors: readonly Local[],
  lanes: number,
  bytes: number,
  join: Join,
  extract: (lane: number) => void,
  joinScalars: Join,
): void {
  let rest = vectors;
  while (rest.length > 1) {
    const next: Local[] = [];
    for (let i = 0; i < rest.length; i += 2)
      next.push(joinNeighbours(body, rest[i]!, rest[i + 1]!, lanes, bytes, join));
    rest = next;
  }
  let vector = rest[0]!;
  for (let left = lanes; left > 2; left /= 2) vector = joinNeighbours(body, vector, vector, lanes, bytes, join);
  body.get(vector);
  extract(0);
  body.get(vector);
  extract(1);
  joinScalars(body);
}

/** Lane 2i joined with lane 2i + 1, of both vectors. */
function joinNeighbours(body: FunctionBody, x: Local, y: Local, lanes: number, bytes: number, join: Join): Local {
  body
    .get(x)
    .get(y)
    .shuffle(everySecond(0, lanes, bytes));
  body
    .get(x)
    .get(y)
    .shuffle(everySecond(1, lanes, bytes));
  join(body);
  const joined = body.local('v128');
  body.set(joined);
  return joined;
}

/** The sums of blocks in the thread's scratch bytes, like the digits of a binary counter: slot i holds 2^i blocks. */
export class Digits {
  private readonly body: FunctionBody;
  private readonly scratch: Local;
  private readonly offset: number;
  private readonly slotBytes: number;
  private readonly join: Join;
  private readonly type: 'f32' | 'f64' | 'v128';

  constructor(
    body: FunctionBody,
    scratch: Local,
    offset: number,
    values: number,
    type: 'f32' | 'f64' | 'v128',
    join: Join,
  ) {
    this.body = body;
    this.scratch = scratch;
    this.offset = offset;
    this.slotBytes = 16 * values;
    this.type = type;
    this.join = join;
  }

  static bytes(blocks: number, values: number): number {
    return 16 * values * levelsOf(blocks);
  }

  /** Adds the sums of block number `block`, counted from 0, which are in `values`; at level 1 those of two blocks. */
  push(block: Local, values: readonly Local[], level: number = 0): void {
    const { body } = this;
    const n = body.local('i32');
    const slot = body.local('i32');
    body.get(block).set(n).get(this.scratch);
    if (level > 0) body.i32(level * this.slotBytes).op('i32.add');
    body.set(slot);
    body.block([], (done) => {
      body.loop([], (again) => {
        body.get(n).i32(1).op('i32.and').op('i32.eqz').brIf(done);
        values.forEach((value, i) => {
          this.load(slot, i);
          body.get(value);
          this.join(body);
          body.set(value);
        });
        body.get(slot).i32(this.slotBytes).op('i32.add').set(slot);
        body.get(n).i32(1).op('i32.shr_u').set(n).br(again);
      });
    });
    values.forEach((value, i) => {
      body
        .get(slot)
        .get(value)
        .memory(`${this.type}.store`, this.offset + 16 * i);
    });
  }

  /** The digits that are set, the smallest first, into `values`. */
  total(blocks: number, values: readonly Local[]): void {
    const { body } = this;
    values.forEach((value, i) => {
      let started = false;
      for (let level = 0, n = blocks; n > 0; level++, n >>>= 1) {
        if ((n & 1) === 0) continue;
        this.load(this.scratch, i, level);
        if (started) {
          body.get(value);
          this.join(body);
        }
        body.set(value);
        started = true;
      }
    });
  }

  private load(slot: Local, value: number, level: number = 0): void {
    this.body.get(slot).memory(`${this.type}.load`, this.offset + level * this.slotBytes + 16 * value);
  }
}

const levelsOf = (blocks: number): number => 32 - Math.clz32(blocks);
