/** The axes in another order. */
import { AxisError, showShape } from '../base/errors.ts';
import type { Fits, Ok, Permuted, Swapped, Transposed } from '../base/shape-types.ts';
import { normalizeAxis, normalizeAxisOrScalar, stridesOf, type Shape } from '../base/shapes.ts';
import type { Value } from '../value/value.ts';
import { linear } from './families/linear.ts';
import { gathering } from './families/maps.ts';
import type { AnyOperand, Of } from './families/signatures.ts';
import { gatherStrided } from './kernels/strided.ts';
import { op, type Op } from './op.ts';
import type { Primitive } from './primitive.ts';
import { runtime, type Operand } from './runtime.ts';
import type { Applied } from './simplify.ts';

interface PermuteAttributes extends Record<string, unknown> {
  readonly axes: readonly number[];
}

/** The permutation that undoes `axes`. */
const inverse = (axes: readonly number[]): number[] => {
  const out = new Array<number>(axes.length);
  axes.forEach((axis, i) => (out[axis] = i));
  return out;
};

function permutedStrides(shape: Shape, axes: readonly number[]): number[] {
  const own = stridesOf(shape);
  return axes.map((axis) => own[axis]!);
}

const permutePrimitive: Primitive<PermuteAttributes> = linear<PermuteAttributes>({
  name: 'permute',
  glyph: '⤭',
  infer: (x, { axes }) => ({ shape: axes.map((axis) => x.shape[axis]!), dtype: x.dtype }),
  run: (out, x, { axes }) => gatherStrided(out, x, permutedStrides(x.shape, axes), 0),
  lower: (x, { axes }) =>
    gathering(
      axes.map((axis) => x.shape[axis]!),
      permutedStrides(x.shape, axes),
    ),
  copies: true,
  simplify: ({ primitive, inputs: [x], attrs: { axes } }) => {
    if (axes.every((axis, i) => axis === i)) return x!;
    if (x!.from?.primitive !== primitive) return null;
    const { inputs, attrs } = x!.from as Applied<PermuteAttributes>;
    return { primitive, inputs, attrs: { axes: axes.map((axis) => attrs.axes[axis]!) } };
  },
  adjoint: (g, _, { axes }) => permuted(g, inverse(axes)),
  batch: (x, _, { axes }) => permuted(x, [0, ...axes.map((axis) => axis + 1)]),
});

/** The axes in an order that is known to be a permutation. */
const permuted = (x: Value, axes: readonly number[]): Value =>
  axes.every((axis, i) => axis === i) ? x : runtime.applyOne(permutePrimitive, [x], { axes });

// permute ----------------------------------------------------------------------------------------------------------

interface Permute {
  method<V extends Value, const P extends readonly number[]>(
    this: V,
    axes: Fits<Permuted<Of<V>, P>, P>,
  ): Value<Ok<Permuted<Of<V>, P>>>;
  free<V extends AnyOperand, const P extends readonly number[]>(
    x: V,
    axes: Fits<Permuted<Of<V>, P>, P>,
  ): Value<Ok<Permuted<Of<V>, P>>>;
}

/**
 * Reorders the axes: axis i of the result is axis `axes[i]` of x.
 * @throws AxisError unless each axis is named once.
 * @example zeros([2, 3]).permute([1, 0]) // [3, 2]
 */
export const permute: Op<Permute> = op<Permute>(
  'permute',
  permutePrimitive,
  (operand: Operand, wanted: readonly number[]): Value => {
    const x = runtime.lift(operand, 'permute');
    const axes = wanted.map((axis) => normalizeAxis('permute', axis, x.rank, x.shape));
    if (axes.length !== x.rank || new Set(axes).size !== x.rank) {
      throw new AxisError(`${showShape(wanted)} is not a permutation of the axes of ${showShape(x.shape)}`, {
        op: 'permute',
        shapes: [x.shape],
        hint: `Name each of the ${x.rank} axes once.`,
      });
    }
    return permuted(x, axes);
  },
  {
    samples: [
      { inputs: [{ shape: [2, 3] }], call: (x) => x.permute([1, 0]) },
      { inputs: [{ shape: [2, 3, 4] }], call: (x) => x.permute([2, 0, -2]) },
      { inputs: [{ shape: [2, 0, 3] }], call: (x) => x.permute([1, 2, 0]) },
      { inputs: [{ shape: [] }], call: (x) => x.permute([]) },
    ],
    errors: [
      {
        call: () => runtime.fill([2, 3], 0, 'float64').permute([0, 0]),
        error: 'AxisError',
        message: /permute.*permutation/s,
      },
      {
        call: () => runtime.fill([2, 3], 0, 'float64').permute([0, 2]),
        error: 'AxisError',
        message: /permute: axis 2.*\[2, 3\]/s,
      },
    ],
    gold: 'permute',
  },
);

// transpose --------------------------------------------------------------------------------------------------------

