/** All tiles of a block of the result, from packed operands. */
import type { FunctionRef, Local, WasmModule } from '../wasm/index.ts';
import { storeSums } from './store.ts';
import { advance, countDown, tileOf, writeSums, type ProductDType, type Tile } from './tile.ts';

/**
 * `tile(a, b, c, depth, cRow, more)`: the product of one panel of each operand, stored at c or, with `more`, added to
 * what is there. Addresses and the distance between rows of c in bytes; depth ≥ 1.
 */
function writeTile(module: WasmModule, dtype: ProductDType): FunctionRef {
  const { rows, columns, bytes, lanes } = tileOf(dtype);
  return module.function(undefined, ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'], [], (body) => {
    const [a, b, c, depth, cRow, more] = body.params as [Local, Local, Local, Local, Local, Local];
    const tile: Tile = {
      dtype,
      rows,
      vectors: columns / lanes,
      aRow: bytes,
      aDepth: rows * bytes,
      bDepth: columns * bytes,
    };
    const sums = writeSums(body, tile, a, b, depth);
    storeSums(body, dtype, sums, columns, c, { kind: 'steps', row: cRow, column: bytes }, more);
  });
}

/**
 * Exports `multiply(a, b, c, rowPanels, columnPanels, depth, cRow, more)`: all tiles of a block. A panel of b stays in
 * the first cache while the panels of a go by.
 */
export function writeMultiply(module: WasmModule, dtype: ProductDType): void {
  const tile = writeTile(module, dtype);
  const { rows, columns, bytes } = tileOf(dtype);
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
