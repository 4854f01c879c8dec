/** Images as transforms take them: one or a batch, and amounts that are fixed or drawn for each. */
import { isFloat, newStorage, type Storage } from '../base/dtypes.ts';
import { ChainruleError, OptionError, ShapeError, showShape, TraceError } from '../base/errors.ts';
import { state } from '../value/recording.ts';
import { arrayOf, isTraced, makeCell, type Value } from '../value/value.ts';
import { drawsFor, type Draws } from './draws.ts';

/**
 * A change of images, [C, H, W] or [N, C, H, W], into new ones. Where it is random, each image of a batch has numbers of
 * its own: from `draws`, from a seed, or by default from `manualSeed`'s generator.
 */
export type ImageTransform = (images: Value, draws?: Draws | number) => Value;

/** A number, or a range from which one is drawn for each image. */
export type Amount = number | readonly [low: number, high: number];

export interface Images {
  readonly value: Value;
  /** 1 for a single image. */
  readonly count: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** @throws ShapeError unless [C, H, W] or [N, C, H, W]. */
export function imagesOf(op: string, x: Value): Images {
  if (x.rank !== 3 && x.rank !== 4) {
    throw new ShapeError(`takes images [C, H, W] or [N, C, H, W], got ${showShape(x.shape)}`, {
      op,
      shapes: [x.shape],
      hint: 'Grey images [N, H, W] are x.unsqueeze(1).',
    });
  }
  const [channels, height, width] = x.shape.slice(-3) as [number, number, number];
  return { value: x, count: x.rank === 4 ? x.shape[0]! : 1, channels, height, width };
}

/** Images whose numbers are read one by one: nothing of that is recorded. */
export interface Pixels extends Images {
  readonly data: Storage;
}

/** @throws TraceError while a function is traced; ChainruleError where a gradient would be lost; as `imagesOf`. */
export function pixelsOf(op: string, x: Value): Pixels {
  const images = imagesOf(op, x);
  requireConcrete(op, x);
  if (state.gradients && x.requiresGrad) {
    throw new ChainruleError('prepares data and has no derivative, but these images require one', {
      op,
      hint: `${op}(…)(images.detach()) goes on without.`,
    });
  }
  return { ...images, data: arrayOf(x) };
}

/** @throws TraceError while a function is traced. */
export function requireConcrete(op: string, x: Value): void {
  if (!isTraced(x)) return;
  throw new TraceError('prepares data: it is no op, and cannot be traced', {
    op,
    hint: 'Transform the whole batch before the compiled or mapped function, for example in a DataLoader.',
  });
}

/** Numbers for the images' storage, and the images that hold them once they are filled in. */
export function blank(like: Images, height: number, width: number): { data: Storage; done: () => Value } {
  const { value, count, channels } = like;
  const data = newStorage(value.dtype, count * channels * height * width);
  const shape = Object.freeze([...value.shape.slice(0, -2), height, width]);
  return { data, done: () => makeCell(shape, value.dtype, data, false) };
}

/** @throws OptionError unless a finite number or [low, high]. */
export function requireAmount(op: string, option: string, amount: unknown, least: number = -Infinity): Amount {
  const fits = (x: unknown): boolean => Number.isFinite(x) && (x as number) >= least;
  if (fits(amount)) return amount as number;
  if (Array.isArray(amount) && amount.length === 2 && amount.every(fits) && amount[0] <= amount[1]) {
    return amount as unknown as Amount;
  }
  const at = least === -Infinity ? '' : ` ≥ ${least}`;
  throw new OptionError(
    `${option} is a number${at}, or a range [low, high] to draw from, got ${JSON.stringify(amount)}`,
    {
      op,
      option,
    },
  );
}

const isRange = (amount: Amount): amount is readonly [number, number] => typeof amount !== 'number';

/** For each image the amounts, drawn in their order. */
export function drawAmounts(
  op: string,
  amounts: readonly Amount[],
  count: number,
  given: Draws | number | undefined,
): Float64Array[] {
  const fixed = amounts.map((a) => new Float64Array(count).fill(isRange(a) ? 0 : a));
  if (!amounts.some(isRange)) return fixed;
  drawsFor(op, given, count).forEach((stream, i) => {
    amounts.forEach((a, k) => {
      if (isRange(a)) fixed[k]![i] = stream.between(a[0], a[1]);
    });
  });
  return fixed;
}

/** x as floats: whole numbers and booleans become float32. */
export const floatImages = (x: Value): Value => (isFloat(x.dtype) ? x : x.to('float32'));
