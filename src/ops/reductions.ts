/** Sums and their kin over any axes. */
import type { Value } from '../value/value.ts';
import { reduce, reductionPrimitive, stretchBack, type AxesAttributes } from './families/reduction.ts';
import type { Reduction } from './families/signatures.ts';
import { sumStrided } from './kernels/sum-tree.ts';
import { op, type Op } from './op.ts';
import type { Primitive } from './primitive.ts';
import { runtime, type Operand } from './runtime.ts';

const sumPrimitive: Primitive<AxesAttributes> = reductionPrimitive({
  name: 'sum',
  glyph: 'Σ',
  result: (dtype) => (dtype === 'bool' ? 'int32' : dtype),
  reduce: sumStrided,
  derivatives: {
    kind: 'each',
    jvp: ([t], { attrs }) => t && runtime.applyOne(sumPrimitive, [t], attrs),
    vjp: (g, _, { inputs, attrs }) => stretchBack(g, inputs[0]!.shape, attrs.axes),
  },
});

/** The sum over an axis, several, or all; of bool, how many hold. @example value([[1, 2], [3, 4]]).sum(0) // [4, 6] */
export const sum: Op<Reduction> = op<Reduction>(
  'sum',
  sumPrimitive,
  (x: Operand, axis?: number | readonly number[], options?: { keepDims?: boolean }): Value =>
    reduce('sum', sumPrimitive, runtime.lift(x, 'sum'), axis, options),
  {
    samples: [
      { inputs: [{ shape: [2, 3] }], call: (x) => x.sum() },
      { inputs: [{ shape: [2, 3, 2] }], call: (x) => x.sum([0, -1]) },
      { inputs: [{ shape: [2, 3] }], call: (x) => x.sum(1, { keepDims: true }) },
      { inputs: [{ shape: [3, 0] }], call: (x) => x.sum(1) },
      { inputs: [{ shape: [] }], call: (x) => x.sum() },
    ],
    errors: [
      {
        call: () => runtime.fill([2, 3], 0, 'float64').sum(2 as number),
        error: 'AxisError',
        message: /sum: axis 2.*\[2, 3\]/s,
      },
      {
        call: () => runtime.fill([2], 0, 'float64').sum(0, { keepdims: true } as object),
        error: 'OptionError',
        message: /unknown option "keepdims".*keepDims/s,
      },
    ],
    gold: 'sum',
  },
);
