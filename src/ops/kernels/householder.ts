/**
 * Householder reflections H = I − τ·v·vᵀ with v's leading element 1, and what is built of them: QR, and the reductions
 * to tridiagonal and bidiagonal form. Signs follow LAPACK (dlarfg): the new leading element is −sign(α)·‖x‖.
 */
import { withSign } from './matrices.ts';

/** The euclidean length of `count` elements that lie `stride` apart; scaled where squares would overflow or vanish. */
function norm(a: Float64Array, start: number, stride: number, count: number): number {
  let sum = 0;
  for (let i = 0, at = start; i < count; i++, at += stride) sum += a[at]! * a[at]!;
  if (sum > 1e-280 && sum < 1e280) return Math.sqrt(sum);
  let largest = 0;
  for (let i = 0, at = start; i < count; i++, at += stride) largest = Math.max(largest, Math.abs(a[at]!));
  if (largest === 0 || !Number.isFinite(largest)) return largest;
  sum = 0;
  for (let i = 0, at = start; i < count; i++, at += stride) {
    const x = a[at]! / largest;
    sum += x * x;
  }
  return largest * Math.sqrt(sum);
}

/**
 * Reflects the vector (α at `lead`, then `count` elements from `start`) onto its first axis: afterwards α is replaced by
 * ±‖·‖ and the others by the rest of v. Returns τ; 0 where there is nothing to reflect.
 */
export function reflect(a: Float64Array, lead: number, start: number, stride: number, count: number): number {
  const rest = norm(a, start, stride, count);
  const alpha = a[lead]!;
  if (rest === 0) return 0;
  const large = Math.max(Math.abs(alpha), rest);
  const small = Math.min(Math.abs(alpha), rest);
  const beta = -withSign(large * Math.sqrt(1 + (small / large) * (small / large)), alpha);
  const divisor = alpha - beta;
  for (let i = 0, at = start; i < count; i++, at += stride) a[at] = a[at]! / divisor;
  a[lead] = beta;
  return (beta - alpha) / beta;
}

/** H from the left on columns [from, to) of an array of rows: v is given by its parts at rows `row` … `row + v.length`. */
export function applyLeft(
  a: Float64Array,
  width: number,
  row: number,
  from: number,
  to: number,
  v: Float64Array,
  tau: number,
): void {
  if (tau === 0) return;
  const sums = new Float64Array(to - from);
  for (let i = 0; i < v.length; i++) {
    const x = v[i]!;
    const base = (row + i) * width;
    for (let j = from; j < to; j++) sums[j - from]! += x * a[base + j]!;
  }
  for (let i = 0; i < v.length; i++) {
    const x = tau * v[i]!;
    const base = (row + i) * width;
    for (let j = from; j < to; j++) a[base + j]! -= x * sums[j - from]!;
  }
}

/** H from the right on rows [from, to): v stands at columns `column` … */
export function applyRight(
  a: Float64Array,
  width: number,
  column: number,
  from: number,
  to: number,
  v: Float64Array,
  tau: number,
): void {
  if (tau === 0) return;
  for (let i = from; i < to; i++) {
    const base = i * width + column;
    let sum = 0;
    for (let j = 0; j < v.length; j++) sum += v[j]! * a[base + j]!;
    sum *= tau;
    for (let j = 0; j < v.length; j++) a[base + j]! -= sum * v[j]!;
  }
}

/** v = (1, the stored rest). */
export function reflector(a: Float64Array, start: number, stride: number, count: number): Float64Array {
  const v = new Float64Array(count + 1);
  v[0] = 1;
  for (let i = 0, at = start; i < count; i++, at += stride) v[i + 1] = a[at]!;
  return v;
}

/** A reflection kept for later: H acts on the axes from `at` on. */
export interface Reflection {
  readonly at: number;
  readonly v: Float64Array;
  readonly tau: number;
}

/** The product H₀·H₁·… as its first `columns` columns: an m × columns matrix with orthonormal columns. */
export function productOf(reflections: readonly Reflection[], m: number, columns: number): Float64Array {
  const q = new Float64Array(m * columns);
  for (let i = 0; i < Math.min(m, columns); i++) q[i * columns + i] = 1;
  for (let k = reflections.length - 1; k >= 0; k--) {
    const { at, v, tau } = reflections[k]!;
    applyLeft(q, columns, at, 0, columns, v, tau);
  }
  return q;
}

/** Makes a (m × n) upper triangular in place; returns the reflections whose product is Q. */
export function triangularise(a: Float64Array, m: number, n: number): Reflection[] {
  const out: Reflection[] = [];
  for (let j = 0; j < Math.min(m, n); j++) {
    const below = m - j - 1;
    const start = (j + 1) * n + j;
    const tau = reflect(a, j * n + j, start, n, below);
    const v = reflector(a, start, n, below);
    for (let i = 0; i < below; i++) a[start + i * n] = 0;
    applyLeft(a, n, j, j + 1, n, v, tau);
    out.push({ at: j, v, tau });
  }
  return out;
}
