/** Eigenvalues and eigenvectors of symmetric matrices. */
import { checkOptions, OptionError } from '../base/errors.ts';
import type { Shape } from '../base/shape-types.ts';
import type { Value } from '../value/value.ts';
import type { AnyOperand } from './families/signatures.ts';
import { runEigh } from './kernels/eigh.ts';
import {
  antisymmetric,
  batchMatrices,
  differences,
  liftMatrix,
  mm,
  offDiagonal,
  plus,
  scaleColumns,
  symmetric,
  T,
} from './linalg-shapes.ts';
import { op, type Op } from './op.ts';
import { primitive, type Primitive } from './primitive.ts';
import { runtime, type Operand } from './runtime.ts';

interface EighAttributes extends Record<string, unknown> {
  /** Which triangle is read. */
  readonly upper: boolean;
}

/**
 * With P = Vᵀ·∂A·V: ∂λ is its diagonal, ∂V = V·(P/E) off the diagonal, E_ij = λ_j − λ_i. Derivatives take the operand for
 * symmetric whichever triangle is read (PyTorch's `linalg_eig_backward`). Equal eigenvalues have no unique vectors: what
 * depends on them only has its derivative, through their vectors it is NaN or infinite.
 */
const eighPrimitive: Primitive<EighAttributes> = primitive<EighAttributes>({
  name: 'eigh',
  glyph: 'VΛVᵀ',
  infer: ([x]) => [
    { shape: x!.shape.slice(0, -1), dtype: x!.dtype },
    { shape: x!.shape, dtype: x!.dtype },
  ],
  compute: { kind: 'kernel', run: ([values, vectors], [x], { upper }) => runEigh(values!, vectors!, x!, upper) },
  derivatives: {
    kind: 'joint',
    jvp: ([t], { outputs: [values, v] }) => {
      if (t === undefined) return [undefined, undefined];
      const p = mm(T(v!), mm(symmetric(t), v!));
      return [p.diagonal(0, -2, -1), mm(v!, offDiagonal(p).div(differences(values!)))];
    },
    vjp: ([gValues, gv], { outputs: [values, v] }) => {
      const turn = gv && antisymmetric(mm(T(v!), gv)).div(differences(values!));
      const stretch = gValues && mm(scaleColumns(v!, gValues), T(v!));
      return [plus(stretch, turn && mm(v!, mm(turn, T(v!))))];
    },
  },
  batch: batchMatrices(() => eighPrimitive),
});

export interface EighOptions {
  /** The triangle of A that is read: the lower (`L`, default) or the upper one (`U`). */
  readonly uplo?: 'L' | 'U';
}

export interface Eigh {
  /** Ascending, [batch…, n]. */
  readonly eigenvalues: Value<Shape>;
  /** Columns of length 1, [batch…, n, n]. */
  readonly eigenvectors: Value<Shape>;
}

interface EighOp {
  method<V extends Value>(this: V, options?: EighOptions): Eigh;
  free<V extends AnyOperand>(x: V, options?: EighOptions): Eigh;
}

/**
 * Eigenvalues, ascending, and orthonormal eigenvectors (columns) of symmetric matrices. Only one triangle is read;
 * gradients are symmetric. Signs of eigenvectors are LAPACK's (up to 25 rows; beyond, still the same on every machine);
 * what is computed from them should not depend on them. Derivatives through eigenvectors need distinct eigenvalues.
 * A matrix with NaN or infinite elements gives NaN.
 * https://docs.pytorch.org/docs/stable/generated/torch.linalg.eigh.html
 * @throws ShapeError unless square; OptionError for another `uplo`.
 * @example const { eigenvalues } = value([[2, 1], [1, 2]]).eigh() // [1, 3]
 */
export const eigh: Op<EighOp> = op<EighOp>(
  'eigh',
  eighPrimitive,
  (operand: Operand, options?: EighOptions): Eigh => {
    checkOptions('eigh', options, ['uplo']);
    const uplo = options?.uplo ?? 'L';
    if (uplo !== 'L' && uplo !== 'U') {
      throw new OptionError(`uplo must be 'L' or 'U', got ${JSON.stringify(uplo)}`, { op: 'eigh', option: 'uplo' });
    }
    const x = liftMatrix('eigh', operand, true);
    const [eigenvalues, eigenvectors] = runtime.apply(eighPrimitive, [x], { upper: uplo === 'U' }) as [Value, Value];
    return { eigenvalues, eigenvectors };
  },
  {
    samples: [
      { inputs: [{ shape: [3, 3], matrix: 'symmetric' }], call: (x) => symmetric(x).eigh() },
      { inputs: [{ shape: [2, 2, 2], matrix: 'symmetric' }], call: (x) => symmetric(x).eigh({ uplo: 'U' }) },
      { inputs: [{ shape: [3, 3], matrix: 'symmetric' }], call: (x) => symmetric(x).eigh().eigenvalues },
      { inputs: [{ shape: [0, 0] }], call: (x) => x.eigh() },
    ],
    errors: [
      {
        call: () => runtime.fill([2, 3], 1, 'float64').eigh(),
        error: 'ShapeError',
        message: /eigh: needs square matrices, got \[2, 3\]/,
      },
      {
        call: () => runtime.fill([2, 2], 1, 'float64').eigh({ uplo: 'l' as never }),
        error: 'OptionError',
        message: /eigh: uplo must be 'L' or 'U', got "l"/,
      },
    ],
    gold: 'linalg.eigh',
  },
);
