/** Elements along an axis, by indices such as argmax and argsort give. */
import { ShapeError, showShape } from '../base/errors.ts';
import { broadcastShapes, normalizeAxis, type Shape } from '../base/shapes.ts';
import type { Value } from '../value/value.ts';
import type { AnyOperand } from './families/signatures.ts';
import { wrapIndices } from './families/ravel.ts';
import { composite, type Op } from './op.ts';
import { runtime, type Operand } from './runtime.ts';

interface TakeAlongAxis {
  method(this: Value, index: Value, axis?: number | null): Value;
  free(x: AnyOperand, index: Value, axis?: number | null): Value;
}

/** The shapes of x and the index, each stretched to the other along all axes but one. */
function stretchedAround(x: Shape, index: Shape, axis: number): readonly [Shape, Shape] {
  if (x.length !== index.length) {
    throw new ShapeError(`index ${showShape(index)} has another rank than ${showShape(x)}`, {
      op: 'takeAlongAxis',
      shapes: [x, index],
      hint: 'Axes other than the one taken along are broadcast, but all must be there.',
    });
  }
  const without = (shape: Shape): Shape => shape.map((n, i) => (i === axis ? 1 : n));
  const common = broadcastShapes('takeAlongAxis', without(x), without(index));
  const withLength = (length: number): Shape => common.map((n, i) => (i === axis ? length : n));
  return [withLength(x[axis]!), withLength(index[axis]!)];
}

/**
 * As gather, with the other axes broadcast and negative indices counting from the end; without an axis x and the index
 * are taken as one row. Fits the indices of argmax and argsort with `keepDims`.
 * https://docs.pytorch.org/docs/stable/generated/torch.take_along_dim.html
 * @throws AxisError for an index out of range; ShapeError for another rank.
 * @example x.takeAlongAxis(x.argmax(1, { keepDims: true }), 1)
 */
export const takeAlongAxis: Op<TakeAlongAxis> = composite<TakeAlongAxis>(
  'takeAlongAxis',
  (operand: Operand, index: Value, axis?: number | null): Value => {
    const x = runtime.lift(operand, 'takeAlongAxis');
    const places = runtime.lift(index, 'takeAlongAxis');
    if (axis === undefined || axis === null) return x.reshape([-1]).takeAlongAxis(places.reshape([-1]), 0);
    const at = normalizeAxis('takeAlongAxis', axis, x.rank, x.shape);
    const [shape, indexShape] = stretchedAround(x.shape, places.shape, at);
    const wrapped = wrapIndices('takeAlongAxis', [places.broadcastTo(indexShape)], [shape[at]!], [at]);
    return x.broadcastTo(shape).gather(at, wrapped);
  },
  {
    glyph: '[i]',
    samples: [
      {
        inputs: [{ shape: [3, 4] }, { shape: [3, 1], dtype: 'int32', min: -4, max: 3 }],
        call: (x, i) => x.takeAlongAxis(i, 1),
      },
      {
        inputs: [{ shape: [1, 4] }, { shape: [3, 2], dtype: 'int32', min: 0, max: 3 }],
        call: (x, i) => x.takeAlongAxis(i, -1),
      },
      {
        inputs: [{ shape: [2, 2] }, { shape: [3], dtype: 'int32', min: 0, max: 3 }],
        call: (x, i) => x.takeAlongAxis(i),
      },
    ],
    errors: [
      {
        call: () => runtime.fill([2], 0, 'float64').takeAlongAxis(runtime.fill([1], 2, 'int32'), 0),
        error: 'AxisError',
        message: /takeAlongAxis: index 2 .*axis 0 of length 2/,
      },
      {
        call: () => runtime.fill([2], 0, 'float64').takeAlongAxis(runtime.fill([1, 1], 0, 'int32'), 0),
        error: 'ShapeError',
        message: /takeAlongAxis: index \[1, 1\] has another rank than \[2\]/,
      },
    ],
    gold: 'take_along_dim',
  },
);
