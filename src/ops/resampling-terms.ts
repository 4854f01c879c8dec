/** From which elements of an axis, with what weights, interpolation makes each element of its result: PyTorch's formulas. */
import type { DType } from '../base/dtypes.ts';

export type InterpolationMode = 'nearest' | 'nearest-exact' | 'linear' | 'bilinear' | 'trilinear' | 'bicubic' | 'area';

/** One axis to be resampled. */
export interface ResampledAxis {
  readonly length: number;
  readonly size: number;
  /** The caller's factor, if that rather than the sizes determines positions. */
  readonly factor: number | null;
  readonly alignCorners: boolean;
  /** Positions are computed in the operand's precision: near a tie, rounding decides which neighbour is nearest. */
  readonly dtype: DType;
  /** How many axes are resampled. */
  readonly rank: number;
}

/** Sums over terms (from, to, weight); weights null for copies. */
export interface Terms {
  readonly from: readonly number[];
  readonly to: readonly number[];
  readonly weights: readonly number[] | null;
}

type Rounding = (x: number) => number;

const exact: Rounding = (x) => x;
const rounding = (dtype: DType): Rounding => (dtype === 'float32' ? Math.fround : exact);

/** Elements of x for one of the result. */
function scaleOf({ length, size, factor, alignCorners }: ResampledAxis, r: Rounding): number {
  if (alignCorners) return size > 1 ? r((length - 1) / (size - 1)) : 0;
  return factor === null ? r(length / size) : r(1 / factor);
}

const places = (n: number): number[] => [...new Array<number>(n).keys()];

/** PyTorch's kernel for two axes works in float32 whatever the dtype, and takes sizes once and twice as long apart. */
function nearestSources(axis: ResampledAxis): number[] {
  const { length, size, rank } = axis;
  if (rank === 2 && size === length) return places(size);
  if (rank === 2 && size === 2 * length) return places(size).map((i) => i >> 1);
  const r = rank === 2 ? Math.fround : rounding(axis.dtype);
  const scale = scaleOf(axis, r);
  return places(size).map((i) => Math.min(Math.floor(Math.fround(r(i * scale))), length - 1));
}

function nearestExactSources(axis: ResampledAxis): number[] {
  const r = axis.rank === 2 ? Math.fround : rounding(axis.dtype);
  const scale = scaleOf(axis, r);
  return places(axis.size).map((i) => Math.min(Math.floor(Math.fround(r((i + 0.5) * scale))), axis.length - 1));
}

/** Where element i of the result lies among those of x. */
function positionOf(i: number, scale: number, alignCorners: boolean, r: Rounding): number {
  return alignCorners ? r(scale * i) : r(r(scale * (i + 0.5)) - 0.5);
}

function linearTerms(axis: ResampledAxis): Terms {
  const { length, size } = axis;
  const r = rounding(axis.dtype);
  const scale = scaleOf(axis, r);
  const from: number[] = [];
  const weights: number[] = [];
  for (let i = 0; i < size; i++) {
    const position = size === length ? i : Math.max(0, positionOf(i, scale, axis.alignCorners, r));
    const low = Math.min(Math.floor(position), length - 1);
    const high = size === length ? low : Math.min(low + 1, length - 1);
    const part = Math.min(r(position - low), 1);
    from.push(low, high);
    weights.push(r(1 - part), part);
  }
  return { from, to: from.map((_, t) => t >> 1), weights };
}

/** Keys' cubic convolution, a = −0.75: within one step of the position, and between one step and two. */
const near = (d: number): number => (1.25 * d - 2.25) * d * d + 1;
const far = (d: number): number => ((-0.75 * d + 3.75) * d - 6) * d + 3;

function cubicTerms(axis: ResampledAxis): Terms {
  const { length, size } = axis;
  const r = rounding(axis.dtype);
  const scale = scaleOf(axis, r);
  const from: number[] = [];
  const weights: number[] = [];
  for (let i = 0; i < size; i++) {
    const position = positionOf(i, scale, axis.alignCorners, r);
    const low = Math.min(Math.floor(position), length - 1);
    const part = Math.min(Math.max(r(position - low), 0), 1);
    for (let k = -1; k <= 2; k++) from.push(Math.min(Math.max(low + k, 0), length - 1));
    weights.push(r(far(part + 1)), r(near(part)), r(near(1 - part)), r(far(2 - part)));
  }
  return { from, to: from.map((_, t) => t >> 2), weights };
}

/** The mean of the elements that element i of the result covers, rounded outwards. */
function areaTerms({ length, size, dtype }: ResampledAxis): Terms {
  const from: number[] = [];
  const to: number[] = [];
  const weights: number[] = [];
  for (let i = 0; i < size; i++) {
    const start = Math.floor((i * length) / size);
    const stop = Math.ceil(((i + 1) * length) / size);
    for (let at = start; at < stop; at++) {
      from.push(at);
      to.push(i);
      weights.push(rounding(dtype)(1 / (stop - start)));
    }
  }
  return { from, to, weights };
}

const copies = (from: number[]): Terms => ({ from, to: places(from.length), weights: null });

const TERMS: Readonly<Record<InterpolationMode, (axis: ResampledAxis) => Terms>> = {
  nearest: (axis) => copies(nearestSources(axis)),
  'nearest-exact': (axis) => copies(nearestExactSources(axis)),
  linear: linearTerms,
  bilinear: linearTerms,
  trilinear: linearTerms,
  bicubic: cubicTerms,
  area: areaTerms,
};

export const termsOf = (mode: InterpolationMode, axis: ResampledAxis): Terms => TERMS[mode](axis);
