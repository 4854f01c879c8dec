/** Exponentials normalised over axes, and the logarithm of their sum. */
import type { AxesArgument } from '../base/shape-types.ts';
import { normalizeAxes, reducedShape, sizeOf } from '../base/shapes.ts';
import { checkOptions } from '../base/errors.ts';
import type { Value } from '../value/value.ts';
import { alongAxis } from './families/along-axis.ts';
import { requireFloat } from './families/pointwise.ts';
import type { AnyOperand, Of, Reduction, ReductionOptions } from './families/signatures.ts';
import { composite, type ErrorSample, type Op, type Sample } from './op.ts';
import { runtime, type Operand } from './runtime.ts';

// In all of these the maximum is subtracted first, so that nothing overflows. The result does not depend on what is
// subtracted, so the maximum is a constant to derivatives of every order.

/**
 * log Σ eˣ over an axis, several, or all, without overflow; −∞ of nothing. Its gradient is the softmax.
 * https://docs.pytorch.org/docs/stable/generated/torch.logsumexp.html
 * @example value([1000, 1000]).logSumExp() // 1000.6931
 */
export const logSumExp: Op<Reduction> = composite<Reduction>(
  'logSumExp',
  (operand: Operand, axis?: AxesArgument, options?: ReductionOptions): Value => {
    checkOptions('logSumExp', options, ['keepDims']);
    const x = runtime.fit('logSumExp', [operand], 'float')[0]!;
    const axes = normalizeAxes('logSumExp', axis, x.shape);
    const shape = reducedShape(x.shape, axes, options?.keepDims ?? false);
    if (sizeOf(axes.map((i) => x.shape[i]!)) === 0) return x.exp().sum(axes).log().reshape(shape);
    const largest = x.amax(axes, { keepDims: true }).stopGradient();
    // ∞ − ∞ would be NaN: an infinite maximum is not subtracted.
    const shift = runtime.fill(largest.shape, 0, x.dtype).where(largest.abs().eq(Infinity), largest);
    return x.sub(shift).exp().sum(axes, { keepDims: true }).log().add(shift).reshape(shape);
  },
  {
    glyph: 'logΣeˣ',
    samples: [
      { inputs: [{ shape: [2, 3] }], call: (x) => x.logSumExp() },
      { inputs: [{ shape: [2, 3, 2] }], call: (x) => x.logSumExp([0, -1]) },
      { inputs: [{ shape: [2, 3], min: 990, max: 1010 }], call: (x) => x.logSumExp(1, { keepDims: true }) },
      { inputs: [{ shape: [0, 3] }], call: (x) => x.logSumExp(1) },
      { inputs: [{ shape: [0, 3] }], call: (x) => x.logSumExp(0), differentiable: false },
      { inputs: [{ shape: [] }], call: (x) => x.logSumExp() },
    ],
    errors: [
      {
        call: () => runtime.fill([2], 0, 'float64').logSumExp(1),
        error: 'AxisError',
        message: /logSumExp: axis 1 is out of range/,
      },
    ],
    gold: 'logsumexp',
  },
);

/** Normalises along one axis, by default the last. */
interface Normalised {
  method<V extends Value>(this: V, axis?: number): Value<Of<V>>;
  free<V extends AnyOperand>(x: V, axis?: number): Value<Of<V>>;
}

const facts = (
  name: string,
  gold: string,
  call: (x: Value, axis?: number) => unknown,
): { samples: Sample[]; errors: ErrorSample[]; gold: string } => ({
  samples: [
    { inputs: [{ shape: [4] }], call: (x) => call(x, 0) },
    { inputs: [{ shape: [2, 3, 2] }], call: (x) => call(x, 1) },
    { inputs: [{ shape: [2, 3] }], call: (x) => call(x) },
    { inputs: [{ shape: [2, 3], min: 990, max: 1000 }], call: (x) => call(x, -1) },
    { inputs: [{ shape: [2, 0] }], call: (x) => call(x, 1) },
    { inputs: [{ shape: [] }], call: (x) => call(x, 0) },
  ],
  errors: [
    {
      call: () => call(runtime.fill([2], 0, 'float64'), 1),
      error: 'AxisError',
      message: new RegExp(`${name}: axis 1 is out of range`),
    },
    {
      call: () => call(runtime.fill([2], 0, 'int32'), 0),
      error: 'DtypeError',
      message: new RegExp(`${name}: needs float`),
    },
  ],
  gold,
});

/** x less its largest element along the axis; nothing to subtract where the axis is empty. */
const lowered = (x: Value, axis: number): Value =>
  x.shape[axis] === 0 ? x : x.sub(x.amax(axis, { keepDims: true }).stopGradient());

function normalised(name: string, operand: Operand, axis: number, normalise: (x: Value, axis: number) => Value): Value {
  const x = runtime.lift(operand, name);
  requireFloat(name, x.dtype);
  return alongAxis(name, x, axis, (v, at) => normalise(lowered(v, at), at));
}

const shares = (lower: Value, axis: number): Value => {
  const powers = lower.exp();
  return powers.div(powers.sum(axis, { keepDims: true }));
};

/**
 * eˣ / Σ eˣ along an axis (default the last): positive numbers that sum to 1.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softmax.html
 * @throws DtypeError for integers.
 * @example value([0, 0]).softmax() // [0.5, 0.5]
 */
export const softmax: Op<Normalised> = composite<Normalised>(
  'softmax',
  (x: Operand, axis: number = -1): Value => normalised('softmax', x, axis, shares),
  facts('softmax', 'softmax', (x, axis) => x.softmax(axis)),
);

/**
 * log(softmax(x)) along an axis (default the last), computed as x − log Σ eˣ: exact where softmax underflows.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.log_softmax.html
 * @throws DtypeError for integers.
 * @example value([0, 0]).logSoftmax() // [-0.6931, -0.6931]
 */
export const logSoftmax: Op<Normalised> = composite<Normalised>(
  'logSoftmax',
  (x: Operand, axis: number = -1): Value =>
    normalised('logSoftmax', x, axis, (lower, at) => lower.sub(lower.exp().sum(at, { keepDims: true }).log())),
  facts('logSoftmax', 'log_softmax', (x, axis) => x.logSoftmax(axis)),
);

/**
 * softmax(−x) along an axis (default the last): the smallest element has the largest share.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softmin.html
 * @throws DtypeError for integers.
 * @example value([0, 0]).softmin() // [0.5, 0.5]
 */
export const softmin: Op<Normalised> = composite<Normalised>(
  'softmin',
  (operand: Operand, axis: number = -1): Value => {
    const x = runtime.lift(operand, 'softmin');
    requireFloat('softmin', x.dtype);
    return normalised('softmin', x.neg(), axis, shares);
  },
  facts('softmin', 'nn.functional.softmin', (x, axis) => x.softmin(axis)),
);
