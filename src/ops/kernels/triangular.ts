/** Triangular systems. */
import type { Dense } from '../../base/storage.ts';
import { columnsOf, countOf, matrixAt, rowsOf, store } from './matrices.ts';

/** x with A·x = b, A lower or upper triangular (the other half is not read). A zero on the diagonal gives ±∞ or NaN. */
export function runTriangular(out: Dense, a: Dense, b: Dense, upper: boolean, unit: boolean): void {
  const [n, k] = [rowsOf(b.shape), columnsOf(b.shape)];
  for (let i = 0; i < countOf(b.shape); i++) {
    const x = matrixAt(b, i);
    substitute(matrixAt(a, i), x, n, k, upper, unit);
    store(out, i, x);
  }
}

function substitute(a: Float64Array, x: Float64Array, n: number, k: number, upper: boolean, unit: boolean): void {
  for (let step = 0; step < n; step++) {
    const i = upper ? n - 1 - step : step;
    const [from, to] = upper ? [i + 1, n] : [0, i];
    for (let j = from; j < to; j++) {
      const factor = a[i * n + j]!;
      for (let c = 0; c < k; c++) x[i * k + c]! -= factor * x[j * k + c]!;
    }
    if (unit) continue;
    for (let c = 0; c < k; c++) x[i * k + c]! /= a[i * n + i]!;
  }
}
