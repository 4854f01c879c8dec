/** The singular values of bidiagonal matrices by implicit QR steps, zero-shift ones where accuracy asks (dbdsqr). */
import { withSign } from './matrices.ts';
import { EPSILON, positiveRotation, rotateRows, smallestOfPair, triangularPair } from './rotations.ts';

/** ε^(−1/8) of LAPACK's tolerance, times ε. */
const TOLERANCE = 98.7014928261024 * EPSILON;
const SAFE_MINIMUM = 2.2250738585072014e-308;
const MOST_SWEEPS = 6;

/** An upper bidiagonal matrix on its way to a diagonal one; singular vectors are rows of u and v. */
interface Bidiagonal {
  readonly d: Float64Array;
  readonly e: Float64Array;
  readonly n: number;
  readonly u: Float64Array;
  readonly v: Float64Array;
  readonly threshold: number;
  /** The block of the last step, and whether it ran from top to bottom. */
  oldTop: number;
  oldBottom: number;
  downwards: boolean;
  steps: number;
}

/** A bound from below on the smallest singular value decides what counts as zero. */
function thresholdOf(d: Float64Array, e: Float64Array): number {
  const n = d.length;
  let mu = Math.abs(d[0]!);
  let least = mu;
  for (let i = 1; i < n && least !== 0; i++) {
    mu = Math.abs(d[i]!) * (mu / (mu + Math.abs(e[i - 1]!)));
    least = Math.min(least, mu);
  }
  return Math.max((TOLERANCE * least) / Math.sqrt(n), MOST_SWEEPS * n * n * SAFE_MINIMUM);
}

/**
 * Singular values, descending, in place of d; e is destroyed. The rows of u and v (n × n) are rotated along: B = Uᵀ·S·V.
 * False if the iteration did not converge.
 */
export function bidiagonalValues(d: Float64Array, e: Float64Array, u: Float64Array, v: Float64Array): boolean {
  const n = d.length;
  if (n === 0) return true;
  if (n === 1) {
    // Here LAPACK (dbdsdc) turns the left vector; elsewhere the right one.
    u[0] = withSign(1, d[0]!);
    d[0] = Math.abs(d[0]!);
    return true;
  }
  const b: Bidiagonal = {
    d,
    e,
    n,
    u,
    v,
    threshold: thresholdOf(d, e),
    oldTop: -2,
    oldBottom: -2,
    downwards: true,
    steps: 0,
  };
  for (let bottom = n - 1; bottom > 0;) {
    if (b.steps > MOST_SWEEPS * n * n) return false;
    bottom = advance(b, bottom);
  }
  makePositive(b);
  sortDescending(b);
  return true;
}

/** One step on the block that ends at `bottom`; returns the new bottom. */
function advance(b: Bidiagonal, bottom: number): number {
  const { d, e } = b;
  let top = bottom;
  let largest = Math.abs(d[bottom]!);
  while (top > 0) {
    const beside = Math.abs(e[top - 1]!);
    if (beside <= b.threshold) {
      e[top - 1] = 0;
      break;
    }
    top--;
    largest = Math.max(largest, Math.abs(d[top]!), beside);
  }
  if (top === bottom) return bottom - 1;
  if (top === bottom - 1) {
    settlePair(b, top);
    return bottom - 2;
  }
  if (top > b.oldBottom || bottom < b.oldTop) b.downwards = Math.abs(d[top]!) >= Math.abs(d[bottom]!);
  const least = b.downwards ? converge(b, top, bottom, 1) : converge(b, bottom, top, -1);
  if (least < 0) return bottom;
  b.oldTop = top;
  b.oldBottom = bottom;
  const shift = shiftOf(b, top, bottom, least, largest);
  b.steps += bottom - top;
  if (b.downwards) (shift === 0 ? zeroShiftDown : stepDown)(b, top, bottom, shift);
  else (shift === 0 ? zeroShiftUp : stepUp)(b, top, bottom, shift);
  return bottom;
}

function settlePair({ d, e, n, u, v }: Bidiagonal, top: number): void {
  const pair = triangularPair(d[top]!, e[top]!, d[top + 1]!);
  d[top] = pair.largest;
  e[top] = 0;
  d[top + 1] = pair.smallest;
  rotateRows(v, n, top, pair.rightCosine, pair.rightSine);
  rotateRows(u, n, top, pair.leftCosine, pair.leftSine);
}

/**
 * Demmel's and Kahan's test for elements beside the diagonal that are negligible, from one end of the block to the other:
 * such a one becomes 0, and the result is −1. Else a bound from below on the block's smallest singular value.
 */
function converge({ d, e }: Bidiagonal, from: number, to: number, step: 1 | -1): number {
  const besideOf = (i: number): number => (step === 1 ? i : i - 1);
  const last = besideOf(to - step);
  if (Math.abs(e[last]!) <= TOLERANCE * Math.abs(d[to]!)) {
    e[last] = 0;
    return -1;
  }
  let mu = Math.abs(d[from]!);
  let least = mu;
  for (let i = from; i !== to; i += step) {
    const beside = besideOf(i);
    if (Math.abs(e[beside]!) <= TOLERANCE * mu) {
      e[beside] = 0;
      return -1;
    }
    mu = Math.abs(d[i + step]!) * (mu / (mu + Math.abs(e[beside]!)));
    least = Math.min(least, mu);
  }
  return least;
}

