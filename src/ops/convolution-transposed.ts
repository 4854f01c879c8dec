/** Transposed convolutions over one, two and three axes. */
import { checkOptions, OptionError, ShapeError, showShape, showShapes } from '../base/errors.ts';
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

export interface TransposedConvolutionOptions {
  /** One number for each output channel, added to the result. */
  readonly bias?: Value | null;
  /** Steps between windows in the result; default 1. */
  readonly stride?: PerAxis;
  /** How much is cut off around the result; default 0. */
  readonly padding?: PerAxis;
  /** Added behind the result, whose size a stride leaves open; default 0. */
  readonly outputPadding?: PerAxis;
  readonly groups?: number;
  readonly dilation?: PerAxis;
}

function checkTransposedChannels(name: string, rank: number, given: Prepared): void {
  const { x, w, groups } = given;
  const channels = x.shape[x.rank - rank - 1]!;
  if (w.shape[0] !== channels) {
    const text = `x has ${channels} channels, but the weight takes ${w.shape[0]}`;
    refuseChannels(name, text, given, 'The weight is [in channels, out channels / groups, …kernel].');
  }
  if (channels % groups !== 0)
    refuseChannels(name, `${channels} channels do not split into ${groups} groups`, given, 'Change groups.');
}

function transposedSize(
  name: string,
  rank: number,
  { x, w, stride, dilation }: Prepared,
  padding: readonly number[],
  extra: readonly number[],
): Shape {
  extra.forEach((n, a) => {
    if (n < stride[a]! || n < dilation[a]!) return;
    throw new OptionError(
      `outputPadding ${showShape(extra)} must be smaller than stride ${showShape(stride)} or dilation ${showShape(dilation)}`,
      { op: name, option: 'outputPadding', axis: a },
    );
  });
  const taps = spatialOf(w, rank);
  const size = spatialOf(x, rank).map(
    (n, a) => (n - 1) * stride[a]! - 2 * padding[a]! + dilation[a]! * (taps[a]! - 1) + extra[a]! + 1,
  );
  if (size.every((n) => n >= 1)) return size;
  throw new ShapeError(`${showShapes([x.shape, w.shape])} would give spatial sizes ${showShape(size)}`, {
    op: name,
    shapes: [x.shape, w.shape],
    option: 'padding',
    hint: 'Padding cuts off more than there is; use less.',
  });
}

const transposed =
  (name: string, rank: number): Call =>
  (operand: Operand, weight: Operand, options: TransposedConvolutionOptions = {}): Value => {
    checkOptions(name, options, ['bias', 'stride', 'padding', 'outputPadding', 'groups', 'dilation']);
    const given = prepare(name, rank, operand, weight, options);
    checkTransposedChannels(name, rank, given);
    const { stride, dilation } = given;
    const padding = perAxis(name, 'padding', options.padding ?? 0, rank, 0);
    const extra = perAxis(name, 'outputPadding', options.outputPadding ?? 0, rank, 0);
    const size = transposedSize(name, rank, given, padding, extra);
    return runConvolution(name, rank, given, { result: 'input', size, stride, padding, dilation });
  };

type Transposed<S extends Shape, W extends Shape> = W extends readonly [number, number, ...infer Kernel extends Shape]
  ? ConvolutionResult<S, Kernel, number>
  : Shape;

interface TransposedConvolution {
  method<V extends Value, W extends Value>(
    this: V,
    weight: W,
    options?: TransposedConvolutionOptions,
  ): Value<Transposed<Of<V>, Of<W>>>;
  free<V extends AnyOperand, W extends Value>(
    x: V,
    weight: W,
    options?: TransposedConvolutionOptions,
  ): Value<Transposed<Of<V>, Of<W>>>;
}

const zeros = (...shape: number[]): Value => runtime.fill(shape, 0, 'float64');

/**
 * The transpose of a convolution along one axis: x [N, C, L] or [C, L], weight [C, O / groups, K].
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose1d.html
 * @throws ShapeError where channels or groups do not fit; OptionError for bad options.
 * @example value([[1, 2]]).convTranspose1d(value([[[1, 1]]]), { stride: 2 }) // [[1, 1, 2, 2]]
 */
