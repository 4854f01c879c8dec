/** Masks, and classes as vectors. */
import { castNumber } from '../base/dtypes.ts';
import { DtypeError, OptionError, ShapeError, showShape } from '../base/errors.ts';
import type { Broadcast, Fits, Ok } from '../base/shape-types.ts';
import { broadcastShapes, stridesOf } from '../base/shapes.ts';
import type { Value } from '../value/value.ts';
import type { AnyOperand, Of } from './families/signatures.ts';
import { takeRows } from './indexing-rows.ts';
import { requireIndex } from './kernels/places.ts';
import { composite, type Op } from './op.ts';
import { runtime, type Operand } from './runtime.ts';

function requireMask(op: string, mask: Value): void {
  if (mask.dtype === 'bool') return;
  throw new DtypeError(`a mask is bool, got ${mask.dtype}`, {
    op,
    hint: `Compare, e.g. x.gt(0), or cast: mask.to('bool').`,
  });
}

/**
 * The places of the elements ≠ 0, in order: one list of indices for each axis (for a scalar one list of 0s).
 * Reads numbers: the results' length depends on them. @throws TraceError for traced Values.
 */
export function maskPlaces(x: Value): number[][] {
  const flat: number[] = [];
  x.data.forEach((held: number, i: number) => {
    if (held !== 0) flat.push(i);
  });
  if (x.rank === 0) return [flat];
  const strides = stridesOf(x.shape);
  return x.shape.map((n, axis) => flat.map((i) => Math.floor(i / strides[axis]!) % n));
}

// maskedFill -------------------------------------------------------------------------------------------------------

interface MaskedFill {
  method<V extends Value, M extends Value>(
    this: V,
    mask: Fits<Broadcast<Of<V>, Of<M>>, M>,
    value: Operand,
  ): Value<Ok<Broadcast<Of<V>, Of<M>>>>;
  free<V extends AnyOperand, M extends Value>(
    x: V,
    mask: Fits<Broadcast<Of<V>, Of<M>>, M>,
    value: Operand,
  ): Value<Ok<Broadcast<Of<V>, Of<M>>>>;
}

/** The number that fills, in x's dtype: it never changes what x is. */
function filling(value: Operand, x: Value): Value {
  if (!runtime.isValue(value)) return runtime.fill([], castNumber(Number(value), x.dtype), x.dtype);
  const lifted = runtime.lift(value, 'maskedFill');
  if (lifted.rank === 0) return lifted.to(x.dtype);
  throw new ShapeError(`fills with one number, got ${showShape(lifted.shape)}`, {
    op: 'maskedFill',
    shapes: [x.shape, lifted.shape],
    hint: 'Use where(mask, a, b) to choose between elements.',
  });
}

/**
 * x with a number (or a scalar Value) in its place wherever a bool mask holds; x and the mask broadcast.
 * https://docs.pytorch.org/docs/stable/generated/torch.Tensor.masked_fill_.html
 * @throws DtypeError unless the mask is bool.
 * @example scores.maskedFill(ones([4, 4]).triu(1).to('bool'), -Infinity)
 */
export const maskedFill: Op<MaskedFill> = composite<MaskedFill>(
  'maskedFill',
  (operand: Operand, mask: Operand, value: Operand): Value => {
    const x = runtime.lift(operand, 'maskedFill');
    const holes = runtime.lift(mask, 'maskedFill');
    requireMask('maskedFill', holes);
    return filling(value, x).where(holes, x);
  },
  {
    glyph: '▨',
    samples: [
      { inputs: [{ shape: [2, 3] }, { shape: [3], dtype: 'bool' }], call: (x, m) => x.maskedFill(m, 1.5) },
      {
        inputs: [{ shape: [3] }, { shape: [2, 3], dtype: 'bool' }, { shape: [] }],
        call: (x, m, v) => x.maskedFill(m, v),
      },
      { inputs: [{ shape: [] }, { shape: [], dtype: 'bool' }], call: (x, m) => x.maskedFill(m, 0) },
    ],
    errors: [
      {
        call: () => runtime.fill([2], 0, 'float64').maskedFill(runtime.fill([2], 1, 'int32'), 0),
        error: 'DtypeError',
        message: /maskedFill: a mask is bool, got int32/,
      },
      {
        call: () =>
          runtime.fill([2], 0, 'float64').maskedFill(runtime.fill([2], 1, 'bool'), runtime.fill([2], 1, 'int32')),
        error: 'ShapeError',
        message: /maskedFill: fills with one number, got \[2\].*where/s,
      },
    ],
    gold: 'masked_fill',
  },
);

// maskedSelect, nonzero --------------------------------------------------------------------------------------------

interface MaskedSelect {
  method(this: Value, mask: Value): Value<[number]>;
  free(x: AnyOperand, mask: Value): Value<[number]>;
}

/**
 * The elements where a bool mask holds, as a vector; x and the mask broadcast. Its length depends on the mask's numbers,
 * so the mask cannot be traced (use where or maskedFill inside compiled or mapped functions).
 * https://docs.pytorch.org/docs/stable/generated/torch.masked_select.html
 * @throws DtypeError unless the mask is bool; TraceError for a traced mask.
 * @example x.maskedSelect(x.gt(0))
 */
