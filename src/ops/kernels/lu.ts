/** LU with partial pivoting, and the solutions of linear systems by it. */
import { ChainruleError } from '../../base/errors.ts';
import type { Dense } from '../../base/storage.ts';
import { batchEntry, columnsOf, countOf, matrixAt, rowsOf, store } from './matrices.ts';

interface Factors {
  /** L below the diagonal (its own diagonal is 1), U on and above it. */
  readonly lu: Float64Array;
  /** Row i of P·A is row order[i] of A. */
  readonly order: Int32Array;
  /** The sign of the permutation. */
  readonly sign: number;
}

/** The row with the largest magnitude in a column, from the diagonal on; the first of equals. */
function pivotRow(a: Float64Array, m: number, n: number, j: number): number {
  let best = j;
  for (let i = j + 1; i < m; i++) if (Math.abs(a[i * n + j]!) > Math.abs(a[best * n + j]!)) best = i;
  return best;
}

function swapRows(a: Float64Array, n: number, i: number, j: number): void {
  for (let k = 0; k < n; k++) {
    const x = a[i * n + k]!;
    a[i * n + k] = a[j * n + k]!;
    a[j * n + k] = x;
  }
}

/** Factors an m × n matrix in place. A zero pivot leaves its column as it is: U is then singular. */
export function factorise(a: Float64Array, m: number, n: number): Factors {
  const order = Int32Array.from({ length: m }, (_, i) => i);
  let sign = 1;
  for (let j = 0; j < Math.min(m, n); j++) {
    const pivot = pivotRow(a, m, n, j);
    if (pivot !== j) {
      swapRows(a, n, pivot, j);
      [order[j], order[pivot]] = [order[pivot]!, order[j]!];
      sign = -sign;
    }
    const diagonal = a[j * n + j]!;
    if (diagonal === 0) continue;
    for (let i = j + 1; i < m; i++) {
      const factor = a[i * n + j]! / diagonal;
      a[i * n + j] = factor;
      if (factor === 0) continue;
      for (let k = j + 1; k < n; k++) a[i * n + k]! -= factor * a[j * n + k]!;
    }
  }
  return { lu: a, order, sign };
}

/** P, L and U with A = P·L·U. */
export function runLu(p: Dense, l: Dense, u: Dense, x: Dense): void {
  const [m, n] = [rowsOf(x.shape), columnsOf(x.shape)];
  const k = Math.min(m, n);
  for (let b = 0; b < countOf(x.shape); b++) {
    const { lu, order } = factorise(matrixAt(x, b), m, n);
    order.forEach((row, i) => (p.data[b * m * m + row * m + i] = 1));
    for (let i = 0; i < m; i++)
      for (let j = 0; j < k; j++) l.data[(b * m + i) * k + j] = i === j ? 1 : j < i ? lu[i * n + j]! : 0;
    for (let i = 0; i < k; i++) for (let j = i; j < n; j++) u.data[(b * k + i) * n + j] = lu[i * n + j]!;
  }
}

/** The product of the pivots, with the sign of the permutation. */
export function determinant({ lu, sign }: Factors, n: number): number {
  let product = sign;
  for (let i = 0; i < n; i++) product *= lu[i * n + i]!;
  return product;
}

export function runDet(out: Dense, x: Dense): void {
  const n = rowsOf(x.shape);
  for (let i = 0; i < out.data.length; i++) out.data[i] = determinant(factorise(matrixAt(x, i), n, n), n);
}

/** x with A·x = b, for each of the k columns of b. */
export function substitute({ lu, order }: Factors, b: Float64Array, n: number, k: number): Float64Array {
  const x = new Float64Array(n * k);
  for (let i = 0; i < n; i++) x.set(b.subarray(order[i]! * k, (order[i]! + 1) * k), i * k);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const factor = lu[i * n + j]!;
      for (let c = 0; c < k; c++) x[i * k + c]! -= factor * x[j * k + c]!;
    }
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let j = i + 1; j < n; j++) {
      const factor = lu[i * n + j]!;
      for (let c = 0; c < k; c++) x[i * k + c]! -= factor * x[j * k + c]!;
    }
    for (let c = 0; c < k; c++) x[i * k + c]! /= lu[i * n + i]!;
  }
  return x;
}

/** @throws ChainruleError where a pivot is exactly zero, naming the matrix. */
export function runSolve(out: Dense, a: Dense, b: Dense, as: string): void {
  const [n, k] = [rowsOf(b.shape), columnsOf(b.shape)];
  for (let i = 0; i < countOf(a.shape); i++) {
    const factors = factorise(matrixAt(a, i), n, n);
    for (let j = 0; j < n; j++) {
      if (factors.lu[j * n + j] !== 0) continue;
      throw new ChainruleError(`the matrix is singular${batchEntry(a.shape, i)}: pivot ${j + 1} of ${n} is zero`, {
        op: as,
        shapes: [a.shape],
        hint: 'A singular matrix has no inverse; pinv and lstsq take any matrix.',
      });
    }
    store(out, i, substitute(factors, matrixAt(b, i), n, k));
  }
}
