/** Determinants, right to any order for regular matrices, and to second order for singular ones. */
import type { Shape } from '../base/shape-types.ts';
import type { Value } from '../value/value.ts';
import { decomposeLu } from './decompositions-lu.ts';
import { thinSvd } from './decompositions-svd.ts';
import type { AnyOperand, Of } from './families/signatures.ts';
import { runCofactors } from './kernels/cofactors.ts';
import { runDet } from './kernels/lu.ts';
import {
  batchMatrices,
  eyeOf,
  identityLike,
  liftMatrix,
  mm,
  T,
  type BatchOf,
  type MatrixToScalar,
} from './linalg-shapes.ts';
import { composite, op, type Op } from './op.ts';
import { NO_ATTRIBUTES, primitive, type Primitive } from './primitive.ts';
import { runtime, type Operand } from './runtime.ts';

// Cofactors --------------------------------------------------------------------------------------------------------

/** What is multiplied with whole matrices: [batch…] as [batch…, 1, 1]. */
const perMatrix = (x: Value): Value => x.unsqueeze(-1).unsqueeze(-1);

const frobenius = (x: Value, y: Value): Value => x.mul(y).sum([-2, -1]);

/** ∂C = tr(A⁻¹·∂A)·C − A⁻ᵀ·∂Aᵀ·C for C = det(A)·A⁻ᵀ. */
function regularTangent(a: Value, t: Value): Value {
  const inverse = T(a.inv());
  const c = mm(inverse, perMatrix(determinant(a)).mul(identityLike(a)));
  return perMatrix(frobenius(inverse, t))
    .mul(c)
    .sub(mm(inverse, mm(T(t), c)));
}

/** Products of all elements but the i-th and the j-th; 0 on the diagonal. */
function productsWithoutTwo(s: Value): Value {
  const n = s.shape[s.rank - 1]!;
  const left = new Uint8Array(n * n * n).map((_, at) => {
    const [i, j, k] = [Math.floor(at / (n * n)), Math.floor(at / n) % n, at % n];
    return i === j || k === i || k === j ? 0 : 1;
  });
  const kept = runtime.fromArray(left, [n, n, n], 'bool');
  const factors = s.unsqueeze(-2).unsqueeze(-2);
  const products = factors.where(kept, 1).prod(-1);
  return products.sub(products.mul(eyeOf(n, s)));
}

/**
 * The same from A = U·S·Vᵀ, without division: in the bases of U and V the cofactors of S + ∂ are, to first order,
 * Γ_ij·∂_jj summed over j on the diagonal and −Γ_ij·∂_ji beside it, Γ_ij = Π s_k over k other than i and j.
 */
function singularTangent(a: Value, t: Value): Value {
  const { u, s, vh } = thinSvd(a);
  const e = mm(T(u), mm(t, T(vh)));
  const without = productsWithoutTwo(s);
  const onDiagonal = mm(without, e.diagonal(0, -2, -1).unsqueeze(-1)).squeeze(-1);
  const inner = onDiagonal.diagEmbed().sub(without.mul(T(e)));
  const orientation = determinant(u.stopGradient()).mul(determinant(vh.stopGradient()));
  return perMatrix(orientation).mul(mm(u, mm(inner, vh)));
}

/** Below this ratio of singular values the formula with the inverse loses too many digits. */
const NEARLY_SINGULAR = 1e-5;

/** The cofactors' tangent at A along t. It is its own adjoint: it is the determinant's second derivative. */
function cofactorTangent(a: Value, t: Value): Value | undefined {
  const n = a.shape[a.rank - 1]!;
  if (n < 2) return undefined;
  // Cofactors of 2 × 2 matrices are linear.
  if (n === 2) return cofactors(t);
  const { s } = thinSvd(a.stopGradient());
  const regular = s
    .narrow(-1, n - 1, 1)
    .gt(s.narrow(-1, 0, 1).mul(NEARLY_SINGULAR))
    .unsqueeze(-1);
  // Each formula gets a harmless matrix in place of those that the other one serves: no NaN, no infinity to hide.
  const distinct = runtime.fromArray(
    Float64Array.from({ length: n }, (_, i) => i + 1),
    [n],
    'float64',
  );
  const other = distinct.to(a.dtype).diagEmbed();
  const first = regularTangent(a.where(regular, identityLike(a)), t);
  const second = singularTangent(other.broadcastTo(a.shape).where(regular, a), t);
  return first.where(regular, second);
}

