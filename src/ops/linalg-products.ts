/** Chains and powers of matrices, and their traces. */
import { OptionError, ShapeError, showShape, showShapes } from '../base/errors.ts';
import type { Shape } from '../base/shape-types.ts';
import type { Value } from '../value/value.ts';
import type { AnyOperand, Of } from './families/signatures.ts';
import { composite, functionComposite, type Op } from './op.ts';
import { identityLike, requireSquare, type MatrixToScalar } from './linalg-shapes.ts';
import { runtime, type Operand } from './runtime.ts';

// matrixTrace ------------------------------------------------------------------------------------------------------

/**
 * The sum of the diagonal of a matrix (of any height and width), for each of a stack of them.
 * https://docs.pytorch.org/docs/stable/generated/torch.trace.html
 * @throws ShapeError for fewer than two axes.
 * @example value([[1, 2], [3, 4]]).matrixTrace() // 5
 */
export const matrixTrace: Op<MatrixToScalar> = composite<MatrixToScalar>(
  'matrixTrace',
  (operand: Operand): Value => {
    const x = runtime.lift(operand, 'matrixTrace');
    if (x.rank >= 2) return x.diagonal(0, -2, -1).sum(-1);
    throw new ShapeError(`needs a matrix, got ${showShape(x.shape)}`, {
      op: 'matrixTrace',
      shapes: [x.shape],
      hint: 'The last two axes are rows and columns.',
    });
  },
  {
    glyph: 'tr',
    samples: [
      { inputs: [{ shape: [3, 3] }], call: (x) => x.matrixTrace() },
      { inputs: [{ shape: [2, 3] }], call: (x) => x.matrixTrace() },
      { inputs: [{ shape: [2, 3, 2] }], call: (x) => x.matrixTrace() },
      { inputs: [{ shape: [0, 0] }], call: (x) => x.matrixTrace() },
    ],
    errors: [
      {
        call: () => runtime.fill([3], 0, 'float64').matrixTrace(),
        error: 'ShapeError',
        message: /matrixTrace: needs a matrix, got \[3\]/,
      },
    ],
    gold: 'trace',
  },
);

// matrixPower ------------------------------------------------------------------------------------------------------

interface MatrixPower {
  method<V extends Value>(this: V, n: number): Value<Of<V>>;
  free<V extends AnyOperand>(x: V, n: number): Value<Of<V>>;
}

/** By squaring: x¹³ = x⁸·x⁴·x. */
function positivePower(x: Value, n: number): Value {
  let result: Value | null = null;
  let square = x;
  for (let rest = n; ; square = square.matmul(square)) {
    if (rest % 2 === 1) result = result === null ? square : square.matmul(result);
    rest = Math.floor(rest / 2);
    if (rest === 0) return result!;
  }
}

/**
 * The product of n copies of a square matrix, for each of a stack of them; a negative n takes the inverse, 0 gives the
 * identity.
 * https://docs.pytorch.org/docs/stable/generated/torch.linalg.matrix_power.html
 * @throws ShapeError unless square; OptionError unless n is a whole number; ChainruleError for a singular matrix and n < 0.
 * @example value([[1, 1], [0, 1]]).matrixPower(3) // [[1, 3], [0, 1]]
 */
export const matrixPower: Op<MatrixPower> = composite<MatrixPower>(
  'matrixPower',
  (operand: Operand, n: number): Value => {
    const x = runtime.lift(operand, 'matrixPower');
    requireSquare('matrixPower', x.shape);
    if (!Number.isSafeInteger(n))
      throw new OptionError(`the power must be a whole number, got ${String(n)}`, { op: 'matrixPower', option: 'n' });
    if (n === 0) return identityLike(x);
    return n < 0 ? positivePower(x.inv(), -n) : positivePower(x, n);
  },
  {
    glyph: 'Aⁿ',
    samples: [
      { inputs: [{ shape: [3, 3] }], call: (x) => x.matrixPower(5) },
      { inputs: [{ shape: [2, 2, 2], matrix: 'regular' }], call: (x) => x.matrixPower(-2) },
      { inputs: [{ shape: [2, 2] }], call: (x) => x.matrixPower(1) },
      { inputs: [{ shape: [2, 2] }], call: (x) => x.matrixPower(0), differentiable: false },
    ],
    errors: [
      {
        call: () => runtime.fill([2, 3], 0, 'float64').matrixPower(2),
        error: 'ShapeError',
        message: /matrixPower: needs square matrices, got \[2, 3\]/,
      },
      {
        call: () => runtime.fill([2, 2], 0, 'float64').matrixPower(0.5),
        error: 'OptionError',
        message: /matrixPower: the power must be a whole number, got 0.5/,
      },
    ],
    gold: 'linalg.matrix_power',
  },
);

