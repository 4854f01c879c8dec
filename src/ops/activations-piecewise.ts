/** Activations made of straight pieces. At a kink the derivative is PyTorch's. */
import { OptionError, ShapeError, showShape } from '../base/errors.ts';
import type { Value } from '../value/value.ts';
import { exceptWhere, pointwisePrimitive, unary, whereMask, zero } from './families/pointwise.ts';
import type { AnyOperand, Of, Parameter, Parametric, Parametric2, Unary } from './families/signatures.ts';
import { composite, op, type Op } from './op.ts';
import type { Partial } from './primitive.ts';
import { runtime, type Operand } from './runtime.ts';

const NOT_AT_ZERO = { except: [0] };

/** max(x, 0), elementwise; the derivative at 0 is 0. @example value([-1, 2]).relu() // [0, 2] */
export const relu: Op<Unary> = unary({
  name: 'relu',
  lane: (k, x) => k.select(k.lt(x, 0), 0, x),
  partials: [exceptWhere((y) => y.le(0))],
  refuses: ['bool'],
  domains: [NOT_AT_ZERO],
  samples: [
    { inputs: [{ shape: [4], dtype: 'int32', min: -3, max: 3 }], call: (x) => x.relu(), differentiable: false },
  ],
  gold: 'nn.functional.relu',
});

/** x itself, the activation of a linear layer. @example value(3).identity() // 3 */
export const identity: Op<Unary> = composite<Unary>('identity', (x: Operand): Value => runtime.lift(x, 'identity'), {
  samples: [{ inputs: [{ shape: [2, 3] }], call: (x) => x.identity() }],
});

const stepPrimitive = pointwisePrimitive({
  name: 'step',
  lane: (k, x, atZero) => k.select(k.gt(x, 0), 1, k.select(k.eq(x, 0), atZero, 0)),
  partials: [zero, whereMask((_, x) => x.eq(0))],
  refuses: ['bool'],
});

/**
 * Heaviside's step, elementwise: 0 below 0, 1 above, and `atZero` (default 1) between them. The derivative in x is 0.
 * https://docs.pytorch.org/docs/stable/generated/torch.heaviside.html
 * @example value([-2, 0, 3]).step() // [0, 1, 1]
 */
export const step: Op<Parametric> = op<Parametric>(
  'step',
  stepPrimitive,
  (x: Operand, atZero: Parameter = 1): Value => runtime.pointwise(stepPrimitive, [x, atZero], 'promote'),
  {
    samples: [
      { inputs: [{ shape: [2, 3], ...NOT_AT_ZERO }], call: (x) => x.step() },
      { inputs: [{ shape: [3], dtype: 'int32', min: -1, max: 1 }], call: (x) => x.step(0), differentiable: false },
      { inputs: [{ shape: [] }], call: (v) => v.mul(0).step(v as never), differentiable: false },
    ],
  },
);

interface Threshold {
  method<V extends Value>(this: V, threshold: Parameter, value: Parameter): Value<Of<V>>;
  free<V extends AnyOperand>(x: V, threshold: Parameter, value: Parameter): Value<Of<V>>;
}

/**
 * x where it exceeds the threshold, else `value`, elementwise.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.Threshold.html
 * @example value([1, 5]).threshold(2, 0) // [0, 5]
 */
export const threshold: Op<Threshold> = composite<Threshold>(
  'threshold',
  (operand: Operand, limit: Parameter, value: Parameter): Value => {
    const x = runtime.lift(operand, 'threshold');
    return x.where(x.le(limit).logicalNot(), value);
  },
  {
    samples: [{ inputs: [{ shape: [2, 3], except: [0.4] }], call: (x) => x.threshold(0.4, -1) }],
    gold: 'nn.functional.threshold',
  },
);

/** The gradient in x of a slope on the left of 0. */
const sloped: Partial = (g, _, x, slope) => g.where(x.gt(0), g.mul(slope));

const leakyReluPrimitive = pointwisePrimitive({
  name: 'leakyRelu',
  lane: (k, x, slope) => k.select(k.gt(x, 0), x, k.mul(x, slope)),
  partials: [sloped, (g, _, x) => runtime.fill(g.shape, 0, g.dtype).where(x.gt(0), g.mul(x))],
});

/**
 * x above 0, slope·x (default 0.01) at and below it, elementwise.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.leaky_relu.html
 * @example value([-1, 2]).leakyRelu(0.1) // [-0.1, 2]
 */
