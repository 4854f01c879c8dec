/** Rearranges a block of an operand into panels: `width` rows (or columns) side by side, one step of k after another. */
import type { FunctionBody, Local, WasmModule } from '../wasm/index.ts';
import { advance, countDown, tileOf, type ProductDType, type TileShape } from './tile.ts';

/**
 * Exports `name(source, target, panels, depth, outer, inner)`: the distances from one row to the next and from one k to
 * the next are in bytes, and one of them is the size of an element; panels and depth ≥ 1. The last panel is filled up
 * with whatever follows the block: its tiles compute numbers that nobody reads.
 */
export function writePack(module: WasmModule, name: string, dtype: ProductDType, width: number): void {
  module.function(name, ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'], [], (body) => {
    const [source, target, panels, depth, outer, inner] = body.params as [Local, Local, Local, Local, Local, Local];
    const tile = tileOf(dtype);
    const at = body.local('i32');
    const panel: Panel = { body, tile, width, at, target, depth, outer, inner, count: body.local('i32') };
    const stride = body.local('i32');
    body.get(outer).i32(width).op('i32.mul').set(stride);
    countDown(body, panels, () => {
      body.get(source).set(at).get(outer).i32(tile.bytes).op('i32.eq');
      body.if(
        [],
        () => copyRows(panel),
        () => transposeRows(panel),
      );
      advance(body, source, stride);
    });
  });
}

/** The writing of one panel. `at` and `target` move along k; the rest stays. */
interface Panel {
  readonly body: FunctionBody;
  readonly tile: TileShape;
  readonly width: number;
  readonly at: Local;
  readonly target: Local;
  readonly depth: Local;
  readonly outer: Local;
  readonly inner: Local;
  readonly count: Local;
}

/** Rows that lie side by side already: whole vectors, one k at a time. */
function copyRows({ body, tile, width, at, target, depth, inner, count }: Panel): void {
  const bytes = width * tile.bytes;
  body.get(depth).set(count);
  countDown(body, count, () => {
    for (let offset = 0; offset < bytes; offset += 16) {
      body.get(target).get(at).memory('v128.load', offset, 2).memory('v128.store', offset);
    }
    advance(body, at, inner);
    advance(body, target, bytes);
  });
}

/** Rows along which k runs: as many k at a time as a vector has lanes, then the last few one by one. */
function transposeRows(panel: Panel): void {
  const { body, tile, depth, count } = panel;
  body
    .get(depth)
    .i32(tile.lanes === 4 ? 2 : 1)
    .op('i32.shr_u')
    .tee(count);
  body.if([], () => countDown(body, count, () => transposeSquares(panel)));
  body
    .get(depth)
    .i32(tile.lanes - 1)
    .op('i32.and')
    .tee(count);
  body.if([], () => countDown(body, count, () => moveOneStep(panel)));
}

function transposeSquares({ body, tile, width, at, target, outer }: Panel): void {
  const { lanes, bytes } = tile;
  const row = body.local('i32');
  body.get(at).set(row);
  for (let first = 0; first < width; first += lanes) {
    const vectors = Array.from({ length: lanes }, () => {
      const vector = body.local('v128');
      body.get(row).memory('v128.load', 0, 2).set(vector);
      advance(body, row, outer);
      return vector;
    });
    transposed(body, vectors).forEach((vector, k) => {
      body
        .get(target)
        .get(vector)
        .memory('v128.store', (k * width + first) * bytes);
    });
  }
  advance(body, at, 16);
  advance(body, target, lanes * width * bytes);
}

function moveOneStep({ body, tile, width, at, target, outer }: Panel): void {
  const { bytes } = tile;
  const row = body.local('i32');
  body.get(at).set(row);
  for (let r = 0; r < width; r++) {
    body.get(target).get(row);
    if (bytes === 4) body.memory('i32.load').memory('i32.store', r * bytes);
    else body.memory('i64.load').memory('i64.store', r * bytes);
    advance(body, row, outer);
  }
  advance(body, at, bytes);
  advance(body, target, width * bytes);
}

/** Byte numbers of the lanes of two vectors, which have `size` bytes each and are counted through both. */
const bytesOfLanes = (size: number, lanes: readonly number[]): number[] =>
  lanes.flatMap((lane) => Array.from({ length: size }, (_, byte) => lane * size + byte));

/** Four vectors of four lanes, or two of two: columns for rows. */
function transposed(body: FunctionBody, rows: readonly Local[]): readonly Local[] {
  const pick = (a: Local, b: Local, size: number, lanes: readonly number[]): Local => {
    const out = body.local('v128');
    body.get(a).get(b).shuffle(bytesOfLanes(size, lanes)).set(out);
    return out;
  };
  const halves = (a: Local, b: Local): readonly Local[] => [pick(a, b, 8, [0, 2]), pick(a, b, 8, [1, 3])];
  const [a, b, c, d] = rows as [Local, Local, Local, Local];
  if (rows.length === 2) return halves(a, b);
  const low = [0, 4, 1, 5];
  const high = [2, 6, 3, 7];
  return [...halves(pick(a, b, 4, low), pick(c, d, 4, low)), ...halves(pick(a, b, 4, high), pick(c, d, 4, high))];
}