/** ∂det/∂A: det(A)·A⁻ᵀ, and its limit where A is singular. */
const cofactorPrimitive: Primitive = primitive({
  name: 'cofactors',
  glyph: 'cof',
  infer: ([x]) => [{ shape: x!.shape, dtype: x!.dtype }],
  compute: { kind: 'kernel', run: ([c], [x]) => runCofactors(c!, x!) },
  derivatives: {
    kind: 'each',
    jvp: ([t], { inputs: [a] }) => t && cofactorTangent(a!, t),
    vjp: (g, _, { inputs: [a] }) => cofactorTangent(a!, g),
  },
  batch: batchMatrices(() => cofactorPrimitive),
});

const cofactors = (a: Value): Value => runtime.applyOne(cofactorPrimitive, [a], NO_ATTRIBUTES);

// det --------------------------------------------------------------------------------------------------------------

const detPrimitive: Primitive = primitive({
  name: 'det',
  glyph: 'det',
  infer: ([x]) => [{ shape: x!.shape.slice(0, -2), dtype: x!.dtype }],
  compute: { kind: 'kernel', run: ([d], [x]) => runDet(d!, x!) },
  derivatives: {
    kind: 'each',
    jvp: ([t], { inputs: [a] }) => t && frobenius(cofactors(a!), t),
    vjp: (g, _, { inputs: [a] }) => perMatrix(g).mul(cofactors(a!)),
  },
  batch: batchMatrices(() => detPrimitive),
});

const determinant = (a: Value): Value => runtime.applyOne(detPrimitive, [a], NO_ATTRIBUTES);

/**
 * The determinant of a square matrix, for each of a stack of them; 1 for an empty one. Its first and second
 * derivatives are right for singular matrices too (PyTorch gives their gradient under `create_graph` only).
 * https://docs.pytorch.org/docs/stable/generated/torch.linalg.det.html
 * @throws ShapeError unless square.
 * @example value([[1, 2], [3, 4]]).det() // -2
 */
export const det: Op<MatrixToScalar> = op<MatrixToScalar>(
  'det',
  detPrimitive,
  (operand: Operand): Value => determinant(liftMatrix('det', operand, true)),
  {
    samples: [
      { inputs: [{ shape: [3, 3], matrix: 'regular' }], call: (x) => x.det() },
      { inputs: [{ shape: [2, 2, 2] }], call: (x) => x.det() },
      { inputs: [{ shape: [1, 1] }], call: (x) => x.det() },
      { inputs: [{ shape: [0, 0] }], call: (x) => x.det() },
      // A singular matrix: outer products have rank 1.
      { inputs: [{ shape: [3, 1] }, { shape: [1, 3] }], call: (x, y) => x.matmul(y).det() },
    ],
    errors: [
      {
        call: () => runtime.fill([2, 3], 1, 'float64').det(),
        error: 'ShapeError',
        message: /det: needs square matrices, got \[2, 3\]/,
      },
      {
        call: () => runtime.fill([2, 2], 1, 'int32').det(),
        error: 'DtypeError',
        message: /det: needs float64 or float32, got int32/,
      },
    ],
    gold: 'linalg.det',
  },
);

// slogdet ----------------------------------------------------------------------------------------------------------

export interface Slogdet<S extends Shape = Shape> {
  /** −1, 0 or 1. */
  readonly sign: Value<S>;
  /** log |det|; −∞ for a singular matrix. */
  readonly logAbsDet: Value<S>;
}

interface SlogdetOp {
  method<V extends Value>(this: V): Slogdet<BatchOf<Of<V>>>;
  free<V extends AnyOperand>(x: V): Slogdet<BatchOf<Of<V>>>;
}

/**
 * Sign and logarithm of the determinant, which itself would overflow or vanish for large matrices; for each of a stack.
 * https://docs.pytorch.org/docs/stable/generated/torch.linalg.slogdet.html
 * @throws ShapeError unless square.
 * @example const { sign, logAbsDet } = value([[0, 1], [1, 0]]).slogdet() // -1, 0
 */
export const slogdet: Op<SlogdetOp> = composite<SlogdetOp>(
  'slogdet',
  (operand: Operand): Slogdet => {
    const { p, u } = decomposeLu(liftMatrix('slogdet', operand, true));
    const pivots = u.diagonal(0, -2, -1);
    return {
      sign: determinant(p).mul(pivots.sign().prod(-1)),
      logAbsDet: pivots.abs().log().sum(-1),
    };
  },
  {
    glyph: 'log|det|',
    samples: [
      { inputs: [{ shape: [3, 3], matrix: 'regular' }], call: (x) => x.slogdet() },
      { inputs: [{ shape: [2, 2, 2], matrix: 'regular' }], call: (x) => x.slogdet() },
      { inputs: [{ shape: [0, 0] }], call: (x) => x.slogdet() },
    ],
    errors: [
      {
        call: () => runtime.fill([2, 3], 1, 'float64').slogdet(),
        error: 'ShapeError',
        message: /slogdet: needs square matrices, got \[2, 3\]/,
      },
    ],
    gold: 'linalg.slogdet',
  },
);
