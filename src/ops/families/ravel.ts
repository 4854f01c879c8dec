/** Indices of several axes as one index of those axes seen as one; negative ones count from the end. */
import { AxisError } from '../../base/errors.ts';
import type { Value } from '../../value/value.ts';
import { requireIndex } from '../kernels/places.ts';
import { primitive, type Primitive } from '../primitive.ts';
import { runtime } from '../runtime.ts';

interface RavelAttributes extends Record<string, unknown> {
  /** The public op, for errors and printing. */
  readonly as: string;
  /** The lengths of the indexed axes. */
  readonly lengths: readonly number[];
  /** Which axes they are, for errors. */
  readonly axes: readonly number[];
}

function wrapped(i: number, length: number, axis: number, op: string): number {
  const place = i < 0 ? i + length : i;
  if (place >= 0 && place < length) return place;
  throw new AxisError(`index ${i} is out of range for axis ${axis} of length ${length}`, {
    op,
    axis,
    ...(length === 0 ? {} : { hint: `Valid indices are ${-length} … ${length - 1}.` }),
  });
}

const ravelPrimitive: Primitive<RavelAttributes> = primitive<RavelAttributes>({
  name: 'ravelIndex',
  glyph: '#',
  infer: (inputs, { as }) => {
    for (const index of inputs) requireIndex(as, index.dtype);
    return [{ shape: inputs[0]!.shape, dtype: 'int32' }];
  },
  compute: {
    kind: 'kernel',
    run: ([out], inputs, { as, lengths, axes }) => {
      for (let element = 0; element < out!.data.length; element++) {
        let place = 0;
        for (let k = 0; k < inputs.length; k++) {
          place = place * lengths[k]! + wrapped(inputs[k]!.data[element]!, lengths[k]!, axes[k]!, as);
        }
        out!.data[element] = place;
      }
    },
  },
  derivatives: { kind: 'none' },
  batch: (inputs, batched, size, attrs) => [
    runtime.applyOne(
      ravelPrimitive,
      inputs.map((x, i) => (batched[i] ? x : x.broadcastTo([size, ...x.shape]))),
      attrs,
    ),
  ],
});

/**
 * One index from 0 for several axes seen as one (row-major), from int32 indices of one shape.
 * @throws AxisError for an index out of range; DtypeError unless all are int32.
 */
export const wrapIndices = (
  as: string,
  indices: readonly Value[],
  lengths: readonly number[],
  axes: readonly number[],
): Value => runtime.applyOne(ravelPrimitive, indices, { as, lengths, axes });
