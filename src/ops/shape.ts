/** The same elements, in the same order, under another shape. */
import { AxisError, ShapeError, showShape } from '../base/errors.ts';
import type { Fits, Inserted, Mutable, Ok, Shape, Squeezed, SqueezedAll } from '../base/shape-types.ts';
import { checkShape, normalizeAxis, normalizeAxisOrScalar, sameShape, sizeOf } from '../base/shapes.ts';
import type { Value } from '../value/value.ts';
import { linear } from './families/linear.ts';
import type { AnyOperand, Of } from './families/signatures.ts';
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
  simplify: ({ primitive, inputs: [x], attrs }) => {
    const source = x!.from?.primitive === primitive ? x!.from.inputs[0]! : x!;
    if (sameShape(source.shape, attrs.shape)) return source;
    return source === x ? null : { primitive, inputs: [source], attrs };
  },
  adjoint: (g, x) => g.reshape(x.shape),
  batch: (x, size, { shape }) => x.reshape([size, ...shape]),
});

/** The elements under a shape that is known to hold them. */
const reshaped = (x: Value, shape: Shape): Value =>
  sameShape(x.shape, shape) ? x : runtime.applyOne(reshapePrimitive, [x], { shape });

/** One −1 stands for what is left. */
function completeShape(wanted: readonly number[], x: Shape): Shape {
  const size = sizeOf(x);
  const unknown = Array.isArray(wanted) ? wanted.indexOf(-1) : -1;
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
    return reshaped(x, completeShape(wanted, x.shape));
  },
  {
    samples: [
      { inputs: [{ shape: [2, 3] }], call: (x) => x.reshape([3, 2]) },
      { inputs: [{ shape: [2, 3] }], call: (x) => x.reshape([-1]) },
      { inputs: [{ shape: [] }], call: (x) => x.reshape([1, 1]) },
      { inputs: [{ shape: [0, 3] }], call: (x) => x.reshape([3, 0, 2]) },
    ],
    errors: [
      {
        call: () => runtime.fill([2, 3], 0, 'float64').reshape([4]),
        error: 'ShapeError',
        message: /reshape.*\[2, 3\] has 6 elements.*\[4\]/s,
      },
      {
        call: () => runtime.fill([2, 3], 0, 'float64').reshape([-1, -1]),
        error: 'ShapeError',
        message: /reshape: \[-1\] is not a shape/,
      },
      {
        call: () => runtime.fill([0], 0, 'float64').reshape([0, -1]),
        error: 'ShapeError',
        message: /reshape: \[0\] has 0 elements/,
      },
    ],
    gold: ['reshape', 'view'],
  },
);

// flatten ----------------------------------------------------------------------------------------------------------

interface Flatten {
  method(this: Value): Value<[number]>;
  method(this: Value, start: number, end?: number): Value;
  free(x: AnyOperand): Value<[number]>;
  free(x: AnyOperand, start: number, end?: number): Value;
}

/**
 * The axes `start` to `end` (both included; default all) as one; a scalar becomes a vector of one.
 * https://docs.pytorch.org/docs/stable/generated/torch.flatten.html
 * @throws AxisError for an axis out of range or `start` behind `end`.
 * @example zeros([2, 3, 4]).flatten(1) // [2, 12]
 */
export const flatten: Op<Flatten> = op<Flatten>(
  'flatten',
  reshapePrimitive,
  (operand: Operand, start = 0, end = -1): Value => {
    const x = runtime.lift(operand, 'flatten');
    const first = normalizeAxisOrScalar('flatten', start as number, x.shape);
    const last = normalizeAxisOrScalar('flatten', end as number, x.shape);
    if (first > last) {
      throw new AxisError(`axis ${first} is behind axis ${last} of ${showShape(x.shape)}`, {
        op: 'flatten',
        shapes: [x.shape],
        axis: first,
        hint: 'Give the first axis, then the last.',
      });
    }
    const middle = sizeOf(x.shape.slice(first, last + 1));
    return reshaped(x, [...x.shape.slice(0, first), middle, ...x.shape.slice(last + 1)]);
  },
  {
    samples: [
      { inputs: [{ shape: [2, 3, 2] }], call: (x) => x.flatten() },
      { inputs: [{ shape: [2, 3, 2] }], call: (x) => x.flatten(1) },
      { inputs: [{ shape: [2, 3, 2] }], call: (x) => x.flatten(0, -2) },
      { inputs: [{ shape: [] }], call: (x) => x.flatten() },
      { inputs: [{ shape: [2, 0] }], call: (x) => x.flatten() },
    ],
    errors: [
      {
        call: () => runtime.fill([2, 3], 0, 'float64').flatten(1, 0),
        error: 'AxisError',
        message: /flatten: axis 1 is behind axis 0/,
      },
      {
        call: () => runtime.fill([2, 3], 0, 'float64').flatten(2),
        error: 'AxisError',
        message: /flatten: axis 2.*\[2, 3\]/s,
      },
    ],
    gold: 'flatten',
  },
);

