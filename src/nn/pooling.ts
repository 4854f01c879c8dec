/** Pooling layers: largest elements and means of windows. */
import { checkOptions } from '../base/errors.ts';
import { perAxis, type PerAxis } from '../ops/convolution-arguments.ts';
import {
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveAvgPool3d,
  avgPool1d,
  avgPool2d,
  avgPool3d,
} from '../ops/pooling-average.ts';
import {
  adaptiveMaxPool1d,
  adaptiveMaxPool2d,
  adaptiveMaxPool3d,
  maxPool1d,
  maxPool2d,
  maxPool3d,
  type AdaptiveSize,
  type Pooled,
} from '../ops/pooling.ts';
import type { Value } from '../value/value.ts';
import { Module } from './module.ts';

/** Whether a layer gives { values, indices }, with places in the flattened spatial axes, instead of the values. */
export interface IndicesOption<R extends boolean> {
  /** Default false. */
  readonly returnIndices?: R;
}

/** What a max-pool layer gives: { values, indices } if told so. */
export type MaxPooled<R extends boolean> = R extends true ? Pooled : Value;

export interface MaxPoolLayerOptions<R extends boolean = false> extends IndicesOption<R> {
  /** Steps between windows; default (or null): the kernel's size. */
  readonly stride?: PerAxis | null;
  /** −∞ around x, at most half of the kernel; default 0. */
  readonly padding?: PerAxis;
  /** Steps between the elements of a window; default 1. */
  readonly dilation?: PerAxis;
  /** A last window may hang over the end. */
  readonly ceilMode?: boolean;
}

export interface AvgPool1dOptions {
  /** Steps between windows; default (or null): the kernel's size. */
  readonly stride?: PerAxis | null;
  /** Zeros around x, at most half of the kernel; default 0. */
  readonly padding?: PerAxis;
  /** A last window may hang over the end. */
  readonly ceilMode?: boolean;
  /** Whether padding counts as elements; default true. */
  readonly countIncludePad?: boolean;
}

export interface AvgPoolLayerOptions extends AvgPool1dOptions {
  /** Divides by this number instead of the count. */
  readonly divisorOverride?: number | null;
}

type Pool<A, O, Y> = (x: Value, argument: A, options: O) => Y;

interface WindowOptions {
  readonly stride?: PerAxis | null;
  readonly padding?: PerAxis;
  readonly dilation?: PerAxis;
}

const checkWindow = (layer: string, rank: number, kernelSize: PerAxis, options: WindowOptions): void => {
  perAxis(layer, 'kernelSize', kernelSize, rank, 1);
  perAxis(layer, 'stride', options.stride ?? kernelSize, rank, 1);
  perAxis(layer, 'padding', options.padding ?? 0, rank, 0);
  perAxis(layer, 'dilation', options.dilation ?? 1, rank, 1);
};

/** A pool by kernel and options. */
abstract class Pooling<O extends WindowOptions, Y = Value> extends Module<Value[], Y> {
  readonly kernelSize: PerAxis;
  readonly options: O;
  readonly #pool: Pool<PerAxis, O, Y>;

  constructor(
    [layer, rank, known, pool]: readonly [string, number, readonly string[], Pool<PerAxis, O, Y>],
    kernelSize: PerAxis,
    options: O,
  ) {
    super(kernelSize, options);
    checkOptions(layer, options, known);
    checkWindow(layer, rank, kernelSize, options);
    this.kernelSize = kernelSize;
    this.options = options;
    this.#pool = pool;
  }

  override forward(x: Value): Y {
    return this.#pool(x, this.kernelSize, this.options);
  }
}

const MAX = ['stride', 'padding', 'dilation', 'ceilMode', 'returnIndices'];

/** The functions' result depends on `returnIndices` just as the layers' does. */
type MaxPoolOf<R extends boolean> = Pool<PerAxis, MaxPoolLayerOptions<R>, MaxPooled<R>>;
const AVG = ['stride', 'padding', 'ceilMode', 'countIncludePad'];

/**
 * The largest element of each window along the last axis: x [N, C, L] or [C, L].
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool1d.html
 * @throws OptionError for padding of more than half the kernel; ShapeError where no window fits.
 * @example new MaxPool1d(2).forward(signals) // [N, C, L / 2]
 */
