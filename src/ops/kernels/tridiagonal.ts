/** Symmetric matrices to tridiagonal form (dsytd2), and the eigenvalues of that by implicit QL and QR steps (dsteqr). */
import { applyLeft, applyRight, productOf, reflect, reflector, type Reflection } from './householder.ts';
import { withSign } from './matrices.ts';
import { EPSILON, length2, rotateRows, rotation, symmetricPair } from './rotations.ts';

/** A = Q·T·Qᵀ. */
export interface Tridiagonal {
  readonly diagonal: Float64Array;
  readonly beside: Float64Array;
  readonly q: Float64Array;
}

/** Both halves filled from one of them. */
function mirror(a: Float64Array, n: number, upper: boolean): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      if (upper) a[i * n + j] = a[j * n + i]!;
      else a[j * n + i] = a[i * n + j]!;
    }
  }
}

/** From the last column up (`upper`) or from the first down: the same matrix, other signs. */
export function tridiagonalise(a: Float64Array, n: number, upper: boolean): Tridiagonal {
  mirror(a, n, upper);
  const beside = new Float64Array(Math.max(0, n - 1));
  const reflections: Reflection[] = [];
  for (let step = 0; step < n - 1; step++) {
    const i = upper ? n - 2 - step : step;
    const reflection = upper ? reflectColumnUp(a, n, i) : reflectColumnDown(a, n, i);
    beside[i] = upper ? a[i * n + i + 1]! : a[(i + 1) * n + i]!;
    const { at, v, tau } = reflection;
    const [from, to] = upper ? [0, i + 1] : [i + 1, n];
    applyLeft(a, n, at, from, to, v, tau);
    applyRight(a, n, at, from, to, v, tau);
    reflections.push(reflection);
  }
  return {
    diagonal: Float64Array.from({ length: n }, (_, i) => a[i * n + i]!),
    beside,
    q: productOf(reflections, n, n),
  };
}

function reflectColumnDown(a: Float64Array, n: number, i: number): Reflection {
  const start = (i + 2) * n + i;
  const tau = reflect(a, (i + 1) * n + i, start, n, n - i - 2);
  return { at: i + 1, v: reflector(a, start, n, n - i - 2), tau };
}

/** v ends in its 1: it annihilates what is above. */
function reflectColumnUp(a: Float64Array, n: number, i: number): Reflection {
  const tau = reflect(a, i * n + i + 1, i + 1, n, i);
  const v = new Float64Array(i + 1);
  for (let k = 0; k < i; k++) v[k] = a[k * n + i + 1]!;
  v[i] = 1;
  return { at: 0, v, tau };
}

const SQUARED = EPSILON * EPSILON;
const SAFE_MINIMUM = 2.2250738585072014e-308;
const MOST_STEPS = 30;

/** The state of one iteration: eigenvalues d, the elements e beside them, eigenvectors as rows of z. */
interface Iteration {
  readonly d: Float64Array;
  readonly e: Float64Array;
  readonly z: Float64Array;
  readonly n: number;
  steps: number;
}

/**
 * Eigenvalues of a tridiagonal matrix, ascending, in place of d; rows of z (the identity) become the eigenvectors.
 * False if the iteration did not converge.
 */
export function diagonalise(d: Float64Array, e: Float64Array, z: Float64Array): boolean {
  const n = d.length;
  const it: Iteration = { d, e, z, n, steps: 0 };
  for (let start = 0; start < n;) {
    if (start > 0) e[start - 1] = 0;
    const end = blockEnd(it, start);
    if (end > start) {
      const done = Math.abs(d[end]!) < Math.abs(d[start]!) ? iterateUp(it, start, end) : iterateDown(it, start, end);
      if (!done) return false;
    }
    start = end + 1;
  }
  sortAscending(it);
  return true;
}

/** Where the block that begins at `start` splits off. */
function blockEnd({ d, e, n }: Iteration, start: number): number {
  for (let m = start; m < n - 1; m++) {
    const beside = Math.abs(e[m]!);
    if (beside === 0) return m;
    if (beside <= Math.sqrt(Math.abs(d[m]!)) * Math.sqrt(Math.abs(d[m + 1]!)) * EPSILON) {
      e[m] = 0;
      return m;
    }
  }
  return n - 1;
}

