/** Values put together along an axis. */
import { AxisError, OptionError, requireSameShapes, ShapeError } from '../base/errors.ts';
import type { Fits, Inserted, Ok, Shape, WithAxis } from '../base/shape-types.ts';
import { normalizeAxis } from '../base/shapes.ts';
import type { Value } from '../value/value.ts';
import type { AnyOperand, Of } from './families/signatures.ts';
import { composite, functionComposite, functionOp, type Op } from './op.ts';
import { runtime, type Operand } from './runtime.ts';
import { concatPrimitive, joined, parts } from './families/segments.ts';

// concat -----------------------------------------------------------------------------------------------------------

function promotedList(op: string, xs: readonly Operand[]): readonly Value[] {
  if (!Array.isArray(xs)) {
    throw new TypeError(
      `${op}: takes an array of Values, ${op}([a, b], axis), got ${xs === null ? 'null' : typeof xs}`,
    );
  }
  if (xs.length > 0) return runtime.promoteAll(op, xs as readonly Operand[]);
  throw new ShapeError('nothing to join: the list is empty', { op, hint: 'Give at least one Value.' });
}

/** As in PyTorch an empty vector can be joined to anything, and adds nothing. */
function withoutEmptyVectors(values: readonly Value[]): readonly Value[] {
  const left = values.filter((x) => x.rank !== 1 || x.size > 0);
  return left.length > 0 ? left : values;
}

/** The shape of the first Value of a list. */
type First<T extends readonly AnyOperand[]> = Of<T[0]>;

/** The joined axis has a length that is not known; an empty vector in front says nothing of the others. */
type Joined<S extends Shape, A extends number> = S extends readonly [0] ? Shape : WithAxis<S, A, number>;

interface Concat {
  method: never;
  free<const T extends readonly AnyOperand[], const A extends number = 0>(
    xs: T,
    axis?: Fits<Joined<First<T>, A>, A>,
  ): Value<Ok<Joined<First<T>, A>>>;
}

/**
 * Values joined along an axis that they have (default 0); dtypes are promoted.
 * https://docs.pytorch.org/docs/stable/generated/torch.cat.html
 * @throws ShapeError unless all other axes agree.
 * @example concat([value([1, 2]), value([3])]) // [1, 2, 3]
 */
export const concat: Op<Concat> = functionOp<Concat>(
  'concat',
  concatPrimitive,
  (xs: readonly Operand[], axis = 0): Value => {
    const values = withoutEmptyVectors(promotedList('concat', xs));
    const first = values[0]!;
    if (first.rank === 0) {
      throw new ShapeError('scalars have no axis to be joined along', {
        op: 'concat',
        shapes: [first.shape],
        hint: 'Use stack([a, b]), which makes one.',
      });
    }
    return joined(values, normalizeAxis('concat', axis as number, first.rank, first.shape));
  },
  {
    samples: [
      { inputs: [{ shape: [2, 3] }, { shape: [1, 3] }], call: (x, y) => concat([x, y]) },
      { inputs: [{ shape: [2, 3] }, { shape: [2, 1] }, { shape: [2, 0] }], call: (x, y, z) => concat([x, y, z], -1) },
      { inputs: [{ shape: [2] }], call: (x) => concat([x, x]) },
      { inputs: [{ shape: [2] }], call: (x) => concat([x]) },
      { inputs: [{ shape: [0] }, { shape: [2, 1] }], call: (x, y) => concat([x, y], 1) },
    ],
    errors: [
      {
        call: () => concat([runtime.fill([2, 3], 0, 'float64'), runtime.fill([2, 2], 0, 'float64')]),
        error: 'ShapeError',
        message: /concat: \[2, 3\] and \[2, 2\] cannot be joined along axis 0/,
      },
      { call: () => concat([]), error: 'ShapeError', message: /concat: nothing to join/ },
      { call: () => concat([1, 2]), error: 'ShapeError', message: /concat: scalars.*stack/s },
    ],
    gold: 'cat',
  },
);

// stack ------------------------------------------------------------------------------------------------------------

interface Stack {
  method: never;
  free<const T extends readonly AnyOperand[], const A extends number = 0>(
    xs: T,
    axis?: Fits<Inserted<First<T>, A, T['length']>, A>,
  ): Value<Ok<Inserted<First<T>, A, T['length']>>>;
}

/**
 * Values of one shape joined along a new axis (default 0); dtypes are promoted.
 * https://docs.pytorch.org/docs/stable/generated/torch.stack.html
 * @throws ShapeError unless all shapes are equal.
 * @example stack([value([1, 2]), value([3, 4])], 1) // [[1, 3], [2, 4]]
 */
