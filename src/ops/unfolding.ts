/** Sliding windows as an axis of their own (im2col), and their adjoint, which adds overlapping windows up again. */
import { checkOptions, OptionError, ShapeError, showShape } from '../base/errors.ts';
import { stridesOf, type Shape } from '../base/shapes.ts';
import type { Value } from '../value/value.ts';
import { linear } from './families/linear.ts';
import { gathering } from './families/maps.ts';
import type { AnyOperand } from './families/signatures.ts';
import { gatherStrided, scatterStrided } from './kernels/strided.ts';
import { composite, type Op } from './op.ts';
import type { Primitive } from './primitive.ts';
import { runtime, type Operand } from './runtime.ts';

/** One entry for each of the last axes, along which the windows slide. */
export interface WindowAttributes extends Record<string, unknown> {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
}

interface OverlapAttributes extends WindowAttributes {
  /** The lengths of those axes. */
  readonly lengths: readonly number[];
}

/** How many windows fit along an axis; not positive if none does. */
const windowCount = (length: number, kernel: number, stride: number, dilation: number): number =>
  Math.floor((length - dilation * (kernel - 1) - 1) / stride) + 1;

const windowCounts = (lengths: readonly number[], { kernel, stride, dilation }: WindowAttributes): number[] =>
  lengths.map((n, i) => windowCount(n, kernel[i]!, stride[i]!, dilation[i]!));

/** The unfolded axes [lead…, kernel…, windows…]. */
function windowedShape(shape: Shape, attrs: WindowAttributes): Shape {
  const lead = shape.length - attrs.kernel.length;
  return [...shape.slice(0, lead), ...attrs.kernel, ...windowCounts(shape.slice(lead), attrs)];
}

/** Strides in the unfolded axes [lead…, kernel…, windows…]. */
function windowStrides(shape: Shape, { kernel, stride, dilation }: WindowAttributes): number[] {
  const own = stridesOf(shape);
  const lead = own.slice(0, shape.length - kernel.length);
  const last = own.slice(shape.length - kernel.length);
  return [...lead, ...last.map((s, i) => s * dilation[i]!), ...last.map((s, i) => s * stride[i]!)];
}

/** [lead…, lengths…] → [lead…, kernel…, windows…] over the last axes: every window's elements, one copy each. */
const windowsPrimitive: Primitive<WindowAttributes> = linear<WindowAttributes>({
  name: 'windows',
  glyph: '⌸',
  infer: (x, attrs) => ({ shape: windowedShape(x.shape, attrs), dtype: x.dtype }),
  run: (out, x, attrs) => gatherStrided(out, x, windowStrides(x.shape, attrs), 0),
  lower: (x, attrs) => gathering(windowedShape(x.shape, attrs), windowStrides(x.shape, attrs)),
  copies: true,
  adjoint: (g, x, attrs) =>
    runtime.applyOne(overlapPrimitive, [g], { ...attrs, lengths: x.shape.slice(-attrs.kernel.length) }),
  batch: (x, _, attrs) => runtime.applyOne(windowsPrimitive, [x], attrs),
});

/** [lead…, kernel…, windows…] → [lead…, lengths…]: where windows overlap their elements add up, in order. */
const overlapPrimitive: Primitive<OverlapAttributes> = linear<OverlapAttributes>({
  name: 'overlapAdd',
  glyph: '⌹',
  infer: (x, { lengths }) => ({
    shape: [...x.shape.slice(0, x.shape.length - 2 * lengths.length), ...lengths],
    dtype: x.dtype,
  }),
  run: (out, x, attrs) => scatterStrided(out, x, windowStrides(out.shape, attrs), 0),
  adjoint: (g, _, { kernel, stride, dilation }) =>
    runtime.applyOne(windowsPrimitive, [g], { kernel, stride, dilation }),
  batch: (x, _, attrs) => runtime.applyOne(overlapPrimitive, [x], attrs),
});

// unfold, fold -----------------------------------------------------------------------------------------------------

