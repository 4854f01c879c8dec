/** The same elements under another shape or order of axes. */
import { AxisError, ShapeError, showShape } from '../base/errors.ts';
import type { Mutable, Shape } from '../base/shape-types.ts';
import { broadcastShapes, checkShape, normalizeAxis, sameShape, sizeOf, stridesOf } from '../base/shapes.ts';
import type { Value } from '../value/value.ts';
import { linear } from './families/linear.ts';
import type { AnyOperand } from './families/signatures.ts';
import { gatherStrided } from './kernels/strided.ts';
import { op, type Op } from './op.ts';
import type { Primitive } from './primitive.ts';
import { runtime, type Operand } from './runtime.ts';

interface ShapeAttributes extends Record<string, unknown> {
  readonly shape: Shape;
}

// reshape ----------------------------------------------------------------------------------------------------------

const reshapePrimitive: Primitive<ShapeAttributes> = linear<ShapeAttributes>({
  name: 'reshape',
  glyph: '▭',
  infer: (x, { shape }) => ({ shape, dtype: x.dtype }),
  adjoint: (g, x) => g.reshape(x.shape),
  batch: (x, size, { shape }) => x.reshape([size, ...shape]),
});

/** One −1 stands for what is left. */
function completeShape(wanted: readonly number[], x: Shape): Shape {
  const size = sizeOf(x);
  const unknown = wanted.indexOf(-1);
  const rest = checkShape('reshape', unknown < 0 ? wanted : wanted.filter((_, i) => i !== unknown));
  const shape = unknown < 0 ? rest : wanted.map((n, i) => (i === unknown ? size / sizeOf(rest) : n));
  if (shape.every(Number.isInteger) && sizeOf(shape) === size) return shape;
  throw new ShapeError(`${showShape(x)} has ${size} elements, which do not fill ${showShape(wanted)}`, {
    op: 'reshape',
    shapes: [x, wanted],
    hint: 'The products of both shapes must be equal; one axis may be -1 for "what is left".',
  });
}

interface Reshape {
  method<V extends Value, const S extends Shape>(this: V, shape: S): Value<-1 extends S[number] ? Shape : Mutable<S>>;
  free<V extends AnyOperand, const S extends Shape>(x: V, shape: S): Value<-1 extends S[number] ? Shape : Mutable<S>>;
}

/** The same elements, row-major, under another shape; one axis may be −1. @example arange(6).reshape([2, -1]) */
export const reshape: Op<Reshape> = op<Reshape>(
  'reshape',
  reshapePrimitive,
  (operand: Operand, wanted: readonly number[]): Value => {
    const x = runtime.lift(operand, 'reshape');
    const shape = completeShape(wanted, x.shape);
    return sameShape(x.shape, shape) ? x : runtime.applyOne(reshapePrimitive, [x], { shape });
  },
  {
    samples: [
      { inputs: [{ shape: [2, 3] }], call: (x) => x.reshape([3, 2]) },
      { inputs: [{ shape: [2, 3] }], call: (x) => x.reshape([-1]) },
      { inputs: [{ shape: [] }], call: (x) => x.reshape([1, 1]) },
    ],
    errors: [
      {
        call: () => runtime.fill([2, 3], 0, 'float64').reshape([4]),
        error: 'ShapeError',
        message: /reshape.*\[2, 3\] has 6 elements.*\[4\]/s,
      },
    ],
    gold: ['reshape', 'view'],
  },
);

// broadcastTo ------------------------------------------------------------------------------------------------------

const broadcastPrimitive: Primitive<ShapeAttributes> = linear<ShapeAttributes>({
  name: 'broadcastTo',
  glyph: '⤢',
  implicit: true,
  infer: (x, { shape }) => ({ shape, dtype: x.dtype }),
  run: (out, x) => {
    const lead = out.shape.length - x.shape.length;
    const own = stridesOf(x.shape);
    const strides = out.shape.map((_, i) => (i < lead || x.shape[i - lead] === 1 ? 0 : own[i - lead]!));
    gatherStrided(out, x, strides, 0);
  },
  copies: true,
  adjoint: (g, x) => {
    const lead = g.shape.length - x.shape.length;
    const axes = g.shape.flatMap((n, i) => (i < lead || (x.shape[i - lead] === 1 && n !== 1) ? [i] : []));
    return g.sum(axes, { keepDims: true }).reshape(x.shape);
  },
  batch: (x, size, { shape }) => {
    const element = x.shape.slice(1);
    const missing = new Array<number>(shape.length - element.length).fill(1);
    return x.reshape([size, ...missing, ...element]).broadcastTo([size, ...shape]);
  },
});

