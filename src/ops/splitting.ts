/** Values taken apart along an axis. */
import { OptionError, ShapeError, showShape } from '../base/errors.ts';
import type { Fits, Ok, Reduced, WithAxis } from '../base/shape-types.ts';
import { normalizeAxis } from '../base/shapes.ts';
import type { Value } from '../value/value.ts';
import type { Of } from './families/signatures.ts';
import { composite, op, type Op } from './op.ts';
import { runtime, type Operand } from './runtime.ts';
import { parts, splitPrimitive, total } from './families/segments.ts';

/** Parts of one length, of which the last may be shorter. An empty axis gives one empty part. */
const evenSizes = (length: number, size: number): number[] =>
  length === 0 ? [0] : Array.from({ length: Math.ceil(length / size) }, (_, i) => Math.min(size, length - i * size));

interface Split {
  method<V extends Value, const A extends number = 0>(
    this: V,
    sizes: number | readonly number[],
    axis?: Fits<WithAxis<Of<V>, A, number>, A>,
  ): Value<Ok<WithAxis<Of<V>, A, number>>>[];
  free<V extends Value, const A extends number = 0>(
    x: V,
    sizes: number | readonly number[],
    axis?: Fits<WithAxis<Of<V>, A, number>, A>,
  ): Value<Ok<WithAxis<Of<V>, A, number>>>[];
}

function splitSizes(x: Value, sizes: number | readonly number[], axis: number): readonly number[] {
  const length = x.shape[axis]!;
  if (typeof sizes === 'number') {
    if (Number.isInteger(sizes) && sizes >= 0 && (sizes > 0 || length === 0)) return evenSizes(length, sizes);
    throw new OptionError(`parts of ${String(sizes)} elements do not fill axis ${axis} of ${showShape(x.shape)}`, {
      op: 'split',
      option: 'sizes',
      hint: 'Give a whole number ≥ 1, or a list of lengths.',
    });
  }
  if (sizes.every((n) => Number.isInteger(n) && n >= 0) && total(sizes) === length) return sizes;
  throw new ShapeError(`parts of ${showShape(sizes)} do not fill axis ${axis} of ${showShape(x.shape)}`, {
    op: 'split',
    axis,
    shapes: [x.shape],
    hint: `They must be whole numbers ≥ 0 that add up to ${length}.`,
  });
}

/**
 * x taken apart along an axis (default 0): into parts of one length (the last may be shorter) or of the lengths given.
 * https://docs.pytorch.org/docs/stable/generated/torch.split.html
 * @throws ShapeError for lengths that do not add up to the axis; OptionError for a length that is not ≥ 1.
 * @example arange(5).split(2) // [0, 1], [2, 3], [4]
 */
export const split: Op<Split> = op<Split>(
  'split',
  splitPrimitive,
  (operand: Operand, sizes: number | readonly number[], axis = 0): readonly Value[] => {
    const x = runtime.lift(operand, 'split');
    const at = normalizeAxis('split', axis as number, x.rank, x.shape);
    return parts(x, at, splitSizes(x, sizes, at));
  },
  {
    samples: [
      { inputs: [{ shape: [5, 2] }], call: (x) => x.split(2) },
      { inputs: [{ shape: [2, 5] }], call: (x) => x.split([1, 0, 4], -1) },
      { inputs: [{ shape: [3] }], call: (x) => x.split(3) },
      { inputs: [{ shape: [0, 2] }], call: (x) => x.split(2) },
    ],
    errors: [
      {
        call: () => runtime.fill([3], 0, 'float64').split([1, 1]),
        error: 'ShapeError',
        message: /split: parts of \[1, 1\] do not fill axis 0 of \[3\]/,
      },
      { call: () => runtime.fill([3], 0, 'float64').split(0), error: 'OptionError', message: /split: parts of 0/ },
    ],
    gold: 'split',
  },
);

/**
 * x taken apart along an axis (default 0) into at most `count` parts of equal length; the last may be shorter.
 * https://docs.pytorch.org/docs/stable/generated/torch.chunk.html
 * @throws OptionError unless `count` is a whole number ≥ 1.
 * @example arange(5).chunk(2) // [0, 1, 2], [3, 4]
 */
export const chunk: Op<Chunk> = op<Chunk>(
  'chunk',
  splitPrimitive,
  (operand: Operand, count: number, axis = 0): readonly Value[] => {
    const x = runtime.lift(operand, 'chunk');
    const at = normalizeAxis('chunk', axis as number, x.rank, x.shape);
    if (!Number.isInteger(count) || count < 1) {
      throw new OptionError(`${String(count)} parts`, {
        op: 'chunk',
        option: 'count',
        hint: 'Give a whole number ≥ 1.',
      });
    }
    const length = x.shape[at]!;
    return parts(x, at, length === 0 ? new Array<number>(count).fill(0) : evenSizes(length, Math.ceil(length / count)));
  },
  {
    samples: [
      { inputs: [{ shape: [5, 2] }], call: (x) => x.chunk(2) },
      { inputs: [{ shape: [2, 3] }], call: (x) => x.chunk(5, 1) },
      { inputs: [{ shape: [0] }], call: (x) => x.chunk(2) },
    ],
    errors: [{ call: () => runtime.fill([3], 0, 'float64').chunk(0), error: 'OptionError', message: /chunk: 0 parts/ }],
    gold: 'chunk',
  },
);

interface Chunk {
  method<V extends Value, const A extends number = 0>(
    this: V,
    count: number,
    axis?: Fits<WithAxis<Of<V>, A, number>, A>,
  ): Value<Ok<WithAxis<Of<V>, A, number>>>[];
  free<V extends Value, const A extends number = 0>(
    x: V,
    count: number,
    axis?: Fits<WithAxis<Of<V>, A, number>, A>,
  ): Value<Ok<WithAxis<Of<V>, A, number>>>[];
}

interface Unbind {
  method<V extends Value, const A extends number = 0>(
    this: V,
    axis?: Fits<Reduced<Of<V>, A, false>, A>,
  ): Value<Ok<Reduced<Of<V>, A, false>>>[];
  free<V extends Value, const A extends number = 0>(
    x: V,
    axis?: Fits<Reduced<Of<V>, A, false>, A>,
  ): Value<Ok<Reduced<Of<V>, A, false>>>[];
}

/**
 * The slices along an axis (default 0), without that axis: one Value for each of its places.
 * https://docs.pytorch.org/docs/stable/generated/torch.unbind.html
 * @throws AxisError for a scalar.
 * @example const [row0, row1] = value([[1, 2], [3, 4]]).unbind()
 */
export const unbind: Op<Unbind> = composite<Unbind>(
  'unbind',
  (operand: Operand, axis = 0): readonly Value[] => {
    const x = runtime.lift(operand, 'unbind');
    const at = normalizeAxis('unbind', axis as number, x.rank, x.shape);
    const rest = x.shape.filter((_, i) => i !== at);
    const length = x.shape[at]!;
    if (length === 0) return [];
    return parts(x, at, new Array<number>(length).fill(1)).map((part) => part.reshape(rest));
  },
  {
    glyph: '⫼',
    samples: [
      { inputs: [{ shape: [3, 2] }], call: (x) => x.unbind() },
      { inputs: [{ shape: [3, 2] }], call: (x) => x.unbind(-1) },
      { inputs: [{ shape: [1] }], call: (x) => x.unbind() },
    ],
    errors: [
      {
        call: () => runtime.fill([], 0, 'float64').unbind(),
        error: 'AxisError',
        message: /unbind: axis 0.*scalar/s,
      },
    ],
    gold: 'unbind',
  },
);
