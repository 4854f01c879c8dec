/** Convolutions over one, two and three axes. */
import { checkOptions, OptionError, ShapeError, showShape } from '../base/errors.ts';
import type { Shape } from '../base/shape-types.ts';
import type { Value } from '../value/value.ts';
import { perAxis, spatialOf, type PerAxis } from './convolution-arguments.ts';
import {
  prepare,
  refuseChannels,
  runConvolution,
  type ConvolutionResult,
  type Prepared,
} from './convolution-operands.ts';
import { convolutionPrimitive } from './families/convolution.ts';
import type { AnyOperand, Of } from './families/signatures.ts';
import { op, type Call, type Op } from './op.ts';
import { runtime, type Operand } from './runtime.ts';

export type { PerAxis };

export interface ConvolutionOptions {
  /** One number for each output channel, added to the result. */
  readonly bias?: Value | null;
  /** Steps between windows; default 1. */
  readonly stride?: PerAxis;
  /** Zeros around x: numbers, 'valid' (none, the default), or 'same' (as many as keep the size; stride 1). */
  readonly padding?: PerAxis | 'valid' | 'same';
  /** Steps between the taps of the kernel; default 1. */
  readonly dilation?: PerAxis;
  /** Channels are split into so many groups, convolved on their own; default 1. */
  readonly groups?: number;
}

function checkChannels(name: string, rank: number, given: Prepared): void {
  const { x, w, groups } = given;
  const channels = x.shape[x.rank - rank - 1]!;
  if (w.shape[1]! * groups !== channels) {
    const text = `x has ${channels} channels, but the weight takes ${w.shape[1]} in each of ${groups} group(s)`;
    refuseChannels(name, text, given, 'The weight is [out channels, in channels / groups, …kernel].');
  }
  if (w.shape[0]! % groups !== 0)
    refuseChannels(name, `${w.shape[0]} output channels do not split into ${groups} groups`, given, 'Change groups.');
}

/** Padding in front of every axis, and in all. */
interface Padding {
  readonly front: readonly number[];
  readonly total: readonly number[];
}

function paddingOf(name: string, rank: number, padding: ConvolutionOptions['padding'], given: Prepared): Padding {
  if (padding === 'same') {
    if (given.stride.some((s) => s !== 1)) {
      throw new OptionError(`padding 'same' needs stride 1, got ${showShape(given.stride)}`, {
        op: name,
        option: 'padding',
        hint: 'Give the padding in numbers.',
      });
    }
    const total = spatialOf(given.w, rank).map((k, a) => (k - 1) * given.dilation[a]!);
    return { front: total.map((n) => Math.floor(n / 2)), total };
  }
  if (typeof padding === 'string' && padding !== 'valid') {
    throw new OptionError(`unknown padding ${JSON.stringify(padding)}`, {
      op: name,
      option: 'padding',
      hint: `Use a number, one for each axis, 'valid' or 'same'.`,
    });
  }
  const front = perAxis(name, 'padding', padding === undefined || padding === 'valid' ? 0 : padding, rank, 0);
  return { front, total: front.map((p) => 2 * p) };
}

function outputSize(name: string, rank: number, { x, w, stride, dilation }: Prepared, total: readonly number[]): Shape {
  const kernel = spatialOf(w, rank).map((k, a) => (k - 1) * dilation[a]! + 1);
  const padded = spatialOf(x, rank).map((n, a) => n + total[a]!);
  if (kernel.some((k, a) => k > padded[a]!)) {
    throw new ShapeError(
      `the kernel spans ${showShape(kernel)}, more than the padded input ${showShape(padded)}: x ${showShape(x.shape)}, weight ${showShape(w.shape)}, dilation ${showShape(dilation)}`,
      { op: name, shapes: [x.shape, w.shape], hint: 'Use a smaller kernel or dilation, or more padding.' },
    );
  }
  return padded.map((n, a) => Math.floor((n - kernel[a]!) / stride[a]!) + 1);
}

