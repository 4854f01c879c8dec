/** Transposed convolution layers: they enlarge what a convolution of the same options makes small. */
import { checkOptions, OptionError, showShape } from '../base/errors.ts';
import { perAxis } from '../ops/convolution-arguments.ts';
import {
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  type TransposedConvolutionOptions,
} from '../ops/convolution-transposed.ts';
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

const CONVOLUTIONS: readonly Convolve[] = [convTranspose1d, convTranspose2d, convTranspose3d];

/** What ConvTranspose1d, ConvTranspose2d and ConvTranspose3d share. */
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
    rank: 1 | 2 | 3,
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

  /** `outputSize` (of the spatial axes) chooses among the sizes that a stride leaves open, instead of outputPadding. */
  override forward(x: Value, outputSize?: PerAxis | null): Value;
  override forward(...inputs: Value[]): Value;
  override forward(x: Value, outputSize?: PerAxis | Value | null): Value {
    const rank = this.kernelSize.length;
    requireChannels(`ConvTranspose${rank}d`, x, rank, this.inChannels, this.weight.shape);
    const { bias, stride, padding, dilation, groups } = this;
    const outputPadding =
      outputSize === undefined || outputSize === null
        ? this.outputPadding
        : this.#paddingFor(x.shape.slice(-rank), outputSize as PerAxis);
    const convolve = CONVOLUTIONS[rank - 1]!;
    const options = { bias, stride, padding, outputPadding, dilation, groups };
    return convolve(castTo(x, this.weight.dtype), this.weight, options);
  }

  /** What is missing at the end to that size. @throws OptionError for one that the stride does not leave open. */
  #paddingFor(spatial: readonly number[], outputSize: PerAxis): readonly number[] {
    const { kernelSize, stride, padding, dilation } = this;
    const rank = kernelSize.length;
    const layer = `ConvTranspose${rank}d`;
    const wanted = perAxis(layer, 'outputSize', outputSize, rank, 1);
    const least = spatial.map(
      (n, a) => (n - 1) * stride[a]! - 2 * padding[a]! + dilation[a]! * (kernelSize[a]! - 1) + 1,
    );
    const most = least.map((n, a) => n + stride[a]! - 1);
    if (wanted.every((n, a) => n >= least[a]! && n <= most[a]!)) return wanted.map((n, a) => n - least[a]!);
    throw new OptionError(
      `outputSize ${showShape(wanted)} is not from ${showShape(least)} to ${showShape(most)}, which ${showShape(spatial)} can become`,
      { op: layer, option: 'outputSize', shapes: [spatial, wanted], hint: 'Change stride or padding for other sizes.' },
    );
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

/**
 * The transpose of a convolution of volumes: x [N, inChannels, D, H, W] or [inChannels, D, H, W]. `weight` is
 * [inChannels, outChannels / groups, …kernel], `bias` [outChannels].
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose3d.html
 * @throws OptionError for sizes and groups that do not fit; ShapeError for other channels.
 * @example new ConvTranspose3d(8, 4, 2, { stride: 2 }).forward(features) // [N, 4, 2·D, 2·H, 2·W]
 */
export class ConvTranspose3d extends TransposedConvolution {
  constructor(inChannels: number, outChannels: number, kernelSize: PerAxis, options: ConvTransposeOptions = {}) {
    super(3, inChannels, outChannels, kernelSize, options);
  }
}