export const leakyRelu: Op<Parametric> = op<Parametric>(
  'leakyRelu',
  leakyReluPrimitive,
  (x: Operand, slope: Parameter = 0.01): Value => runtime.pointwise(leakyReluPrimitive, [x, slope], 'float'),
  {
    samples: [
      { inputs: [{ shape: [2, 3], ...NOT_AT_ZERO }], call: (x) => x.leakyRelu() },
      { inputs: [{ shape: [4], ...NOT_AT_ZERO }, { shape: [] }], call: (x, slope) => x.leakyRelu(slope as never) },
    ],
    gold: 'nn.functional.leaky_relu',
  },
);

/** One slope for all, or one for each channel (axis 1), shaped so that it broadcasts over x. */
function channelSlopes(x: Value, weight: Value): Value {
  if (weight.rank === 0) return weight;
  if (weight.size === 1) return weight.reshape([]);
  const channels = x.rank > 1 ? x.shape[1]! : 1;
  if (weight.rank === 1 && weight.shape[0] === channels) {
    return weight.reshape([channels, ...x.shape.slice(2).map(() => 1)]);
  }
  throw new ShapeError(`${showShape(weight.shape)} slopes for ${showShape(x.shape)}`, {
    op: 'prelu',
    shapes: [x.shape, weight.shape],
    hint: 'The weight is a scalar, or has one element for each channel (axis 1).',
  });
}

interface Prelu {
  method<V extends Value>(this: V, weight: Value | number): Value<Of<V>>;
  free<V extends AnyOperand>(x: V, weight: Value | number): Value<Of<V>>;
}

/**
 * x above 0, weight·x at and below it, elementwise; the weight is learnt: one for all, or one for each channel (axis 1).
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.prelu.html
 * @throws ShapeError for a weight of another shape.
 * @example value([[-1, -1]]).prelu(value([0.1, 0.2])) // [[-0.1, -0.2]]
 */
export const prelu: Op<Prelu> = composite<Prelu>(
  'prelu',
  (operand: Operand, weight: Operand): Value => {
    const x = runtime.lift(operand, 'prelu');
    return runtime.pointwise(leakyReluPrimitive, [x, channelSlopes(x, runtime.lift(weight, 'prelu'))], 'float');
  },
  {
    samples: [
      { inputs: [{ shape: [2, 3, 2], ...NOT_AT_ZERO }, { shape: [3] }], call: (x, w) => x.prelu(w) },
      { inputs: [{ shape: [3], ...NOT_AT_ZERO }, { shape: [1] }], call: (x, w) => x.prelu(w) },
      { inputs: [{ shape: [], ...NOT_AT_ZERO }, { shape: [] }], call: (x, w) => x.prelu(w) },
    ],
    errors: [
      {
        call: () => runtime.fill([2, 3], 0, 'float64').prelu(runtime.fill([2], 0, 'float64')),
        error: 'ShapeError',
        message: /prelu: \[2\] slopes for \[2, 3\].*axis 1/s,
      },
    ],
    gold: 'nn.functional.prelu',
  },
);

const hardtanhPrimitive = pointwisePrimitive({
  name: 'hardtanh',
  lane: (k, x, low, high) => k.select(k.lt(x, low), low, k.select(k.gt(x, high), high, x)),
  partials: [
    whereMask((_, x, low, high) => x.gt(low).logicalAnd(x.lt(high))),
    whereMask((_, x, low) => x.le(low)),
    whereMask((_, x, __, high) => x.ge(high)),
  ],
  refuses: ['bool'],
});

const limited = (x: Operand, low: Parameter, high: Parameter): Value =>
  runtime.pointwise(hardtanhPrimitive, [x, low, high], 'promote');

/**
 * x limited to low … high (default −1 … 1), elementwise. Unlike clamp's, the derivative at the limits is 0.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.hardtanh.html
 * @throws OptionError unless low ≤ high.
 * @example value([-2, 0.5, 3]).hardtanh() // [-1, 0.5, 1]
 */
export const hardtanh: Op<Parametric2> = op<Parametric2>(
  'hardtanh',
  hardtanhPrimitive,
  (x: Operand, low: Parameter = -1, high: Parameter = 1): Value => {
    if (typeof low === 'number' && typeof high === 'number' && low > high) {
      throw new OptionError(`the lower limit ${low} exceeds the upper, ${high}`, { op: 'hardtanh' });
    }
    return limited(x, low, high);
  },
  {
    samples: [
      { inputs: [{ shape: [2, 3], except: [-1, 1] }], call: (x) => x.hardtanh() },
      { inputs: [{ shape: [4], except: [-0.3, 0.6] }], call: (x) => x.hardtanh(-0.3, 0.6) },
      {
        inputs: [
          { shape: [4], min: 0.7 },
          { shape: [], min: -1, max: -0.7 },
          { shape: [], min: 0.1, max: 0.5 },
        ],
        call: (x, low, high) => x.hardtanh(low as never, high as never),
      },
    ],
    errors: [
      {
        call: () => runtime.fill([], 0, 'float64').hardtanh(1, -1),
        error: 'OptionError',
        message: /hardtanh: the lower limit 1 exceeds the upper, -1/,
      },
    ],
    gold: 'nn.functional.hardtanh',
  },
);

