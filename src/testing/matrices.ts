/** Matrices that linear algebra can be tested on: made of any elements by strengthening the diagonal. */
import type { Shape } from '../base/shapes.ts';

export type MatrixKind = 'regular' | 'symmetric' | 'positiveDefinite';

/**
 * Off-diagonal elements are scaled down so that each row's are outweighed by its diagonal, whose entries 2, 2.75, 3.5, …
 * keep eigenvalues and singular values apart (`symmetric`: of alternating sign).
 */
export function conditioned(flat: readonly number[], shape: Shape, kind: MatrixKind): number[] {
  const rank = shape.length;
  const [rows, columns] = [shape[rank - 2] ?? 1, shape[rank - 1] ?? 1];
  const size = rows * columns;
  const out = flat.slice();
  const longest = Math.max(rows, columns, 1);
  for (let start = 0; start < out.length; start += size) {
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        const [here, there] = [flat[start + i * columns + j]!, flat[start + j * columns + i]!];
        const element = kind === 'regular' ? here : (here + there) / 2;
        out[start + i * columns + j] = (0.25 * element) / longest + (i === j ? diagonal(i, kind) : 0);
      }
    }
  }
  return out;
}

const diagonal = (i: number, kind: MatrixKind): number =>
  (2 + 0.75 * i) * (kind === 'symmetric' && i % 2 === 1 ? -1 : 1);
