/** Matrices that linear algebra can be tested on: made of any elements by strengthening the diagonal. */
import type { Shape } from '../base/shapes.ts';

export type MatrixKind = 'regular' | 'symmetric' | 'positiveDefinite';

/**
 * Off-diagonal elements are scaled down so that each row's are outweighed by its diagonal, whose entries 2, 2.75, 3.5, …
 * keep eigenvalues and singular values apart (`symmetric`: of alternating sign). None becomes 0: reflections that
 * triangular matrices would not need set in at once beside them.
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
        const away = (i + j) % 2 === 0 ? 0.6 : -0.6;
        out[start + i * columns + j] = (away + 0.25 * squashed(element)) / longest + (i === j ? diagonal(i, kind) : 0);
      }
    }
  }
  return out;
}

/** Into [−2, 2], as it is where it lies there. */
const squashed = (x: number): number => Math.max(-2, Math.min(2, x));

const diagonal = (i: number, kind: MatrixKind): number =>
  (2 + 0.75 * i) * (kind === 'symmetric' && i % 2 === 1 ? -1 : 1);
