/** Spread and middle. */
import { checkOptions, OptionError } from '../base/errors.ts';
import type { AxesArgument, Fits, Ok, Reduced } from '../base/shape-types.ts';
import { normalizeAxes, reducedShape, sizeOf } from '../base/shapes.ts';
import type { Value } from '../value/value.ts';
import { requireElements, sharedAmongEqual } from './extrema.ts';
import { selectAlongAxis, withoutAxis, type ScalarOrSelected, type Selected } from './families/along-axis.ts';
import { requireFloat } from './families/pointwise.ts';
import { reduce, reductionPrimitive, type AxesAttributes, type ReduceRun } from './families/reduction.ts';
import type { AnyOperand, Of, ReductionOptions } from './families/signatures.ts';
import { composite, op, type ErrorSample, type Op, type Sample } from './op.ts';
import type { Primitive } from './primitive.ts';
import { runtime, type Operand } from './runtime.ts';
import type { Range } from './slice.ts';
import { sortedIndices } from './sorting.ts';

// variance, std ----------------------------------------------------------------------------------------------------

export interface SpreadOptions<Keep extends boolean = boolean> extends ReductionOptions<Keep> {
  /** What is taken off the count in the denominator: 1 (default) for samples, 0 for whole populations. */
  readonly correction?: number;
}

/** As a reduction, with `correction`. */
interface Spread {
  method<V extends Value, const A extends AxesArgument = undefined, const K extends boolean = false>(
    this: V,
    axis?: Fits<Reduced<Of<V>, A, K>, A>,
    options?: SpreadOptions<K>,
  ): Value<Ok<Reduced<Of<V>, A, K>>>;
  free<V extends AnyOperand, const A extends AxesArgument = undefined, const K extends boolean = false>(
    x: V,
    axis?: Fits<Reduced<Of<V>, A, K>, A>,
    options?: SpreadOptions<K>,
  ): Value<Ok<Reduced<Of<V>, A, K>>>;
}

/** The first element of each group. */
const firstOf = (x: Value, axes: readonly number[]): Value =>
  x.slice(...x.shape.map((_, i): Range => (axes.includes(i) ? [0, 1] : null)));

/** Relative to the first element, on which the result does not depend: equal elements then have no spread at all. */
function spread(name: string, operand: Operand, axis: AxesArgument, options: SpreadOptions | undefined): Value {
  checkOptions(name, options, ['correction', 'keepDims']);
  const x = runtime.lift(operand, name);
  requireFloat(name, x.dtype);
  const correction = options?.correction ?? 1;
  if (typeof correction !== 'number' || !Number.isFinite(correction)) {
    throw new OptionError(`correction must be a finite number, got ${String(correction)}`, {
      op: name,
      option: 'correction',
    });
  }
  const axes = normalizeAxes(name, axis, x.shape);
  const count = sizeOf(axes.map((i) => x.shape[i]!));
  const shifted = count === 0 ? x : x.sub(firstOf(x, axes).stopGradient());
  const deviation = shifted.sub(shifted.mean(axes, { keepDims: true }));
  const total = deviation.mul(deviation).sum(axes);
  return total.div(Math.max(0, count - correction)).reshape(reducedShape(x.shape, axes, options?.keepDims ?? false));
}

const spreadSamples = (call: (x: Value, axis?: AxesArgument, options?: SpreadOptions) => unknown): Sample[] => [
  { inputs: [{ shape: [2, 3], distinct: true }], call: (x) => call(x) },
  { inputs: [{ shape: [2, 3, 2], distinct: true }], call: (x) => call(x, [0, -1], { correction: 0 }) },
  { inputs: [{ shape: [2, 3], distinct: true }], call: (x) => call(x, 1, { keepDims: true, correction: 0.5 }) },
  { inputs: [{ shape: [0, 3] }], call: (x) => call(x, 1) },
];

const spreadErrors = (
  name: string,
  call: (x: Value, axis?: AxesArgument, options?: object) => unknown,
): ErrorSample[] => [
  {
    call: () => call(runtime.fill([2], 0, 'float64'), 1),
    error: 'AxisError',
    message: new RegExp(`${name}: axis 1 is out of range`),
  },
  {
    call: () => call(runtime.fill([2], 0, 'float64'), 0, { unbiased: true }),
    error: 'OptionError',
    message: /unknown option "unbiased".*correction/s,
  },
  {
    call: () => call(runtime.fill([2], 0, 'float64'), 0, { correction: NaN }),
    error: 'OptionError',
    message: /correction must be a finite number/,
  },
  {
    call: () => call(runtime.fill([2], 0, 'int32')),
    error: 'DtypeError',
    message: new RegExp(`${name}: needs float`),
  },
];

