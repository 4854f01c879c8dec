/** Elements and ranges of axes, by numbers known beforehand. */
import { AxisError, showShape } from '../base/errors.ts';
import type { Fits, Ok, Shape, WithAxis, WithoutLeading } from '../base/shape-types.ts';
import { normalizeAxes, normalizeAxis } from '../base/shapes.ts';
import type { Value } from '../value/value.ts';
import type { AnyOperand, Of } from './families/signatures.ts';
import { wrapIndices } from './families/ravel.ts';
import { takeRows } from './indexing-rows.ts';
import { op, type Op } from './op.ts';
import { requireRanges, resolve, slicePrimitive, take, whole, type Part, type Range } from './families/slicing.ts';
import { runtime, type Operand } from './runtime.ts';

export type { Range } from './families/slicing.ts';

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
    requireRanges('slice', ranges, x);
    return take(
      x,
      x.shape.map((n, axis) => resolve('slice', ranges[axis] ?? null, n, axis, x.shape)),
    );
  },
  {
    samples: [
      { inputs: [{ shape: [6] }], call: (x) => x.slice([1, 5, 2]) },
      { inputs: [{ shape: [3, 4] }], call: (x) => x.slice(null, [null, null, -2]) },
      { inputs: [{ shape: [3, 4] }], call: (x) => x.slice(-1, [1, -1]) },
      { inputs: [{ shape: [3, 4] }], call: (x) => x.slice([2, 1]) },
      { inputs: [{ shape: [3, 4] }], call: (x) => x.slice([-2], [-9, 9, 3]) },
      { inputs: [{ shape: [] }], call: (x) => x.slice() },
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
  method<V extends Value, const A extends number, const N extends number>(
    this: V,
    axis: Fits<WithAxis<Of<V>, A, N>, A>,
    start: number | Value,
    length: N,
  ): Value<Ok<WithAxis<Of<V>, A, N>>>;
  free<V extends AnyOperand, const A extends number, const N extends number>(
    x: V,
    axis: Fits<WithAxis<Of<V>, A, N>, A>,
    start: number | Value,
    length: N,
  ): Value<Ok<WithAxis<Of<V>, A, N>>>;
}

/** All of every axis but one. */
const partOf = (x: Value, axis: number, part: Part): Value =>
  take(
    x,
    x.shape.map((size, i) => (i === axis ? part : whole(size))),
  );

/** From a start that is known when the numbers are: a row of indices. */
function narrowFrom(x: Value, axis: number, start: Value, length: number): Value {
  const n = x.shape[axis]!;
  const iota = runtime.fromArray(
    Int32Array.from({ length }, (_, i) => i),
    [length],
    'int32',
  );
  if (length === 0) return partOf(x, axis, { start: 0, size: 0, step: 1, drop: false });
  const first = wrapIndices('narrow', [start.reshape([])], [n], [axis]);
  return takeRows(x, first.add(iota), { as: 'narrow', axis, shared: 0 });
}

/**
 * `length` elements of one axis from `start`, which may count from the end, and may be a scalar int32 Value.
 * https://docs.pytorch.org/docs/stable/generated/torch.narrow.html
 * @throws AxisError where they reach beyond the axis.
 * @example arange(5).narrow(0, 1, 3) // [1, 2, 3]
 */
export const narrow: Op<Narrow> = op<Narrow>(
  'narrow',
  slicePrimitive,
  (operand: Operand, axis: number, start: number | Value, length: number): Value => {
    const x = runtime.lift(operand, 'narrow');
    const at = normalizeAxis('narrow', axis, x.rank, x.shape);
    const n = x.shape[at]!;
    const from = typeof start === 'number' && start < 0 ? start + n : start;
    const low = typeof from === 'number' ? from : 0;
    if (!Number.isInteger(low) || !Number.isInteger(length) || low < 0 || length < 0 || low + length > n) {
      const given = typeof start === 'number' ? String(start) : 'Value';
      throw new AxisError(
        `start ${given} and length ${String(length)} do not fit axis ${at} of ${showShape(x.shape)}`,
        {
          op: 'narrow',
          axis: at,
          shapes: [x.shape],
          hint: `The axis has ${n} elements.`,
        },
      );
    }
    if (typeof from !== 'number') return narrowFrom(x, at, from, length);
    return partOf(x, at, { start: from, size: length, step: 1, drop: false });
  },
  {
    samples: [
      { inputs: [{ shape: [5] }], call: (x) => x.narrow(0, 1, 3) },
      { inputs: [{ shape: [2, 4] }], call: (x) => x.narrow(-1, -2, 2) },
      { inputs: [{ shape: [2, 4] }], call: (x) => x.narrow(0, 2, 0) },
      {
        inputs: [{ shape: [2, 4] }, { shape: [], dtype: 'int32', min: 0, max: 1 }],
        call: (x, start) => x.narrow(1, start, 3),
      },
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

// at ---------------------------------------------------------------------------------------------------------------

interface At {
  method<V extends Value, const I extends readonly number[]>(
    this: V,
    ...indices: Fits<WithoutLeading<Of<V>, I>, I>
  ): Value<Ok<WithoutLeading<Of<V>, I>>>;
  free<V extends Value, const I extends readonly number[]>(
    x: V,
    ...indices: Fits<WithoutLeading<Of<V>, I>, I>
  ): Value<Ok<WithoutLeading<Of<V>, I>>>;
}

/**
 * The element, or the part, at integer indices of the leading axes; negative ones count from the end. Recorded, so
 * gradients flow.
 * @throws AxisError for an index out of range or more indices than axes.
 * @example value([[1, 2], [3, 4]]).at(0, -1) // 2
 */
export const at: Op<At> = op<At>(
  'at',
  slicePrimitive,
  (operand: Operand, ...indices: number[]): Value => {
    const x = runtime.lift(operand, 'at');
    requireRanges('at', indices, x);
    return take(
      x,
      x.shape.map((n, axis) => resolve('at', indices[axis] ?? null, n, axis, x.shape)),
    );
  },
  {
    samples: [
      { inputs: [{ shape: [3, 4] }], call: (x) => x.at(1, -1) },
      { inputs: [{ shape: [3, 4] }], call: (x) => x.at(2) },
      { inputs: [{ shape: [] }], call: (x) => x.at() },
      { inputs: [{ shape: [2, 0] }], call: (x) => x.at(0) },
    ],
    errors: [
      {
        call: () => runtime.fill([2, 3], 0, 'float64').at(0, 3),
        error: 'AxisError',
        message: /at: index 3.*axis 1 of \[2, 3\]/,
      },
      {
        call: () => runtime.fill([2], 0, 'float64').at(0, 0),
        error: 'AxisError',
        message: /at: 2 indices for \[2\]/,
      },
    ],
  },
);

// flip -------------------------------------------------------------------------------------------------------------

interface Flip {
  method<V extends Value>(this: V, axes?: number | readonly number[]): Value<Of<V>>;
  free<V extends AnyOperand>(x: V, axes?: number | readonly number[]): Value<Of<V>>;
}

/**
 * The elements in reverse order along an axis, several, or all.
 * https://docs.pytorch.org/docs/stable/generated/torch.flip.html
 * @throws AxisError for an axis out of range or given twice.
 * @example value([1, 2, 3]).flip() // [3, 2, 1]
 */
export const flip: Op<Flip> = op<Flip>(
  'flip',
  slicePrimitive,
  (operand: Operand, axes?: number | readonly number[]): Value => {
    const x = runtime.lift(operand, 'flip');
    const flipped = normalizeAxes('flip', axes, x.shape);
    return take(
      x,
      x.shape.map((size, i) =>
        flipped.includes(i) && size > 1 ? { start: size - 1, size, step: -1, drop: false } : whole(size),
      ),
    );
  },
  {
    samples: [
      { inputs: [{ shape: [3] }], call: (x) => x.flip() },
      { inputs: [{ shape: [2, 3, 2] }], call: (x) => x.flip([0, -1]) },
      { inputs: [{ shape: [2, 3] }], call: (x) => x.flip([]) },
      { inputs: [{ shape: [2, 0] }], call: (x) => x.flip(1) },
      { inputs: [{ shape: [] }], call: (x) => x.flip() },
    ],
    errors: [
      {
        call: () => runtime.fill([2, 3], 0, 'float64').flip([0, 0]),
        error: 'AxisError',
        message: /flip: axis 0 is given twice/,
      },
    ],
    gold: 'flip',
  },
);
