/**
 * Plane rotations and the decompositions of 2 × 2 matrices, after LAPACK's auxiliary routines: their choices of sign
 * decide the signs of eigenvectors and singular vectors, which follow LAPACK's.
 * https://www.netlib.org/lapack/explore-html/
 */
import { withSign } from './matrices.ts';

/** 2⁻⁵³. */
export const EPSILON = 1.1102230246251565e-16;

/** [c s; −s c]·[f; g] = [r; 0]; where |f| > |g|, c is positive (dlartg up to LAPACK 3.9). */
export interface Rotation {
  c: number;
  s: number;
  r: number;
}

export function rotation(f: number, g: number): Rotation {
  if (g === 0) return { c: 1, s: 0, r: f };
  if (f === 0) return { c: 0, s: 1, r: g };
  const r = Math.sqrt(f * f + g * g);
  const sign = Math.abs(f) > Math.abs(g) && f < 0 ? -1 : 1;
  return { c: (sign * f) / r, s: (sign * g) / r, r: sign * r };
}

/** The same with c ≥ 0 (dlartg from LAPACK 3.10 on). */
export function positiveRotation(f: number, g: number): Rotation {
  if (g === 0) return { c: 1, s: 0, r: f };
  if (f === 0) return { c: 0, s: withSign(1, g), r: Math.abs(g) };
  const r = withSign(Math.sqrt(f * f + g * g), f);
  return { c: f / r, s: g / r, r };
}

/** Rows j and j + 1 of a matrix of the given width, rotated: [c s; −s c] from the left. */
export function rotateRows(a: Float64Array, width: number, j: number, c: number, s: number): void {
  const upper = j * width;
  const lower = upper + width;
  for (let i = 0; i < width; i++) {
    const x = a[upper + i]!;
    const y = a[lower + i]!;
    a[lower + i] = c * y - s * x;
    a[upper + i] = s * y + c * x;
  }
}

/** √(x² + y²) without needless overflow. */
export function length2(x: number, y: number): number {
  const large = Math.max(Math.abs(x), Math.abs(y));
  const small = Math.min(Math.abs(x), Math.abs(y));
  if (small === 0) return large;
  const ratio = small / large;
  return large * Math.sqrt(1 + ratio * ratio);
}

export interface SymmetricPair {
  /** The eigenvalues, the one of larger magnitude first. */
  readonly first: number;
  readonly second: number;
  /** (c, s) is the unit eigenvector of the first. */
  readonly c: number;
  readonly s: number;
}

/** The eigenvalues and an eigenvector of [a b; b c] (dlaev2). */
export function symmetricPair(a: number, b: number, c: number): SymmetricPair {
  const sum = a + c;
  const difference = a - c;
  const twice = b + b;
  const [larger, smaller] = Math.abs(a) > Math.abs(c) ? [a, c] : [c, a];
  const root = length2(difference, twice);
  const negative = sum < 0;
  const first = sum === 0 ? 0.5 * root : 0.5 * (negative ? sum - root : sum + root);
  const second = sum === 0 ? -0.5 * root : (larger / first) * smaller - (b / first) * b;
  const cs = difference >= 0 ? difference + root : difference - root;
  let cosine: number;
  let sine: number;
  if (Math.abs(cs) > Math.abs(twice)) {
    const t = -twice / cs;
    sine = 1 / Math.sqrt(1 + t * t);
    cosine = t * sine;
  } else if (twice === 0) {
    cosine = 1;
    sine = 0;
  } else {
    const t = -cs / twice;
    cosine = 1 / Math.sqrt(1 + t * t);
    sine = t * cosine;
  }
  const turn = negative !== difference >= 0;
  return turn ? { first, second, c: -sine, s: cosine } : { first, second, c: cosine, s: sine };
}

export interface TriangularPair {
  readonly smallest: number;
  readonly largest: number;
  readonly rightSine: number;
  readonly rightCosine: number;
  readonly leftSine: number;
  readonly leftCosine: number;
}

const sign = (x: number): number => withSign(1, x);

/** The cosines and sines for |f| ≥ |h| (dlasv2 between its swaps). */
function orderedPair(f: number, g: number, h: number): { min: number; max: number; parts: number[] } {
  const [fa, ga, ha] = [Math.abs(f), Math.abs(g), Math.abs(h)];
  if (ga === 0) return { min: ha, max: fa, parts: [1, 0, 1, 0] };
  if (ga > fa && fa / ga < EPSILON) {
    return { min: ha > 1 ? fa / (ga / ha) : (fa / ga) * ha, max: ga, parts: [1, h / g, f / g, 1] };
  }
  const d = fa - ha;
  const l = d === fa ? 1 : d / fa;
  const m = g / f;
  const t = 2 - l;
  const mm = m * m;
  const s = Math.sqrt(t * t + mm);
  const r = l === 0 ? Math.abs(m) : Math.sqrt(l * l + mm);
  const a = 0.5 * (s + r);
  const tangent =
    mm !== 0 ? (m / (s + t) + m / (r + l)) * (1 + a) : l === 0 ? withSign(2, f) * sign(g) : g / withSign(d, f) + m / t;
  const root = Math.sqrt(tangent * tangent + 4);
  const rightCosine = 2 / root;
  const rightSine = tangent / root;
  return {
    min: ha / a,
    max: fa * a,
    parts: [(rightCosine + rightSine * m) / a, ((h / f) * rightSine) / a, rightCosine, rightSine],
  };
}

/** The singular values and vectors of [f g; 0 h] (dlasv2). */
export function triangularPair(f: number, g: number, h: number): TriangularPair {
  const swap = Math.abs(h) > Math.abs(f);
  const { min, max, parts } = swap ? orderedPair(h, g, f) : orderedPair(f, g, h);
  const [clt, slt, crt, srt] = parts as [number, number, number, number];
  const [leftCosine, leftSine, rightCosine, rightSine] = swap ? [srt, crt, slt, clt] : [clt, slt, crt, srt];
  const dominatedByG = Math.abs(g) > Math.max(Math.abs(f), Math.abs(h));
  const s = dominatedByG
    ? sign(rightSine) * sign(leftCosine) * sign(g)
    : swap
      ? sign(rightSine) * sign(leftSine) * sign(h)
      : sign(rightCosine) * sign(leftCosine) * sign(f);
  return {
    largest: withSign(max, s),
    smallest: withSign(min, s * sign(f) * sign(h)),
    rightSine,
    rightCosine,
    leftSine,
    leftCosine,
  };
}

/** The smaller singular value of [f g; 0 h] (dlas2). */
export function smallestOfPair(f: number, g: number, h: number): number {
  const [fa, ga, ha] = [Math.abs(f), Math.abs(g), Math.abs(h)];
  const least = Math.min(fa, ha);
  const most = Math.max(fa, ha);
  if (least === 0) return 0;
  const as = 1 + least / most;
  const at = (most - least) / most;
  if (ga < most) {
    const au = (ga / most) * (ga / most);
    return least * (2 / (Math.sqrt(as * as + au) + Math.sqrt(at * at + au)));
  }
  const au = most / ga;
  if (au === 0) return (least * most) / ga;
  const c = 1 / (Math.sqrt(1 + as * au * (as * au)) + Math.sqrt(1 + at * au * (at * au)));
  return least * c * au * 2;
}
