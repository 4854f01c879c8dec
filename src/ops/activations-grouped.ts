/** Activations that make one feature of several. */
import { OptionError, ShapeError, showShape } from '../base/errors.ts';
import { normalizeAxis } from '../base/shapes.ts';
import type { Value } from '../value/value.ts';
import type { Untyped } from './families/signatures.ts';
import { composite, type Op } from './op.ts';
import { runtime, type Operand } from './runtime.ts';

/**
 * a·sigmoid(b), where a and b are the two halves of x along an axis (default the last).
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.glu.html
 * @throws ShapeError if the axis cannot be halved.
 * @example value([2, 0]).glu() // [1]
 */
export const glu: Op<Untyped<[axis?: number]>> = composite<Untyped<[axis?: number]>>(
  'glu',
  (operand: Operand, axis: number = -1): Value => {
    const [x] = runtime.fit('glu', [operand], 'float');
    const at = normalizeAxis('glu', axis, x!.rank, x!.shape);
    const half = x!.shape[at]! / 2;
    if (!Number.isInteger(half)) {
      throw new ShapeError(`axis ${at} of ${showShape(x!.shape)} has no two halves`, {
        op: 'glu',
        shapes: [x!.shape],
        axis,
        hint: 'Its length must be even.',
      });
    }
    return x!.narrow(at, 0, half).mul(x!.narrow(at, half, half).sigmoid());
  },
  {
    samples: [
      { inputs: [{ shape: [2, 4] }], call: (x) => x.glu() },
      { inputs: [{ shape: [4, 3] }], call: (x) => x.glu(0) },
      { inputs: [{ shape: [0, 2] }], call: (x) => x.glu() },
    ],
    errors: [
      {
        call: () => runtime.fill([2, 3], 0, 'float64').glu(),
        error: 'ShapeError',
        message: /glu: axis 1 of \[2, 3\] has no two halves.*even/s,
      },
      { call: () => runtime.fill([2], 0, 'float64').glu(1), error: 'AxisError', message: /glu: axis 1/ },
    ],
    gold: 'nn.functional.glu',
  },
);

/**
 * The largest of each group of `pieces` neighbours along an axis (default the last), after Goodfellow et al. 2013. Equal
 * maxima share the gradient.
 * @throws OptionError unless the axis consists of whole groups.
 * @example value([1, 5, 3, 2]).maxout(2) // [5, 3]
 */
export const maxout: Op<Untyped<[pieces: number, axis?: number]>> = composite<Untyped<[pieces: number, axis?: number]>>(
  'maxout',
  (operand: Operand, pieces: number, axis: number = -1): Value => {
    const x = runtime.lift(operand, 'maxout');
    const at = normalizeAxis('maxout', axis, x.rank, x.shape);
    const groups = x.shape[at]! / pieces;
    if (!Number.isInteger(pieces) || pieces < 1 || !Number.isInteger(groups)) {
      throw new OptionError(`axis ${at} of ${showShape(x.shape)} has no groups of ${String(pieces)}`, {
        op: 'maxout',
        option: 'pieces',
        hint: 'The number of pieces must divide the length of the axis.',
      });
    }
    return x.reshape([...x.shape.slice(0, at), groups, pieces, ...x.shape.slice(at + 1)]).amax(at + 1);
  },
  {
    samples: [
      { inputs: [{ shape: [2, 4], distinct: true }], call: (x) => x.maxout(2) },
      { inputs: [{ shape: [6, 2], distinct: true }], call: (x) => x.maxout(3, 0) },
    ],
    errors: [
      {
        call: () => runtime.fill([2, 3], 0, 'float64').maxout(2),
        error: 'OptionError',
        message: /maxout: axis 1 of \[2, 3\] has no groups of 2/,
      },
    ],
  },
);
