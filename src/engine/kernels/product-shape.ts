/** A product step with as few axes as possible: which index goes how far in which operand, in bytes. */
import { bytesPerElement } from '../../base/dtypes.ts';
import type { TileDType } from '../../base/products/tile.ts';
import { sizeOf, type Shape } from '../../base/shapes.ts';
import type { Access, ProductStep } from '../steps.ts';

/** One axis of a walk. */
export interface Axis {
  readonly size: number;
  /** Bytes from one index to the next. */
  readonly step: number;
}

/** How a combined index moves through an operand: axes from the slowest to the fastest, none of size 1. */
export type Walk = readonly Axis[];

/** A walk of one axis at most has a step: the distance between neighbours (0 where there is but one). */
export const stepOf = (walk: Walk): number | undefined => (walk.length <= 1 ? (walk[0]?.step ?? 0) : undefined);

/** An operand as a matrix of `rows` by depth. */
export interface Side {
  /** Byte of its first element. */
  readonly start: number;
  readonly rows: Walk;
  readonly depth: Walk;
  /** From one batch index to the next, along each axis of the batch. */
  readonly batch: readonly number[];
}

/** result[batch, m, n] = Σ_k a[batch, m, k] · b[batch, n, k] */
export interface Matrices {
  readonly dtype: TileDType;
  readonly bytes: 4 | 8;
  readonly batch: Shape;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly a: Side;
  readonly b: Side;
  readonly to: {
    readonly start: number;
    readonly rows: Walk;
    readonly columns: Walk;
    readonly batch: readonly number[];
  };
}

/** Axes that continue their neighbours merged with them. */
export function walkOf(sizes: Shape, steps: readonly number[]): Walk {
  const out: Axis[] = [];
  sizes.forEach((size, i) => {
    if (size === 1) return;
    const last = out[out.length - 1];
    const step = steps[i]!;
    if (last !== undefined && last.step === step * size) out[out.length - 1] = { size: last.size * size, step };
    else out.push({ size, step });
  });
  return out;
}

/** The axes of the batch, merged where all three operands allow it. */
function mergeBatch(sizes: Shape, steps: readonly (readonly number[])[]): { sizes: number[]; steps: number[][] } {
  const out = { sizes: [] as number[], steps: steps.map(() => [] as number[]) };
  sizes.forEach((size, i) => {
    if (size === 1) return;
    const last = out.sizes.length - 1;
    if (last >= 0 && steps.every((own, s) => out.steps[s]![last] === own[i]! * size)) {
      out.sizes[last]! *= size;
      steps.forEach((own, s) => (out.steps[s]![last] = own[i]!));
      return;
    }
    out.sizes.push(size);
    steps.forEach((own, s) => out.steps[s]!.push(own[i]!));
  });
  return out;
}

/** @throws RangeError for bool: products of truth values are not defined. */
export function matricesOf(step: ProductStep): Matrices {
  const { dtype, batch, m, n, k } = step;
  if (dtype === 'bool') throw new RangeError('product: is not defined for bool');
  const bytes = bytesPerElement(dtype) as 4 | 8;
  const split = ({ strides }: Access, first: Shape, second: Shape): [number[], Walk, Walk] => {
    const steps = strides.map((stride) => stride * bytes);
    const middle = batch.length + first.length;
    return [
      steps.slice(0, batch.length),
      walkOf(first, steps.slice(batch.length, middle)),
      walkOf(second, steps.slice(middle)),
    ];
  };
  const [aBatch, aRows, aDepth] = split(step.a, m, k);
  const [bBatch, bRows, bDepth] = split(step.b, n, k);
  const [toBatch, rows, columns] = split(step.to, m, n);
  const merged = mergeBatch(batch, [aBatch, bBatch, toBatch]);
  const [aSteps, bSteps, toSteps] = merged.steps as [number[], number[], number[]];
  return {
    dtype,
    bytes,
    batch: merged.sizes,
    m: sizeOf(m),
    n: sizeOf(n),
    k: sizeOf(k),
    a: { start: step.a.start * bytes, rows: aRows, depth: aDepth, batch: aSteps },
    b: { start: step.b.start * bytes, rows: bRows, depth: bDepth, batch: bSteps },
    to: { start: step.to.start * bytes, rows, columns, batch: toSteps },
  };
}

/** The transposed product, resultᵀ = b·aᵀ: the same sums, rows for columns. */
export const transposed = (x: Matrices): Matrices => ({
  ...x,
  m: x.n,
  n: x.m,
  a: x.b,
  b: x.a,
  to: { ...x.to, rows: x.to.columns, columns: x.to.rows },
});