interface Transpose {
  method<V extends Value>(this: V): Value<Transposed<Of<V>>>;
  method<V extends Value, const A extends number, const B extends number>(
    this: V,
    axis0: Fits<Swapped<Of<V>, A, B>, A>,
    axis1: B,
  ): Value<Ok<Swapped<Of<V>, A, B>>>;
  free<V extends AnyOperand>(x: V): Value<Transposed<Of<V>>>;
  free<V extends AnyOperand, const A extends number, const B extends number>(
    x: V,
    axis0: Fits<Swapped<Of<V>, A, B>, A>,
    axis1: B,
  ): Value<Ok<Swapped<Of<V>, A, B>>>;
}

/**
 * Two axes exchanged; without arguments the last two (vectors and scalars stay as they are).
 * @throws AxisError for an axis out of range.
 * @example zeros([2, 3, 4]).transpose(0, 2) // [4, 3, 2]
 */
export const transpose: Op<Transpose> = op<Transpose>(
  'transpose',
  permutePrimitive,
  (operand: Operand, axis0?: number, axis1?: number): Value => {
    const x = runtime.lift(operand, 'transpose');
    if (axis0 === undefined && axis1 === undefined && x.rank < 2) return x;
    const first = normalizeAxisOrScalar('transpose', axis0 ?? -2, x.shape);
    const second = normalizeAxisOrScalar('transpose', axis1 ?? -1, x.shape);
    return permuted(
      x,
      x.shape.map((_, i) => (i === first ? second : i === second ? first : i)),
    );
  },
  {
    samples: [
      { inputs: [{ shape: [2, 3] }], call: (x) => x.transpose() },
      { inputs: [{ shape: [2, 3, 4] }], call: (x) => x.transpose(0, -1) },
      { inputs: [{ shape: [3] }], call: (x) => x.transpose() },
      { inputs: [{ shape: [] }], call: (x) => x.transpose(0, -1) },
    ],
    errors: [
      {
        call: () => runtime.fill([2, 3], 0, 'float64').transpose(0, 2),
        error: 'AxisError',
        message: /transpose: axis 2.*\[2, 3\]/s,
      },
    ],
    gold: 'transpose',
  },
);

// movedim ----------------------------------------------------------------------------------------------------------

interface Movedim {
  method(this: Value, source: number | readonly number[], destination: number | readonly number[]): Value;
  free(x: AnyOperand, source: number | readonly number[], destination: number | readonly number[]): Value;
}

/** Normalised axes, each at most once. */
function distinctAxes(axes: number | readonly number[], x: Value): number[] {
  const out = [axes].flat().map((axis) => normalizeAxisOrScalar('movedim', axis, x.shape));
  if (new Set(out).size === out.length) return out;
  throw new AxisError(`${showShape([axes].flat())} names an axis of ${showShape(x.shape)} twice`, {
    op: 'movedim',
    shapes: [x.shape],
  });
}

/**
 * Axes moved to other places, the others keeping their order.
 * https://docs.pytorch.org/docs/stable/generated/torch.movedim.html
 * @throws AxisError for axes out of range, given twice, or lists of different lengths.
 * @example zeros([2, 3, 4]).movedim(0, -1) // [3, 4, 2]
 */
export const movedim: Op<Movedim> = op<Movedim>(
  'movedim',
  permutePrimitive,
  (operand: Operand, source: number | readonly number[], destination: number | readonly number[]): Value => {
    const x = runtime.lift(operand, 'movedim');
    const from = distinctAxes(source, x);
    const to = distinctAxes(destination, x);
    if (from.length !== to.length) {
      throw new AxisError(`${from.length} axes to move, but ${to.length} places`, { op: 'movedim', shapes: [x.shape] });
    }
    const staying = x.shape.map((_, i) => i).filter((i) => !from.includes(i));
    const axes = x.shape.map((_, place) => {
      const moved = to.indexOf(place);
      return moved >= 0 ? from[moved]! : staying.shift()!;
    });
    return permuted(x, axes);
  },
  {
    samples: [
      { inputs: [{ shape: [2, 3, 4] }], call: (x) => x.movedim(0, -1) },
      { inputs: [{ shape: [2, 3, 4] }], call: (x) => x.movedim([0, 1], [2, 0]) },
      { inputs: [{ shape: [] }], call: (x) => x.movedim(0, 0) },
    ],
    errors: [
      {
        call: () => runtime.fill([2, 3], 0, 'float64').movedim([0, 1], [0]),
        error: 'AxisError',
        message: /movedim: 2 axes to move, but 1 places/,
      },
      {
        call: () => runtime.fill([2, 3], 0, 'float64').movedim([0, -2], [0, 1]),
        error: 'AxisError',
        message: /movedim: \[0, -2\] names an axis of \[2, 3\] twice/,
      },
    ],
    gold: 'movedim',
  },
);
