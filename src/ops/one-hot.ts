/** Classes as vectors. */
import { OptionError } from '../base/errors.ts';
import type { Value } from '../value/value.ts';
import type { Of } from './families/signatures.ts';
import { requireIndex } from './kernels/places.ts';
import { composite, type Op } from './op.ts';
import { runtime, type Operand } from './runtime.ts';

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
