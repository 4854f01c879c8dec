/** Smooth activations, and those that are smooth on either side of 0. */
import { erfc, exp, expm1, log1p, sigmoid } from '../base/elementary/index.ts';
import { checkOptions, OptionError } from '../base/errors.ts';
import type { Expr, Lanes } from '../base/lanes/lanes.ts';
import type { Value } from '../value/value.ts';
import { pointwisePrimitive, times, unary, zero } from './families/pointwise.ts';
import type { AnyOperand, Of, Parameter, Parametric, Unary } from './families/signatures.ts';
import { oneMinus } from './families/one-minus.ts';
import { composite, op, type Op } from './op.ts';
import { runtime, type Operand } from './runtime.ts';

const asFloat = (name: string, x: Operand): Value => runtime.fit(name, [x], 'float')[0]!;

// Exponential below 0 ----------------------------------------------------------------------------------------------

/**
 * x where it is negative, else 0: an exponential must not see large x, where it would be ∞ and 0·∞ would spoil further
 * derivatives. NaN counts as above 0, where these functions are x and their slope is 1.
 */
const belowZero = (x: Value): Value => x.where(x.lt(0), 0);

const eluPrimitive = pointwisePrimitive({
  name: 'elu',
  lane: (k, x, alpha) => k.select(k.gt(x, 0), x, k.mul(alpha, expm1(k, x))),
  partials: [
    (g, _, x, alpha) => g.mul(alpha.mul(belowZero(x).exp())).where(x.le(0), g),
    times((_, x) => belowZero(x).expm1()),
  ],
});

const elusOf = (x: Operand, alpha: Parameter): Value => runtime.pointwise(eluPrimitive, [x, alpha], 'float');

/**
 * x above 0, alpha·(eˣ − 1) (default alpha 1) at and below it, elementwise.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.elu.html
 * @example value([-1, 2]).elu() // [-0.6321, 2]
 */
export const elu: Op<Parametric> = op<Parametric>(
  'elu',
  eluPrimitive,
  (x: Operand, alpha: Parameter = 1): Value => elusOf(x, alpha),
  {
    samples: [
      { inputs: [{ shape: [2, 3], except: [0] }], call: (x) => x.elu() },
      {
        inputs: [
          { shape: [4], except: [0] },
          { shape: [], min: 0.5 },
        ],
        call: (x, alpha) => x.elu(alpha as never),
      },
    ],
    gold: 'nn.functional.elu',
  },
);

const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

/**
 * The self-normalizing elu of Klambauer et al. 2017, elementwise.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.selu.html
 * @example value([-1, 1]).selu() // [-1.1113, 1.0507]
 */
export const selu: Op<Unary> = composite<Unary>('selu', (x: Operand): Value => elusOf(x, SELU_ALPHA).mul(SELU_SCALE), {
  samples: [{ inputs: [{ shape: [2, 3], except: [0] }], call: (x) => x.selu() }],
  gold: 'nn.functional.selu',
});

/**
 * x above 0, alpha·(e^(x/alpha) − 1) (default alpha 1) below it, elementwise: an elu without a kink.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.celu.html
 * @throws OptionError for alpha = 0.
 * @example value([-1, 2]).celu(2) // [-0.7869, 2]
 */
export const celu: Op<Parametric> = composite<Parametric>(
  'celu',
  (operand: Operand, alpha: Parameter = 1): Value => {
    if (alpha === 0) throw new OptionError('alpha must not be 0', { op: 'celu', option: 'alpha' });
    const x = asFloat('celu', operand);
    return elusOf(belowZero(x).div(alpha), 1).mul(alpha).where(x.lt(0), x);
  },
  {
    samples: [
      { inputs: [{ shape: [2, 3], except: [0] }], call: (x) => x.celu() },
      {
        inputs: [
          { shape: [4], except: [0] },
          { shape: [], min: 0.5 },
        ],
        call: (x, alpha) => x.celu(alpha as never),
      },
    ],
    errors: [
      {
        call: () => runtime.fill([], 0, 'float64').celu(0),
        error: 'OptionError',
        message: /celu: alpha must not be 0/,
      },
    ],
    gold: 'nn.functional.celu',
  },
);

