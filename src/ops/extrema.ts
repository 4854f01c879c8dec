/** The largest and smallest elements, and where they are. */
import type { Storage } from '../base/dtypes.ts';
import { AxisError, checkOptions, showShape } from '../base/errors.ts';
import type { Fits, Ok, Reduced } from '../base/shape-types.ts';
import { reducedShape, sizeOf } from '../base/shapes.ts';
import type { Dense } from '../base/storage.ts';
import type { Value } from '../value/value.ts';
import { selectAlongAxis, withoutAxis, type ScalarOrSelected, type Selected } from './families/along-axis.ts';
import {
  reduce,
  reductionPrimitive,
  stretchBack,
  type AxesAttributes,
  type ReduceColumns,
  type ReduceRun,
} from './families/reduction.ts';
import type { AnyOperand, Of, Reduction, ReductionOptions } from './families/signatures.ts';
import { aroundAxis } from './kernels/axis.ts';
import type { Reducer } from './lowering.ts';
import { op, type ErrorSample, type Op, type Sample } from './op.ts';
import { primitive, type Aval, type Derivatives, type Primitive } from './primitive.ts';
import { runtime, type Operand } from './runtime.ts';

type Axes = number | readonly number[] | null;

/** @throws AxisError where there is nothing to choose from. */
export function requireElements(name: string, x: Aval, axes: readonly number[]): void {
  const empty = axes.find((axis) => x.shape[axis] === 0);
  if (empty === undefined) return;
  throw new AxisError(`axis ${empty} of ${showShape(x.shape)} has no elements to choose from`, {
    op: name,
    axis: empty,
    shapes: [x.shape],
    hint: 'Reduce axes of at least one element.',
  });
}

// Values over any axes ---------------------------------------------------------------------------------------------

/**
 * The derivative of an op that picks one of its elements: equal elements share evenly, as in PyTorch; where NaN was
 * picked, the NaNs share.
 */
export const sharedAmongEqual: Derivatives<AxesAttributes> = {
  kind: 'each',
  jvp: ([t], { inputs: [x], outputs: [y], attrs }) => {
    if (t === undefined) return undefined;
    const { chosen, count } = equalTo(x!, y!, attrs.axes);
    return t.where(chosen, 0).sum(attrs.axes).div(count);
  },
  vjp: (g, _, { inputs: [x], outputs: [y], attrs }) => {
    const { chosen, count } = equalTo(x!, y!, attrs.axes);
    return stretchBack(g.div(count), x!.shape, attrs.axes).where(chosen, 0);
  },
};

function equalTo(x: Value, y: Value, axes: readonly number[]): { chosen: Value; count: Value } {
  const picked = stretchBack(y, x.shape, axes);
  const chosen = x.eq(picked).logicalOr(x.ne(x).logicalAnd(picked.ne(picked)));
  return { chosen, count: chosen.sum(axes).to(x.dtype) };
}

// Math.max and Math.min: NaN wins, −0 < +0; so the result does not depend on the order.
const largest: ReduceRun = (data, start, stride, count) => {
  let best = data[start]!;
  for (let i = 1, at = start + stride; i < count; i++, at += stride) best = Math.max(best, data[at]!);
  return best;
};

const smallest: ReduceRun = (data, start, stride, count) => {
  let best = data[start]!;
  for (let i = 1, at = start + stride; i < count; i++, at += stride) best = Math.min(best, data[at]!);
  return best;
};

/** Down columns, row by row. */
const columnsBy =
  (better: (a: number, b: number) => number): ReduceColumns =>
  (out, out0, data, start, rows, columns) => {
    for (let c = 0; c < columns; c++) out[out0 + c] = data[start + c]!;
    for (let r = 1, at = start + columns; r < rows; r++, at += columns) {
      for (let c = 0; c < columns; c++) out[out0 + c] = better(out[out0 + c]!, data[at + c]!);
    }
  };

const extremePrimitive = (
  name: string,
  glyph: string,
  run: ReduceRun,
  columns: ReduceColumns,
  reducer: Reducer,
): Primitive<AxesAttributes> =>
  reductionPrimitive({
    name,
    glyph,
    reduce: run,
    columns,
    reducer,
    check: (x, axes) => requireElements(name, x, axes),
    derivatives: sharedAmongEqual,
  });

