/** Normalisation, noise, another size; and several transforms as one. */
import { isFloat } from '../base/dtypes.ts';
import { checkOptions, OptionError, ShapeError, showShape } from '../base/errors.ts';
import { concat } from '../ops/joining.ts';
import { interpolate } from '../ops/resampling.ts';
import { constant } from '../value/create.ts';
import type { Value } from '../value/value.ts';
import { requireBetween, requireCount, requireOneOf } from './arguments.ts';
import { drawsFor, type Draws } from './draws.ts';
import { floatImages, imagesOf, requireAmount, requireConcrete, type Amount, type ImageTransform } from './images.ts';
import type { Interpolation } from './warp.ts';

/** A number for all channels, or one for each. */
export type PerChannel = number | readonly number[];

/** The numbers against images [.., C, H, W]. @throws ShapeError unless one or as many as channels. */
function perChannel(numbers: PerChannel, images: Value): Value {
  const list = typeof numbers === 'number' ? [numbers] : numbers;
  if (list.length !== 1 && list.length !== images.shape.at(-3)) {
    throw new ShapeError(`${list.length} channels' numbers for images ${showShape(images.shape)}`, {
      op: 'normalize',
      shapes: [images.shape],
    });
  }
  return constant(Float64Array.from(list)).to(images.dtype).reshape([list.length, 1, 1]);
}

function requireNumbers(option: string, x: unknown, fits: (x: number) => boolean, what: string): PerChannel {
  const list: readonly unknown[] = Array.isArray(x) ? x : [x];
  if (list.length > 0 && list.every((n) => Number.isFinite(n) && fits(n as number))) return x as PerChannel;
  throw new OptionError(`${option} is ${what} or a list with one for each channel, got ${JSON.stringify(x)}`, {
    op: 'normalize',
    option,
  });
}

/**
 * (x − mean) / std, channel by channel; whole numbers become float32.
 * https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.Normalize.html
 * @throws OptionError for a deviation of 0; ShapeError where there are not as many numbers as channels.
 * @example normalize(0, 255)(digits) // bytes to 0 … 1
 */
export function normalize(mean: PerChannel, std: PerChannel): ImageTransform {
  const middle = requireNumbers('mean', mean, () => true, 'a number');
  const scale = requireNumbers('std', std, (n) => n > 0, 'a number > 0');
  return (x) => {
    const images = floatImages(imagesOf('normalize', x).value);
    return images.sub(perChannel(middle, images)).div(perChannel(scale, images));
  };
}

export interface NoiseOptions {
  /** Default 0. */
  readonly mean?: number;
  /** What is below or above becomes this; default: it stays. */
  readonly clip?: readonly [low: number, high: number];
}

/** Normal numbers [n, size], row i from stream i alone. Box and Muller 1958. */
function normals(streams: Draws, size: number): Value {
  const half = Math.ceil(size / 2);
  const [radius, angle] = [new Float64Array(streams.length * half), new Float64Array(streams.length * half)];
  streams.forEach((stream, i) => {
    for (let k = i * half; k < (i + 1) * half; k++) {
      // 1 − u is never 0.
      radius[k] = 1 - stream.uniform();
      angle[k] = stream.uniform();
    }
  });
  const shape = [streams.length, half];
  const r = constant(radius).reshape(shape).log().mul(-2).sqrt();
  const turn = constant(angle).reshape(shape).mul(6.283185307179586);
  return concat([r.mul(turn.cos()), r.mul(turn.sin())], 1).narrow(1, 0, size);
}

/**
 * Images with normal noise added to every pixel; whole numbers become float32. A range draws a deviation for each image.
 * https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.v2.GaussianNoise.html
 * @throws OptionError for a deviation that is negative, or a range for clipping that is empty.
 * @example noise([0, 0.1], { clip: [0, 1] })(digits)
 */
