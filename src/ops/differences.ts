/** Differences of neighbours. */
import { checkOptions, OptionError, ShapeError } from '../base/errors.ts';
import type { Shape } from '../base/shape-types.ts';
import { normalizeAxis } from '../base/shapes.ts';
import type { Value } from '../value/value.ts';
import type { AnyOperand } from './families/signatures.ts';
import { concat } from './joining.ts';
import { composite, type Op } from './op.ts';
import { runtime, type Operand } from './runtime.ts';

export interface DiffOptions {
  /** How often to take differences; default 1. */
  readonly n?: number;
  /** Default −1. */
  readonly axis?: number;
  /** Put in front of x along the axis first. */
  readonly prepend?: Value;
  /** Put behind x along the axis first. */
  readonly append?: Value;
}

interface Diff {
  method<V extends Value>(this: V, options?: DiffOptions): Value<Shape>;
  free<V extends AnyOperand>(x: V, options?: DiffOptions): Value<Shape>;
}

/** x[1:] − x[:−1]; of bools, whether they differ. */
function differenceOnce(x: Value, axis: number): Value {
  const n = Math.max(0, x.shape[axis]! - 1);
  const [before, behind] = [x.narrow(axis, 0, n), x.narrow(axis, x.shape[axis]! - n, n)];
  return x.dtype === 'bool' ? behind.ne(before) : behind.sub(before);
}

/**
 * Differences of neighbours along an axis (default the last), taken n times; each time the axis gets one shorter.
 * https://docs.pytorch.org/docs/stable/generated/torch.diff.html
 * @throws ShapeError for a scalar; OptionError unless n is a whole number ≥ 0.
 * @example value([1, 4, 9]).diff() // [3, 5]
 */
export const diff: Op<Diff> = composite<Diff>(
  'diff',
  (operand: Operand, options?: DiffOptions): Value => {
    checkOptions('diff', options, ['n', 'axis', 'prepend', 'append']);
    const x = runtime.lift(operand, 'diff');
    const n = options?.n ?? 1;
    if (!Number.isInteger(n) || n < 0) {
      throw new OptionError(`n must be a whole number ≥ 0, got ${String(n)}`, { op: 'diff', option: 'n' });
    }
    if (x.rank === 0) throw new ShapeError('a scalar has no neighbours', { op: 'diff', shapes: [x.shape] });
    const axis = normalizeAxis('diff', options?.axis ?? -1, x.rank, x.shape);
    if (n === 0) return x;
    const ends = [options?.prepend, x, options?.append].filter((v) => v !== undefined);
    let y: Value = ends.length === 1 ? x : concat(ends, axis);
    for (let i = 0; i < n; i++) y = differenceOnce(y, axis);
    return y;
  },
  {
    glyph: 'Δ',
    samples: [
      { inputs: [{ shape: [4] }], call: (x) => x.diff() },
      { inputs: [{ shape: [4, 2] }], call: (x) => x.diff({ n: 2, axis: 0 }) },
      {
        inputs: [{ shape: [2, 3] }, { shape: [2, 1] }, { shape: [2, 2] }],
        call: (x, prepend, append) => x.diff({ prepend, append }),
      },
      { inputs: [{ shape: [2] }], call: (x) => x.diff({ n: 5 }) },
      { inputs: [{ shape: [3], dtype: 'bool' }], call: (x) => x.diff(), differentiable: false },
    ],
    errors: [
      {
        call: () => runtime.fill([3], 0, 'float64').diff({ n: -1 }),
        error: 'OptionError',
        message: /diff: n must be a whole number/,
      },
      { call: () => runtime.fill([], 0, 'float64').diff(), error: 'ShapeError', message: /diff: a scalar/ },
    ],
    gold: 'diff',
  },
);