const convolution =
  (name: string, rank: number): Call =>
  (operand: Operand, weight: Operand, options: ConvolutionOptions = {}): Value => {
    checkOptions(name, options, ['bias', 'stride', 'padding', 'dilation', 'groups']);
    const given = prepare(name, rank, operand, weight, options);
    checkChannels(name, rank, given);
    const { stride, dilation } = given;
    const { front, total } = paddingOf(name, rank, options.padding, given);
    const size = outputSize(name, rank, given, total);
    return runConvolution(name, rank, given, { result: 'output', size, stride, padding: front, dilation });
  };

/** [out channels, in channels / groups, …kernel] gives the output's channels. */
type Convolved<S extends Shape, W extends Shape> = W extends readonly [
  infer O extends number,
  number,
  ...infer Kernel extends Shape,
]
  ? ConvolutionResult<S, Kernel, O>
  : Shape;

interface Convolution {
  method<V extends Value, W extends Value>(
    this: V,
    weight: W,
    options?: ConvolutionOptions,
  ): Value<Convolved<Of<V>, Of<W>>>;
  free<V extends AnyOperand, W extends Value>(
    x: V,
    weight: W,
    options?: ConvolutionOptions,
  ): Value<Convolved<Of<V>, Of<W>>>;
}

const zeros = (...shape: number[]): Value => runtime.fill(shape, 0, 'float64');

/**
 * Convolution (cross-correlation) along one axis: x [N, C, L] or [C, L], weight [O, C / groups, K].
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv1d.html
 * @throws ShapeError where channels, groups or the kernel's size do not fit; OptionError for bad options.
 * @example value([[1, 2, 3, 4]]).conv1d(value([[[1, -1]]])) // [[-1, -1, -1]]
 */
export const conv1d: Op<Convolution> = op<Convolution>('conv1d', convolutionPrimitive, convolution('conv1d', 1), {
  samples: [
    { inputs: [{ shape: [2, 2, 5] }, { shape: [3, 2, 2] }], call: (x, w) => x.conv1d(w) },
    {
      inputs: [{ shape: [2, 4, 6] }, { shape: [2, 2, 3] }, { shape: [2] }],
      call: (x, w, bias) => x.conv1d(w, { bias, stride: 2, padding: 1, dilation: 2, groups: 2 }),
    },
    { inputs: [{ shape: [2, 4] }, { shape: [1, 2, 4] }], call: (x, w) => x.conv1d(w, { padding: 'same' }) },
    { inputs: [{ shape: [0, 2, 4] }, { shape: [3, 2, 2] }], call: (x, w) => x.conv1d(w) },
  ],
  errors: [
    {
      call: () => zeros(1, 3, 5).conv1d(zeros(2, 4, 2)),
      error: 'ShapeError',
      message: /conv1d: x has 3 channels, but the weight takes 4.*\[1, 3, 5\].*\[2, 4, 2\]/,
    },
    {
      call: () => zeros(1, 1, 4).conv1d(zeros(1, 1, 3), { stride: 2, padding: 'same' }),
      error: 'OptionError',
      message: /conv1d: padding 'same' needs stride 1, got \[2\]/,
    },
  ],
  gold: 'nn.functional.conv1d',
});

/**
 * Convolution (cross-correlation) of images: x [N, C, H, W] or [C, H, W], weight [O, C / groups, KH, KW].
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv2d.html
 * @throws ShapeError where channels, groups or the kernel's size do not fit; OptionError for bad options.
 * @example ones([1, 3, 8, 8]).conv2d(ones([4, 3, 3, 3]), { padding: 1 }) // [1, 4, 8, 8]
 */