export interface UnfoldOptions {
  /** Distance between the elements of a window (default 1). */
  readonly dilation?: number | readonly [number, number];
  /** Zeros around the image (default 0). */
  readonly padding?: number | readonly [number, number];
  /** Distance between windows (default 1). */
  readonly stride?: number | readonly [number, number];
}

const OPTIONS = ['dilation', 'padding', 'stride'];

function pair(op: string, option: string, given: number | readonly number[], least: number): readonly number[] {
  const both: readonly number[] = typeof given === 'number' ? [given, given] : given;
  const isList: boolean = Array.isArray(both);
  if (isList && both.length === 2 && both.every((n) => Number.isInteger(n) && n >= least)) return both;
  throw new OptionError(`${option} is a whole number ≥ ${least}, or a pair of them, got ${JSON.stringify(given)}`, {
    op,
    option,
  });
}

interface Geometry extends WindowAttributes {
  readonly padding: readonly number[];
}

function geometry(op: string, kernelSize: number | readonly number[], options: UnfoldOptions | undefined): Geometry {
  checkOptions(op, options, OPTIONS);
  return {
    kernel: pair(op, 'kernelSize', kernelSize, 1),
    dilation: pair(op, 'dilation', options?.dilation ?? 1, 1),
    padding: pair(op, 'padding', options?.padding ?? 0, 0),
    stride: pair(op, 'stride', options?.stride ?? 1, 1),
  };
}

/** The number of windows along both axes of an image. @throws ShapeError where the kernel is larger than the image. */
function countsFor(op: string, lengths: readonly number[], { padding, ...attrs }: Geometry, shape: Shape): number[] {
  const counts = windowCounts(
    lengths.map((n, i) => n + 2 * padding[i]!),
    attrs,
  );
  if (counts.every((n) => n > 0)) return counts;
  throw new ShapeError(
    `windows of ${showShape(attrs.kernel)} (dilation ${showShape(attrs.dilation)}) do not fit ${showShape(lengths)} with padding ${showShape(padding)}`,
    { op, shapes: [shape] },
  );
}

const windowAttributes = ({ kernel, stride, dilation }: Geometry): WindowAttributes => ({ kernel, stride, dilation });

function requireImages(op: string, x: Value, ranks: readonly number[], layout: string): void {
  if (ranks.includes(x.rank)) return;
  throw new ShapeError(`takes ${layout}, got ${showShape(x.shape)}`, { op, shapes: [x.shape] });
}

const around = ([v, h]: readonly number[]): number[] => [h!, h!, v!, v!];

interface Unfold {
  method(this: Value, kernelSize: number | readonly [number, number], options?: UnfoldOptions): Value;
  free(x: AnyOperand, kernelSize: number | readonly [number, number], options?: UnfoldOptions): Value;
}

/**
 * Sliding windows of images as columns (im2col): [N, C, H, W] → [N, C·kh·kw, windows]; the batch axis may be missing.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.unfold.html
 * @throws ShapeError where a window is larger than the padded image.
 * @example arange(9).reshape([1, 1, 3, 3]).unfold(2) // [1, 4, 4]
 */
