/** Sums and their kin over any axes. */
import { normalizeAxes, sizeOf } from '../base/shapes.ts';
import type { Value } from '../value/value.ts';
import { requireFloat } from './families/pointwise.ts';
import { reduce, reductionPrimitive, stretchBack, type AxesAttributes } from './families/reduction.ts';
import type { Reduction, ReductionOptions } from './families/signatures.ts';
import { multiplyStrided } from './kernels/product-tree.ts';
import { sumColumns } from './kernels/sum-columns.ts';
import { sumStrided } from './kernels/sum-tree.ts';
import { composite, op, type ErrorSample, type Op, type Sample } from './op.ts';
import type { Primitive } from './primitive.ts';
import { productsBefore } from './families/recurrence.ts';
import { runtime, type Operand } from './runtime.ts';

type Axes = number | readonly number[] | null;

/** Every way of naming axes, on a call. */
const samplesOf = (
  call: (x: Value, axis?: Axes, options?: ReductionOptions) => unknown,
  facts: Omit<Sample, 'inputs' | 'call'> = {},
): Sample[] => [
  { inputs: [{ shape: [2, 3] }], call: (x) => call(x), ...facts },
  { inputs: [{ shape: [2, 3, 2] }], call: (x) => call(x, [0, -1]), ...facts },
  { inputs: [{ shape: [2, 3, 2] }], call: (x) => call(x, 1), ...facts },
  { inputs: [{ shape: [2, 3] }], call: (x) => call(x, 1, { keepDims: true }), ...facts },
  { inputs: [{ shape: [3, 0] }], call: (x) => call(x, 0), ...facts },
  { inputs: [{ shape: [] }], call: (x) => call(x), ...facts },
];

const errorsOf = (name: string, call: (x: Value, axis?: Axes, options?: object) => unknown): ErrorSample[] => [
  {
    call: () => call(runtime.fill([2, 3], 0, 'float64'), 2),
    error: 'AxisError',
    message: new RegExp(`${name}: axis 2.*\\[2, 3\\]`, 's'),
  },
  {
    call: () => call(runtime.fill([2, 3], 0, 'float64'), [1, -1]),
    error: 'AxisError',
    message: new RegExp(`${name}: axis 1 is given twice`, 's'),
  },
  {
    call: () => call(runtime.fill([2], 0, 'float64'), 0, { keepdims: true }),
    error: 'OptionError',
    message: /unknown option "keepdims".*keepDims/s,
  },
];

// sum, mean --------------------------------------------------------------------------------------------------------

const sumPrimitive: Primitive<AxesAttributes> = reductionPrimitive({
  name: 'sum',
  glyph: 'Σ',
  result: (dtype) => (dtype === 'bool' ? 'int32' : dtype),
  reduce: sumStrided,
  reducer: 'sum',
  columns: sumColumns,
  derivatives: {
    kind: 'each',
    jvp: ([t], { attrs }) => t && runtime.applyOne(sumPrimitive, [t], attrs),
    vjp: (g, _, { inputs, attrs }) => stretchBack(g, inputs[0]!.shape, attrs.axes),
  },
});

/** The sum over an axis, several, or all; of bool, how many hold. @example value([[1, 2], [3, 4]]).sum(0) // [4, 6] */
export const sum: Op<Reduction> = op<Reduction>(
  'sum',
  sumPrimitive,
  (x: Operand, axis?: Axes, options?: ReductionOptions): Value =>
    reduce('sum', sumPrimitive, runtime.lift(x, 'sum'), axis, options),
  {
    samples: [
      ...samplesOf((x, axis, options) => x.sum(axis, options)),
      { inputs: [{ shape: [3, 0] }], call: (x) => x.sum(1) },
    ],
    errors: errorsOf('sum', (x, axis, options) => x.sum(axis, options)),
    gold: 'sum',
  },
);

/**
 * The arithmetic mean over an axis, several, or all; NaN of nothing.
 * @throws DtypeError for integers.
 * @example value([[1, 2], [3, 4]]).mean(0) // [2, 3]
 */
export const mean: Op<Reduction> = composite<Reduction>(
  'mean',
  (operand: Operand, axis?: Axes, options?: ReductionOptions): Value => {
    const x = runtime.lift(operand, 'mean');
    requireFloat('mean', x.dtype);
    const total = reduce('mean', sumPrimitive, x, axis, options);
    return total.div(sizeOf(normalizeAxes('mean', axis, x.shape).map((i) => x.shape[i]!)));
  },
  {
    glyph: 'μ',
    samples: samplesOf((x, axis, options) => x.mean(axis, options)),
    errors: [
      ...errorsOf('mean', (x, axis, options) => x.mean(axis, options)),
      { call: () => runtime.fill([2], 1, 'int32').mean(), error: 'DtypeError', message: /mean: needs float.*int32/s },
    ],
    gold: 'mean',
  },
);

