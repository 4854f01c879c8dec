/** QR by Householder reflections, with LAPACK's signs: the diagonal of R may be negative. */
import type { Dense } from '../../base/storage.ts';
import { productOf, triangularise } from './householder.ts';
import { columnsOf, countOf, matrixAt, rowsOf, store } from './matrices.ts';

/** The number of columns of q decides: min(m, n) is reduced, m is complete. */
export function runQr(q: Dense, r: Dense, x: Dense): void {
  const [m, n] = [rowsOf(x.shape), columnsOf(x.shape)];
  const columns = columnsOf(q.shape);
  for (let i = 0; i < countOf(x.shape); i++) {
    const a = matrixAt(x, i);
    const reflections = triangularise(a, m, n);
    store(q, i, productOf(reflections, m, columns));
    store(r, i, a.subarray(0, rowsOf(r.shape) * n));
  }
}