const amaxPrimitive: Primitive<AxesAttributes> = extremePrimitive(
  'amax',
  '⌈x⌉',
  largest,
  columnsBy(Math.max),
  'maximum',
);
const aminPrimitive: Primitive<AxesAttributes> = extremePrimitive(
  'amin',
  '⌊x⌋',
  smallest,
  columnsBy(Math.min),
  'minimum',
);

const extremeSamples = (call: (x: Value, axis?: Axes, options?: ReductionOptions) => unknown): Sample[] => [
  { inputs: [{ shape: [2, 3], distinct: true }], call: (x) => call(x) },
  { inputs: [{ shape: [2, 3, 2], distinct: true }], call: (x) => call(x, [0, -1]) },
  { inputs: [{ shape: [2, 3], distinct: true }], call: (x) => call(x, 1, { keepDims: true }) },
  { inputs: [{ shape: [0, 3] }], call: (x) => call(x, 1) },
  { inputs: [{ shape: [] }], call: (x) => call(x) },
];

const extremeErrors = (name: string, call: (x: Value, axis?: number, options?: object) => unknown): ErrorSample[] => [
  {
    call: () => call(runtime.fill([2, 0], 0, 'float64'), 1),
    error: 'AxisError',
    message: new RegExp(`${name}: axis 1 of \\[2, 0\\] has no elements`),
  },
  {
    call: () => call(runtime.fill([2], 0, 'float64'), 1),
    error: 'AxisError',
    message: new RegExp(`${name}: axis 1 is out of range`),
  },
  {
    call: () => call(runtime.fill([2], 0, 'float64'), 0, { keepdim: true }),
    error: 'OptionError',
    message: /unknown option "keepdim"/,
  },
];

/**
 * The largest element over an axis, several, or all; NaN wins. Equal ones share the gradient evenly.
 * https://docs.pytorch.org/docs/stable/generated/torch.amax.html
 * @throws AxisError for an axis without elements.
 * @example value([[1, 5], [3, 4]]).amax(1) // [5, 4]
 */
export const amax: Op<Reduction> = op<Reduction>(
  'amax',
  amaxPrimitive,
  (x: Operand, axis?: Axes, options?: ReductionOptions): Value =>
    reduce('amax', amaxPrimitive, runtime.lift(x, 'amax'), axis, options),
  {
    samples: extremeSamples((x, axis, options) => x.amax(axis, options)),
    errors: extremeErrors('amax', (x, axis, options) => x.amax(axis, options)),
    gold: 'amax',
  },
);

/**
 * The smallest element over an axis, several, or all; NaN wins. Equal ones share the gradient evenly.
 * https://docs.pytorch.org/docs/stable/generated/torch.amin.html
 * @throws AxisError for an axis without elements.
 * @example value([[1, 5], [3, 4]]).amin(1) // [1, 3]
 */
export const amin: Op<Reduction> = op<Reduction>(
  'amin',
  aminPrimitive,
  (x: Operand, axis?: Axes, options?: ReductionOptions): Value =>
    reduce('amin', aminPrimitive, runtime.lift(x, 'amin'), axis, options),
  {
    samples: extremeSamples((x, axis, options) => x.amin(axis, options)),
    errors: extremeErrors('amin', (x, axis, options) => x.amin(axis, options)),
    gold: 'amin',
  },
);

// Where ------------------------------------------------------------------------------------------------------------

interface ArgExtremeAttributes extends Record<string, unknown> {
  readonly axis: number;
  readonly largest: boolean;
}

/** Whether x takes the place of the best so far: NaN beats every number, and the first of equals stays. */
const beats = (x: number, best: number, wantsLargest: boolean): boolean =>
  best === best && (x !== x || (wantsLargest ? x > best : x < best));

/** The places of the extremes of one row. */
function extremeAt(x: Storage, start: number, length: number, wantsLargest: boolean): number {
  let place = 0;
  for (let i = 1; i < length; i++) if (beats(x[start + i]!, x[start + place]!, wantsLargest)) place = i;
  return place;
}

/** Rows are read in the order in which they lie, also where columns are compared. */
function runArgExtreme(out: Dense, x: Dense, { axis, largest: wantsLargest }: ArgExtremeAttributes): void {
  const { before, length, behind } = aroundAxis(x.shape, axis);
  for (let m = 0; m < before; m++) {
    const start = m * length * behind;
    if (behind === 1) {
      out.data[m] = extremeAt(x.data, start, length, wantsLargest);
      continue;
    }
    const best = x.data.slice(start, start + behind);
    for (let i = 1, at = start + behind; i < length; i++) {
      for (let j = 0; j < behind; j++, at++) {
        if (!beats(x.data[at]!, best[j]!, wantsLargest)) continue;
        best[j] = x.data[at]!;
        out.data[m * behind + j] = i;
      }
    }
  }
}

