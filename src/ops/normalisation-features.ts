/** Normalisation of each example by itself: over its features, groups of channels, or neighbouring channels. */
import { checkOptions, OptionError, ShapeError, showShape } from '../base/errors.ts';
import type { Shape } from '../base/shape-types.ts';
import { sameShape, sizeOf } from '../base/shapes.ts';
import type { Value } from '../value/value.ts';
import { resample } from './families/resampling.ts';
import type { AnyOperand, Of } from './families/signatures.ts';
import { checkNumber, momentsOf, perChannel, scaled, vectorFor } from './families/standardise.ts';
import { composite, type Op } from './op.ts';
import { runtime, type Operand } from './runtime.ts';

export interface AffineNormOptions {
  /** A factor; default none. */
  readonly weight?: Value | null;
  /** Added behind the factor; default none. */
  readonly bias?: Value | null;
  /** Added to the variance; default 1e-5. */
  readonly eps?: number;
}

export interface RmsNormOptions {
  /** A factor; default none. */
  readonly weight?: Value | null;
  /** Added to the mean square; default (or null): the dtype's distance from 1 to the next number. */
  readonly eps?: number | null;
}

export interface LocalResponseNormOptions {
  /** Default 1e-4. */
  readonly alpha?: number;
  /** Default 0.75. */
  readonly beta?: number;
  /** Default 1. */
  readonly k?: number;
}

interface Normalisation<A, O> {
  method<V extends Value>(this: V, argument: A, options?: O): Value<Of<V>>;
  free<V extends AnyOperand>(x: V, argument: A, options?: O): Value<Of<V>>;
}

const zeros = (...shape: number[]): Value => runtime.fill(shape, 0, 'float64');

/** The shape over which x is normalised: a number stands for the last axis alone. */
export type NormalizedShape = number | readonly number[];

function checkedShape(op: string, x: Value, shape: NormalizedShape): Shape {
  const list = typeof shape === 'number' ? [shape] : shape;
  if (!Array.isArray(list) || list.length === 0) {
    throw new OptionError(`normalizedShape is a number or a list of at least one, got ${JSON.stringify(shape)}`, {
      op,
      option: 'normalizedShape',
    });
  }
  if (x.rank >= list.length && sameShape(x.shape.slice(x.rank - list.length), list as Shape)) return list as Shape;
  throw new ShapeError(`normalizedShape ${showShape(list as Shape)} is not how x ${showShape(x.shape)} ends`, {
    op,
    shapes: [x.shape],
    hint: 'Its last axes must have these lengths; permute the features to the end.',
  });
}

/** From 1 to the next number. */
const EPSILON = { float32: 1.1920928955078125e-7, float64: Number.EPSILON } as const;

const lastAxes = (x: Value, n: number): number[] => Array.from({ length: n }, (_, i) => x.rank - n + i);

/**
 * x brought to mean 0 and variance 1 over its last axes, whose shape is `normalizedShape`; then `weight` · x + `bias`,
 * both of that shape.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.layer_norm.html
 * @throws ShapeError where x does not end with that shape.
 * @example value([1, 3]).layerNorm(2, { eps: 0 }) // [-1, 1]
 */
export const layerNorm: Op<Normalisation<NormalizedShape, AffineNormOptions>> = composite<
  Normalisation<NormalizedShape, AffineNormOptions>
>(
  'layerNorm',
  (operand: Operand, normalizedShape: NormalizedShape, options: AffineNormOptions = {}): Value => {
    checkOptions('layerNorm', options, ['weight', 'bias', 'eps']);
    const x = runtime.fit('layerNorm', [operand], 'float')[0]!;
    const shape = checkedShape('layerNorm', x, normalizedShape);
    const weight = vectorFor('layerNorm', 'weight', options.weight, shape, x);
    const bias = vectorFor('layerNorm', 'bias', options.bias, shape, x);
    const { deviation, variance } = momentsOf(x, lastAxes(x, shape.length));
    return scaled(deviation, variance, checkNumber('layerNorm', 'eps', options.eps ?? 1e-5), weight, bias);
  },
  {
    glyph: 'LN',
    samples: [
      { inputs: [{ shape: [2, 3], distinct: true }], call: (x) => x.layerNorm(3, { eps: 0.1 }) },
      {
        inputs: [{ shape: [2, 2, 3], distinct: true }, { shape: [2, 3] }, { shape: [2, 3] }],
        call: (x, weight, bias) => x.layerNorm([2, 3], { weight, bias, eps: 0.1 }),
      },
      { inputs: [{ shape: [0, 2] }], call: (x) => x.layerNorm(2) },
    ],
    errors: [
      {
        call: () => zeros(2, 3).layerNorm(2),
        error: 'ShapeError',
        message: /layerNorm: normalizedShape \[2\] is not how x \[2, 3\] ends/,
      },
      {
        call: () => zeros(2, 3).layerNorm(3, { weight: zeros(2) }),
        error: 'ShapeError',
        message: /layerNorm: weight must be \[3\] for x \[2, 3\], got \[2\]/,
      },
      {
        call: () => zeros(2, 3).layerNorm([]),
        error: 'OptionError',
        message: /layerNorm: normalizedShape is a number or a list of at least one/,
      },
    ],
    gold: 'nn.functional.layer_norm',
  },
);