const negligible = (e: number, x: number, y: number): boolean =>
  e * e <= SQUARED * Math.abs(x) * Math.abs(y) + SAFE_MINIMUM;

/** Wilkinson's shift, as the first element of the shifted column. */
function shifted(last: number, own: number, next: number, e: number): number {
  const g = (next - own) / (2 * e);
  return last - own + e / (g + withSign(length2(g, 1), g));
}

/** QL: eigenvalues settle at the top of the block. */
function iterateDown(it: Iteration, start: number, end: number): boolean {
  const { d, e, z, n } = it;
  for (let l = start; l <= end;) {
    let m = l;
    while (m < end && !negligible(e[m]!, d[m]!, d[m + 1]!)) m++;
    if (m < end) e[m] = 0;
    if (m === l) l++;
    else if (m === l + 1) {
      const { first, second, c, s } = symmetricPair(d[l]!, e[l]!, d[l + 1]!);
      rotateRows(z, n, l, c, s);
      d[l] = first;
      d[l + 1] = second;
      e[l] = 0;
      l += 2;
    } else {
      if (it.steps++ >= n * MOST_STEPS) return false;
      stepDown(it, l, m);
    }
  }
  return true;
}

function stepDown({ d, e, z, n }: Iteration, l: number, m: number): void {
  let g = shifted(d[m]!, d[l]!, d[l + 1]!, e[l]!);
  let [s, c, p] = [1, 1, 0];
  for (let i = m - 1; i >= l; i--) {
    const f = s * e[i]!;
    const b = c * e[i]!;
    const turn = rotation(g, f);
    c = turn.c;
    s = turn.s;
    if (i !== m - 1) e[i + 1] = turn.r;
    g = d[i + 1]! - p;
    const r = (d[i]! - g) * s + 2 * c * b;
    p = s * r;
    d[i + 1] = g + p;
    g = c * r - b;
    rotateRows(z, n, i, c, -s);
  }
  d[l]! -= p;
  e[l] = g;
}

/** QR: eigenvalues settle at the bottom. */
function iterateUp(it: Iteration, start: number, end: number): boolean {
  const { d, e, z, n } = it;
  for (let l = end; l >= start;) {
    let m = l;
    while (m > start && !negligible(e[m - 1]!, d[m]!, d[m - 1]!)) m--;
    if (m > start) e[m - 1] = 0;
    if (m === l) l--;
    else if (m === l - 1) {
      const { first, second, c, s } = symmetricPair(d[l - 1]!, e[l - 1]!, d[l]!);
      rotateRows(z, n, l - 1, c, s);
      d[l - 1] = first;
      d[l] = second;
      e[l - 1] = 0;
      l -= 2;
    } else {
      if (it.steps++ >= n * MOST_STEPS) return false;
      stepUp(it, l, m);
    }
  }
  return true;
}

function stepUp({ d, e, z, n }: Iteration, l: number, m: number): void {
  let g = shifted(d[m]!, d[l]!, d[l - 1]!, e[l - 1]!);
  let [s, c, p] = [1, 1, 0];
  for (let i = m; i < l; i++) {
    const f = s * e[i]!;
    const b = c * e[i]!;
    const turn = rotation(g, f);
    c = turn.c;
    s = turn.s;
    if (i !== m) e[i - 1] = turn.r;
    g = d[i]! - p;
    const r = (d[i + 1]! - g) * s + 2 * c * b;
    p = s * r;
    d[i] = g + p;
    g = c * r - b;
    rotateRows(z, n, i, c, s);
  }
  d[l]! -= p;
  e[l - 1] = g;
}

function sortAscending({ d, z, n }: Iteration): void {
  for (let i = 0; i < n - 1; i++) {
    let k = i;
    for (let j = i + 1; j < n; j++) if (d[j]! < d[k]!) k = j;
    if (k === i) continue;
    [d[i], d[k]] = [d[k]!, d[i]!];
    const row = z.slice(i * n, (i + 1) * n);
    z.copyWithin(i * n, k * n, (k + 1) * n);
    z.set(row, k * n);
  }
}
