/** Layers that only rearrange: flattening, pixels, resizing. */
import { checkOptions, OptionError, ShapeError, showShape } from '../base/errors.ts';
import type { Shape } from '../base/shape-types.ts';
import { normalizeAxis, sizeOf } from '../base/shapes.ts';
import type { InterpolateOptions } from '../ops/resampling.ts';
import type { Value } from '../value/value.ts';
import { checkCount } from './arguments.ts';
import { Module } from './module.ts';

export interface FlattenOptions {
  /** Default 1: the batch stays. */
  readonly startAxis?: number;
  /** Default −1. */
  readonly endAxis?: number;
}

/**
 * Makes one axis of several; by default of all but the first.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.Flatten.html
 * @throws AxisError (from forward) for axes that x does not have.
 * @example new Flatten().forward(zeros([32, 1, 28, 28])) // [32, 784]
 */
export class Flatten extends Module {
  readonly startAxis: number;
  readonly endAxis: number;

  constructor(options: FlattenOptions = {}) {
    super(options);
    checkOptions('Flatten', options, ['startAxis', 'endAxis']);
    this.startAxis = options.startAxis ?? 1;
    this.endAxis = options.endAxis ?? -1;
  }

  override forward(x: Value): Value {
    return x.flatten(this.startAxis, this.endAxis);
  }

  override extraRepr(): string {
    return `startAxis=${this.startAxis}, endAxis=${this.endAxis}`;
  }
}

/** The lengths with −1 replaced by what is left of n. */
function unflattened(n: number, sizes: Shape): Shape | null {
  const known = sizeOf(sizes.filter((size) => size !== -1));
  const open = sizes.filter((size) => size === -1).length;
  if (open === 0) return known === n ? sizes : null;
  if (open > 1 || known === 0 || n % known !== 0) return null;
  return sizes.map((size) => (size === -1 ? n / known : size));
}

/**
 * Makes several axes, `sizes`, of one; one of the sizes may be −1.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.Unflatten.html
 * @throws ShapeError (from forward) unless the sizes multiply to the axis's length.
 * @example new Unflatten(1, [1, 28, 28]).forward(zeros([32, 784])) // [32, 1, 28, 28]
 */
export class Unflatten extends Module {
  readonly axis: number;
  readonly sizes: Shape;

  constructor(axis: number, sizes: Shape) {
    super(axis, sizes);
    if (!Array.isArray(sizes) || !sizes.every((n) => Number.isInteger(n) && n >= -1)) {
      throw new OptionError(`sizes must be a list of lengths (one may be -1), got ${String(sizes)}`, {
        op: 'Unflatten',
        option: 'sizes',
      });
    }
    this.axis = axis;
    this.sizes = sizes.slice() as number[];
  }

  override forward(x: Value): Value {
    const at = normalizeAxis('Unflatten', this.axis, x.rank, x.shape);
    const sizes = unflattened(x.shape[at]!, this.sizes);
    if (sizes !== null) return x.reshape([...x.shape.slice(0, at), ...sizes, ...x.shape.slice(at + 1)]);
    throw new ShapeError(`axis ${at} of ${showShape(x.shape)} cannot become ${showShape(this.sizes)}`, {
      op: 'Unflatten',
      shapes: [x.shape, this.sizes],
      axis: this.axis,
      hint: 'The sizes must multiply to the length of the axis.',
    });
  }

  override extraRepr(): string {
    return `axis=${this.axis}, sizes=${showShape(this.sizes)}`;
  }
}

const INTERPOLATION = ['size', 'scaleFactor', 'mode', 'alignCorners', 'recomputeScaleFactor'];

/**
 * Resizes the spatial axes of [N, C, L], [N, C, H, W] or [N, C, D, H, W] to `size`, or by `scaleFactor`; mode 'nearest'
 * (default), 'linear', 'bilinear', 'trilinear', 'bicubic'.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.Upsample.html
 * @throws OptionError unless just one of size and scaleFactor is given, and (from forward) for modes that do not fit.
 * @example new Upsample({ scaleFactor: 2, mode: 'bilinear' }).forward(images)
 */
export class Upsample extends Module {
  readonly options: InterpolateOptions;

  constructor(options: InterpolateOptions) {
    super(options);
    checkOptions('Upsample', options, INTERPOLATION);
    if ((options.size ?? null) === null && (options.scaleFactor ?? null) === null) {
      throw new OptionError('either size or scaleFactor must be given', { op: 'Upsample', option: 'size' });
    }
    this.options = { ...options };
  }

  override forward(x: Value): Value {
    return x.interpolate(this.options);
  }

  override extraRepr(): string {
    return Object.entries(this.options)
      .map(([name, x]) => `${name}=${String(x)}`)
      .join(', ');
  }
}

/**
 * […, C·r², H, W] → […, C, H·r, W·r]: every r² channels become r × r pixels (Shi et al. 2016).
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.PixelShuffle.html
 * @throws ShapeError (from forward) if r² does not divide the channels.
 * @example new PixelShuffle(2).forward(zeros([1, 4, 3, 3])) // [1, 1, 6, 6]
 */
export class PixelShuffle extends Module {
  readonly upscaleFactor: number;

  constructor(upscaleFactor: number) {
    super(upscaleFactor);
    this.upscaleFactor = checkCount('PixelShuffle', 'upscaleFactor', upscaleFactor);
  }

  override forward(x: Value): Value {
    return x.pixelShuffle(this.upscaleFactor);
  }

  override extraRepr(): string {
    return `upscaleFactor=${this.upscaleFactor}`;
  }
}

/**
 * […, C, H·r, W·r] → […, C·r², H, W]: the inverse of PixelShuffle.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.PixelUnshuffle.html
 * @throws ShapeError (from forward) if r does not divide height and width.
 * @example new PixelUnshuffle(2).forward(zeros([1, 1, 6, 6])) // [1, 4, 3, 3]
 */
export class PixelUnshuffle extends Module {
  readonly downscaleFactor: number;

  constructor(downscaleFactor: number) {
    super(downscaleFactor);
    this.downscaleFactor = checkCount('PixelUnshuffle', 'downscaleFactor', downscaleFactor);
  }

  override forward(x: Value): Value {
    return x.pixelUnshuffle(this.downscaleFactor);
  }

  override extraRepr(): string {
    return `downscaleFactor=${this.downscaleFactor}`;
  }
}