/**
 * x divided by the root of its mean square over the last axes, whose shape is `normalizedShape`; then times `weight`.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.rms_norm.html
 * @throws ShapeError where x does not end with that shape.
 * @example value([3, -3]).rmsNorm(2) // [1, -1]
 */
export const rmsNorm: Op<Normalisation<NormalizedShape, RmsNormOptions>> = composite<
  Normalisation<NormalizedShape, RmsNormOptions>
>(
  'rmsNorm',
  (operand: Operand, normalizedShape: NormalizedShape, options: RmsNormOptions = {}): Value => {
    checkOptions('rmsNorm', options, ['weight', 'eps']);
    const x = runtime.fit('rmsNorm', [operand], 'float')[0]!;
    const shape = checkedShape('rmsNorm', x, normalizedShape);
    const weight = vectorFor('rmsNorm', 'weight', options.weight, shape, x);
    const eps = checkNumber(
      'rmsNorm',
      'eps',
      options.eps ?? (x.dtype === 'float32' ? EPSILON.float32 : EPSILON.float64),
    );
    return scaled(x, x.mul(x).mean(lastAxes(x, shape.length), { keepDims: true }), eps, weight, null);
  },
  {
    glyph: 'RMS',
    samples: [
      { inputs: [{ shape: [2, 3], except: [0] }], call: (x) => x.rmsNorm(3) },
      {
        inputs: [{ shape: [2, 2, 3] }, { shape: [2, 3] }],
        call: (x, weight) => x.rmsNorm([2, 3], { weight, eps: 0.1 }),
      },
    ],
    errors: [
      {
        call: () => zeros(2, 3).rmsNorm([2, 2]),
        error: 'ShapeError',
        message: /rmsNorm: normalizedShape \[2, 2\] is not how x \[2, 3\] ends/,
      },
    ],
    gold: 'nn.functional.rms_norm',
  },
);

function checkGroups(x: Value, groups: number): void {
  const channels = x.shape[1];
  if (channels === undefined) {
    throw new ShapeError(`x must be [N, C, …], got ${showShape(x.shape)}`, { op: 'groupNorm', shapes: [x.shape] });
  }
  if (Number.isInteger(groups) && groups >= 1 && channels % groups === 0) return;
  throw new OptionError(`the ${channels} channels of ${showShape(x.shape)} do not split into ${groups} groups`, {
    op: 'groupNorm',
    option: 'numGroups',
    shapes: [x.shape],
    hint: 'numGroups must divide the number of channels.',
  });
}

/**
 * The channels of each example of x [N, C, …] in `numGroups` groups, each brought to mean 0 and variance 1; then
 * `weight` · x + `bias`, both [C].
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.group_norm.html
 * @throws OptionError where the channels do not split into so many groups; ShapeError for vectors that are not [C].
 * @example value([[1, 3, 5, 9]]).groupNorm(2, { eps: 0 }) // [[-1, 1, -1, 1]]
 */
export const groupNorm: Op<Normalisation<number, AffineNormOptions>> = composite<
  Normalisation<number, AffineNormOptions>
