/**
 * Rotation, shear, translation, zoom and their combination.
 * https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.functional.affine.html
 */
import { checkOptions, OptionError } from '../base/errors.ts';
import { stack } from '../ops/joining.ts';
import { constant } from '../value/create.ts';
import type { Value } from '../value/value.ts';
import { requireBetween, requireOneOf } from './arguments.ts';
import { drawAmounts, pixelsOf, requireAmount, type Amount, type Images, type ImageTransform } from './images.ts';
import { warp, type WarpOptions } from './warp.ts';

export interface TurnOptions extends WarpOptions {
  /** What stays in its place, [x, y] in pixels from the upper left corner; default the middle. */
  readonly center?: readonly [x: number, y: number];
}

export interface AffineOptions extends TurnOptions {
  /** Degrees clockwise; default 0. */
  readonly angle?: Amount;
  /** Pixels to the right and down; default [0, 0]. */
  readonly translate?: readonly [x: Amount, y: Amount];
  /** How many times as large; default 1. */
  readonly scale?: Amount;
  /** Degrees along x and along y; default [0, 0]. */
  readonly shear?: readonly [x: Amount, y: Amount];
}

const WARP_OPTIONS = ['interpolation', 'fill'];
const TURN_OPTIONS = [...WARP_OPTIONS, 'center'];

interface Parameters {
  readonly angle: Amount;
  readonly translate: readonly [Amount, Amount];
  readonly scale: Amount;
  readonly shear: readonly [Amount, Amount];
}

const IDENTITY: Parameters = { angle: 0, translate: [0, 0], scale: 1, shear: [0, 0] };

function checkWarp(op: string, options: TurnOptions): void {
  requireOneOf(op, 'interpolation', options.interpolation ?? 'bilinear', ['bilinear', 'nearest']);
  requireBetween(op, 'fill', options.fill ?? 0, -Infinity, Infinity);
  const { center } = options;
  if (center === undefined || (center.length === 2 && center.every((x) => Number.isFinite(x)))) return;
  throw new OptionError(`center is [x, y] in pixels, got ${JSON.stringify(center)}`, { op, option: 'center' });
}

const radians = (degrees: Float64Array): Value => constant(degrees).mul(0.017453292519943295);

/**
 * The inverse maps [n, 6]: T · C · R(angle) · shear · scale · C⁻¹ moves the image, T being the translation and C the
 * center; its inverse says where a pixel of the result comes from.
 */
function inverses(
  images: Images,
  drawn: readonly Float64Array[],
  center: readonly [number, number] | undefined,
): Value {
  const [angle, tx, ty, scale, shearX, shearY] = drawn as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const [turn, sx, sy] = [radians(angle), radians(shearX), radians(shearY)];
  const tilted = turn.sub(sy);
  const [along, across] = [tilted.cos().div(sy.cos()), tilted.sin().div(sy.cos())];
  const tangent = sx.tan();
  // The image's axes after rotation and shear; their matrix has determinant 1.
  const [a, b] = [along, along.mul(tangent).neg().sub(turn.sin())];
  const [c, d] = [across, across.mul(tangent).neg().add(turn.cos())];
  const shrink = (x: Value): Value => x.div(constant(scale));
  const [m0, m1, m3, m4] = [shrink(d), shrink(b.neg()), shrink(c.neg()), shrink(a)];
  const [cx, cy] = center === undefined ? [0, 0] : [center[0] - images.width / 2, center[1] - images.height / 2];
  const [x, y] = [constant(tx).add(cx).neg(), constant(ty).add(cy).neg()];
  return stack([m0, m1, m0.mul(x).add(m1.mul(y)).add(cx), m3, m4, m3.mul(x).add(m4.mul(y)).add(cy)], 1);
}

function transformOf(op: string, parameters: Partial<Parameters>, options: TurnOptions): ImageTransform {
  checkWarp(op, options);
  const { angle, translate, scale, shear } = { ...IDENTITY, ...parameters };
  const amounts = [angle, translate[0], translate[1], scale, shear[0], shear[1]];
  return (x, draws) => {
    const images = pixelsOf(op, x);
    const drawn = drawAmounts(op, amounts, images.count, draws);
    return warp(images, inverses(images, drawn, options.center).data, options);
  };
}