// multiDot ---------------------------------------------------------------------------------------------------------

interface MultiDot {
  method: never;
  free(matrices: readonly AnyOperand[]): Value<Shape>;
}

/** Where to split each stretch of the chain, so that the multiplications are fewest (Cormen et al., 15.2). */
function bestSplits(lengths: readonly number[]): number[][] {
  const n = lengths.length - 1;
  const cost = Array.from({ length: n }, () => new Array<number>(n).fill(0));
  const split = Array.from({ length: n }, () => new Array<number>(n).fill(0));
  for (let width = 1; width < n; width++) {
    for (let i = 0; i + width < n; i++) {
      const j = i + width;
      cost[i]![j] = Infinity;
      for (let k = i; k < j; k++) {
        const total = cost[i]![k]! + cost[k + 1]![j]! + lengths[i]! * lengths[k + 1]! * lengths[j + 1]!;
        if (total >= cost[i]![j]!) continue;
        cost[i]![j] = total;
        split[i]![j] = k;
      }
    }
  }
  return split;
}

function chained(xs: readonly Value[], split: readonly (readonly number[])[], i: number, j: number): Value {
  if (i === j) return xs[i]!;
  const k = split[i]![j]!;
  return chained(xs, split, i, k).matmul(chained(xs, split, k + 1, j));
}

function requireChain(xs: readonly Value[]): void {
  const shapes = xs.map((x) => x.shape);
  const fits = xs.every((x, i) => x.rank === 2 || (x.rank === 1 && (i === 0 || i === xs.length - 1)));
  const bad = shapes.findIndex((shape, i) => i > 0 && shape[0] !== shapes[i - 1]![shapes[i - 1]!.length - 1]);
  if (fits && bad < 0) return;
  const which = fits
    ? `${showShape(shapes[bad - 1]!)} does not fit ${showShape(shapes[bad]!)}`
    : 'not all are matrices';
  throw new ShapeError(`${showShapes(shapes)}: ${which}`, {
    op: 'multiDot',
    shapes,
    hint: 'Each width is the next height; only the first and the last may be vectors.',
  });
}

/**
 * The product of a chain of matrices, in the order that takes the fewest multiplications. The first may be a vector (a
 * row), the last too (a column).
 * https://docs.pytorch.org/docs/stable/generated/torch.linalg.multi_dot.html
 * @throws ShapeError for fewer than two, or shapes that do not fit.
 * @example multiDot([a, b, c])
 */
export const multiDot: Op<MultiDot> = functionComposite<MultiDot>(
  'multiDot',
  (matrices: readonly Operand[]): Value => {
    if (!Array.isArray(matrices)) throw new TypeError('multiDot: takes an array of matrices, multiDot([a, b, c])');
    if (matrices.length < 2)
      throw new ShapeError(`needs at least two matrices, got ${matrices.length}`, { op: 'multiDot' });
    const xs = runtime.promoteAll('multiDot', matrices as readonly Operand[]);
    requireChain(xs);
    const height = xs[0]!.rank === 1 ? 1 : xs[0]!.shape[0]!;
    const widths = xs.map((x, i) => (x.rank === 1 && i > 0 ? 1 : x.shape[x.rank - 1]!));
    return chained(xs, bestSplits([height, ...widths]), 0, xs.length - 1);
  },
  {
    glyph: '@…@',
    samples: [
      { inputs: [{ shape: [2, 3] }, { shape: [3, 1] }, { shape: [1, 4] }], call: (x, y, z) => multiDot([x, y, z]) },
      { inputs: [{ shape: [3] }, { shape: [3, 2] }, { shape: [2] }], call: (x, y, z) => multiDot([x, y, z]) },
      { inputs: [{ shape: [0, 2] }, { shape: [2, 2] }], call: (x, y) => multiDot([x, y]) },
    ],
    errors: [
      {
        call: () => multiDot([runtime.fill([2, 3], 0, 'float64'), runtime.fill([2, 3], 0, 'float64')]),
        error: 'ShapeError',
        message: /multiDot: .*\[2, 3\] does not fit \[2, 3\]/,
      },
      {
        call: () => multiDot([runtime.fill([2, 3], 0, 'float64')]),
        error: 'ShapeError',
        message: /multiDot: needs at least two matrices/,
      },
    ],
    gold: 'linalg.multi_dot',
  },
);
