/** Transposed convolution layers: they enlarge what a convolution of the same options makes small. */
import { checkOptions } from '../base/errors.ts';
import { perAxis } from '../ops/convolution-arguments.ts';
import { convTranspose1d, convTranspose2d, type TransposedConvolutionOptions } from '../ops/convolution-transposed.ts';
import type { Value } from '../value/value.ts';
import type { ParameterDType } from './arguments.ts';
import { geometryOf, kernelsOf, requireChannels, type PerAxis } from './convolution-arguments.ts';
import { castTo, Module } from './module.ts';

export interface ConvTransposeOptions {
  /** Steps between windows in the result; default 1. */
  readonly stride?: PerAxis;
  /** How much is cut off around the result; default 0. */
  readonly padding?: PerAxis;
  /** Added behind the result, whose size a stride leaves open; default 0. */
  readonly outputPadding?: PerAxis;
  /** Channels in so many groups, on their own; default 1. */
  readonly groups?: number;
  /** Default true. */
  readonly bias?: boolean;
  /** Steps between the taps of the kernel; default 1. */
  readonly dilation?: PerAxis;
  /** Of the parameters; default float32. */
  readonly dtype?: ParameterDType;
}

const OPTIONS = ['stride', 'padding', 'outputPadding', 'groups', 'bias', 'dilation', 'dtype'];

type Convolve = (x: Value, weight: Value, options: TransposedConvolutionOptions) => Value;

const CONVOLUTIONS: readonly Convolve[] = [convTranspose1d, convTranspose2d];

/** What ConvTranspose1d and ConvTranspose2d share. */
abstract class TransposedConvolution extends Module {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly outputPadding: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;
  /** [inChannels, outChannels / groups, …kernelSize]. */
  readonly weight: Value;
  /** [outChannels]. */
  readonly bias: Value | null;

  constructor(
    rank: 1 | 2,
    inChannels: number,
    outChannels: number,
    kernelSize: PerAxis,
    options: ConvTransposeOptions,
  ) {
    super(inChannels, outChannels, kernelSize, options);
    const layer = `ConvTranspose${rank}d`;
    checkOptions(layer, options, OPTIONS);
    const geometry = geometryOf(layer, rank, inChannels, outChannels, kernelSize, options);
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.kernelSize = geometry.kernelSize;
    this.stride = geometry.stride;
    this.dilation = geometry.dilation;
    this.groups = geometry.groups;
    this.padding = perAxis(layer, 'padding', options.padding ?? 0, rank, 0);
    this.outputPadding = perAxis(layer, 'outputPadding', options.outputPadding ?? 0, rank, 0);
    const leading = [inChannels, outChannels / geometry.groups] as const;
    const { weight, bias } = kernelsOf(leading, geometry, options.dtype ?? 'float32', options.bias !== false);
    this.weight = this.parameter('weight', weight);
    this.bias = bias === null ? null : this.parameter('bias', bias);
  }

  override forward(x: Value): Value {
    const rank = this.kernelSize.length;
    requireChannels(`ConvTranspose${rank}d`, x, rank, this.inChannels, this.weight.shape);
    const { bias, stride, padding, outputPadding, dilation, groups } = this;
    const convolve = CONVOLUTIONS[rank - 1]!;
    const options = { bias, stride, padding, outputPadding, dilation, groups };
    return convolve(castTo(x, this.weight.dtype), this.weight, options);
  }
}

/**
 * The transpose of a convolution along one axis: x [N, inChannels, L] or [inChannels, L]. `weight` is
 * [inChannels, outChannels / groups, kernel], `bias` [outChannels].
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose1d.html
 * @throws OptionError for sizes and groups that do not fit; ShapeError for other channels.
 * @example new ConvTranspose1d(16, 8, 4, { stride: 2, padding: 1 }).forward(signals) // [N, 8, 2·L]
 */
export class ConvTranspose1d extends TransposedConvolution {
  constructor(inChannels: number, outChannels: number, kernelSize: PerAxis, options: ConvTransposeOptions = {}) {
    super(1, inChannels, outChannels, kernelSize, options);
  }
}

/**
 * The transpose of a convolution of images: x [N, inChannels, H, W] or [inChannels, H, W]. `weight` is
 * [inChannels, outChannels / groups, …kernel], `bias` [outChannels].
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html
 * @throws OptionError for sizes and groups that do not fit; ShapeError for other channels.
 * @example new ConvTranspose2d(16, 3, 4, { stride: 2, padding: 1 }).forward(features) // [N, 3, 2·H, 2·W]
 */
export class ConvTranspose2d extends TransposedConvolution {
  constructor(inChannels: number, outChannels: number, kernelSize: PerAxis, options: ConvTransposeOptions = {}) {
    super(2, inChannels, outChannels, kernelSize, options);
  }
}
