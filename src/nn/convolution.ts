/** Convolution layers over one, two and three axes. */
import { checkOptions, OptionError } from '../base/errors.ts';
import { perAxis } from '../ops/convolution-arguments.ts';
import { conv1d, conv2d, conv3d, type ConvolutionOptions } from '../ops/convolution.ts';

import type { Value } from '../value/value.ts';
import type { ParameterDType } from './arguments.ts';
import { geometryOf, kernelsOf, requireChannels, type Geometry, type PerAxis } from './convolution-arguments.ts';
import { castTo, Module } from './module.ts';

export type PaddingMode = 'zeros' | 'reflect' | 'replicate' | 'circular';

export interface ConvOptions {
  /** Steps between windows; default 1. */
  readonly stride?: PerAxis;
  /** Added at both ends: numbers, 'valid' (nothing, the default) or 'same' (what keeps the size; stride 1). */
  readonly padding?: PerAxis | 'valid' | 'same';
  /** Steps between the taps of the kernel; default 1. */
  readonly dilation?: PerAxis;
  /** Channels in so many groups, convolved on their own; default 1. */
  readonly groups?: number;
  /** Default true. */
  readonly bias?: boolean;
  /** What is added: zeros (default), the mirrored input, its end repeated, or its other end. */
  readonly paddingMode?: PaddingMode;
  /** Of the parameters; default float32. */
  readonly dtype?: ParameterDType;
}

const OPTIONS = ['stride', 'padding', 'dilation', 'groups', 'bias', 'paddingMode', 'dtype'];
const MODES: readonly string[] = ['zeros', 'reflect', 'replicate', 'circular'];
type Convolve = (x: Value, weight: Value, options: ConvolutionOptions) => Value;

const CONVOLUTIONS: readonly Convolve[] = [conv1d, conv2d, conv3d];

/** What is added in front of each axis, and behind it. */
interface Margins {
  readonly front: readonly number[];
  readonly behind: readonly number[];
}

function marginsOf({ layer, kernelSize, stride, dilation }: Geometry, padding: ConvOptions['padding']): Margins {
  const rank = kernelSize.length;
  if (padding === 'same') {
    if (stride.some((s) => s !== 1)) {
      throw new OptionError(`padding 'same' needs stride 1, got [${stride.join(', ')}]`, {
        op: layer,
        option: 'padding',
        hint: 'Give the padding in numbers.',
      });
    }
    const total = kernelSize.map((k, a) => (k - 1) * dilation[a]!);
    const front = total.map((n) => Math.floor(n / 2));
    return { front, behind: total.map((n, a) => n - front[a]!) };
  }
  if (typeof padding === 'string' && padding !== 'valid') {
    throw new OptionError(`unknown padding ${JSON.stringify(padding)}`, {
      op: layer,
      option: 'padding',
      hint: `Use a number, one for each axis, 'valid' or 'same'.`,
    });
  }
  const front = perAxis(layer, 'padding', padding === undefined || padding === 'valid' ? 0 : padding, rank, 0);
  return { front, behind: front };
}

function checkMode(layer: string, mode: PaddingMode): PaddingMode {
  if (MODES.includes(mode)) return mode;
  throw new OptionError(`unknown paddingMode ${JSON.stringify(mode)}`, {
    op: layer,
    option: 'paddingMode',
    hint: `Use ${MODES.join(', ')}.`,
  });
}

/** What Conv1d, Conv2d and Conv3d share. */
abstract class Convolution extends Module {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: PerAxis | 'valid' | 'same';
  readonly dilation: readonly number[];
  readonly groups: number;
  readonly paddingMode: PaddingMode;
  /** [outChannels, inChannels / groups, …kernelSize]. */
  readonly weight: Value;
  /** [outChannels]. */
  readonly bias: Value | null;
  readonly #margins: Margins;

  constructor(rank: 1 | 2 | 3, inChannels: number, outChannels: number, kernelSize: PerAxis, options: ConvOptions) {
    super(inChannels, outChannels, kernelSize, options);
    const layer = `Conv${rank}d`;
    checkOptions(layer, options, OPTIONS);
    const geometry = geometryOf(layer, rank, inChannels, outChannels, kernelSize, options);
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.kernelSize = geometry.kernelSize;
    this.stride = geometry.stride;
    this.dilation = geometry.dilation;
    this.groups = geometry.groups;
    this.padding = options.padding ?? 0;
    this.#margins = marginsOf(geometry, options.padding);
    this.paddingMode = checkMode(layer, options.paddingMode ?? 'zeros');
    const leading = [outChannels, inChannels / geometry.groups] as const;
    const { weight, bias } = kernelsOf(leading, geometry, options.dtype ?? 'float32', options.bias !== false);
    this.weight = this.parameter('weight', weight);
    this.bias = bias === null ? null : this.parameter('bias', bias);
  }

  override forward(x: Value): Value {
    const rank = this.kernelSize.length;
    requireChannels(`Conv${rank}d`, x, rank, this.inChannels, this.weight.shape);
    const { stride, dilation, groups, bias } = this;
    const convolve: Convolve = CONVOLUTIONS[rank - 1]!;
    const [input, padding] = this.#padded(castTo(x, this.weight.dtype));
    return convolve(input, this.weight, { bias, stride, dilation, groups, padding });
  }

  /** x with what is not zeros added to it, and the zeros that are left to add. */
  #padded(x: Value): [Value, PerAxis | 'same'] {
    const { front, behind } = this.#margins;
    if (this.paddingMode === 'zeros') return [x, this.padding === 'same' ? 'same' : front];
    // The list of `pad` starts with the last axis.
    const pairs = front.flatMap((before, a) => [[before, behind[a]!]]).reverse();
    return [x.pad(pairs.flat(), { mode: this.paddingMode }), 0];
  }
}

/**
 * Convolution along one axis: x [N, inChannels, L] or [inChannels, L]. `weight` is
 * [outChannels, inChannels / groups, kernel], `bias` [outChannels].
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv1d.html
 * @throws OptionError for sizes and groups that do not fit; ShapeError for other channels.
 * @example new Conv1d(8, 16, 3, { padding: 'same' }).forward(signals)
 */
export class Conv1d extends Convolution {
  constructor(inChannels: number, outChannels: number, kernelSize: PerAxis, options: ConvOptions = {}) {
    super(1, inChannels, outChannels, kernelSize, options);
  }
}

/**
 * Convolution of images: x [N, inChannels, H, W] or [inChannels, H, W]. `weight` is
 * [outChannels, inChannels / groups, …kernel], `bias` [outChannels].
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv2d.html
 * @throws OptionError for sizes and groups that do not fit; ShapeError for other channels.
 * @example new Conv2d(1, 8, 3, { padding: 1 }).forward(images) // [N, 8, H, W]
 */
export class Conv2d extends Convolution {
  constructor(inChannels: number, outChannels: number, kernelSize: PerAxis, options: ConvOptions = {}) {
    super(2, inChannels, outChannels, kernelSize, options);
  }
}

/**
 * Convolution of volumes: x [N, inChannels, D, H, W] or [inChannels, D, H, W]. `weight` is
 * [outChannels, inChannels / groups, …kernel], `bias` [outChannels].
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv3d.html
 * @throws OptionError for sizes and groups that do not fit; ShapeError for other channels.
 * @example new Conv3d(1, 4, [1, 3, 3]).forward(volumes)
 */
export class Conv3d extends Convolution {
  constructor(inChannels: number, outChannels: number, kernelSize: PerAxis, options: ConvOptions = {}) {
    super(3, inChannels, outChannels, kernelSize, options);
  }
}