/** 0 where a shift would spoil relative accuracy. */
function shiftOf(
  { d, e, n, downwards }: Bidiagonal,
  top: number,
  bottom: number,
  least: number,
  largest: number,
): number {
  if (n * TOLERANCE * (least / largest) <= Math.max(EPSILON, 0.01 * TOLERANCE)) return 0;
  const first = Math.abs(downwards ? d[top]! : d[bottom]!);
  const shift = downwards
    ? smallestOfPair(d[bottom - 1]!, e[bottom - 1]!, d[bottom]!)
    : smallestOfPair(d[top]!, e[top]!, d[top + 1]!);
  return first > 0 && (shift / first) * (shift / first) < EPSILON ? 0 : shift;
}

function zeroShiftDown(b: Bidiagonal, top: number, bottom: number): void {
  const { d, e, n, u, v } = b;
  let [c, oldC, oldS] = [1, 1, 0];
  for (let i = top; i < bottom; i++) {
    const right = positiveRotation(d[i]! * c, e[i]!);
    c = right.c;
    if (i > top) e[i - 1] = oldS * right.r;
    const left = positiveRotation(oldC * right.r, d[i + 1]! * right.s);
    oldC = left.c;
    oldS = left.s;
    d[i] = left.r;
    rotateRows(v, n, i, right.c, right.s);
    rotateRows(u, n, i, left.c, left.s);
  }
  const h = d[bottom]! * c;
  d[bottom] = h * oldC;
  e[bottom - 1] = settled(h * oldS, b);
}

function zeroShiftUp(b: Bidiagonal, top: number, bottom: number): void {
  const { d, e, n, u, v } = b;
  let [c, oldC, oldS] = [1, 1, 0];
  for (let i = bottom; i > top; i--) {
    const left = positiveRotation(d[i]! * c, e[i - 1]!);
    c = left.c;
    if (i < bottom) e[i] = oldS * left.r;
    const right = positiveRotation(oldC * left.r, d[i - 1]! * left.s);
    oldC = right.c;
    oldS = right.s;
    d[i] = right.r;
    rotateRows(v, n, i - 1, right.c, -right.s);
    rotateRows(u, n, i - 1, left.c, -left.s);
  }
  const h = d[top]! * c;
  d[top] = h * oldC;
  e[top] = settled(h * oldS, b);
}

const settled = (x: number, { threshold }: Bidiagonal): number => (Math.abs(x) <= threshold ? 0 : x);

const chaseFrom = (d: number, shift: number): number => (Math.abs(d) - shift) * (withSign(1, d) + shift / d);

function stepDown(b: Bidiagonal, top: number, bottom: number, shift: number): void {
  const { d, e, n, u, v } = b;
  let f = chaseFrom(d[top]!, shift);
  let g = e[top]!;
  for (let i = top; i < bottom; i++) {
    const right = positiveRotation(f, g);
    if (i > top) e[i - 1] = right.r;
    f = right.c * d[i]! + right.s * e[i]!;
    e[i] = right.c * e[i]! - right.s * d[i]!;
    g = right.s * d[i + 1]!;
    d[i + 1]! *= right.c;
    const left = positiveRotation(f, g);
    d[i] = left.r;
    f = left.c * e[i]! + left.s * d[i + 1]!;
    d[i + 1] = left.c * d[i + 1]! - left.s * e[i]!;
    if (i < bottom - 1) {
      g = left.s * e[i + 1]!;
      e[i + 1]! *= left.c;
    }
    rotateRows(v, n, i, right.c, right.s);
    rotateRows(u, n, i, left.c, left.s);
  }
  e[bottom - 1] = settled(f, b);
}

function stepUp(b: Bidiagonal, top: number, bottom: number, shift: number): void {
  const { d, e, n, u, v } = b;
  let f = chaseFrom(d[bottom]!, shift);
  let g = e[bottom - 1]!;
  for (let i = bottom; i > top; i--) {
    const left = positiveRotation(f, g);
    if (i < bottom) e[i] = left.r;
    f = left.c * d[i]! + left.s * e[i - 1]!;
    e[i - 1] = left.c * e[i - 1]! - left.s * d[i]!;
    g = left.s * d[i - 1]!;
    d[i - 1]! *= left.c;
    const right = positiveRotation(f, g);
    d[i] = right.r;
    f = right.c * e[i - 1]! + right.s * d[i - 1]!;
    d[i - 1] = right.c * d[i - 1]! - right.s * e[i - 1]!;
    if (i > top + 1) {
      g = right.s * e[i - 2]!;
      e[i - 2]! *= right.c;
    }
    rotateRows(v, n, i - 1, right.c, -right.s);
    rotateRows(u, n, i - 1, left.c, -left.s);
  }
  e[top] = settled(f, b);
}

function makePositive({ d, v, n }: Bidiagonal): void {
  for (let i = 0; i < n; i++) {
    if (d[i]! >= 0 && !Object.is(d[i], -0)) continue;
    d[i] = -d[i]!;
    for (let k = i * n; k < (i + 1) * n; k++) v[k] = -v[k]!;
  }
}

function swapRows(a: Float64Array, width: number, i: number, j: number): void {
  const row = a.slice(i * width, (i + 1) * width);
  a.copyWithin(i * width, j * width, (j + 1) * width);
  a.set(row, j * width);
}

/** The smallest goes last, and so on. */
function sortDescending({ d, u, v, n }: Bidiagonal): void {
  for (let last = n - 1; last > 0; last--) {
    let least = 0;
    for (let j = 1; j <= last; j++) if (d[j]! <= d[least]!) least = j;
    if (least === last) continue;
    [d[least], d[last]] = [d[last]!, d[least]!];
    swapRows(u, n, least, last);
    swapRows(v, n, least, last);
  }
}