// prod -------------------------------------------------------------------------------------------------------------

/** For each element the product of the others in its group: nothing is divided by, so zeros are ordinary. */
function productOfOthers(x: Value, axes: readonly number[]): Value {
  const kept = [...x.shape.keys()].filter((i) => !axes.includes(i));
  const order = [...kept, ...axes];
  const together = x.permute(order);
  const rows = together.reshape([...kept.map((i) => x.shape[i]!), sizeOf(axes.map((i) => x.shape[i]!))]);
  const others = productsBefore(rows, kept.length, false).mul(productsBefore(rows, kept.length, true));
  return others.reshape(together.shape).permute(order.map((_, i) => order.indexOf(i)));
}

const prodPrimitive: Primitive<AxesAttributes> = reductionPrimitive({
  name: 'prod',
  glyph: 'Π',
  result: (dtype) => (dtype === 'bool' ? 'int32' : dtype),
  reduce: multiplyStrided,
  reducer: 'product',
  derivatives: {
    kind: 'each',
    jvp: ([t], { inputs, attrs }) =>
      t && runtime.applyOne(sumPrimitive, [t.mul(productOfOthers(inputs[0]!, attrs.axes))], attrs),
    vjp: (g, _, { inputs, attrs }) =>
      stretchBack(g, inputs[0]!.shape, attrs.axes).mul(productOfOthers(inputs[0]!, attrs.axes)),
  },
});

/** The product over an axis, several, or all; 1 of nothing. @example value([[1, 2], [3, 4]]).prod(1) // [2, 12] */
export const prod: Op<Reduction> = op<Reduction>(
  'prod',
  prodPrimitive,
  (x: Operand, axis?: Axes, options?: ReductionOptions): Value =>
    reduce('prod', prodPrimitive, runtime.lift(x, 'prod'), axis, options),
  {
    samples: [
      ...samplesOf((x, axis, options) => x.prod(axis, options)),
      // One zero, two zeros: derivatives of the first and of the second order are not zero there.
      ...[
        [1, 0, 1],
        [0, 1, 0],
      ].map((kept): Sample => ({
        inputs: [{ shape: [2, 3] }, { shape: [2, 3], min: 0, max: 0 }],
        call: (x, zero) => x.where(runtime.fromArray(Uint8Array.from(kept), [3], 'bool'), zero).prod(1),
      })),
    ],
    errors: errorsOf('prod', (x, axis, options) => x.prod(axis, options)),
    gold: 'prod',
  },
);

// Counting ---------------------------------------------------------------------------------------------------------

const holding = (name: string, operand: Operand, axis?: Axes, options?: ReductionOptions): Value =>
  reduce(name, sumPrimitive, runtime.lift(operand, name).to('bool'), axis, options);

const NOT_SMOOTH = { differentiable: false } as const;

/**
 * How many elements are not zero (NaN counts), over an axis, several, or all; int32.
 * @example value([0, 2, 3]).countNonzero() // 2
 */
export const countNonzero: Op<Reduction> = composite<Reduction>(
  'countNonzero',
  (x: Operand, axis?: Axes, options?: ReductionOptions): Value => holding('countNonzero', x, axis, options),
  {
    glyph: '#',
    samples: samplesOf((x, axis, options) => x.countNonzero(axis, options), NOT_SMOOTH),
    errors: errorsOf('countNonzero', (x, axis, options) => x.countNonzero(axis, options)),
    gold: 'count_nonzero',
  },
);

/**
 * Whether some element is not zero (NaN counts), over an axis, several, or all; false of nothing.
 * @example value([[0, 1], [0, 0]]).any(1) // [true, false]
 */
export const any: Op<Reduction> = composite<Reduction>(
  'any',
  (x: Operand, axis?: Axes, options?: ReductionOptions): Value => holding('any', x, axis, options).gt(0),
  {
    glyph: '∃',
    samples: samplesOf((x, axis, options) => x.any(axis, options), NOT_SMOOTH),
    errors: errorsOf('any', (x, axis, options) => x.any(axis, options)),
    gold: 'any',
  },
);

/**
 * Whether no element is zero, over an axis, several, or all; true of nothing.
 * @example value([[1, 1], [0, 1]]).all(1) // [true, false]
 */
export const all: Op<Reduction> = composite<Reduction>(
  'all',
  (operand: Operand, axis?: Axes, options?: ReductionOptions): Value => {
    const x = runtime.lift(operand, 'all');
    const count = sizeOf(normalizeAxes('all', axis, x.shape).map((i) => x.shape[i]!));
    return holding('all', x, axis, options).eq(count);
  },
  {
    glyph: '∀',
    samples: samplesOf((x, axis, options) => x.all(axis, options), NOT_SMOOTH),
    errors: errorsOf('all', (x, axis, options) => x.all(axis, options)),
    gold: 'all',
  },
);