/** Along one axis, which it drops; keeping it is a reshape afterwards. */
const argExtremePrimitive: Primitive<ArgExtremeAttributes> = primitive<ArgExtremeAttributes>({
  name: 'argExtreme',
  glyph: '⌖',
  title: ({ largest: wantsLargest }) => (wantsLargest ? 'argmax' : 'argmin'),
  infer: ([x], { axis, largest: wantsLargest }) => {
    requireElements(wantsLargest ? 'argmax' : 'argmin', x!, [axis]);
    return [{ shape: reducedShape(x!.shape, [axis], false), dtype: 'int32' }];
  },
  compute: { kind: 'kernel', run: ([out], [x], attrs) => runArgExtreme(out!, x!, attrs) },
  lower: (_, { axis, largest: wantsLargest }) => ({
    kind: 'reduce',
    reducer: wantsLargest ? 'argmax' : 'argmin',
    axes: [axis],
  }),
  derivatives: { kind: 'none' },
  batch: ([x], _, __, attrs) => [runtime.applyOne(argExtremePrimitive, [x!], { ...attrs, axis: attrs.axis + 1 })],
});

/** With the axis kept. */
const indexAlong = (x: Value, axis: number, wantsLargest: boolean): Value =>
  runtime
    .applyOne(argExtremePrimitive, [x], { axis, largest: wantsLargest })
    .reshape(reducedShape(x.shape, [axis], true));

/** The index over one axis, or into the flattened Value. */
function argExtreme(
  name: string,
  x: Value,
  axis: number | null | undefined,
  options: ReductionOptions | undefined,
  wantsLargest: boolean,
): Value {
  checkOptions(name, options, ['keepDims']);
  if (axis === undefined || axis === null) {
    requireElements(name, x, [...x.shape.keys()]);
    const index = indexAlong(x.reshape([sizeOf(x.shape)]), 0, wantsLargest);
    return index.reshape(options?.keepDims === true ? x.shape.map(() => 1) : []);
  }
  const select = (v: Value, at: number): Selected => {
    requireElements(name, v, [at]);
    const indices = indexAlong(v, at, wantsLargest);
    return withoutAxis({ values: indices, indices }, at, options?.keepDims);
  };
  return selectAlongAxis(name, x, axis, select).indices;
}

/** Reduces one axis, or all. */
interface ArgReduction {
  method<V extends Value, const A extends number | null | undefined = undefined, const K extends boolean = false>(
    this: V,
    axis?: Fits<Reduced<Of<V>, A, K>, A>,
    options?: ReductionOptions<K>,
  ): Value<Ok<Reduced<Of<V>, A, K>>>;
  free<V extends AnyOperand, const A extends number | null | undefined = undefined, const K extends boolean = false>(
    x: V,
    axis?: Fits<Reduced<Of<V>, A, K>, A>,
    options?: ReductionOptions<K>,
  ): Value<Ok<Reduced<Of<V>, A, K>>>;
}

const argSamples = (call: (x: Value, axis?: number, options?: ReductionOptions) => unknown): Sample[] => [
  { inputs: [{ shape: [2, 3], distinct: true }], call: (x) => call(x), differentiable: false },
  { inputs: [{ shape: [2, 3, 2], distinct: true }], call: (x) => call(x, 1), differentiable: false },
  { inputs: [{ shape: [2, 3] }], call: (x) => call(x, -1, { keepDims: true }), differentiable: false },
  { inputs: [{ shape: [0, 3] }], call: (x) => call(x, 1), differentiable: false },
  { inputs: [{ shape: [] }], call: (x) => call(x), differentiable: false },
];

/**
 * The int32 index of the largest element of an axis, or of the flattened Value: the first of equals; NaN wins.
 * https://docs.pytorch.org/docs/stable/generated/torch.argmax.html
 * @throws AxisError for an axis without elements.
 * @example value([[1, 5], [3, 4]]).argmax(1) // [1, 1]
 */