interface BroadcastTo {
  method<V extends Value, const S extends Shape>(this: V, shape: S): Value<Mutable<S>>;
  free<V extends AnyOperand, const S extends Shape>(x: V, shape: S): Value<Mutable<S>>;
}

/** Stretches axes of length 1, and adds axes in front, by NumPy's rule. @example value([1, 2]).broadcastTo([3, 2]) */
export const broadcastTo: Op<BroadcastTo> = op<BroadcastTo>(
  'broadcastTo',
  broadcastPrimitive,
  (operand: Operand, wanted: readonly number[]): Value => {
    const x = runtime.lift(operand, 'broadcastTo');
    const shape = checkShape('broadcastTo', wanted);
    if (sameShape(x.shape, shape)) return x;
    if (!sameShape(broadcastShapes('broadcastTo', x.shape, shape), shape)) {
      throw new ShapeError(`${showShape(x.shape)} cannot be stretched to ${showShape(shape)}`, {
        op: 'broadcastTo',
        shapes: [x.shape, shape],
        hint: 'Only axes of length 1 stretch, and new axes are added in front.',
      });
    }
    return runtime.applyOne(broadcastPrimitive, [x], { shape });
  },
  {
    samples: [
      { inputs: [{ shape: [3] }], call: (x) => x.broadcastTo([2, 3]) },
      { inputs: [{ shape: [2, 1] }], call: (x) => x.broadcastTo([4, 2, 3]) },
      { inputs: [{ shape: [] }], call: (x) => x.broadcastTo([2]) },
    ],
    errors: [
      {
        call: () => runtime.fill([2], 0, 'float64').broadcastTo([3]),
        error: 'ShapeError',
        message: /broadcast.*\[2\].*\[3\]/s,
      },
    ],
    gold: ['broadcast_to'],
  },
);

// permute ----------------------------------------------------------------------------------------------------------

interface PermuteAttributes extends Record<string, unknown> {
  readonly axes: readonly number[];
}

/** The permutation that undoes `axes`. */
const inverse = (axes: readonly number[]): number[] => {
  const out = new Array<number>(axes.length);
  axes.forEach((axis, i) => (out[axis] = i));
  return out;
};

const permutePrimitive: Primitive<PermuteAttributes> = linear<PermuteAttributes>({
  name: 'permute',
  glyph: '⤭',
  infer: (x, { axes }) => ({ shape: axes.map((axis) => x.shape[axis]!), dtype: x.dtype }),
  run: (out, x, { axes }) => {
    const own = stridesOf(x.shape);
    gatherStrided(
      out,
      x,
      axes.map((axis) => own[axis]!),
      0,
    );
  },
  copies: true,
  adjoint: (g, _, { axes }) => g.permute(inverse(axes)),
  batch: (x, _, { axes }) => x.permute([0, ...axes.map((axis) => axis + 1)]),
});

interface Permute {
  method<V extends Value>(this: V, axes: readonly number[]): Value<Shape>;
  free<V extends AnyOperand>(x: V, axes: readonly number[]): Value<Shape>;
}

/** Reorders the axes: axis i of the result is axis `axes[i]` of x. @example zeros([2, 3]).permute([1, 0]) // [3, 2] */
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
    return axes.every((axis, i) => axis === i) ? x : runtime.applyOne(permutePrimitive, [x], { axes });
  },
  {
    samples: [
      { inputs: [{ shape: [2, 3] }], call: (x) => x.permute([1, 0]) },
      { inputs: [{ shape: [2, 3, 4] }], call: (x) => x.permute([2, 0, -2]) },
    ],
    errors: [
      {
        call: () => runtime.fill([2, 3], 0, 'float64').permute([0, 0]),
        error: 'AxisError',
        message: /permute.*permutation/s,
      },
    ],
    gold: 'permute',
  },
);