/**
 * x limited to 0 … 6, elementwise.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.relu6.html
 * @example value([-1, 3, 8]).relu6() // [0, 3, 6]
 */
export const relu6: Op<Unary> = composite<Unary>('relu6', (x: Operand): Value => limited(x, 0, 6), {
  samples: [{ inputs: [{ shape: [2, 3], min: -3, max: 9, except: [0, 6] }], call: (x) => x.relu6() }],
  gold: 'nn.functional.relu6',
});

/**
 * A sigmoid of three straight pieces: 0 below −3, 1 above 3, elementwise.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.hardsigmoid.html
 * @example value([-4, 0, 4]).hardsigmoid() // [0, 0.5, 1]
 */
export const hardsigmoid: Op<Unary> = composite<Unary>(
  'hardsigmoid',
  (x: Operand): Value => limited(runtime.fit('hardsigmoid', [x], 'float')[0]!.add(3), 0, 6).div(6),
  {
    samples: [{ inputs: [{ shape: [2, 3], min: -5, max: 5, except: [-3, 3] }], call: (x) => x.hardsigmoid() }],
    gold: 'nn.functional.hardsigmoid',
  },
);

/**
 * x·hardsigmoid(x), elementwise.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.hardswish.html
 * @example value([-4, 1, 4]).hardswish() // [0, 0.6667, 4]
 */
export const hardswish: Op<Unary> = composite<Unary>(
  'hardswish',
  (operand: Operand): Value => {
    const [x] = runtime.fit('hardswish', [operand], 'float');
    return x!.mul(limited(x!.add(3), 0, 6)).div(6);
  },
  {
    samples: [{ inputs: [{ shape: [2, 3], min: -5, max: 5, except: [-3, 3] }], call: (x) => x.hardswish() }],
    gold: 'nn.functional.hardswish',
  },
);

function checkWidth(name: string, width: Parameter): void {
  if (typeof width !== 'number' || width >= 0) return;
  throw new OptionError(`lambda must be ≥ 0, got ${width}`, { op: name, option: 'lambda' });
}

/**
 * x moved towards 0 by lambda (default 0.5), and 0 where it would pass, elementwise.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softshrink.html
 * @throws OptionError for a negative lambda.
 * @example value([-2, 0.3, 2]).softshrink() // [-1.5, 0, 1.5]
 */
export const softshrink: Op<Parametric> = composite<Parametric>(
  'softshrink',
  (operand: Operand, lambda: Parameter = 0.5): Value => {
    checkWidth('softshrink', lambda);
    const [x] = runtime.fit('softshrink', [operand], 'float');
    return x!.sub(x!.sign().mul(lambda)).where(x!.abs().le(lambda).logicalNot(), 0);
  },
  {
    samples: [
      { inputs: [{ shape: [2, 3], except: [-0.5, 0.5] }], call: (x) => x.softshrink() },
      { inputs: [{ shape: [4], except: [0] }], call: (x) => x.softshrink(0) },
      {
        inputs: [
          { shape: [4], min: 0.8 },
          { shape: [], min: 0.3, max: 0.6 },
        ],
        call: (x, l) => x.softshrink(l as never),
      },
    ],
    errors: [
      {
        call: () => runtime.fill([], 0, 'float64').softshrink(-1),
        error: 'OptionError',
        message: /softshrink: lambda must be ≥ 0, got -1/,
      },
    ],
    gold: 'nn.functional.softshrink',
  },
);

/**
 * x, and 0 where |x| ≤ lambda (default 0.5), elementwise.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.hardshrink.html
 * @example value([-2, 0.3, 2]).hardshrink() // [-2, 0, 2]
 */
export const hardshrink: Op<Parametric> = composite<Parametric>(
  'hardshrink',
  (operand: Operand, lambda: Parameter = 0.5): Value => {
    const [x] = runtime.fit('hardshrink', [operand], 'float');
    return x!.where(x!.abs().le(lambda).logicalNot(), 0);
  },
  {
    samples: [{ inputs: [{ shape: [2, 3], except: [-0.5, 0.5] }], call: (x) => x.hardshrink() }],
    gold: 'nn.functional.hardshrink',
  },
);