export const maskedSelect: Op<MaskedSelect> = composite<MaskedSelect>(
  'maskedSelect',
  (operand: Operand, mask: Operand): Value => {
    const x = runtime.lift(operand, 'maskedSelect');
    const held = runtime.lift(mask, 'maskedSelect');
    requireMask('maskedSelect', held);
    const shape = broadcastShapes('maskedSelect', x.shape, held.shape);
    const [places] = maskPlaces(held.broadcastTo(shape).reshape([-1]));
    const list = runtime.fromArray(Int32Array.from(places!), [places!.length], 'int32');
    return takeRows(x.broadcastTo(shape).reshape([-1]), list, { as: 'maskedSelect', axis: 0, shared: 0 });
  },
  {
    glyph: '▧',
    samples: [
      {
        inputs: [{ shape: [2, 3] }, { shape: [3], dtype: 'bool' }],
        call: (x, m) => x.maskedSelect(m),
        notBatched: 'the length of the result depends on the mask',
      },
      {
        inputs: [{ shape: [2] }],
        call: (x) => x.maskedSelect(runtime.fromArray(Uint8Array.of(0, 1), [2], 'bool')),
      },
    ],
    errors: [
      {
        call: () => runtime.fill([2], 0, 'float64').maskedSelect(runtime.fill([2], 1, 'float64')),
        error: 'DtypeError',
        message: /maskedSelect: a mask is bool, got float64/,
      },
    ],
  },
);

interface Nonzero {
  method(this: Value): Value<[number, number]>;
  free(x: AnyOperand): Value<[number, number]>;
}

/**
 * The indices of the elements ≠ 0 (NaN among them), one row of int32 for each. Their number depends on x's numbers, so x
 * cannot be traced.
 * https://docs.pytorch.org/docs/stable/generated/torch.nonzero.html
 * @throws TraceError for a traced Value.
 * @example constant([[0, 5], [7, 0]]).nonzero() // [[0, 1], [1, 0]]
 */
export const nonzero: Op<Nonzero> = composite<Nonzero>(
  'nonzero',
  (operand: Operand): Value => {
    const x = runtime.lift(operand, 'nonzero');
    const places = maskPlaces(x);
    const rows = places[0]!.length;
    const data = new Int32Array(rows * x.rank);
    for (let axis = 0; axis < x.rank; axis++) {
      for (let row = 0; row < rows; row++) data[row * x.rank + axis] = places[axis]![row]!;
    }
    return runtime.fromArray(data, [rows, x.rank], 'int32');
  },
  {
    glyph: '≠0',
    samples: [
      {
        inputs: [{ shape: [2, 3], dtype: 'int32', min: 0, max: 2 }],
        call: (x) => x.nonzero(),
        differentiable: false,
        notBatched: 'the number of results depends on the elements',
      },
    ],
  },
);

// oneHot -----------------------------------------------------------------------------------------------------------

interface OneHot {
  method<V extends Value, const C extends number>(this: V, classes: C): Value<[...Of<V>, C]>;
  method(this: Value): Value;
  free<V extends Value, const C extends number>(x: V, classes: C): Value<[...Of<V>, C]>;
  free(x: Value): Value;
}

/** One more than the largest class; reads numbers. */
function classesIn(x: Value): number {
  if (x.size > 0) return (x.data as Int32Array).reduce((most, i) => Math.max(most, i), -1) + 1;
  throw new OptionError('the number of classes cannot be told from no elements', {
    op: 'oneHot',
    option: 'classes',
    hint: 'Say how many: x.oneHot(10).',
  });
}

/**
 * Classes (int32) as vectors: a new last axis, 1 at the class and 0 elsewhere, int32. Without a number of classes it is
 * one more than the largest (which cannot be told under trace).
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.one_hot.html
 * @throws DtypeError unless int32; AxisError for a class that is negative or not below `classes`.
 * @example constant([0, 2], { dtype: 'int32' }).oneHot(3) // [[1, 0, 0], [0, 0, 1]]
 */
export const oneHot: Op<OneHot> = composite<OneHot>(
  'oneHot',
  (operand: Operand, classes?: number): Value => {
    const x = runtime.lift(operand, 'oneHot');
    requireIndex('oneHot', x.dtype);
    const count = classes ?? classesIn(x);
    if (!Number.isInteger(count) || count < 1) {
      throw new OptionError(`the number of classes is a whole number ≥ 1, got ${String(count)}`, {
        op: 'oneHot',
        option: 'classes',
      });
    }
    return runtime.fill([...x.shape, count], 0, 'int32').scatter(x.rank, x.unsqueeze(-1), 1);
  },
  {
    glyph: '⇥1',
    samples: [
      { inputs: [{ shape: [3], dtype: 'int32', min: 0, max: 3 }], call: (x) => x.oneHot(4), differentiable: false },
      { inputs: [{ shape: [2, 2], dtype: 'int32', min: 0, max: 1 }], call: (x) => x.oneHot(3), differentiable: false },
      { inputs: [{ shape: [], dtype: 'int32', min: 0, max: 1 }], call: (x) => x.oneHot(2), differentiable: false },
      {
        inputs: [{ shape: [3], dtype: 'int32', min: 0, max: 3 }],
        call: (x) => x.oneHot(),
        differentiable: false,
        notBatched: 'the number of classes depends on the elements',
      },
    ],
    errors: [
      {
        call: () => runtime.fill([2], 3, 'int32').oneHot(3),
        error: 'AxisError',
        message: /index 3 is out of range for axis 1 of length 3/,
      },
      {
        call: () => runtime.fill([2], 0, 'float64').oneHot(3),
        error: 'DtypeError',
        message: /oneHot: indices are int32, got float64/,
      },
    ],
  },
);
