/** Flips and crops: pixels that only change their places. */
import type { Storage } from '../base/dtypes.ts';
import { checkOptions, OptionError, ShapeError, showShape } from '../base/errors.ts';
import { requireBetween, requireCount } from './arguments.ts';
import { drawsFor, type Draws } from './draws.ts';
import { blank, pixelsOf, type Images, type ImageTransform, type Pixels } from './images.ts';
import { roundHalfEven } from './warp.ts';

export interface FlipOptions {
  /** How likely an image is flipped; default 1. */
  readonly probability?: number;
}

/** Each row of the result, or the rows themselves, backwards where the image is flipped. */
function flip(op: string, options: FlipOptions, horizontal: boolean): ImageTransform {
  checkOptions(op, options, ['probability']);
  const probability = requireBetween(op, 'probability', options.probability ?? 1, 0, 1);
  return (x, draws) => {
    const images = pixelsOf(op, x);
    const { count, channels, height, width } = images;
    const certain = probability === 0 || probability === 1;
    const streams = certain ? null : drawsFor(op, draws, count);
    const { data, done } = blank(images, height, width);
    for (let i = 0; i < count; i++) {
      const flipped = streams === null ? probability === 1 : streams[i]!.uniform() < probability;
      for (let row = 0; row < channels * height; row++) {
        const at = (i * channels * height + row) * width;
        const inImage = row % height;
        const from = flipped && !horizontal ? at + (height - 1 - 2 * inImage) * width : at;
        const pixels = images.data.subarray(from, from + width);
        data.set(pixels, at);
        if (flipped && horizontal) data.subarray(at, at + width).reverse();
      }
    }
    return done();
  };
}

/**
 * Images with left and right exchanged. https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.RandomHorizontalFlip.html
 * @throws OptionError for a probability outside 0 … 1; ShapeError unless [C, H, W] or [N, C, H, W].
 * @example flipHorizontal({ probability: 0.5 })(photos) // each of them or not
 */
export const flipHorizontal = (options: FlipOptions = {}): ImageTransform => flip('flipHorizontal', options, true);

/**
 * Images with top and bottom exchanged. https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.RandomVerticalFlip.html
 * @throws OptionError for a probability outside 0 … 1; ShapeError unless [C, H, W] or [N, C, H, W].
 * @example flipVertical()(photo)
 */
export const flipVertical = (options: FlipOptions = {}): ImageTransform => flip('flipVertical', options, false);

export interface CropOptions {
  /** Where the piece is cut out: the 'center' (default), anywhere ('random', for each image anew), or [top, left]. */
  readonly at?: 'center' | 'random' | readonly [top: number, left: number];
  /** Rows and columns that are first added on all sides; default 0. */
  readonly padding?: number;
  /** What is added; default 0. */
  readonly fill?: number;
}

type Place = readonly [top: number, left: number];

const isPlace = (at: unknown): at is Place =>
  Array.isArray(at) && at.length === 2 && at.every((x) => Number.isSafeInteger(x) && (x as number) >= 0);

/** How far the piece may be moved. @throws ShapeError where it is larger than the image with its padding. */
function slackOf(images: Images, [height, width]: readonly [number, number], padding: number): Place {
  const slack: Place = [images.height + 2 * padding - height, images.width + 2 * padding - width];
  if (slack[0] >= 0 && slack[1] >= 0) return slack;
  const around = padding === 0 ? '' : ` with ${padding} around them`;
  throw new ShapeError(`cannot cut [${height}, ${width}] out of images ${showShape(images.value.shape)}${around}`, {
    op: 'crop',
    shapes: [images.value.shape],
    hint: 'Ask for a smaller size or more padding.',
  });
}

function placesOf(
  at: NonNullable<CropOptions['at']>,
  slack: Place,
  count: number,
  draws: Draws | number | undefined,
): Place[] {
  if (at === 'random') {
    return drawsFor('crop', draws, count).map((stream) => [stream.below(slack[0] + 1), stream.below(slack[1] + 1)]);
  }
  const place: Place = at === 'center' ? [roundHalfEven(slack[0] / 2), roundHalfEven(slack[1] / 2)] : at;
  if (place[0] <= slack[0] && place[1] <= slack[1]) return new Array<Place>(count).fill(place);
  throw new OptionError(`at [${place.join(', ')}] the piece leaves the image; at most [${slack.join(', ')}] fits`, {
    op: 'crop',
    option: 'at',
  });
}

/** Copies the piece at the place, in the padded image, of one channel. */
function cut(
  images: Pixels,
  from: number,
  [top, left]: Place,
  to: Storage,
  base: number,
  size: readonly [number, number],
): void {
  const first = Math.max(0, -left);
  const last = Math.min(size[1], images.width - left);
  for (let row = Math.max(0, -top); row < Math.min(size[0], images.height - top); row++) {
    if (last <= first) return;
    const at = from + (top + row) * images.width + left;
    to.set(images.data.subarray(at + first, at + last), base + row * size[1] + first);
  }
}

/**
 * A piece of each image, [height, width], from its center, a random place or a given one; with padding also beyond it.
 * https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.RandomCrop.html
 * @throws ShapeError for a piece larger than the image; OptionError for a place where it does not fit.
 * @example crop([28, 28], { at: 'random', padding: 2 })(digits) // each moved by up to 2 pixels
 */
export function crop(size: readonly [height: number, width: number], options: CropOptions = {}): ImageTransform {
  const op = 'crop';
  checkOptions(op, options, ['at', 'padding', 'fill']);
  if (!Array.isArray(size) || size.length !== 2) {
    throw new OptionError(`size is [height, width], got ${JSON.stringify(size)}`, { op, option: 'size' });
  }
  const [height, width] = size.map((n) => requireCount(op, 'size', n)) as [number, number];
  const padding = requireCount(op, 'padding', options.padding ?? 0, 0);
  const fill = requireBetween(op, 'fill', options.fill ?? 0, -Infinity, Infinity);
  const at: unknown = options.at ?? 'center';
  if (at !== 'center' && at !== 'random' && !isPlace(at)) {
    throw new OptionError(`at is 'center', 'random' or [top, left], got ${JSON.stringify(at)}`, { op, option: 'at' });
  }
  return (x, draws) => {
    const images = pixelsOf(op, x);
    const places = placesOf(at, slackOf(images, [height, width], padding), images.count, draws);
    const { data, done } = blank(images, height, width);
    if (fill !== 0) data.fill(fill);
    for (let plane = 0; plane < images.count * images.channels; plane++) {
      const [top, left] = places[Math.floor(plane / images.channels)]!;
      const from = plane * images.height * images.width;
      cut(images, from, [top - padding, left - padding], data, plane * height * width, [height, width]);
    }
    return done();
  };
}
