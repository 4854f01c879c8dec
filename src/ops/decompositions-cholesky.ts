/** Cholesky's decomposition of symmetric positive-definite matrices. */
import { checkOptions } from '../base/errors.ts';
import type { Value } from '../value/value.ts';
import type { AnyOperand, Of } from './families/signatures.ts';
import { runCholesky } from './kernels/cholesky.ts';
import { batchMatrices, liftMatrix, lowerHalf, mm, symmetric, T } from './linalg-shapes.ts';
import { solvedTriangle, solvedTriangleRight } from './linalg-systems.ts';
import { op, type Op } from './op.ts';
import { NO_ATTRIBUTES, primitive, type Primitive } from './primitive.ts';
import { runtime, type Operand } from './runtime.ts';

/**
 * The lower factor. Derivatives take the operand for symmetric whatever is given (I. Murray, "Differentiation of the
 * Cholesky decomposition", 2016): ∂L = L·Φ(L⁻¹·∂A·L⁻ᵀ), Φ the lower triangle with half the diagonal.
 */
const choleskyPrimitive: Primitive = primitive({
  name: 'cholesky',
  glyph: 'LLᵀ',
  infer: ([x]) => [{ shape: x!.shape, dtype: x!.dtype }],
  compute: { kind: 'kernel', run: ([l], [x]) => runCholesky(l!, x!) },
  derivatives: {
    kind: 'each',
    jvp: ([t], { outputs: [l] }) => {
      if (t === undefined) return undefined;
      const inner = solvedTriangleRight(T(l!), solvedTriangle(l!, symmetric(t), false), true);
      return mm(l!, lowerHalf(inner));
    },
    vjp: (g, _, { outputs: [l] }) => {
      const inner = lowerHalf(mm(T(l!), g));
      return symmetric(solvedTriangleRight(l!, solvedTriangle(T(l!), inner, true), false));
    },
  },
  batch: batchMatrices(() => choleskyPrimitive),
});

export interface CholeskyOptions {
  /** Read the upper triangle and give the upper factor U, A = Uᵀ·U. Default false. */
  readonly upper?: boolean;
}

interface Cholesky {
  method<V extends Value>(this: V, options?: CholeskyOptions): Value<Of<V>>;
  free<V extends AnyOperand>(x: V, options?: CholeskyOptions): Value<Of<V>>;
}

/**
 * L, lower triangular with a positive diagonal, with A = L·Lᵀ for a symmetric positive-definite A; for each of a stack.
 * Only one triangle of A is read; gradients are symmetric.
 * https://docs.pytorch.org/docs/stable/generated/torch.linalg.cholesky.html
 * @throws ShapeError unless square; ChainruleError where a matrix is not positive definite: which, and its first minor.
 * @example value([[4, 2], [2, 2]]).cholesky() // [[2, 0], [1, 1]]
 */
export const cholesky: Op<Cholesky> = op<Cholesky>(
  'cholesky',
  choleskyPrimitive,
  (operand: Operand, options?: CholeskyOptions): Value => {
    checkOptions('cholesky', options, ['upper']);
    const x = liftMatrix('cholesky', operand, true);
    if (options?.upper !== true) return runtime.applyOne(choleskyPrimitive, [x], NO_ATTRIBUTES);
    return T(runtime.applyOne(choleskyPrimitive, [T(x)], NO_ATTRIBUTES));
  },
  {
    samples: [
      { inputs: [{ shape: [3, 3], matrix: 'positiveDefinite' }], call: (x) => symmetric(x).cholesky() },
      {
        inputs: [{ shape: [2, 2, 2], matrix: 'positiveDefinite' }],
        call: (x) => symmetric(x).cholesky({ upper: true }),
      },
      { inputs: [{ shape: [0, 0] }], call: (x) => x.cholesky() },
    ],
    errors: [
      {
        call: () => runtime.fill([2, 2, 2], 1, 'float64').cholesky(),
        error: 'ChainruleError',
        message: /cholesky: the matrix is not positive definite \(batch entry \[0\]\): its leading minor of order 2/,
      },
      {
        call: () => runtime.fill([2, 3], 1, 'float64').cholesky(),
        error: 'ShapeError',
        message: /cholesky: needs square matrices, got \[2, 3\]/,
      },
    ],
    gold: 'linalg.cholesky',
  },
);