export const stack: Op<Stack> = functionComposite<Stack>(
  'stack',
  (xs: readonly Operand[], axis = 0): Value => {
    const values = promotedList('stack', xs);
    requireSameShapes(
      'stack',
      values.map((x) => x.shape),
    );
    const { shape } = values[0]!;
    const at = normalizeAxis('stack', axis as number, shape.length + 1);
    const thin = [...shape.slice(0, at), 1, ...shape.slice(at)];
    return joined(
      values.map((x) => x.reshape(thin)),
      at,
    );
  },
  {
    glyph: '≡',
    samples: [
      { inputs: [{ shape: [2, 3] }, { shape: [2, 3] }], call: (x, y) => stack([x, y]) },
      { inputs: [{ shape: [2, 3] }, { shape: [2, 3] }], call: (x, y) => stack([x, y], -1) },
      { inputs: [{ shape: [] }, { shape: [] }], call: (x, y) => stack([x, y, 1]) },
      { inputs: [{ shape: [2, 0] }, { shape: [2, 0] }], call: (x, y) => stack([x, y], 1) },
    ],
    errors: [
      {
        call: () => stack([runtime.fill([2], 0, 'float64'), runtime.fill([3], 0, 'float64')]),
        error: 'ShapeError',
        message: /stack: shapes \[2\] and \[3\] differ/,
      },
      {
        call: () => stack([runtime.fill([2], 0, 'float64')], 2),
        error: 'AxisError',
        message: /stack: axis 2/,
      },
    ],
    gold: 'stack',
  },
);

// roll -------------------------------------------------------------------------------------------------------------

interface Roll {
  method<V extends Value>(this: V, shifts: number | readonly number[], axes?: number | readonly number[]): Value<Of<V>>;
  free<V extends AnyOperand>(x: V, shifts: number | readonly number[], axes?: number | readonly number[]): Value<Of<V>>;
}

/** One axis rolled: its tail comes first. */
function rolled(x: Value, shift: number, axis: number): Value {
  const length = x.shape[axis]!;
  const tail = length === 0 ? 0 : ((shift % length) + length) % length;
  if (tail === 0) return x;
  const [head, rest] = parts(x, axis, [length - tail, tail]);
  return joined([rest!, head!], axis);
}

/**
 * Elements shifted along axes; what leaves at the end comes back in front. Without axes x is rolled as one row.
 * https://docs.pytorch.org/docs/stable/generated/torch.roll.html
 * @throws AxisError unless there is one shift for each axis; OptionError for a shift that is not a whole number.
 * @example value([1, 2, 3]).roll(1) // [3, 1, 2]
 */
export const roll: Op<Roll> = composite<Roll>(
  'roll',
  (operand: Operand, shifts: number | readonly number[], axes?: number | readonly number[]): Value => {
    const x = runtime.lift(operand, 'roll');
    const by = [shifts].flat();
    for (const shift of by) {
      if (Number.isInteger(shift)) continue;
      throw new OptionError(`shifts are whole numbers, got ${String(shift)}`, { op: 'roll', option: 'shifts' });
    }
    const along = axes === undefined ? [] : [axes].flat();
    if (axes === undefined && by.length === 1) return rolled(x.reshape([-1]), by[0]!, 0).reshape(x.shape);
    if (along.length !== by.length) {
      throw new AxisError(`${by.length} shifts for ${along.length} axes`, {
        op: 'roll',
        shapes: [x.shape],
        hint: 'Give one shift for each axis.',
      });
    }
    return along.reduce((y, axis, i) => rolled(y, by[i]!, normalizeAxis('roll', axis, x.rank, x.shape)), x);
  },
  {
    glyph: '↻',
    samples: [
      { inputs: [{ shape: [3] }], call: (x) => x.roll(1) },
      { inputs: [{ shape: [2, 3] }], call: (x) => x.roll(-2) },
      { inputs: [{ shape: [2, 3] }], call: (x) => x.roll([1, -4], [0, -1]) },
      { inputs: [{ shape: [] }], call: (x) => x.roll(2) },
      { inputs: [{ shape: [0, 2] }], call: (x) => x.roll(1, 0) },
    ],
    errors: [
      {
        call: () => runtime.fill([2], 0, 'float64').roll([1, 2]),
        error: 'AxisError',
        message: /roll: 2 shifts for 0 axes/,
      },
      { call: () => runtime.fill([2], 0, 'float64').roll(0.5), error: 'OptionError', message: /roll: shifts.*0\.5/ },
    ],
    gold: 'roll',
  },
);