export function noise(std: Amount, options: NoiseOptions = {}): ImageTransform {
  const op = 'noise';
  checkOptions(op, options, ['mean', 'clip']);
  const deviation = requireAmount(op, 'std', std, 0);
  const mean = requireBetween(op, 'mean', options.mean ?? 0, -Infinity, Infinity);
  const { clip } = options;
  if (clip !== undefined && !(clip.length === 2 && clip[0] < clip[1])) {
    throw new OptionError(`clip is [low, high] with low < high, got ${JSON.stringify(clip)}`, { op, option: 'clip' });
  }
  return (x, draws) => {
    const { value, count, channels, height, width } = imagesOf(op, x);
    requireConcrete(op, x);
    const images = floatImages(value);
    const streams = drawsFor(op, draws, count);
    const scale = Float64Array.from(streams, (stream) =>
      typeof deviation === 'number' ? deviation : stream.between(deviation[0], deviation[1]),
    );
    const added = normals(streams, channels * height * width)
      .mul(constant(scale).reshape([count, 1]))
      .add(mean);
    const noisy = images.add(added.reshape(images.shape).to(images.dtype));
    return clip === undefined ? noisy : noisy.clamp(clip[0], clip[1]);
  };
}

export interface ResizeOptions {
  /** Default 'bilinear'. */
  readonly interpolation?: Interpolation;
}

/** A number is the shorter side's length, and the sides keep their proportion. */
function sizeFor(size: number | readonly [number, number], height: number, width: number): [number, number] {
  if (typeof size !== 'number') return [size[0], size[1]];
  const longer = Math.trunc((size * Math.max(height, width)) / Math.min(height, width));
  return height <= width ? [size, longer] : [longer, size];
}

/**
 * Images of another size: [height, width], or a number for the shorter side. Whole numbers are rounded.
 * https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.Resize.html (without antialiasing)
 * @throws OptionError for a size that is no whole number ≥ 1.
 * @example resize([32, 32])(digits)
 */
export function resize(
  size: number | readonly [height: number, width: number],
  options: ResizeOptions = {},
): ImageTransform {
  const op = 'resize';
  checkOptions(op, options, ['interpolation']);
  const mode = requireOneOf(op, 'interpolation', options.interpolation ?? 'bilinear', ['bilinear', 'nearest']);
  const sides: readonly number[] = typeof size === 'number' ? [size] : size;
  if (!Array.isArray(sides) || sides.length !== (typeof size === 'number' ? 1 : 2)) {
    throw new OptionError(`size is [height, width] or a number, got ${JSON.stringify(size)}`, { op, option: 'size' });
  }
  for (const side of sides) requireCount(op, 'size', side);
  return (x) => {
    const { value, height, width } = imagesOf(op, x);
    const batch = value.rank === 3 ? floatImages(value).unsqueeze(0) : floatImages(value);
    const sized = interpolate(batch, { size: sizeFor(size, height, width), mode });
    const out = value.rank === 3 ? sized.squeeze(0) : sized;
    return isFloat(value.dtype) ? out : out.round().to(value.dtype);
  };
}

/**
 * One transform after the other. Each image's random numbers are drawn in their order, so that what is added at the end
 * leaves the others as they were.
 * https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.Compose.html
 * @throws OptionError for something that is no function.
 * @example const augment = compose(rotate([-15, 15]), translate([-2, 2], [-2, 2]), noise(0.05));
 */
export function compose(...transforms: readonly ImageTransform[]): ImageTransform {
  const wrong = transforms.findIndex((t) => typeof t !== 'function');
  if (wrong >= 0) {
    throw new OptionError(`transform ${wrong} is ${typeof transforms[wrong]}, not a function`, { op: 'compose' });
  }
  return (x, draws) => {
    // A seed is made into streams once: each transform goes on where the one before it stopped.
    const streams = typeof draws === 'number' ? drawsFor('compose', draws, imagesOf('compose', x).count) : draws;
    return transforms.reduce((images, transform) => transform(images, streams), x);
  };
}