>(
  'groupNorm',
  (operand: Operand, numGroups: number, options: AffineNormOptions = {}): Value => {
    checkOptions('groupNorm', options, ['weight', 'bias', 'eps']);
    const x = runtime.fit('groupNorm', [operand], 'float')[0]!;
    checkGroups(x, numGroups);
    const [n, channels] = x.shape as readonly [number, number];
    const weight = vectorFor('groupNorm', 'weight', options.weight, [channels], x);
    const bias = vectorFor('groupNorm', 'bias', options.bias, [channels], x);
    const eps = checkNumber('groupNorm', 'eps', options.eps ?? 1e-5);
    const size = sizeOf(x.shape.slice(1)) / numGroups;
    const { deviation, variance } = momentsOf(x.reshape([n, numGroups, size]), [2]);
    const unit = scaled(deviation, variance, eps, null, null).reshape(x.shape);
    const y = weight === null ? unit : unit.mul(perChannel(weight, x.rank) as never);
    return bias === null ? y : y.add(perChannel(bias, x.rank) as never);
  },
  {
    glyph: 'GN',
    samples: [
      { inputs: [{ shape: [2, 4], distinct: true }], call: (x) => x.groupNorm(2, { eps: 0.1 }) },
      {
        inputs: [{ shape: [2, 4, 3], distinct: true }, { shape: [4] }, { shape: [4] }],
        call: (x, weight, bias) => x.groupNorm(2, { weight, bias, eps: 0.1 }),
      },
      { inputs: [{ shape: [0, 2, 2] }], call: (x) => x.groupNorm(1) },
    ],
    errors: [
      {
        call: () => zeros(2, 4).groupNorm(3),
        error: 'OptionError',
        message: /groupNorm: the 4 channels of \[2, 4\] do not split into 3 groups/,
      },
      {
        call: () => zeros(4).groupNorm(2),
        error: 'ShapeError',
        message: /groupNorm: x must be \[N, C, …\], got \[4\]/,
      },
    ],
    gold: 'nn.functional.group_norm',
  },
);

/** For every channel the sum over `size` channels around it, ⌊size / 2⌋ of them before. */
function sumNeighbours(x: Value, size: number): Value {
  const channels = x.shape[1]!;
  const from: number[] = [];
  const to: number[] = [];
  for (let c = 0; c < channels; c++) {
    const first = c - Math.floor(size / 2);
    for (let i = Math.max(0, first); i < Math.min(channels, first + size); i++) {
      from.push(i);
      to.push(c);
    }
  }
  return resample(x, { axis: 1, size: channels, from, to, weights: null, start: 'zero' });
}

/** x^beta; the usual exponents by roots, which cost a tenth. */
function power(x: Value, beta: number): Value {
  if (beta === 1) return x;
  if (beta !== 0.5 && beta !== 0.75) return x.pow(beta);
  const root = x.sqrt();
  return beta === 0.5 ? root : root.mul(root.sqrt());
}

/**
 * x [N, C, …] divided by (k + alpha · mean square of `size` neighbouring channels) to the power beta; channels beyond
 * the ends count as 0.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.local_response_norm.html
 * @throws ShapeError for fewer than three axes; OptionError for a size that is no whole number ≥ 1.
 * @example ones([1, 4, 2]).localResponseNorm(2, { alpha: 1 }) // channels 0 … 3
 */
export const localResponseNorm: Op<Normalisation<number, LocalResponseNormOptions>> = composite<
  Normalisation<number, LocalResponseNormOptions>
>(
  'localResponseNorm',
  (operand: Operand, size: number, options: LocalResponseNormOptions = {}): Value => {
    const name = 'localResponseNorm';
    checkOptions(name, options, ['alpha', 'beta', 'k']);
    if (!Number.isInteger(size) || size < 1) {
      throw new OptionError(`size must be a whole number ≥ 1, got ${String(size)}`, { op: name, option: 'size' });
    }
    const x = runtime.fit(name, [operand], 'float')[0]!;
    if (x.rank < 3) {
      throw new ShapeError(`x must be [N, C, …] with at least three axes, got ${showShape(x.shape)}`, {
        op: name,
        shapes: [x.shape],
      });
    }
    const alpha = checkNumber(name, 'alpha', options.alpha ?? 1e-4);
    const beta = checkNumber(name, 'beta', options.beta ?? 0.75);
    const k = checkNumber(name, 'k', options.k ?? 1);
    const around = sumNeighbours(x.mul(x), size).div(size);
    return x.div(power(around.mul(alpha).add(k), beta));
  },
  {
    glyph: 'LRN',
    samples: [
      { inputs: [{ shape: [1, 4, 2] }], call: (x) => x.localResponseNorm(3, { alpha: 0.5 }) },
      { inputs: [{ shape: [2, 3, 1, 2] }], call: (x) => x.localResponseNorm(2, { alpha: 1, beta: 0.5, k: 2 }) },
    ],
    errors: [
      {
        call: () => zeros(2, 3).localResponseNorm(2),
        error: 'ShapeError',
        message: /localResponseNorm: x must be \[N, C, …\] with at least three axes, got \[2, 3\]/,
      },
      {
        call: () => zeros(1, 2, 3).localResponseNorm(0),
        error: 'OptionError',
        message: /localResponseNorm: size must be a whole number ≥ 1, got 0/,
      },
    ],
    gold: 'nn.functional.local_response_norm',
  },
);