export class MaxPool1d<R extends boolean = false> extends Pooling<MaxPoolLayerOptions<R>, MaxPooled<R>> {
  constructor(kernelSize: PerAxis, options: MaxPoolLayerOptions<R> = {}) {
    super(['MaxPool1d', 1, MAX, maxPool1d as unknown as MaxPoolOf<R>], kernelSize, options);
  }
}

/**
 * The largest element of each window over the last two axes: x [N, C, H, W] or [C, H, W].
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html
 * @throws OptionError for padding of more than half the kernel; ShapeError where no window fits.
 * @example new MaxPool2d(3, { stride: 2, padding: 1 }).forward(images)
 */
export class MaxPool2d<R extends boolean = false> extends Pooling<MaxPoolLayerOptions<R>, MaxPooled<R>> {
  constructor(kernelSize: PerAxis, options: MaxPoolLayerOptions<R> = {}) {
    super(['MaxPool2d', 2, MAX, maxPool2d as unknown as MaxPoolOf<R>], kernelSize, options);
  }
}

/**
 * The largest element of each window over the last three axes: x [N, C, D, H, W] or [C, D, H, W].
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool3d.html
 * @throws OptionError for padding of more than half the kernel; ShapeError where no window fits.
 * @example new MaxPool3d(2).forward(volumes) // [N, C, D / 2, H / 2, W / 2]
 */
export class MaxPool3d<R extends boolean = false> extends Pooling<MaxPoolLayerOptions<R>, MaxPooled<R>> {
  constructor(kernelSize: PerAxis, options: MaxPoolLayerOptions<R> = {}) {
    super(['MaxPool3d', 3, MAX, maxPool3d as unknown as MaxPoolOf<R>], kernelSize, options);
  }
}

/**
 * The mean of each window along the last axis: x [N, C, L] or [C, L].
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool1d.html
 * @throws OptionError for padding of more than half the kernel; ShapeError where no window fits.
 * @example new AvgPool1d(2).forward(signals) // [N, C, L / 2]
 */
export class AvgPool1d extends Pooling<AvgPool1dOptions> {
  constructor(kernelSize: PerAxis, options: AvgPool1dOptions = {}) {
    super(['AvgPool1d', 1, AVG, avgPool1d], kernelSize, options);
  }
}

/**
 * The mean of each window over the last two axes: x [N, C, H, W] or [C, H, W].
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html
 * @throws OptionError for padding of more than half the kernel; ShapeError where no window fits.
 * @example new AvgPool2d(2).forward(images) // [N, C, H / 2, W / 2]
 */
export class AvgPool2d extends Pooling<AvgPoolLayerOptions> {
  constructor(kernelSize: PerAxis, options: AvgPoolLayerOptions = {}) {
    super(['AvgPool2d', 2, [...AVG, 'divisorOverride'], avgPool2d], kernelSize, options);
  }
}

/**
 * The mean of each window over the last three axes: x [N, C, D, H, W] or [C, D, H, W].
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool3d.html
 * @throws OptionError for padding of more than half the kernel; ShapeError where no window fits.
 * @example new AvgPool3d(2).forward(volumes) // [N, C, D / 2, H / 2, W / 2]
 */
export class AvgPool3d extends Pooling<AvgPoolLayerOptions> {
  constructor(kernelSize: PerAxis, options: AvgPoolLayerOptions = {}) {
    super(['AvgPool3d', 3, [...AVG, 'divisorOverride'], avgPool3d], kernelSize, options);
  }
}

/** A pool by the size of its result. */
abstract class AdaptivePooling<O extends object = object, Y = Value> extends Module<Value[], Y> {
  readonly outputSize: AdaptiveSize;
  readonly options: O;
  readonly #pool: Pool<AdaptiveSize, O, Y>;

  constructor(
    [layer, known, pool]: readonly [string, readonly string[], Pool<AdaptiveSize, O, Y>],
    outputSize: AdaptiveSize,
    options: O,
  ) {
    super(outputSize, options);
    checkOptions(layer, options, known);
    this.outputSize = outputSize;
    this.options = options;
    this.#pool = pool;
  }

  override forward(x: Value): Y {
    return this.#pool(x, this.outputSize, this.options);
  }
}

