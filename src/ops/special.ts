/** Special functions: the error function, the gamma family, logit and its kin. */
import {
  digamma as digammaLane,
  erfc as erfcLane,
  erf as erfLane,
  lgamma as lgammaLane,
  logit as logitLane,
  polygamma as polygammaLane,
  sigmoid as sigmoidLane,
  xlogy as xlogyLane,
} from '../base/elementary/index.ts';
import { OptionError } from '../base/errors.ts';
import type { Value } from '../value/value.ts';
import { batchPointwise, binary, pointwisePrimitive, times, unary } from './families/pointwise.ts';
import type { AnyOperand, Binary, Of, Unary } from './families/signatures.ts';
import { oneMinus } from './families/one-minus.ts';
import { op, type Op } from './op.ts';
import { primitive, type Primitive } from './primitive.ts';
import { runtime, type Operand } from './runtime.ts';

/** 1/(1 + e⁻ˣ), elementwise. @example value(0).sigmoid() // 0.5 */
export const sigmoid: Op<Unary> = unary({
  name: 'sigmoid',
  glyph: 'σ',
  lane: sigmoidLane,
  partials: [times((y) => oneMinus(y).mul(y))],
  dtypes: 'float',
  gold: 'sigmoid',
});

const TWO_OVER_ROOT_PI = 1.1283791670955126;

/** (2/√π)·e^(−x²). */
const bell = (x: Value): Value => x.mul(x).neg().exp().mul(TWO_OVER_ROOT_PI);

/** The error function, elementwise. @example value(0).erf() // 0 */
export const erf: Op<Unary> = unary({
  name: 'erf',
  lane: erfLane,
  partials: [times((_, a) => bell(a))],
  dtypes: 'float',
  gold: 'erf',
});

/** 1 − erf x with all its digits for large x, elementwise. @example value(0).erfc() // 1 */
export const erfc: Op<Unary> = unary({
  name: 'erfc',
  lane: erfcLane,
  partials: [(g, _, a) => g.mul(bell(a)).neg()],
  dtypes: 'float',
  gold: 'erfc',
});

/** The logarithm of |Γ(x)|, elementwise; +∞ at 0, −1, −2, … @example value(5).lgamma() // log 24 = 3.178 */
export const lgamma: Op<Unary> = unary({
  name: 'lgamma',
  glyph: 'ln Γ',
  lane: lgammaLane,
  partials: [times((_, a) => a.digamma())],
  dtypes: 'float',
  domains: [{ min: 0.4, max: 4 }],
  samples: [{ inputs: [{ shape: [3], min: -1.8, max: -1.2 }], call: (x) => x.lgamma(), tolerance: 1e-5 }],
  gold: 'lgamma',
});

/** The derivative of lgamma, elementwise. @example value(1).digamma() // -0.5772 */
export const digamma: Op<Unary> = unary({
  name: 'digamma',
  glyph: 'ψ',
  lane: digammaLane,
  partials: [times((_, a) => a.polygamma(1))],
  dtypes: 'float',
  domains: [{ min: 0.4, max: 4 }],
  samples: [{ inputs: [{ shape: [3], min: -1.8, max: -1.2 }], call: (x) => x.digamma(), tolerance: 1e-4 }],
  gold: 'digamma',
});

interface Order extends Record<string, unknown> {
  readonly order: number;
}

const polygammaPrimitive: Primitive<Order> = primitive<Order>({
  name: 'polygamma',
  glyph: 'ψ⁽ⁿ⁾',
  infer: ([x]) => [{ shape: x!.shape, dtype: x!.dtype }],
  compute: { kind: 'lane', lane: ({ order }) => polygammaLane(order) },
  derivatives: {
    kind: 'each',
    jvp: ([t], { inputs, attrs }) => t?.mul(inputs[0]!.polygamma(attrs.order + 1)),
    vjp: (g, _, { inputs, attrs }) => g.mul(inputs[0]!.polygamma(attrs.order + 1)),
  },
  batch: batchPointwise(() => polygammaPrimitive),
});

interface Polygamma {
  method<V extends Value>(this: V, order: number): Value<Of<V>>;
  free<V extends AnyOperand>(x: V, order: number): Value<Of<V>>;
}

