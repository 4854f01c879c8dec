/** Eigenvalues and eigenvectors of symmetric matrices: tridiagonal form, then implicit QL and QR. */
import type { Dense } from '../../base/storage.ts';
import {
  countOf,
  identity,
  matrixAt,
  multiplied,
  refuseMatrix,
  rowsOf,
  safeScale,
  store,
  transposed,
} from './matrices.ts';
import { diagonalise, tridiagonalise } from './tridiagonal.ts';

/** Ascending eigenvalues, and unit eigenvectors as columns; only one triangle is read. NaN for what is not finite. */
export function runEigh(values: Dense, vectors: Dense, x: Dense, upper: boolean): void {
  const n = rowsOf(x.shape);
  for (let i = 0; i < countOf(x.shape); i++) {
    const a = matrixAt(x, i);
    const scale = safeScale(a);
    if (Number.isNaN(scale)) {
      store(values, i, new Float64Array(n).fill(NaN));
      store(vectors, i, new Float64Array(n * n).fill(NaN));
      continue;
    }
    if (scale !== 1) a.forEach((element, k) => (a[k] = element * scale));
    const { diagonal, beside, q } = tridiagonalise(a, n, upper);
    const z = identity(n);
    if (!diagonalise(diagonal, beside, z)) refuseMatrix('eigh', x, i, true);
    if (scale !== 1) diagonal.forEach((element, k) => (diagonal[k] = element / scale));
    store(values, i, diagonal);
    store(vectors, i, multiplied(q, transposed(z, n, n), n, n, n));
  }
}
