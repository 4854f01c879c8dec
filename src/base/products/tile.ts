/**
 * The inner part of a matrix product: one tile of the result, held in registers while k runs.
 *
 * Operands lie in panels: all k of a few rows (or columns) side by side, so that the loop reads straight on. Vectors go
 * across columns and never across k: each element of the result sees the same additions in the same order as in a plain
 * loop, and has the same bits.
 */
import type { FunctionRef, Local, MemoryOpName, OpName, FunctionBody, WasmModule } from '../wasm/index.ts';

export type ProductDType = 'float64' | 'float32';

export interface TileShape {
  /** Rows of the tile, and of a panel of the left operand. */
  readonly rows: number;
  /** Columns of the tile, and of a panel of the right operand. */
  readonly columns: number;
  readonly bytes: 4 | 8;
  /** Elements of one vector. */
  readonly lanes: 2 | 4;
}

// Eight accumulators, two vectors of b and one of a: what fits the sixteen vector registers of an x86 processor. More
// rows spill; more than one step of k in a turn of the loop costs up to 40 % in V8.
const TILES: Readonly<Record<ProductDType, TileShape>> = {
  float32: { rows: 4, columns: 8, bytes: 4, lanes: 4 },
  float64: { rows: 4, columns: 4, bytes: 8, lanes: 2 },
};

export const tileOf = (dtype: ProductDType): TileShape => TILES[dtype];

interface Instructions {
  readonly mul: OpName;
  readonly add: OpName;
  readonly splat: MemoryOpName;
}

const INSTRUCTIONS: Readonly<Record<ProductDType, Instructions>> = {
  float32: { mul: 'f32x4.mul', add: 'f32x4.add', splat: 'v128.load32_splat' },
  float64: { mul: 'f64x2.mul', add: 'f64x2.add', splat: 'v128.load64_splat' },
};

/** Runs `inside` `count` times, at least once; leaves `count` at 0. */
export function countDown(body: FunctionBody, count: Local, inside: () => void): void {
  body.loop([], (again) => {
    inside();
    body.get(count).i32(1).op('i32.sub').tee(count).brIf(again);
  });
}

/** `pointer += bytes` */
export const advance = (body: FunctionBody, pointer: Local, by: number | Local): void => {
  body.get(pointer);
  if (typeof by === 'number') body.i32(by);
  else body.get(by);
  body.op('i32.add').set(pointer);
};

/**
 * `tile(a, b, c, depth, cRow, more)`: the product of one panel of each operand, stored at c or, with `more`, added to
 * what is there. Addresses and the distance between rows of c in bytes; depth ≥ 1.
 */
function writeTile(module: WasmModule, dtype: ProductDType): FunctionRef {
  const { rows, columns, bytes, lanes } = TILES[dtype];
  const { mul, add, splat } = INSTRUCTIONS[dtype];
  return module.function(undefined, ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'], [], (body) => {
    const [a, b, c, depth, cRow, more] = body.params as [Local, Local, Local, Local, Local, Local];
    const vectors = Array.from({ length: columns / lanes }, () => body.local('v128'));
    const sums = Array.from({ length: rows }, () => vectors.map(() => body.local('v128')));
    const x = body.local('v128');
    countDown(body, depth, () => {
      vectors.forEach((vector, v) =>
        body
          .get(b)
          .memory('v128.load', 16 * v)
          .set(vector),
      );
      sums.forEach((row, r) => {
        body
          .get(a)
          .memory(splat, r * bytes)
          .set(x);
        row.forEach((sum, v) => body.get(sum).get(x).get(vectors[v]!).op(mul).op(add).set(sum));
      });
      advance(body, a, rows * bytes);
      advance(body, b, columns * bytes);
    });
    const store = (value: (sum: Local, v: number) => void): void => {
      for (const row of sums) {
        row.forEach((sum, v) => {
          body.get(c);
          value(sum, v);
          body.memory('v128.store', 16 * v);
        });
        advance(body, c, cRow);
      }
    };
    body.get(more).if(
      [],
      () =>
        store((sum, v) =>
          body
            .get(c)
            .memory('v128.load', 16 * v)
            .get(sum)
            .op(add),
        ),
      () => store((sum) => body.get(sum)),
    );
  });
}

/**
 * Exports `multiply(a, b, c, rowPanels, columnPanels, depth, cRow, more)`: all tiles of a block. A panel of b stays in
 * the first cache while the panels of a go by.
 */
export function writeMultiply(module: WasmModule, dtype: ProductDType): void {
  const tile = writeTile(module, dtype);
  const { rows, columns, bytes } = TILES[dtype];
  module.function('multiply', ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'], [], (body) => {
    const [a, b, c, rowPanels, columnPanels, depth, cRow, more] = body.params as [
      Local,
      Local,
      Local,
      Local,
      Local,
      Local,
      Local,
      Local,
    ];
    const [left, target, panels] = [body.local('i32'), body.local('i32'), body.local('i32')];
    const bytesOf = (length: number): Local => {
      const size = body.local('i32');
      body
        .get(depth)
        .i32(length * bytes)
        .op('i32.mul')
        .set(size);
      return size;
    };
    const [aPanel, bPanel] = [bytesOf(rows), bytesOf(columns)];
    const tileRow = body.local('i32');
    body.get(cRow).i32(rows).op('i32.mul').set(tileRow);
    countDown(body, columnPanels, () => {
      body.get(a).set(left).get(c).set(target).get(rowPanels).set(panels);
      countDown(body, panels, () => {
        for (const argument of [left, b, target, depth, cRow, more]) body.get(argument);
        body.call(tile);
        advance(body, left, aPanel);
        advance(body, target, tileRow);
      });
      advance(body, b, bPanel);
      advance(body, c, columns * bytes);
    });
  });
}
