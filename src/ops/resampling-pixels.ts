/** Channels turned into pixels, and back. */
import { OptionError, ShapeError, showShape } from '../base/errors.ts';
import type { Shape } from '../base/shape-types.ts';
import type { Value } from '../value/value.ts';
import type { Untyped } from './families/signatures.ts';
import { composite, type Op } from './op.ts';
import { runtime, type Operand } from './runtime.ts';

interface Image {
  readonly x: Value;
  readonly lead: Shape;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

function imageOf(name: string, operand: Operand, factor: number): Image {
  const x = runtime.lift(operand, name);
  if (!Number.isInteger(factor) || factor < 1)
    throw new OptionError(`the factor must be a whole number ≥ 1, got ${String(factor)}`, { op: name });
  if (x.rank < 3) {
    throw new ShapeError(`x must be […, C, H, W], got ${showShape(x.shape)}`, { op: name, shapes: [x.shape] });
  }
  const [channels, height, width] = x.shape.slice(-3) as [number, number, number];
  return { x, lead: x.shape.slice(0, -3), channels, height, width };
}

const zeros = (...shape: number[]): Value => runtime.fill(shape, 0, 'float64');

/**
 * […, C·r², H, W] → […, C, H·r, W·r]: every r² channels become r × r pixels.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pixel_shuffle.html
 * @throws ShapeError if r² does not divide the channels.
 * @example value([[[1]], [[2]], [[3]], [[4]]]).pixelShuffle(2) // [[[1, 2], [3, 4]]]
 */
export const pixelShuffle: Op<Untyped<[factor: number]>> = composite<Untyped<[factor: number]>>(
  'pixelShuffle',
  (operand: Operand, r: number): Value => {
    const { x, lead, channels, height, width } = imageOf('pixelShuffle', operand, r);
    if (channels % (r * r) !== 0) {
      throw new ShapeError(`${channels} channels of ${showShape(x.shape)} are no multiple of ${r}² = ${r * r}`, {
        op: 'pixelShuffle',
        shapes: [x.shape],
        axis: -3,
      });
    }
    const kept = channels / (r * r);
    const n = lead.length;
    return x
      .reshape([...lead, kept, r, r, height, width])
      .permute([...lead.keys(), n, n + 3, n + 1, n + 4, n + 2])
      .reshape([...lead, kept, height * r, width * r]);
  },
  {
    samples: [
      { inputs: [{ shape: [2, 4, 2, 3] }], call: (x) => x.pixelShuffle(2) },
      { inputs: [{ shape: [9, 1, 2] }], call: (x) => x.pixelShuffle(3) },
      { inputs: [{ shape: [1, 2, 1, 0] }], call: (x) => x.pixelShuffle(1) },
    ],
    errors: [
      {
        call: () => zeros(1, 3, 2, 2).pixelShuffle(2),
        error: 'ShapeError',
        message: /pixelShuffle: 3 channels of \[1, 3, 2, 2\] are no multiple of 2² = 4/,
      },
      { call: () => zeros(4, 2, 2).pixelShuffle(0), error: 'OptionError', message: /pixelShuffle: the factor.*got 0/ },
    ],
    gold: 'nn.functional.pixel_shuffle',
  },
);

/**
 * […, C, H·r, W·r] → […, C·r², H, W]: the inverse of pixelShuffle.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pixel_unshuffle.html
 * @throws ShapeError if r does not divide height and width.
 * @example value([[[1, 2], [3, 4]]]).pixelUnshuffle(2) // [[[1]], [[2]], [[3]], [[4]]]
 */
export const pixelUnshuffle: Op<Untyped<[factor: number]>> = composite<Untyped<[factor: number]>>(
  'pixelUnshuffle',
  (operand: Operand, r: number): Value => {
    const { x, lead, channels, height, width } = imageOf('pixelUnshuffle', operand, r);
    if (height % r !== 0 || width % r !== 0) {
      throw new ShapeError(`height and width of ${showShape(x.shape)} are no multiples of ${r}`, {
        op: 'pixelUnshuffle',
        shapes: [x.shape],
      });
    }
    const [h, w] = [height / r, width / r];
    const n = lead.length;
    return x
      .reshape([...lead, channels, h, r, w, r])
      .permute([...lead.keys(), n, n + 2, n + 4, n + 1, n + 3])
      .reshape([...lead, channels * r * r, h, w]);
  },
  {
    samples: [
      { inputs: [{ shape: [2, 1, 4, 2] }], call: (x) => x.pixelUnshuffle(2) },
      { inputs: [{ shape: [2, 3, 3] }], call: (x) => x.pixelUnshuffle(3) },
    ],
    errors: [
      {
        call: () => zeros(1, 3, 4).pixelUnshuffle(2),
        error: 'ShapeError',
        message: /pixelUnshuffle: height and width of \[1, 3, 4\] are no multiples of 2/,
      },
    ],
    gold: 'nn.functional.pixel_unshuffle',
  },
);