export const convTranspose1d: Op<TransposedConvolution> = op<TransposedConvolution>(
  'convTranspose1d',
  convolutionPrimitive,
  transposed('convTranspose1d', 1),
  {
    samples: [
      { inputs: [{ shape: [2, 2, 4] }, { shape: [2, 3, 2] }], call: (x, w) => x.convTranspose1d(w) },
      {
        inputs: [{ shape: [4, 3] }, { shape: [4, 1, 3] }, { shape: [2] }],
        call: (x, w, bias) =>
          x.convTranspose1d(w, { bias, stride: 3, padding: 1, outputPadding: 2, groups: 2, dilation: 2 }),
      },
    ],
    errors: [
      {
        call: () => zeros(1, 3, 5).convTranspose1d(zeros(2, 4, 2)),
        error: 'ShapeError',
        message: /convTranspose1d: x has 3 channels, but the weight takes 2/,
      },
      {
        call: () => zeros(1, 1, 2).convTranspose1d(zeros(1, 1, 2), { padding: 4 }),
        error: 'ShapeError',
        message: /convTranspose1d:.*spatial sizes \[-5\]/,
      },
    ],
    gold: 'nn.functional.conv_transpose1d',
  },
);

/**
 * The transpose of a convolution of images: x [N, C, H, W] or [C, H, W], weight [C, O / groups, KH, KW].
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose2d.html
 * @throws ShapeError where channels or groups do not fit; OptionError for bad options.
 * @example ones([1, 2, 4, 4]).convTranspose2d(ones([2, 3, 2, 2]), { stride: 2 }) // [1, 3, 8, 8]
 */
export const convTranspose2d: Op<TransposedConvolution> = op<TransposedConvolution>(
  'convTranspose2d',
  convolutionPrimitive,
  transposed('convTranspose2d', 2),
  {
    samples: [
      { inputs: [{ shape: [2, 2, 2, 3] }, { shape: [2, 1, 3, 2] }], call: (x, w) => x.convTranspose2d(w) },
      {
        inputs: [{ shape: [4, 2, 3] }, { shape: [4, 1, 3, 2] }, { shape: [2] }],
        call: (x, w, bias) =>
          x.convTranspose2d(w, {
            bias,
            stride: [2, 1],
            padding: [1, 2],
            outputPadding: [1, 0],
            groups: 2,
            dilation: [1, 3],
          }),
      },
    ],
    errors: [
      {
        call: () => zeros(1, 1, 2, 2).convTranspose2d(zeros(1, 1, 2, 2), { stride: 2, outputPadding: 2 }),
        error: 'OptionError',
        message: /convTranspose2d: outputPadding \[2, 2\] must be smaller than stride \[2, 2\] or dilation \[1, 1\]/,
      },
    ],
    gold: 'nn.functional.conv_transpose2d',
  },
);

/**
 * The transpose of a convolution of volumes: x [N, C, D, H, W] or [C, D, H, W], weight [C, O / groups, KD, KH, KW].
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose3d.html
 * @throws ShapeError where channels or groups do not fit; OptionError for bad options.
 * @example ones([1, 1, 2, 2, 2]).convTranspose3d(ones([1, 2, 2, 2, 2]), { stride: 2 }) // [1, 2, 4, 4, 4]
 */
export const convTranspose3d: Op<TransposedConvolution> = op<TransposedConvolution>(
  'convTranspose3d',
  convolutionPrimitive,
  transposed('convTranspose3d', 3),
  {
    samples: [
      {
        inputs: [{ shape: [1, 2, 2, 1, 2] }, { shape: [2, 1, 2, 2, 1] }, { shape: [2] }],
        call: (x, w, bias) =>
          x.convTranspose3d(w, { bias, stride: 2, padding: [1, 0, 0], outputPadding: 1, groups: 2 }),
      },
    ],
    errors: [
      {
        call: () => zeros(1, 3, 2, 2, 2).convTranspose3d(zeros(3, 1, 2, 2, 2), { groups: 2 }),
        error: 'ShapeError',
        message: /convTranspose3d: 3 channels do not split into 2 groups/,
      },
    ],
    gold: 'nn.functional.conv_transpose3d',
  },
);