/**
 * The n-th derivative of digamma, elementwise; n = 0 is digamma itself.
 * https://docs.pytorch.org/docs/stable/generated/torch.polygamma.html
 * @throws OptionError unless n is a whole number in 0 … 100.
 * @example value(1).polygamma(1) // π²/6 = 1.6449
 */
export const polygamma: Op<Polygamma> = op<Polygamma>(
  'polygamma',
  polygammaPrimitive,
  (x: Operand, order: number): Value => {
    if (!Number.isInteger(order) || order < 0 || order > 100) {
      throw new OptionError(`the order must be a whole number in 0 … 100, got ${String(order)}`, {
        op: 'polygamma',
        option: 'order',
      });
    }
    const [fitted] = runtime.fit('polygamma', [x], 'float');
    return order === 0 ? fitted!.digamma() : runtime.applyOne(polygammaPrimitive, [fitted!], { order });
  },
  {
    samples: [
      { inputs: [{ shape: [3], min: 0.5, max: 3 }], call: (x) => x.polygamma(1), tolerance: 1e-5 },
      { inputs: [{ shape: [2, 2], min: 0.8, max: 3 }], call: (x) => x.polygamma(2), tolerance: 1e-4 },
      { inputs: [{ shape: [], min: 0.5, max: 3 }], call: (x) => x.polygamma(0) },
    ],
    errors: [
      {
        call: () => runtime.fill([], 1, 'float64').polygamma(-1),
        error: 'OptionError',
        message: /polygamma: the order must be a whole number.*-1/,
      },
    ],
  },
);

const logitPrimitive = pointwisePrimitive({
  name: 'logit',
  lane: logitLane,
  // Where logit is not defined, neither is its derivative, though the formula has numbers for it.
  partials: [(g, _, a) => g.div(a.mul(oneMinus(a)).where(a.ge(0).logicalAnd(a.le(1)), NaN))],
});

interface Logit {
  method<V extends Value>(this: V, eps?: number | Value<[]>): Value<Of<V>>;
  free<V extends AnyOperand>(x: V, eps?: number | Value<[]>): Value<Of<V>>;
}

/**
 * log(x / (1 − x)), the inverse of sigmoid, elementwise; NaN outside 0 … 1. With `eps`, x is first clamped to
 * eps … 1 − eps.
 * https://docs.pytorch.org/docs/stable/generated/torch.logit.html
 * @example value(0.5).logit() // 0
 */
export const logit: Op<Logit> = op<Logit>(
  'logit',
  logitPrimitive,
  (x: Operand, eps?: number | Value<[]>): Value => {
    if (eps === undefined) return runtime.unary(logitPrimitive, x, 'float');
    return runtime.withScope('logit', () => {
      const upper = runtime.isValue(eps) ? eps.neg().add(1) : 1 - eps;
      return runtime.unary(logitPrimitive, runtime.lift(x, 'logit').clamp(eps, upper), 'float');
    });
  },
  {
    samples: [
      { inputs: [{ shape: [2, 3], min: 0.2, max: 0.8 }], call: (x) => x.logit() },
      { inputs: [{ shape: [], min: 0.2, max: 0.8 }], call: (x) => x.logit() },
      { inputs: [{ shape: [5], min: 0, max: 1, except: [0.2, 0.8] }], call: (x) => x.logit(0.2) },
    ],
    gold: 'logit',
  },
);

/**
 * x·log y, elementwise, and 0 where x = 0 whatever y is (but NaN where y is NaN).
 * https://docs.pytorch.org/docs/stable/generated/torch.xlogy.html
 * @example value(0).xlogy(0) // 0
 */
export const xlogy: Op<Binary> = binary({
  name: 'xlogy',
  glyph: 'x·ln y',
  lane: xlogyLane,
  partials: [
    // log y, but 0 where 0·log y was taken for 0.
    (g, _, a, b) => g.xlogy(runtime.fill(b.shape, 1, b.dtype).where(a.eq(0).logicalAnd(b.le(0)), b)),
    (g, _, a, b) => g.mul(a).div(b),
  ],
  dtypes: 'float',
  domains: [{}, { min: 0.2, max: 3 }],
  gold: 'xlogy',
});