export const argmax: Op<ArgReduction> = op<ArgReduction>(
  'argmax',
  argExtremePrimitive,
  (x: Operand, axis?: number | null, options?: ReductionOptions): Value =>
    argExtreme('argmax', runtime.lift(x, 'argmax'), axis, options, true),
  {
    samples: argSamples((x, axis, options) => x.argmax(axis, options)),
    errors: extremeErrors('argmax', (x, axis, options) => x.argmax(axis, options)),
    gold: 'argmax',
  },
);

/**
 * The int32 index of the smallest element of an axis, or of the flattened Value: the first of equals; NaN wins.
 * https://docs.pytorch.org/docs/stable/generated/torch.argmin.html
 * @throws AxisError for an axis without elements.
 * @example value([3, 1, 1]).argmin() // 1
 */
export const argmin: Op<ArgReduction> = op<ArgReduction>(
  'argmin',
  argExtremePrimitive,
  (x: Operand, axis?: number | null, options?: ReductionOptions): Value =>
    argExtreme('argmin', runtime.lift(x, 'argmin'), axis, options, false),
  {
    samples: argSamples((x, axis, options) => x.argmin(axis, options)),
    errors: extremeErrors('argmin', (x, axis, options) => x.argmin(axis, options)),
    gold: 'argmin',
  },
);

// max and min ------------------------------------------------------------------------------------------------------

function extremeOf(
  name: string,
  x: Value,
  axis: number | undefined,
  options: ReductionOptions | undefined,
  wantsLargest: boolean,
): Value | Selected {
  if (axis === undefined) {
    requireElements(name, x, [...x.shape.keys()]);
    return reduce(name, wantsLargest ? amaxPrimitive : aminPrimitive, x, null, options);
  }
  checkOptions(name, options, ['keepDims']);
  return selectAlongAxis(name, x, axis, (v, at) => {
    requireElements(name, v, [at]);
    const indices = indexAlong(v, at, wantsLargest);
    return withoutAxis({ values: v.gather(at, indices), indices }, at, options?.keepDims);
  });
}

const selectionSamples = (call: (x: Value, axis?: number, options?: ReductionOptions) => unknown): Sample[] => [
  { inputs: [{ shape: [2, 3], distinct: true }], call: (x) => call(x) },
  { inputs: [{ shape: [2, 3, 2], distinct: true }], call: (x) => call(x, 1) },
  { inputs: [{ shape: [2, 3], distinct: true }], call: (x) => call(x, -1, { keepDims: true }) },
  { inputs: [{ shape: [0, 3] }], call: (x) => call(x, 1) },
  { inputs: [{ shape: [] }], call: (x) => call(x, 0) },
];

/**
 * The largest element: without an axis a scalar, whose gradient equal elements share evenly; along an axis
 * `{ values, indices }` of the first largest ones. NaN wins. (For two operands see `maximum`.)
 * https://docs.pytorch.org/docs/stable/generated/torch.max.html
 * @throws AxisError for an axis without elements.
 * @example const { values, indices } = value([[1, 5], [3, 4]]).max(1) // [5, 4], [1, 1]
 */
export const max: Op<ScalarOrSelected> = op<ScalarOrSelected>(
  'max',
  amaxPrimitive,
  (x: Operand, axis?: number, options?: ReductionOptions) =>
    extremeOf('max', runtime.lift(x, 'max'), axis, options, true),
  {
    samples: selectionSamples((x, axis, options) => (axis === undefined ? x.max() : x.max(axis, options))),
    errors: extremeErrors('max', (x, axis, options) => x.max(axis!, options)),
    gold: 'max.reduction_with_dim',
  },
);

/**
 * The smallest element: without an axis a scalar, whose gradient equal elements share evenly; along an axis
 * `{ values, indices }` of the first smallest ones. NaN wins. (For two operands see `minimum`.)
 * https://docs.pytorch.org/docs/stable/generated/torch.min.html
 * @throws AxisError for an axis without elements.
 * @example const { values, indices } = value([[1, 5], [3, 4]]).min(1) // [1, 3], [0, 0]
 */
export const min: Op<ScalarOrSelected> = op<ScalarOrSelected>(
  'min',
  aminPrimitive,
  (x: Operand, axis?: number, options?: ReductionOptions) =>
    extremeOf('min', runtime.lift(x, 'min'), axis, options, false),
  {
    samples: selectionSamples((x, axis, options) => (axis === undefined ? x.min() : x.min(axis, options))),
    errors: extremeErrors('min', (x, axis, options) => x.min(axis!, options)),
    gold: 'min.reduction_with_dim',
  },
);
