/** What kernels on stacks of matrices share: walking over the stack, and doing the arithmetic in float64. */
import { ChainruleError, showShape } from '../../base/errors.ts';
import { sizeOf, type Shape } from '../../base/shapes.ts';
import type { Dense } from '../../base/storage.ts';

/**
 * Decompositions compute in float64 and round each element once: float32 operands give what float64 gives, rounded.
 */
export function matrixAt(x: Dense, i: number): Float64Array {
  const size = sizeOf(x.shape.slice(-2));
  return Float64Array.from(x.data.subarray(i * size, (i + 1) * size));
}

/** Puts the i-th matrix (or vector) of a stack in its place. */
export function store(out: Dense, i: number, elements: ArrayLike<number>): void {
  out.data.set(elements, i * elements.length);
}

export const rowsOf = (shape: Shape): number => shape[shape.length - 2]!;
export const columnsOf = (shape: Shape): number => shape[shape.length - 1]!;
/** How many matrices are stacked. */
export const countOf = (shape: Shape): number => sizeOf(shape.slice(0, -2));

/** ` (batch entry [1, 0])` for the i-th matrix of a stack; empty for a single matrix. */
export function batchEntry(shape: Shape, i: number): string {
  const batch = shape.slice(0, -2);
  if (batch.length === 0) return '';
  const place = new Array<number>(batch.length);
  for (let axis = batch.length - 1, rest = i; axis >= 0; axis--) {
    place[axis] = rest % batch[axis]!;
    rest = Math.floor(rest / batch[axis]!);
  }
  return ` (batch entry ${showShape(place)})`;
}

/** What a decomposition by iteration says of a matrix that it cannot take. */
export function refuseMatrix(op: string, x: Dense, i: number, finite: boolean): never {
  const why = finite ? 'the iteration did not converge' : 'the matrix holds NaN or infinite elements';
  throw new ChainruleError(`${why}${batchEntry(x.shape, i)}`, { op, shapes: [x.shape] });
}

/** The n × n identity. */
export function identity(n: number): Float64Array {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) out[i * n + i] = 1;
  return out;
}

/** The transpose of an m × n matrix. */
export function transposed(a: Float64Array, m: number, n: number): Float64Array {
  const out = new Float64Array(m * n);
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) out[j * m + i] = a[i * n + j]!;
  return out;
}

/** a[m, k] · b[k, n]. */
export function multiplied(a: Float64Array, b: Float64Array, m: number, k: number, n: number): Float64Array {
  const out = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let l = 0; l < k; l++) {
      const x = a[i * k + l]!;
      for (let j = 0; j < n; j++) out[i * n + j]! += x * b[l * n + j]!;
    }
  }
  return out;
}

/** |x| with the sign of y, as Fortran's SIGN: −0 counts as negative. */
export const withSign = (x: number, y: number): number => (y < 0 || Object.is(y, -0) ? -Math.abs(x) : Math.abs(x));

const LARGE = 1e140;
const SMALL = 1e-140;
/** 2⁻³⁰⁰ and 2³⁰⁰: exact. */
const DOWN = 4.909093465297727e-91;
const UP = 2.037035976334486e90;

/**
 * A power of two that brings the largest magnitude near 1 where squares would overflow or vanish, else 1.
 * NaN if an element is not finite.
 */
export function safeScale(a: Float64Array): number {
  let largest = 0;
  for (const x of a) {
    if (!Number.isFinite(x)) return NaN;
    largest = Math.max(largest, Math.abs(x));
  }
  if (largest === 0 || (largest < LARGE && largest > SMALL)) return 1;
  let scale = 1;
  for (let x = largest; x > LARGE; x *= DOWN) scale *= DOWN;
  for (let x = largest; x < SMALL; x *= UP) scale *= UP;
  return scale;
}
