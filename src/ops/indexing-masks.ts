/** Choosing elements by a mask. */
import { castNumber } from '../base/dtypes.ts';
import { DtypeError, ShapeError, showShape } from '../base/errors.ts';
import type { Broadcast, Fits, Ok } from '../base/shape-types.ts';
import { broadcastShapes, stridesOf } from '../base/shapes.ts';
import type { Value } from '../value/value.ts';
import type { AnyOperand, Of } from './families/signatures.ts';
import { takeRows } from './indexing-rows.ts';
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