export const unfold: Op<Unfold> = composite<Unfold>(
  'unfold',
  (operand: Operand, kernelSize: number | readonly number[], options?: UnfoldOptions): Value => {
    const x = runtime.lift(operand, 'unfold');
    const shape = geometry('unfold', kernelSize, options);
    requireImages('unfold', x, [3, 4], 'images [N, C, H, W] or [C, H, W]');
    const counts = countsFor('unfold', x.shape.slice(-2), shape, x.shape);
    const windows = runtime.applyOne(windowsPrimitive, [x.pad(around(shape.padding))], windowAttributes(shape));
    const [kh, kw] = shape.kernel;
    const columns = x.shape[x.rank - 3]! * kh! * kw!;
    return windows.reshape([...x.shape.slice(0, -3), columns, counts[0]! * counts[1]!]);
  },
  {
    glyph: '⌸',
    samples: [
      { inputs: [{ shape: [1, 2, 3, 4] }], call: (x) => x.unfold(2) },
      {
        inputs: [{ shape: [2, 4, 5] }],
        call: (x) => x.unfold([2, 3], { dilation: [2, 1], padding: [0, 1], stride: 2 }),
      },
      { inputs: [{ shape: [0, 1, 3, 3] }], call: (x) => x.unfold(2) },
    ],
    errors: [
      {
        call: () => runtime.fill([1, 1, 2, 2], 0, 'float64').unfold(3),
        error: 'ShapeError',
        message: /unfold: windows of \[3, 3\].*do not fit \[2, 2\]/,
      },
      {
        call: () => runtime.fill([2, 2], 0, 'float64').unfold(1),
        error: 'ShapeError',
        message: /unfold: takes images/,
      },
      {
        call: () => runtime.fill([1, 2, 2], 0, 'float64').unfold(1, { stride: 0 }),
        error: 'OptionError',
        message: /unfold: stride.*got 0/,
      },
    ],
    gold: 'nn.functional.unfold',
  },
);

interface Fold {
  method(
    this: Value,
    outputSize: number | readonly [number, number],
    kernelSize: number | readonly [number, number],
    options?: UnfoldOptions,
  ): Value;
  free(
    x: AnyOperand,
    outputSize: number | readonly [number, number],
    kernelSize: number | readonly [number, number],
    options?: UnfoldOptions,
  ): Value;
}

/**
 * Images from columns of windows, overlaps added up: the adjoint of unfold. [N, C·kh·kw, windows] → [N, C, H, W]; the
 * batch axis may be missing.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.fold.html
 * @throws ShapeError unless rows and columns are those of an unfolded image of `outputSize`.
 * @example ones([1, 4, 4]).fold(3, 2) // [1, 1, 3, 3]: [[1, 2, 1], [2, 4, 2], [1, 2, 1]]
 */
export const fold: Op<Fold> = composite<Fold>(
  'fold',
  (
    operand: Operand,
    outputSize: number | readonly number[],
    kernelSize: number | readonly number[],
    options?: UnfoldOptions,
  ): Value => {
    const x = runtime.lift(operand, 'fold');
    const shape = geometry('fold', kernelSize, options);
    const size = pair('fold', 'outputSize', outputSize, 1);
    requireImages('fold', x, [2, 3], 'columns [N, C·kh·kw, windows] or [C·kh·kw, windows]');
    const counts = countsFor('fold', size, shape, x.shape);
    const [rows, columns] = [x.shape[x.rank - 2]!, x.shape[x.rank - 1]!];
    const [kh, kw] = shape.kernel as [number, number];
    if (rows % (kh * kw) !== 0 || columns !== counts[0]! * counts[1]!) {
      throw new ShapeError(
        `${showShape(x.shape)} are not the windows of images ${showShape(size)}: rows must be a multiple of ${kh * kw}, and there must be ${counts[0]! * counts[1]!} columns`,
        { op: 'fold', shapes: [x.shape] },
      );
    }
    const windows = x.reshape([...x.shape.slice(0, -2), rows / (kh * kw), kh, kw, ...counts]);
    const lengths = size.map((n, i) => n + 2 * shape.padding[i]!);
    const images = runtime.applyOne(overlapPrimitive, [windows], { ...windowAttributes(shape), lengths });
    return images.pad(around(shape.padding.map((n) => -n)));
  },
  {
    glyph: '⌹',
    samples: [
      { inputs: [{ shape: [1, 4, 4] }], call: (x) => x.fold(3, 2) },
      {
        inputs: [{ shape: [8, 2] }],
        call: (x) => x.fold([2, 3], [2, 2], { dilation: 1, padding: [1, 0], stride: [2, 2] }),
      },
    ],
    errors: [
      {
        call: () => runtime.fill([1, 4, 3], 0, 'float64').fold(3, 2),
        error: 'ShapeError',
        message: /fold: \[1, 4, 3\] are not the windows.*4 columns/,
      },
    ],
  },
);
