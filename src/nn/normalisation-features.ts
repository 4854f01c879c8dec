/** Layers that normalise each example by itself: layer, RMS, group and local response norm. */
import { checkOptions, OptionError, ShapeError, showShape } from '../base/errors.ts';
import { groupNorm, layerNorm, localResponseNorm, rmsNorm } from '../ops/normalisation-features.ts';
import { ones, zeros } from '../value/create.ts';
import type { Value } from '../value/value.ts';
import { checkCount, type ParameterDType } from './arguments.ts';
import { castTo, Module } from './module.ts';

export interface LayerNormOptions {
  /** Added to the variance; default 1e-5. */
  readonly eps?: number;
  /** Whether `weight` (and `bias`) are learnt; default true. */
  readonly elementwiseAffine?: boolean;
  /** Whether there is a `bias` beside the weight; default true. */
  readonly bias?: boolean;
  /** Of the parameters; default float32. */
  readonly dtype?: ParameterDType;
}

export interface RMSNormOptions {
  /** Added to the mean square; default (or null): the dtype's distance from 1 to the next number. */
  readonly eps?: number | null;
  /** Whether `weight` is learnt; default true. */
  readonly elementwiseAffine?: boolean;
  /** Of the parameters; default float32. */
  readonly dtype?: ParameterDType;
}

export interface GroupNormOptions {
  /** Added to the variance; default 1e-5. */
  readonly eps?: number;
  /** A learnt factor and offset for each channel; default true. */
  readonly affine?: boolean;
  /** Of the parameters; default float32. */
  readonly dtype?: ParameterDType;
}

export interface LocalResponseNormLayerOptions {
  /** Default 1e-4. */
  readonly alpha?: number;
  /** Default 0.75. */
  readonly beta?: number;
  /** Default 1. */
  readonly k?: number;
}

const castLike = (x: Value, own: Value | null): Value => (own === null ? x : castTo(x, own.dtype));

function shapeOf(layer: string, given: number | readonly number[]): readonly number[] {
  const shape = typeof given === 'number' ? [given] : [...given];
  if (shape.length === 0)
    throw new OptionError('normalizedShape needs a length at least', { op: layer, option: 'normalizedShape' });
  shape.forEach((n) => checkCount(layer, 'normalizedShape', n));
  return shape;
}

function requireChannelAxis(layer: string, x: Value, channels: number): void {
  if (x.rank >= 2 && x.shape[1] === channels) return;
  throw new ShapeError(`takes [N, ${channels}, …], got ${showShape(x.shape)}`, {
    op: layer,
    shapes: [x.shape],
    hint: 'Channels are axis 1; use permute.',
  });
}

/**
 * x brought to mean 0 and variance 1 over its last axes, whose shape is `normalizedShape`; then `weight` · x + `bias`,
 * both of that shape.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.LayerNorm.html
 * @throws ShapeError where x does not end with that shape; OptionError for bad options.
 * @example new LayerNorm(64).forward(tokens) // [N, T, 64]
 */
export class LayerNorm extends Module {
  readonly normalizedShape: readonly number[];
  readonly eps: number;
  /** Starts with 1. */
  readonly weight: Value | null;
  /** Starts with 0. */
  readonly bias: Value | null;

  constructor(normalizedShape: number | readonly number[], options: LayerNormOptions = {}) {
    super(normalizedShape, options);
    checkOptions('LayerNorm', options, ['eps', 'elementwiseAffine', 'bias', 'dtype']);
    this.normalizedShape = shapeOf('LayerNorm', normalizedShape);
    this.eps = options.eps ?? 1e-5;
    const dtype = options.dtype ?? 'float32';
    const affine = options.elementwiseAffine ?? true;
    this.weight = affine ? this.parameter('weight', ones(this.normalizedShape, { dtype })) : null;
    this.bias =
      affine && options.bias !== false ? this.parameter('bias', zeros(this.normalizedShape, { dtype })) : null;
  }

  override forward(x: Value): Value {
    const { weight, bias, eps } = this;
    return layerNorm(castLike(x, weight), this.normalizedShape, { weight, bias, eps });
  }
}

