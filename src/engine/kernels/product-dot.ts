/**
 * The product of two long vectors. Sums over blocks of K_BLOCK wait for nothing but themselves: several blocks are added
 * up side by side, in the lanes of vectors, and then their sums in order.
 */
import { addOf, advance, clearSums, countDown, K_BLOCK, makeSums, mulOf, tileOf } from '../../base/products/tile.ts';
import { writeTransposed } from '../../base/products/transpose.ts';
import type {
  FunctionBody,
  FunctionRef,
  LaneOpName,
  Local,
  MemoryOpName,
  OpName,
  ValueType,
} from '../../base/wasm/index.ts';
import type { Emission } from '../emission.ts';
import { writeUnits, type Grid, type Parameters } from './product-grid.ts';
import { stepOf, type Matrices } from './product-shape.ts';

interface Scalars {
  readonly type: ValueType;
  readonly add: OpName;
  readonly mul: OpName;
  readonly load: MemoryOpName;
  readonly store: MemoryOpName;
  readonly lane: LaneOpName;
}

const SCALARS: Readonly<Record<Matrices['dtype'], Scalars>> = {
  float32: {
    type: 'f32',
    add: 'f32.add',
    mul: 'f32.mul',
    load: 'f32.load',
    store: 'f32.store',
    lane: 'f32x4.extract_lane',
  },
  float64: {
    type: 'f64',
    add: 'f64.add',
    mul: 'f64.mul',
    load: 'f64.load',
    store: 'f64.store',
    lane: 'f64x2.extract_lane',
  },
  int32: {
    type: 'i32',
    add: 'i32.add',
    mul: 'i32.mul',
    load: 'i32.load',
    store: 'i32.store',
    lane: 'i32x4.extract_lane',
  },
};

/** Vectors of blocks side by side: two keep the adders busy. */
const VECTORS = 2;

/** Whether it is one: both vectors lie without gaps, and there are blocks enough to add up side by side. */
export const isDot = ({ m, n, k, a, b, bytes, dtype }: Matrices): boolean =>
  m === 1 &&
  n === 1 &&
  k >= K_BLOCK * VECTORS * tileOf(dtype).lanes &&
  stepOf(a.depth) === bytes &&
  stepOf(b.depth) === bytes;

export function dotFunction(x: Matrices, grid: Grid, e: Emission): FunctionRef {
  return e.module.function(undefined, ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'], [], (body) => {
    const [first, end, scratch, a, b, to] = body.params as [Local, Local, Local, Local, Local, Local];
    const parameters: Parameters = { first, end, scratch, a, b, to };
    const dot = new DotWriter(body, x);
    writeUnits(body, x, grid, parameters, (block) => dot.write(block.a, block.b, block.to));
  });
}

class DotWriter {
  private readonly body: FunctionBody;
  private readonly x: Matrices;
  private readonly scalars: Scalars;
  private readonly lanes: number;
  private readonly total: Local;
  private readonly sum: Local;
  private readonly count: Local;

  constructor(body: FunctionBody, x: Matrices) {
    this.body = body;
    this.x = x;
    this.scalars = SCALARS[x.dtype];
    this.lanes = tileOf(x.dtype).lanes;
    [this.total, this.sum] = [body.local(this.scalars.type), body.local(this.scalars.type)];
    this.count = body.local('i32');
  }

  write(a: Local, b: Local, to: Local): void {
    const { body, total, scalars } = this;
    const { k } = this.x;
    this.zero(total);
    const side = K_BLOCK * VECTORS * this.lanes;
    const groups = body.local('i32');
    body.i32(Math.floor(k / side)).set(groups);
    countDown(body, groups, () => this.addGroup(a, b));
    const blocks = Math.floor((k % side) / K_BLOCK);
    if (blocks > 0) {
      body.i32(blocks).set(groups);
      countDown(body, groups, () => this.addBlock(a, b, K_BLOCK));
    }
    if (k % K_BLOCK > 0) this.addBlock(a, b, k % K_BLOCK);
    body.get(to).get(total).memory(scalars.store);
  }

  private zero(local: Local): void {
    const { body } = this;
    if (local.type === 'f32') body.f32(0);
    else if (local.type === 'f64') body.f64(0);
    else body.i32(0);
    body.set(local);
  }

  /** As many blocks as there are lanes: each lane sums its own. */
  private addGroup(a: Local, b: Local): void {
    const { body, x, lanes, count, total, scalars } = this;
    const blockBytes = K_BLOCK * x.bytes;
    const sums = makeSums(body, VECTORS, 1);
    const products = Array.from({ length: lanes }, () => body.local('v128'));
    const other = body.local('v128');
    clearSums(body, sums);
    body.i32(K_BLOCK / lanes).set(count);
    countDown(body, count, () => {
      sums.forEach(([sum], v) => {
        products.forEach((product, lane) => {
          const at = (v * lanes + lane) * blockBytes;
          body.get(a).memory('v128.load', at, 2).set(product);
          body.get(b).memory('v128.load', at, 2).set(other);
          body.get(product).get(other).op(mulOf(x.dtype)).set(product);
        });
        for (const column of writeTransposed(body, products)) body.get(sum!).get(column).op(addOf(x.dtype)).set(sum!);
      });
      advance(body, a, 16);
      advance(body, b, 16);
    });
    for (const pointer of [a, b]) advance(body, pointer, (VECTORS * lanes - 1) * blockBytes);
    for (const [sum] of sums) {
      for (let lane = 0; lane < lanes; lane++) {
        body.get(total).get(sum!).lane(scalars.lane, lane).op(scalars.add).set(total);
      }
    }
  }

  private addBlock(a: Local, b: Local, depth: number): void {
    const { body, x, sum, count, total, scalars } = this;
    this.zero(sum);
    body.i32(depth).set(count);
    countDown(body, count, () => {
      body.get(sum).get(a).memory(scalars.load).get(b).memory(scalars.load).op(scalars.mul).op(scalars.add).set(sum);
      advance(body, a, x.bytes);
      advance(body, b, x.bytes);
    });
    body.get(total).get(sum).op(scalars.add).set(total);
  }
}
