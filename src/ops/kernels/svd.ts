/** Singular values and vectors: bidiagonal form, then implicit QR. Signs follow LAPACK (dgesdd). */
import type { Dense } from '../../base/storage.ts';
import { bidiagonalValues } from './bidiagonal.ts';
import { applyLeft, applyRight, productOf, reflect, reflector, triangularise, type Reflection } from './householder.ts';
import {
  columnsOf,
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
import { positiveRotation } from './rotations.ts';

interface Svd {
  /** m × m and n × n; the first columns of both are the singular vectors. */
  readonly u: Float64Array;
  readonly s: Float64Array;
  readonly v: Float64Array;
}

interface Bidiagonalised {
  readonly d: Float64Array;
  readonly e: Float64Array;
  readonly left: readonly Reflection[];
  readonly right: readonly Reflection[];
}

/** A = (H₀·H₁·…)·B·(G₀·G₁·…)ᵀ with B upper bidiagonal, m ≥ n (dgebd2). */
function bidiagonalise(a: Float64Array, m: number, n: number): Bidiagonalised {
  const [d, e] = [new Float64Array(n), new Float64Array(Math.max(0, n - 1))];
  const left: Reflection[] = [];
  const right: Reflection[] = [];
  for (let i = 0; i < n; i++) {
    const below = (i + 1) * n + i;
    const tau = reflect(a, i * n + i, below, n, m - i - 1);
    const v = reflector(a, below, n, m - i - 1);
    d[i] = a[i * n + i]!;
    applyLeft(a, n, i, i + 1, n, v, tau);
    left.push({ at: i, v, tau });
    if (i >= n - 1) continue;
    const beside = i * n + i + 1;
    const rowTau = reflect(a, beside, beside + 1, 1, n - i - 2);
    const w = reflector(a, beside + 1, 1, n - i - 2);
    e[i] = a[beside]!;
    applyRight(a, n, i + 1, i + 1, m, w, rowTau);
    right.push({ at: i + 1, v: w, tau: rowTau });
  }
  return { d, e, left, right };
}

/** The first n columns of q (m × m) combined by the rows of `rows` (n × n); the others stay. */
function combined(q: Float64Array, rows: Float64Array, m: number, n: number): Float64Array {
  const first = new Float64Array(m * n);
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) first[i * n + j] = q[i * m + j]!;
  const product = multiplied(first, transposed(rows, n, n), m, n, n);
  const out = q.slice();
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) out[i * m + j] = product[i * n + j]!;
  return out;
}

/** For m ≥ n; null if the iteration did not converge. `lower`: the transpose is wanted, whose bidiagonal form is lower and is rotated to upper first. */
function tallSvd(a: Float64Array, m: number, n: number, lower: boolean): Svd | null {
  const { d, e, left, right } = bidiagonalise(a, m, n);
  const [us, vs] = [identity(n), identity(n)];
  const turns = lower ? makeUpper(d, e) : [];
  if (!bidiagonalValues(d, e, us, vs)) return null;
  const [rows, columns] = lower ? [vs, us] : [us, vs];
  turnBack(columns, n, turns);
  return {
    u: combined(productOf(left, m, m), rows, m, n),
    s: d,
    v: combined(productOf(right, n, n), columns, n, n),
  };
}

/** Rotations from the left that turn a lower bidiagonal matrix upper. */
function makeUpper(d: Float64Array, e: Float64Array): readonly { c: number; s: number }[] {
  return Array.from(e, (_, i) => {
    const { c, s, r } = positiveRotation(d[i]!, e[i]!);
    d[i] = r;
    e[i] = s * d[i + 1]!;
    d[i + 1]! *= c;
    return { c, s };
  });
}

/** Undoes `makeUpper` in vectors that are rows. */
function turnBack(rows: Float64Array, n: number, turns: readonly { c: number; s: number }[]): void {
  for (let j = turns.length - 1; j >= 0; j--) {
    const { c, s } = turns[j]!;
    for (let i = 0; i < n; i++) {
      const x = rows[i * n + j]!;
      const y = rows[i * n + j + 1]!;
      rows[i * n + j] = c * x - s * y;
      rows[i * n + j + 1] = s * x + c * y;
    }
  }
}

/** Much taller than wide: QR first, then the triangle (LAPACK's crossover). */
function viaQr(a: Float64Array, m: number, n: number): Svd | null {
  const q = productOf(triangularise(a, m, n), m, m);
  const svd = tallSvd(a.slice(0, n * n), n, n, false);
  return svd && { ...svd, u: combined(q, transposed(svd.u, n, n), m, n) };
}

/** Null if the iteration did not converge. */
export function svdOf(a: Float64Array, m: number, n: number): Svd | null {
  if (m >= n) return m >= Math.floor((n * 11) / 6) && n > 0 ? viaQr(a, m, n) : tallSvd(a, m, n, false);
  const svd = tallSvd(transposed(a, m, n), n, m, true);
  return svd && { u: svd.v, s: svd.s, v: svd.u };
}

/** The shapes of u and vh decide whether they are full. */
export function runSvd(u: Dense, s: Dense, vh: Dense, x: Dense): void {
  const [m, n] = [rowsOf(x.shape), columnsOf(x.shape)];
  for (let i = 0; i < countOf(x.shape); i++) {
    const a = matrixAt(x, i);
    const scale = safeScale(a);
    if (Number.isNaN(scale)) refuseMatrix('svd', x, i, false);
    if (scale !== 1) a.forEach((element, k) => (a[k] = element * scale));
    const svd = svdOf(a, m, n);
    if (svd === null) refuseMatrix('svd', x, i, true);
    if (scale !== 1) svd.s.forEach((element, k) => (svd.s[k] = element / scale));
    store(u, i, firstColumns(svd.u, m, columnsOf(u.shape)));
    store(s, i, svd.s);
    store(vh, i, transposed(svd.v, n, n).subarray(0, rowsOf(vh.shape) * n));
  }
}

function firstColumns(a: Float64Array, m: number, columns: number): Float64Array {
  if (columns === m) return a;
  const out = new Float64Array(m * columns);
  for (let i = 0; i < m; i++) for (let j = 0; j < columns; j++) out[i * columns + j] = a[i * m + j]!;
  return out;
}