// x times a sigmoid --------------------------------------------------------------------------------------------------

/**
 * x·sigmoid(x), elementwise; also called swish.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.silu.html
 * @example value([0, 1]).silu() // [0, 0.7311]
 */
export const silu: Op<Unary> = unary({
  name: 'silu',
  lane: (k, x) => k.mul(x, sigmoid(k, x)),
  partials: [
    (g, y, x) => {
      const s = x.sigmoid();
      return g.mul(s.add(y.mul(oneMinus(s))));
    },
  ],
  dtypes: 'float',
  gold: 'nn.functional.silu',
});

const ROOT_HALF = 0.7071067811865476;
const ROOT_TWO_OVER_PI = 0.7978845608028654;
const HALF_OVER_ROOT_HALF_PI = 0.3989422804014327;

/** The normal distribution function; erfc keeps the digits that 1 + erf would lose below 0. */
const normal = (x: Value): Value => x.mul(-ROOT_HALF).erfc().mul(0.5);
const normalDensity = (x: Value): Value => x.mul(x).mul(-0.5).exp().mul(HALF_OVER_ROOT_HALF_PI);

const geluPrimitive = pointwisePrimitive({
  name: 'gelu',
  lane: (k, x) => k.mul(k.mul(x, 0.5), erfc(k, k.mul(x, -ROOT_HALF))),
  partials: [times((_, x) => normal(x).add(x.mul(normalDensity(x))))],
});

/** ½x·(1 + tanh u) = x·sigmoid(2u), which keeps small results. */
const geluByTanh = (x: Value): Value =>
  x.mul(
    x
      .mul(x)
      .mul(0.044715)
      .add(1)
      .mul(x)
      .mul(2 * ROOT_TWO_OVER_PI)
      .sigmoid(),
  );

export interface GeluOptions {
  /** `none` (default): by the error function; `tanh`: the approximation of the first transformers. */
  readonly approximate?: 'none' | 'tanh';
}

interface Gelu {
  method<V extends Value>(this: V, options?: GeluOptions): Value<Of<V>>;
  free<V extends AnyOperand>(x: V, options?: GeluOptions): Value<Of<V>>;
}

/**
 * x·Φ(x) with the normal distribution function Φ, elementwise.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.gelu.html
 * @throws OptionError for an unknown approximation.
 * @example value([0, 1]).gelu() // [0, 0.8413]
 */
export const gelu: Op<Gelu> = op<Gelu>(
  'gelu',
  geluPrimitive,
  (x: Operand, options?: GeluOptions): Value => {
    checkOptions('gelu', options, ['approximate']);
    const approximate = options?.approximate ?? 'none';
    if (approximate === 'none') return runtime.unary(geluPrimitive, x, 'float');
    if (approximate === 'tanh') return runtime.withScope('gelu', () => geluByTanh(asFloat('gelu', x)));
    throw new OptionError(`approximate must be 'none' or 'tanh', got ${JSON.stringify(approximate)}`, {
      op: 'gelu',
      option: 'approximate',
    });
  },
  {
    samples: [
      { inputs: [{ shape: [2, 3] }], call: (x) => x.gelu() },
      { inputs: [{ shape: [] }], call: (x) => x.gelu() },
      { inputs: [{ shape: [0] }], call: (x) => x.gelu({ approximate: 'none' }) },
      { inputs: [{ shape: [2, 3] }], call: (x) => x.gelu({ approximate: 'tanh' }) },
    ],
    errors: [
      {
        call: () => runtime.fill([], 0, 'float64').gelu({ approximate: 'erf' as 'tanh' }),
        error: 'OptionError',
        message: /gelu: approximate must be 'none' or 'tanh', got "erf"/,
      },
    ],
    gold: 'nn.functional.gelu',
  },
);

// Soft steps and ramps -----------------------------------------------------------------------------------------------

/** log(1 + e^−|x|), which neither overflows nor loses digits. */
const tail = (k: Lanes, x: Expr): Expr => log1p(k, exp(k, k.neg(k.abs(x))));

const softplusPrimitive = pointwisePrimitive({
  name: 'softplus',
  lane: (k, x, threshold) => k.select(k.gt(x, threshold), x, k.add(k.max(x, 0), tail(k, x))),
  partials: [(g, _, x, threshold) => g.where(x.gt(threshold), g.mul(x.sigmoid())), zero],
});

