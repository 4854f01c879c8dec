/** The pseudoinverse, from singular values. */
import type { Dense } from '../../base/storage.ts';
import {
  columnsOf,
  countOf,
  matrixAt,
  multiplied,
  refuseMatrix,
  rowsOf,
  safeScale,
  store,
  transposed,
} from './matrices.ts';
import { svdOf } from './svd.ts';

/** V·S⁺·Uᵀ; singular values up to max(atol, rtol · the largest) count as zero. */
export function runPinv(out: Dense, x: Dense, atol: number, rtol: number): void {
  const [m, n] = [rowsOf(x.shape), columnsOf(x.shape)];
  const k = Math.min(m, n);
  for (let i = 0; i < countOf(x.shape); i++) {
    const a = matrixAt(x, i);
    if (Number.isNaN(safeScale(a))) refuseMatrix('pinv', x, i, false);
    const { u, s, v } = svdOf(a, m, n) ?? refuseMatrix('pinv', x, i, true);
    const limit = Math.max(atol, rtol * (s[0] ?? 0));
    const scaled = new Float64Array(n * k);
    for (let row = 0; row < n; row++)
      for (let j = 0; j < k; j++) if (s[j]! > limit) scaled[row * k + j] = v[row * n + j]! / s[j]!;
    const rows = new Float64Array(k * m);
    rows.set(transposed(u, m, m).subarray(0, k * m));
    store(out, i, multiplied(scaled, rows, n, k, m));
  }
}