/**
 * x divided by the root of its mean square over its last axes, whose shape is `normalizedShape`; then times `weight`.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.RMSNorm.html
 * @throws ShapeError where x does not end with that shape; OptionError for bad options.
 * @example new RMSNorm(64).forward(tokens) // [N, T, 64]
 */
export class RMSNorm extends Module {
  readonly normalizedShape: readonly number[];
  readonly eps: number | null;
  /** Starts with 1. */
  readonly weight: Value | null;

  constructor(normalizedShape: number | readonly number[], options: RMSNormOptions = {}) {
    super(normalizedShape, options);
    checkOptions('RMSNorm', options, ['eps', 'elementwiseAffine', 'dtype']);
    this.normalizedShape = shapeOf('RMSNorm', normalizedShape);
    this.eps = options.eps ?? null;
    const dtype = options.dtype ?? 'float32';
    const affine = options.elementwiseAffine ?? true;
    this.weight = affine ? this.parameter('weight', ones(this.normalizedShape, { dtype })) : null;
  }

  override forward(x: Value): Value {
    const { weight, eps } = this;
    return rmsNorm(castLike(x, weight), this.normalizedShape, { weight, eps });
  }
}

/**
 * The channels of each example of x [N, numChannels, …] in groups, each brought to mean 0 and variance 1; then
 * `weight` · x + `bias`, both [numChannels].
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.GroupNorm.html
 * @throws OptionError where the channels do not split into so many groups; ShapeError for other channels.
 * @example new GroupNorm(4, 16).forward(features) // [N, 16, H, W]
 */
export class GroupNorm extends Module {
  readonly numGroups: number;
  readonly numChannels: number;
  readonly eps: number;
  /** Starts with 1. */
  readonly weight: Value | null;
  /** Starts with 0. */
  readonly bias: Value | null;

  constructor(numGroups: number, numChannels: number, options: GroupNormOptions = {}) {
    super(numGroups, numChannels, options);
    checkOptions('GroupNorm', options, ['eps', 'affine', 'dtype']);
    this.numGroups = checkCount('GroupNorm', 'numGroups', numGroups);
    this.numChannels = checkCount('GroupNorm', 'numChannels', numChannels);
    if (numChannels % numGroups !== 0) {
      throw new OptionError(`${numChannels} channels do not split into ${numGroups} groups`, {
        op: 'GroupNorm',
        option: 'numGroups',
        hint: 'numGroups must divide numChannels.',
      });
    }
    this.eps = options.eps ?? 1e-5;
    const dtype = options.dtype ?? 'float32';
    const affine = options.affine ?? true;
    this.weight = affine ? this.parameter('weight', ones([numChannels], { dtype })) : null;
    this.bias = affine ? this.parameter('bias', zeros([numChannels], { dtype })) : null;
  }

  override forward(x: Value): Value {
    requireChannelAxis('GroupNorm', x, this.numChannels);
    const { weight, bias, eps } = this;
    return groupNorm(castLike(x, weight), this.numGroups, { weight, bias, eps });
  }
}

/**
 * x [N, C, …] divided by (k + alpha · mean square of `size` neighbouring channels) to the power beta.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.LocalResponseNorm.html
 * @throws OptionError for a size that is no whole number ≥ 1; ShapeError for fewer than three axes.
 * @example new LocalResponseNorm(5).forward(features)
 */
export class LocalResponseNorm extends Module {
  readonly size: number;
  readonly alpha: number;
  readonly beta: number;
  readonly k: number;

  constructor(size: number, options: LocalResponseNormLayerOptions = {}) {
    super(size, options);
    checkOptions('LocalResponseNorm', options, ['alpha', 'beta', 'k']);
    this.size = checkCount('LocalResponseNorm', 'size', size);
    this.alpha = options.alpha ?? 1e-4;
    this.beta = options.beta ?? 0.75;
    this.k = options.k ?? 1;
  }

  override forward(x: Value): Value {
    const { alpha, beta, k } = this;
    return localResponseNorm(x, this.size, { alpha, beta, k });
  }
}
