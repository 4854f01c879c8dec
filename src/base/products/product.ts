/** Matrix products by blocks: bring a block of each operand, pack it, multiply, add up along k, hand the result out. */
import { AREAS, COLUMNS, DEPTH, ROWS, productKernel, type ProductKernel } from './kernel.ts';
import { copyRuns, type Matrix, type Operand } from './operand.ts';
import { K_BLOCK, type ProductDType } from './tile.ts';

/** One block of the result. */
interface Extent {
  readonly i: number;
  readonly rows: number;
  readonly j: number;
  readonly columns: number;
}

/**
 * c[i, j] = Σ_k a[i, k] · b[j, k], every element accumulated from +0 in blocks of K_BLOCK along k, blocks added in
 * order. m, n, k ≥ 1, any size; the memory used is fixed.
 */
export function multiplyInBlocks(
  dtype: ProductDType,
  c: Matrix,
  a: Operand,
  b: Operand,
  m: number,
  n: number,
  k: number,
): void {
  // cᵀ = b·aᵀ has the same sums, and hands out runs of neighbours where c would hand out single elements.
  if (c.columns !== 1 && c.rows === 1) {
    return multiplyInBlocks(dtype, { ...c, rows: c.columns, columns: 1 }, b, a, n, m, k);
  }
  const kernel = productKernel(dtype);
  for (let j = 0; j < n; j += COLUMNS) {
    const columns = Math.min(COLUMNS, n - j);
    for (let i = 0; i < m; i += ROWS) {
      const extent = { i, rows: Math.min(ROWS, m - i), j, columns };
      multiplyBlock(kernel, a, b, extent, k);
      handOut(kernel, c, extent);
    }
  }
}

const panelsFor = (length: number, width: number): number => Math.ceil(length / width);

/** Elements from one row of the result's area to the next: whole tiles. */
const rowLength = ({ tile }: ProductKernel, columns: number): number => panelsFor(columns, tile.columns) * tile.columns;

function multiplyBlock(kernel: ProductKernel, a: Operand, b: Operand, extent: Extent, k: number): void {
  const { tile, view } = kernel;
  const { i, rows, j, columns } = extent;
  const rowPanels = panelsFor(rows, tile.rows);
  const columnPanels = panelsFor(columns, tile.columns);
  const cRow = rowLength(kernel, columns) * tile.bytes;
  for (let from = 0; from < k; from += DEPTH) {
    const depth = Math.min(DEPTH, k - from);
    const left = a.bring(view, AREAS.left / tile.bytes, { first: i, rows, from, depth });
    const right = b.bring(view, AREAS.right / tile.bytes, { first: j, rows: columns, from, depth });
    const [aOuter, aInner] = left === 'k' ? [depth, 1] : [1, rows];
    const [bOuter, bInner] = right === 'k' ? [depth, 1] : [1, columns];
    for (let start = 0; start < depth; start += K_BLOCK) {
      const count = Math.min(K_BLOCK, depth - start);
      const place = (area: number, inner: number): number => area + start * inner * tile.bytes;
      kernel.packRows(
        place(AREAS.left, aInner),
        AREAS.leftPanels,
        rows,
        count,
        aOuter * tile.bytes,
        aInner * tile.bytes,
      );
      kernel.packColumns(
        place(AREAS.right, bInner),
        AREAS.rightPanels,
        columns,
        count,
        bOuter * tile.bytes,
        bInner * tile.bytes,
      );
      const more = from + start > 0 ? 1 : 0;
      kernel.multiply(AREAS.leftPanels, AREAS.rightPanels, AREAS.result, rowPanels, columnPanels, count, cRow, more);
    }
  }
}

function handOut(kernel: ProductKernel, c: Matrix, { i, rows, j, columns }: Extent): void {
  const { tile, view } = kernel;
  const from = AREAS.result / tile.bytes;
  const row = rowLength(kernel, columns);
  const to = c.start + i * c.rows + j * c.columns;
  if (c.columns === 1) return copyRuns(c.data, to, c.rows, view, from, row, rows, columns);
  for (let r = 0; r < rows; r++) {
    for (let s = 0; s < columns; s++) c.data[to + r * c.rows + s * c.columns] = view[from + r * row + s]!;
  }
}
