/** Parts of a Value along its axes, and their adjoint: a part put back into zeros. */
import { AxisError, OptionError, showShape } from '../base/errors.ts';
import type { Shape } from '../base/shape-types.ts';
import { normalizeAxis, stridesOf } from '../base/shapes.ts';
import type { Value } from '../value/value.ts';
import { linear } from './families/linear.ts';
import type { AnyOperand } from './families/signatures.ts';
import { gatherStrided, scatterStrided } from './kernels/strided.ts';
import { op, type Op } from './op.ts';
import type { Primitive } from './primitive.ts';
import { runtime, type Operand } from './runtime.ts';

/** For every axis: where it starts, how many elements, how far apart (never 0; negative runs backwards). */
interface SliceAttributes extends Record<string, unknown> {
  readonly starts: readonly number[];
  readonly sizes: readonly number[];
  readonly steps: readonly number[];
}

interface EmbedAttributes extends SliceAttributes {
  /** The shape to put the part into. */
  readonly shape: Shape;
}

const offsetOf = (starts: readonly number[], strides: readonly number[]): number =>
  starts.reduce((sum, start, i) => sum + start * strides[i]!, 0);

const slicePrimitive: Primitive<SliceAttributes> = linear<SliceAttributes>({
  name: 'slice',
  glyph: '[:]',
  infer: (x, { sizes }) => ({ shape: sizes, dtype: x.dtype }),
  run: (out, x, { starts, steps }) => {
    const own = stridesOf(x.shape);
    gatherStrided(
      out,
      x,
      own.map((stride, i) => stride * steps[i]!),
      offsetOf(starts, own),
    );
  },
  copies: true,
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
    scatterStrided(
      out,
      x,
      own.map((stride, i) => stride * steps[i]!),
      offsetOf(starts, own),
    );
  },
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

interface Part {
  readonly start: number;
  readonly size: number;
  readonly step: number;
  readonly drop: boolean;
}

const clampIndex = (i: number, low: number, high: number): number => Math.min(Math.max(i, low), high);

/** Python's rules: negative indices count from the end, and ends beyond the axis are cut off. */
function resolve(range: Range, length: number, axis: number, shape: Shape): Part {
  if (range === null) return { start: 0, size: length, step: 1, drop: false };
  if (typeof range === 'number') {
    if (!Number.isInteger(range) || range < -length || range >= length) {
      throw new AxisError(`index ${String(range)} is out of range for axis ${axis} of ${showShape(shape)}`, {
        op: 'slice',
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
      op: 'slice',
      axis,
    });
  }
  if (step === 0)
    throw new OptionError(`step 0 for axis ${axis}`, {
      op: 'slice',
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

/** A slice from resolved parts; indexed axes are dropped afterwards. */
function take(x: Value, parts: readonly Part[]): Value {
  const whole = parts.every((p, i) => p.start === 0 && p.step === 1 && p.size === x.shape[i]);
  const attrs = { starts: parts.map((p) => p.start), sizes: parts.map((p) => p.size), steps: parts.map((p) => p.step) };
  const part = whole ? x : runtime.applyOne(slicePrimitive, [x], attrs);
  if (!parts.some((p) => p.drop)) return part;
  return part.reshape(parts.filter((p) => !p.drop).map((p) => p.size));
}

interface Slice {
  method<V extends Value>(this: V, ...ranges: readonly Range[]): Value<Shape>;
  free<V extends AnyOperand>(x: V, ...ranges: readonly Range[]): Value<Shape>;
}

/**
 * A part of x, axis by axis: a number picks one element and drops the axis, `[start, stop, step]` takes a range as in
 * Python (negative counts from the end, negative steps run backwards), null takes the whole axis. Axes not named are
 * taken whole.
 * @example arange(6).slice([1, 5, 2]) // [1, 3]
 */
export const slice: Op<Slice> = op<Slice>(
  'slice',
  slicePrimitive,
  (operand: Operand, ...ranges: Range[]): Value => {
    const x = runtime.lift(operand, 'slice');
    if (ranges.length > x.rank) {
      throw new AxisError(`${ranges.length} ranges for ${showShape(x.shape)}`, {
        op: 'slice',
        shapes: [x.shape],
        hint: `Give at most ${x.rank}.`,
      });
    }
    return take(
      x,
      x.shape.map((n, axis) => resolve(ranges[axis] ?? null, n, axis, x.shape)),
    );
  },
  {
    samples: [
      { inputs: [{ shape: [6] }], call: (x) => x.slice([1, 5, 2]) },
      { inputs: [{ shape: [3, 4] }], call: (x) => x.slice(null, [null, null, -2]) },
      { inputs: [{ shape: [3, 4] }], call: (x) => x.slice(-1, [1, -1]) },
      { inputs: [{ shape: [3, 4] }], call: (x) => x.slice([2, 1]) },
    ],
    errors: [
      {
        call: () => runtime.fill([3], 0, 'float64').slice(3),
        error: 'AxisError',
        message: /slice.*index 3.*axis 0.*\[3\]/s,
      },
      { call: () => runtime.fill([3], 0, 'float64').slice([0, 3, 0]), error: 'OptionError', message: /step 0/ },
    ],
    gold: [],
  },
);

interface Narrow {
  method<V extends Value>(this: V, axis: number, start: number, length: number): Value<Shape>;
  free<V extends AnyOperand>(x: V, axis: number, start: number, length: number): Value<Shape>;
}

/** `length` elements of one axis from `start`. @example arange(5).narrow(0, 1, 3) // [1, 2, 3] */
export const narrow: Op<Narrow> = op<Narrow>(
  'narrow',
  slicePrimitive,
  (operand: Operand, axis: number, start: number, length: number): Value => {
    const x = runtime.lift(operand, 'narrow');
    const at = normalizeAxis('narrow', axis, x.rank, x.shape);
    const n = x.shape[at]!;
    const from = start < 0 ? start + n : start;
    if (!Number.isInteger(from) || !Number.isInteger(length) || from < 0 || length < 0 || from + length > n) {
      throw new AxisError(
        `start ${String(start)} and length ${String(length)} do not fit axis ${at} of ${showShape(x.shape)}`,
        {
          op: 'narrow',
          axis: at,
          shapes: [x.shape],
        },
      );
    }
    const whole = (size: number): Part => ({ start: 0, size, step: 1, drop: false });
    return take(
      x,
      x.shape.map((size, i) => (i === at ? { start: from, size: length, step: 1, drop: false } : whole(size))),
    );
  },
  {
    samples: [
      { inputs: [{ shape: [5] }], call: (x) => x.narrow(0, 1, 3) },
      { inputs: [{ shape: [2, 4] }], call: (x) => x.narrow(-1, -2, 2) },
    ],
    errors: [
      {
        call: () => runtime.fill([3], 0, 'float64').narrow(0, 2, 2),
        error: 'AxisError',
        message: /narrow.*start 2.*length 2.*\[3\]/s,
      },
    ],
    gold: 'narrow',
  },
);