type AdaptiveMaxPoolOf<R extends boolean> = Pool<AdaptiveSize, IndicesOption<R>, MaxPooled<R>>;

/**
 * The means of windows that cover the last axis: x [N, C, L] or [C, L] gives [N, C, outputSize].
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool1d.html
 * @throws OptionError for sizes that are no whole numbers; ShapeError for an empty axis.
 * @example new AdaptiveAvgPool1d(1).forward(signals) // [N, C, 1]
 */
export class AdaptiveAvgPool1d extends AdaptivePooling {
  constructor(outputSize: AdaptiveSize) {
    super(['AdaptiveAvgPool1d', [], (x, size) => adaptiveAvgPool1d(x, size)], outputSize, {});
  }
}

/**
 * The means of windows that cover the last two axes: x [N, C, H, W] or [C, H, W]; null keeps a size.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html
 * @throws OptionError for sizes that are no whole numbers; ShapeError for empty axes.
 * @example new AdaptiveAvgPool2d(1).forward(images) // [N, C, 1, 1]
 */
export class AdaptiveAvgPool2d extends AdaptivePooling {
  constructor(outputSize: AdaptiveSize) {
    super(['AdaptiveAvgPool2d', [], (x, size) => adaptiveAvgPool2d(x, size)], outputSize, {});
  }
}

/**
 * The means of windows that cover the last three axes: x [N, C, D, H, W] or [C, D, H, W]; null keeps a size.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool3d.html
 * @throws OptionError for sizes that are no whole numbers; ShapeError for empty axes.
 * @example new AdaptiveAvgPool3d(1).forward(volumes) // [N, C, 1, 1, 1]
 */
export class AdaptiveAvgPool3d extends AdaptivePooling {
  constructor(outputSize: AdaptiveSize) {
    super(['AdaptiveAvgPool3d', [], (x, size) => adaptiveAvgPool3d(x, size)], outputSize, {});
  }
}

/**
 * The largest elements of windows that cover the last axis: x [N, C, L] or [C, L] gives [N, C, outputSize].
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool1d.html
 * @throws OptionError for sizes that are no whole numbers; ShapeError for an empty axis.
 * @example new AdaptiveMaxPool1d(1).forward(signals) // [N, C, 1]
 */
export class AdaptiveMaxPool1d<R extends boolean = false> extends AdaptivePooling<IndicesOption<R>, MaxPooled<R>> {
  constructor(outputSize: AdaptiveSize, options: IndicesOption<R> = {}) {
    super(
      ['AdaptiveMaxPool1d', ['returnIndices'], adaptiveMaxPool1d as unknown as AdaptiveMaxPoolOf<R>],
      outputSize,
      options,
    );
  }
}

/**
 * The largest elements of windows that cover the last two axes: x [N, C, H, W] or [C, H, W]; null keeps a size.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool2d.html
 * @throws OptionError for sizes that are no whole numbers; ShapeError for empty axes.
 * @example new AdaptiveMaxPool2d([4, null]).forward(images) // [N, C, 4, W]
 */
export class AdaptiveMaxPool2d<R extends boolean = false> extends AdaptivePooling<IndicesOption<R>, MaxPooled<R>> {
  constructor(outputSize: AdaptiveSize, options: IndicesOption<R> = {}) {
    super(
      ['AdaptiveMaxPool2d', ['returnIndices'], adaptiveMaxPool2d as unknown as AdaptiveMaxPoolOf<R>],
      outputSize,
      options,
    );
  }
}

/**
 * The largest elements of windows that cover the last three axes: x [N, C, D, H, W] or [C, D, H, W]; null keeps a size.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool3d.html
 * @throws OptionError for sizes that are no whole numbers; ShapeError for empty axes.
 * @example new AdaptiveMaxPool3d([2, 4, null]).forward(volumes)
 */
export class AdaptiveMaxPool3d<R extends boolean = false> extends AdaptivePooling<IndicesOption<R>, MaxPooled<R>> {
  constructor(outputSize: AdaptiveSize, options: IndicesOption<R> = {}) {
    super(
      ['AdaptiveMaxPool3d', ['returnIndices'], adaptiveMaxPool3d as unknown as AdaptiveMaxPoolOf<R>],
      outputSize,
      options,
    );
  }
}