export interface SoftplusOptions {
  /** The larger, the nearer to relu; default 1. */
  readonly beta?: Parameter;
  /** Where beta·x exceeds it, the result is x; default 20. */
  readonly threshold?: Parameter;
}

interface Softplus {
  method<V extends Value>(this: V, options?: SoftplusOptions): Value<Of<V>>;
  free<V extends AnyOperand>(x: V, options?: SoftplusOptions): Value<Of<V>>;
}

const ramp = (x: Operand, threshold: Parameter): Value => runtime.pointwise(softplusPrimitive, [x, threshold], 'float');

/**
 * log(1 + e^(beta·x)) / beta, elementwise: a smooth relu.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softplus.html
 * @example value(0).softplus() // 0.6931
 */
export const softplus: Op<Softplus> = op<Softplus>(
  'softplus',
  softplusPrimitive,
  (x: Operand, options?: SoftplusOptions): Value => {
    checkOptions('softplus', options, ['beta', 'threshold']);
    const { beta = 1, threshold = 20 } = options ?? {};
    if (beta === 1) return ramp(x, threshold);
    return runtime.withScope('softplus', () => ramp(asFloat('softplus', x).mul(beta), threshold).div(beta));
  },
  {
    samples: [
      { inputs: [{ shape: [2, 3] }], call: (x) => x.softplus() },
      { inputs: [{ shape: [4], except: [0.5] }], call: (x) => x.softplus({ beta: 2, threshold: 1 }), tolerance: 1e-5 },
      { inputs: [{ shape: [4] }, { shape: [], min: 0.5 }], call: (x, beta) => x.softplus({ beta: beta as never }) },
      { inputs: [{ shape: [0] }], call: (x) => x.softplus() },
    ],
    errors: [
      {
        call: () => runtime.fill([], 0, 'float64').softplus({ Beta: 1 } as object),
        error: 'OptionError',
        message: /softplus: unknown option "Beta"/,
      },
    ],
    gold: 'nn.functional.softplus',
  },
);

/**
 * log(sigmoid(x)) without loss far below 0, elementwise.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.logsigmoid.html
 * @example value(0).logSigmoid() // -0.6931
 */
export const logSigmoid: Op<Unary> = unary({
  name: 'logSigmoid',
  glyph: 'ln σ',
  lane: (k, x) => k.sub(k.min(x, 0), tail(k, x)),
  partials: [times((_, x) => x.neg().sigmoid())],
  dtypes: 'float',
  gold: 'nn.functional.logsigmoid',
});

/**
 * x·tanh(softplus(x)), elementwise.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.mish.html
 * @example value([0, 1]).mish() // [0, 0.8651]
 */
export const mish: Op<Unary> = composite<Unary>(
  'mish',
  (operand: Operand): Value => {
    const x = asFloat('mish', operand);
    return x.mul(ramp(x, Infinity).tanh());
  },
  { samples: [{ inputs: [{ shape: [2, 3] }], call: (x) => x.mish() }], gold: 'nn.functional.mish' },
);

/**
 * x / (1 + |x|), elementwise.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softsign.html
 * @example value([-1, 3]).softsign() // [-0.5, 0.75]
 */
export const softsign: Op<Unary> = composite<Unary>(
  'softsign',
  (operand: Operand): Value => {
    const x = asFloat('softsign', operand);
    return x.div(x.abs().add(1));
  },
  {
    samples: [{ inputs: [{ shape: [2, 3], except: [0] }], call: (x) => x.softsign() }],
    gold: 'nn.functional.softsign',
  },
);

/**
 * x − tanh(x), elementwise.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.tanhshrink.html
 * @example value(1).tanhshrink() // 0.2384
 */
export const tanhshrink: Op<Unary> = composite<Unary>(
  'tanhshrink',
  (operand: Operand): Value => {
    const x = asFloat('tanhshrink', operand);
    return x.sub(x.tanh());
  },
  { samples: [{ inputs: [{ shape: [2, 3] }], call: (x) => x.tanhshrink() }], gold: 'nn.functional.tanhshrink' },
);