// squeeze, unsqueeze -----------------------------------------------------------------------------------------------

interface Squeeze {
  method<V extends Value>(this: V): Value<SqueezedAll<Of<V>>>;
  method<V extends Value, const A extends number>(
    this: V,
    axis: Fits<Squeezed<Of<V>, A>, A>,
  ): Value<Ok<Squeezed<Of<V>, A>>>;
  method(this: Value, axes: readonly number[]): Value;
  free<V extends AnyOperand>(x: V): Value<SqueezedAll<Of<V>>>;
  free<V extends AnyOperand, const A extends number>(
    x: V,
    axis: Fits<Squeezed<Of<V>, A>, A>,
  ): Value<Ok<Squeezed<Of<V>, A>>>;
  free(x: AnyOperand, axes: readonly number[]): Value;
}

/**
 * Axes of length 1 dropped: all of them, or those named (a named axis of another length stays, as in PyTorch).
 * @throws AxisError for an axis out of range.
 * @example zeros([1, 3, 1]).squeeze(0) // [3, 1]
 */
export const squeeze: Op<Squeeze> = op<Squeeze>(
  'squeeze',
  reshapePrimitive,
  (operand: Operand, axis?: number | readonly number[] | null): Value => {
    const x = runtime.lift(operand, 'squeeze');
    const wanted = axis === undefined || axis === null ? x.shape.map((_, i) => i) : [axis].flat();
    const dropped = wanted.map((a) => normalizeAxisOrScalar('squeeze', a, x.shape));
    return reshaped(
      x,
      x.shape.filter((n, i) => n !== 1 || !dropped.includes(i)),
    );
  },
  {
    samples: [
      { inputs: [{ shape: [1, 3, 1] }], call: (x) => x.squeeze() },
      { inputs: [{ shape: [1, 3, 1] }], call: (x) => x.squeeze(-1) },
      { inputs: [{ shape: [1, 3, 1] }], call: (x) => x.squeeze([0, 1]) },
      { inputs: [{ shape: [] }], call: (x) => x.squeeze(0) },
      { inputs: [{ shape: [1, 0] }], call: (x) => x.squeeze() },
    ],
    errors: [
      {
        call: () => runtime.fill([1, 3], 0, 'float64').squeeze(2),
        error: 'AxisError',
        message: /squeeze: axis 2.*\[1, 3\]/s,
      },
    ],
    gold: 'squeeze',
  },
);

interface Unsqueeze {
  method<V extends Value, const A extends number>(
    this: V,
    axis: Fits<Inserted<Of<V>, A, 1>, A>,
  ): Value<Ok<Inserted<Of<V>, A, 1>>>;
  free<V extends AnyOperand, const A extends number>(
    x: V,
    axis: Fits<Inserted<Of<V>, A, 1>, A>,
  ): Value<Ok<Inserted<Of<V>, A, 1>>>;
}

/**
 * A new axis of length 1, which has the place `axis` in the result.
 * @throws AxisError for a place beyond the rank.
 * @example zeros([2, 3]).unsqueeze(-1) // [2, 3, 1]
 */
export const unsqueeze: Op<Unsqueeze> = op<Unsqueeze>(
  'unsqueeze',
  reshapePrimitive,
  (operand: Operand, axis: number): Value => {
    const x = runtime.lift(operand, 'unsqueeze');
    const at = normalizeAxis('unsqueeze', axis, x.rank + 1);
    return reshaped(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)]);
  },
  {
    samples: [
      { inputs: [{ shape: [2, 3] }], call: (x) => x.unsqueeze(1) },
      { inputs: [{ shape: [2, 3] }], call: (x) => x.unsqueeze(-1) },
      { inputs: [{ shape: [] }], call: (x) => x.unsqueeze(0) },
    ],
    errors: [
      {
        call: () => runtime.fill([2], 0, 'float64').unsqueeze(2),
        error: 'AxisError',
        message: /unsqueeze: axis 2 is out of range/,
      },
    ],
    gold: 'unsqueeze',
  },
);
