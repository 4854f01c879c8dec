/** Parts of a Value along its axes, and their adjoint: a part put back into zeros. */
import { AxisError, OptionError, showShape } from '../../base/errors.ts';
import { stridesOf, type Shape } from '../../base/shapes.ts';
import type { Value } from '../../value/value.ts';
import { linear } from './linear.ts';
import { gathering, placing } from './maps.ts';
import { gatherStrided, placeStrided } from '../kernels/strided.ts';
import type { Primitive } from '../primitive.ts';
import { runtime } from '../runtime.ts';
import type { Applied } from '../simplify.ts';

/** For every axis: where the part starts, how many elements, how far apart (never 0; negative runs backwards). */
export interface SliceAttributes extends Record<string, unknown> {
  readonly starts: readonly number[];
  readonly sizes: readonly number[];
  readonly steps: readonly number[];
}

export interface EmbedAttributes extends SliceAttributes {
  /** The shape to put the part into. */
  readonly shape: Shape;
}

const offsetOf = (starts: readonly number[], strides: readonly number[]): number =>
  starts.reduce((sum, start, i) => sum + start * strides[i]!, 0);

/** How far apart the part's elements lie. */
const spread = (strides: readonly number[], steps: readonly number[]): number[] =>
  strides.map((stride, i) => stride * steps[i]!);

export const slicePrimitive: Primitive<SliceAttributes> = linear<SliceAttributes>({
  name: 'slice',
  glyph: '[:]',
  infer: (x, { sizes }) => ({ shape: sizes, dtype: x.dtype }),
  run: (out, x, { starts, steps }) => {
    const own = stridesOf(x.shape);
    gatherStrided(out, x, spread(own, steps), offsetOf(starts, own));
  },
  lower: (x, { starts, sizes, steps }) => {
    const own = stridesOf(x.shape);
    return gathering(sizes, spread(own, steps), offsetOf(starts, own));
  },
  copies: true,
  simplify: ({ primitive, inputs: [x], attrs: { starts, sizes, steps } }) => {
    if (sizes.every((n, i) => n === x!.shape[i] && starts[i] === 0 && steps[i] === 1)) return x!;
    if (x!.from?.primitive !== primitive) return null;
    const { inputs, attrs: inner } = x!.from as Applied<SliceAttributes>;
    return {
      primitive,
      inputs,
      attrs: {
        starts: starts.map((start, i) => inner.starts[i]! + start * inner.steps[i]!),
        sizes,
        steps: steps.map((step, i) => step * inner.steps[i]!),
      },
    };
  },
  adjoint: (g, x, attrs) => runtime.applyOne(embedPrimitive, [g], { ...attrs, shape: x.shape }),
  batch: (x, size, { starts, sizes, steps }) =>
    runtime.applyOne(slicePrimitive, [x], { starts: [0, ...starts], sizes: [size, ...sizes], steps: [1, ...steps] }),
});

/** Zeros of `shape` with x at the places that the slice would have read. */
export const embedPrimitive: Primitive<EmbedAttributes> = linear<EmbedAttributes>({
  name: 'embed',
  glyph: '[·]',
  infer: (x, { shape }) => ({ shape, dtype: x.dtype }),
  run: (out, x, { starts, steps }) => {
    const own = stridesOf(out.shape);
    placeStrided(out, x, spread(own, steps), offsetOf(starts, own));
  },
  lower: (x, { starts, steps }) => placing(starts, x.shape, steps, stridesOf(x.shape)),
  adjoint: (g, _, { starts, sizes, steps }) => runtime.applyOne(slicePrimitive, [g], { starts, sizes, steps }),
  batch: (x, size, { starts, sizes, steps, shape }) =>
    runtime.applyOne(embedPrimitive, [x], {
      starts: [0, ...starts],
      sizes: [size, ...sizes],
      steps: [1, ...steps],
      shape: [size, ...shape],
    }),
});

/** One axis of a slice: a number picks one element and drops the axis; a range keeps it; null takes all of it. */
export type Range = number | null | readonly [start?: number | null, stop?: number | null, step?: number];

/** A resolved range: never out of bounds. */
export interface Part {
  readonly start: number;
  readonly size: number;
  readonly step: number;
  readonly drop: boolean;
}

/** The whole of an axis. */
export const whole = (size: number): Part => ({ start: 0, size, step: 1, drop: false });

const clampIndex = (i: number, low: number, high: number): number => Math.min(Math.max(i, low), high);

/** Python's rules: negative indices count from the end, and ends beyond the axis are cut off. */
export function resolve(op: string, range: Range, length: number, axis: number, shape: Shape): Part {
  if (range === null) return whole(length);
  if (typeof range === 'number') {
    if (!Number.isInteger(range) || range < -length || range >= length) {
      throw new AxisError(`index ${String(range)} is out of range for axis ${axis} of ${showShape(shape)}`, {
        op,
        axis,
        shapes: [shape],
        hint: `Valid indices are ${-length} … ${length - 1}.`,
      });
    }
    return { start: range < 0 ? range + length : range, size: 1, step: 1, drop: true };
  }
  const [from, to, step = 1] = range;
  for (const x of [from, to, step]) {
    if (x === null || x === undefined || Number.isInteger(x)) continue;
    throw new OptionError(`start, stop and step are whole numbers, got ${String(x)} for axis ${axis}`, {
      op,
      axis,
    });
  }
  if (step === 0)
    throw new OptionError(`step 0 for axis ${axis}`, {
      op,
      axis,
      option: 'step',
      hint: 'Use 1, or −1 to run backwards.',
    });
  const wrap = (i: number): number => (i < 0 ? i + length : i);
  const [low, high] = step > 0 ? [0, length] : [-1, length - 1];
  const start = from === undefined || from === null ? (step > 0 ? 0 : length - 1) : clampIndex(wrap(from), low, high);
  const stop = to === undefined || to === null ? (step > 0 ? length : -1) : clampIndex(wrap(to), low, high);
  return { start, size: Math.max(0, Math.ceil((stop - start) / step)), step, drop: false };
}

/** @throws AxisError for more ranges or indices than axes. */
export function requireRanges(op: string, ranges: readonly unknown[], x: Value): void {
  if (ranges.length <= x.rank) return;
  throw new AxisError(`${ranges.length} indices for ${showShape(x.shape)}`, {
    op,
    shapes: [x.shape],
    hint: `Give at most ${x.rank}.`,
  });
}

/** A slice from resolved parts; indexed axes are dropped afterwards. */
export function take(x: Value, parts: readonly Part[]): Value {
  const all = parts.every((p, i) => p.start === 0 && p.step === 1 && p.size === x.shape[i]);
  const attrs = { starts: parts.map((p) => p.start), sizes: parts.map((p) => p.size), steps: parts.map((p) => p.step) };
  const part = all ? x : runtime.applyOne(slicePrimitive, [x], attrs);
  if (!parts.some((p) => p.drop)) return part;
  return part.reshape(parts.filter((p) => !p.drop).map((p) => p.size));
}
