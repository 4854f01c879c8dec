/** Cholesky's factor of symmetric positive-definite matrices. */
import { ChainruleError } from '../../base/errors.ts';
import type { Dense } from '../../base/storage.ts';
import { batchEntry, countOf, matrixAt, rowsOf, store } from './matrices.ts';

/** Row by row; returns the order of the first leading minor that is not positive, or 0. */
function factorise(a: Float64Array, l: Float64Array, n: number): number {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= l[i * n + k]! * l[j * n + k]!;
      if (i !== j) l[i * n + j] = sum / l[j * n + j]!;
      else if (sum > 0) l[i * n + i] = Math.sqrt(sum);
      else return i + 1;
    }
  }
  return 0;
}

/** L, lower triangular, with A = L·Lᵀ. Reads the lower half of A. @throws ChainruleError naming matrix and minor. */
export function runCholesky(out: Dense, x: Dense): void {
  const n = rowsOf(x.shape);
  for (let i = 0; i < countOf(x.shape); i++) {
    const l = new Float64Array(n * n);
    const minor = factorise(matrixAt(x, i), l, n);
    if (minor > 0) {
      throw new ChainruleError(
        `the matrix is not positive definite${batchEntry(x.shape, i)}: its leading minor of order ${minor} is not positive`,
        {
          op: 'cholesky',
          shapes: [x.shape],
          hint: 'Symmetric matrices with a small multiple of eye(n) added usually are.',
        },
      );
    }
    store(out, i, l);
  }
}