/**
 * The variance over an axis, several, or all: Σ (x − mean)² / (n − correction). NaN where nothing is left to divide by.
 * https://docs.pytorch.org/docs/stable/generated/torch.var.html
 * @throws DtypeError for integers.
 * @example value([1, 2, 3, 4]).variance(0, { correction: 0 }) // 1.25
 */
export const variance: Op<Spread> = composite<Spread>(
  'variance',
  (x: Operand, axis?: AxesArgument, options?: SpreadOptions): Value => spread('variance', x, axis, options),
  {
    glyph: 'σ²',
    samples: spreadSamples((x, axis, options) => x.variance(axis, options)),
    errors: spreadErrors('variance', (x, axis, options) => x.variance(axis, options)),
    gold: ['var', 'var.unbiased'],
  },
);

/**
 * The standard deviation: the root of `variance`. Where there is no spread its gradient is 0, as in PyTorch.
 * https://docs.pytorch.org/docs/stable/generated/torch.std.html
 * @throws DtypeError for integers.
 * @example value([1, 2, 3, 4]).std(0, { correction: 0 }) // 1.1180
 */
export const std: Op<Spread> = composite<Spread>(
  'std',
  (operand: Operand, axis?: AxesArgument, options?: SpreadOptions): Value => {
    const square = spread('std', operand, axis, options);
    const none = square.eq(0);
    const one = runtime.fill(square.shape, 1, square.dtype);
    return runtime.fill(square.shape, 0, square.dtype).where(none, one.where(none, square).sqrt());
  },
  {
    glyph: 'σ',
    samples: spreadSamples((x, axis, options) => x.std(axis, options)),
    errors: spreadErrors('std', (x, axis, options) => x.std(axis, options)),
    gold: ['std', 'std.unbiased'],
  },
);

// median -----------------------------------------------------------------------------------------------------------

/** Which of n sorted elements is the (lower) median. */
const middleOf = (n: number): number => (n - 1) >> 1;

const medianOfRun: ReduceRun = (data, start, stride, count) => {
  if (count === 0) return NaN;
  const sorted = new Float64Array(count);
  for (let i = 0, at = start; i < count; i++, at += stride) sorted[i] = data[at]!;
  sorted.sort();
  // Typed arrays sort NaN behind all numbers.
  const last = sorted[count - 1]!;
  return last === last ? sorted[middleOf(count)]! : last;
};

const medianPrimitive: Primitive<AxesAttributes> = reductionPrimitive({
  name: 'median',
  glyph: 'x̃',
  reduce: medianOfRun,
  derivatives: sharedAmongEqual,
});

/** The median of an axis, or its first NaN: NaNs are sorted behind the numbers, in their order. */
function medianAlong(x: Value, axis: number): Selected {
  requireElements('median', x, [axis]);
  const n = x.shape[axis]!;
  const nans = x.ne(x).sum(axis, { keepDims: true });
  const place = nans.neg().add(n).where(nans.gt(0), middleOf(n));
  const indices = sortedIndices(x, axis, false).gather(axis, place);
  return { values: x.gather(axis, indices), indices };
}

/**
 * The median, of an even number the lower one: without an axis a scalar, whose gradient equal elements share evenly;
 * along an axis `{ values, indices }`. NaN wins.
 * https://docs.pytorch.org/docs/stable/generated/torch.median.html
 * @throws AxisError for an axis without elements.
 * @example value([4, 1, 3, 2]).median() // 2
 */
export const median: Op<ScalarOrSelected> = op<ScalarOrSelected>(
  'median',
  medianPrimitive,
  (operand: Operand, axis?: number, options?: ReductionOptions): Value | Selected => {
    const x = runtime.lift(operand, 'median');
    if (axis === undefined) return reduce('median', medianPrimitive, x, null, options);
    checkOptions('median', options, ['keepDims']);
    return selectAlongAxis('median', x, axis, (v, at) => withoutAxis(medianAlong(v, at), at, options?.keepDims));
  },
  {
    samples: [
      { inputs: [{ shape: [2, 3], distinct: true }], call: (x) => x.median() },
      { inputs: [{ shape: [2, 3, 2], distinct: true }], call: (x) => x.median(1) },
      { inputs: [{ shape: [2, 4], distinct: true }], call: (x) => x.median(-1, { keepDims: true }) },
      { inputs: [{ shape: [0, 3] }], call: (x) => x.median(1) },
      { inputs: [{ shape: [] }], call: (x) => x.median(0) },
    ],
    errors: [
      {
        call: () => runtime.fill([2, 0], 0, 'float64').median(1),
        error: 'AxisError',
        message: /median: axis 1 of \[2, 0\] has no elements/,
      },
      {
        call: () => runtime.fill([2], 0, 'float64').median(0, { keepdim: true } as object),
        error: 'OptionError',
        message: /unknown option "keepdim"/,
      },
    ],
    gold: 'median',
  },
);