export const conv2d: Op<Convolution> = op<Convolution>('conv2d', convolutionPrimitive, convolution('conv2d', 2), {
  samples: [
    { inputs: [{ shape: [2, 2, 4, 3] }, { shape: [3, 2, 2, 2] }], call: (x, w) => x.conv2d(w) },
    {
      inputs: [{ shape: [1, 4, 5, 4] }, { shape: [4, 2, 2, 3] }, { shape: [4] }],
      call: (x, w, bias) => x.conv2d(w, { bias, stride: [2, 1], padding: [0, 2], dilation: [1, 2], groups: 2 }),
    },
    {
      inputs: [{ shape: [2, 3, 4] }, { shape: [2, 1, 2, 3] }],
      call: (x, w) => x.conv2d(w, { padding: 'same', groups: 2 }),
    },
    {
      inputs: [{ shape: [1, 1, 3, 3] }, { shape: [1, 1, 1, 1] }],
      call: (x, w) => x.conv2d(w, { stride: 2, padding: 3 }),
    },
  ],
  errors: [
    {
      call: () => zeros(3, 4).conv2d(zeros(1, 3, 2, 2)),
      error: 'ShapeError',
      message: /conv2d: x must be \[N, C, H, W\] or \[C, H, W\], got \[3, 4\]/,
    },
    {
      call: () => zeros(1, 1, 4, 4).conv2d(zeros(1, 1, 3, 3), { dilation: 2 }),
      error: 'ShapeError',
      message: /conv2d: the kernel spans \[5, 5\], more than the padded input \[4, 4\]/,
    },
    {
      call: () => zeros(1, 4, 4, 4).conv2d(zeros(3, 2, 3, 3), { groups: 2 }),
      error: 'ShapeError',
      message: /conv2d: 3 output channels do not split into 2 groups/,
    },
    {
      call: () => zeros(1, 1, 4, 4).conv2d(zeros(2, 1, 3, 3), { bias: zeros(3) }),
      error: 'ShapeError',
      message: /conv2d: bias must be \[2\].*\[3\]/,
    },
    {
      call: () => zeros(1, 1, 4, 4).conv2d(zeros(1, 1, 3, 3), { stride: [1, 1, 1] }),
      error: 'OptionError',
      message: /conv2d: stride is a number or 2 of them, got \[1, 1, 1\]/,
    },
    {
      call: () => zeros(1, 1, 4, 4).conv2d(zeros(1, 1, 3, 3), { strides: 2 } as object),
      error: 'OptionError',
      message: /conv2d: unknown option "strides"/,
    },
  ],
  gold: 'nn.functional.conv2d',
});

/**
 * Convolution (cross-correlation) of volumes: x [N, C, D, H, W] or [C, D, H, W], weight [O, C / groups, KD, KH, KW].
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv3d.html
 * @throws ShapeError where channels, groups or the kernel's size do not fit; OptionError for bad options.
 * @example ones([1, 1, 4, 4, 4]).conv3d(ones([2, 1, 3, 3, 3])) // [1, 2, 2, 2, 2]
 */
export const conv3d: Op<Convolution> = op<Convolution>('conv3d', convolutionPrimitive, convolution('conv3d', 3), {
  samples: [
    { inputs: [{ shape: [1, 2, 3, 2, 3] }, { shape: [2, 2, 2, 1, 2] }], call: (x, w) => x.conv3d(w) },
    {
      inputs: [{ shape: [2, 3, 2, 3] }, { shape: [2, 1, 2, 2, 2] }, { shape: [2] }],
      call: (x, w, bias) => x.conv3d(w, { bias, stride: [2, 1, 2], padding: 1, dilation: [1, 2, 1], groups: 2 }),
    },
  ],
  errors: [
    {
      call: () => zeros(1, 1, 4, 4).conv3d(zeros(1, 1, 3, 3) as never),
      error: 'ShapeError',
      message: /conv3d: the weight needs 5 axes.*\[1, 1, 3, 3\]/,
    },
  ],
  gold: 'nn.functional.conv3d',
});