/** Two amounts. @throws OptionError */
function pairOf(op: string, option: string, pair: unknown): readonly [Amount, Amount] {
  if (Array.isArray(pair) && pair.length === 2) {
    return [requireAmount(op, `${option}[0]`, pair[0]), requireAmount(op, `${option}[1]`, pair[1])];
  }
  throw new OptionError(`${option} is [x, y], got ${JSON.stringify(pair)}`, { op, option });
}

/** @throws OptionError unless > 0. */
function requireScale(op: string, option: string, scale: unknown): Amount {
  const amount = requireAmount(op, option, scale, 0);
  if (typeof amount === 'number' ? amount > 0 : amount[0] > 0) return amount;
  throw new OptionError(`${option} must be > 0, got ${JSON.stringify(scale)}`, { op, option });
}

/**
 * Images turned by an angle in degrees, counter-clockwise, around their middle. A range [low, high] draws an angle for
 * each image. https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.functional.rotate.html
 * @throws OptionError for an angle that is no number or range; ShapeError unless [C, H, W] or [N, C, H, W].
 * @example rotate([-15, 15])(digits) // each digit by an angle of its own
 */
export function rotate(angle: Amount, options: TurnOptions = {}): ImageTransform {
  checkOptions('rotate', options, TURN_OPTIONS);
  const turn = requireAmount('rotate', 'angle', angle);
  // Clockwise, as `affine` counts.
  return transformOf('rotate', { angle: typeof turn === 'number' ? -turn : [-turn[1], -turn[0]] }, options);
}

/**
 * Images slanted by angles in degrees: rows pushed sideways by x, columns up and down by y. A range draws for each image.
 * @throws OptionError for an angle that is no number or range.
 * @example shear([-10, 10])(digits)
 */
export function shear(x: Amount, y: Amount = 0, options: TurnOptions = {}): ImageTransform {
  checkOptions('shear', options, TURN_OPTIONS);
  return transformOf('shear', { shear: pairOf('shear', 'shear', [x, y]) }, options);
}

/**
 * Images moved by pixels to the right and down; parts of pixels are interpolated. A range draws for each image.
 * @throws OptionError for a distance that is no number or range.
 * @example translate([-2, 2], [-2, 2])(digits)
 */
export function translate(x: Amount, y: Amount = 0, options: WarpOptions = {}): ImageTransform {
  checkOptions('translate', options, WARP_OPTIONS);
  return transformOf('translate', { translate: pairOf('translate', 'translate', [x, y]) }, options);
}

/**
 * Images enlarged by a factor (below 1: reduced) around their middle, the size staying as it is. A range draws for each.
 * @throws OptionError for a factor that is not > 0.
 * @example zoom([0.9, 1.1])(digits)
 */
export function zoom(factor: Amount, options: TurnOptions = {}): ImageTransform {
  checkOptions('zoom', options, TURN_OPTIONS);
  return transformOf('zoom', { scale: requireScale('zoom', 'factor', factor) }, options);
}

/**
 * Images scaled, sheared and turned around their middle, then moved, interpolated once. Ranges draw for each image.
 * Angles are clockwise here and counter-clockwise in `rotate`, as in torchvision.
 * https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.RandomAffine.html
 * @throws OptionError for an unknown option or an impossible amount.
 * @example affine({ angle: [-10, 10], translate: [[-2, 2], [-2, 2]], scale: [0.9, 1.1], shear: [[-5, 5], 0] })(digits)
 */
export function affine(options: AffineOptions): ImageTransform {
  const op = 'affine';
  checkOptions(op, options, ['angle', 'translate', 'scale', 'shear', ...TURN_OPTIONS]);
  return transformOf(
    op,
    {
      angle: requireAmount(op, 'angle', options.angle ?? 0),
      translate: pairOf(op, 'translate', options.translate ?? [0, 0]),
      scale: requireScale(op, 'scale', options.scale ?? 1),
      shear: pairOf(op, 'shear', options.shear ?? [0, 0]),
    },
    options,
  );
}
