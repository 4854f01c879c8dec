/** Singular value decomposition. */
import { checkOptions } from '../base/errors.ts';
import type { Shape } from '../base/shape-types.ts';
import type { Value } from '../value/value.ts';
import type { AnyOperand } from './families/signatures.ts';
import { runSvd } from './kernels/svd.ts';
import {
  antisymmetric,
  batchMatrices,
  differences,
  liftMatrix,
  mm,
  offDiagonal,
  plus,
  scaleColumns,
  scaleRows,
  T,
} from './linalg-shapes.ts';
import { op, type Op } from './op.ts';
import { primitive, type Application, type Cotangent, type Primitive } from './primitive.ts';
import { runtime, type Operand } from './runtime.ts';
import { joined } from './families/segments.ts';

interface SvdAttributes extends Record<string, unknown> {
  /** u is m × m and vh n × n, instead of m × k and k × n with k = min(m, n). */
  readonly full: boolean;
}

/** The singular vectors proper: the first k columns of u, rows of vh. */
interface Thin {
  readonly u: Value;
  readonly s: Value;
  readonly vh: Value;
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

const narrowed = (x: Value, axis: number, k: number): Value =>
  x.shape[x.rank + axis] === k ? x : x.narrow(axis, 0, k);

function thin({ inputs: [x], outputs: [u, s, vh] }: Application<SvdAttributes>): Thin {
  const [m, n] = x!.shape.slice(-2) as [number, number];
  const k = Math.min(m, n);
  return { u: narrowed(u!, -1, k), s: s!, vh: narrowed(vh!, -2, k), m, n, k };
}

/** What of x is orthogonal to the columns of u. */
const outside = (u: Value, x: Value): Value => x.sub(mm(u, mm(T(u), x)));

/** s_j² − s_i², 1 on the diagonal. */
const gaps = (s: Value): Value => differences(s.mul(s));

const divided = (x: Value, y: Value): Value => x.div(y);

/**
 * With P = Uᵀ·∂A·V: ∂s is its diagonal, ∂U = U·((P·S + S·Pᵀ)/E) and what of ∂A·V·S⁻¹ lies outside of U, E_ij = s_j² − s_i²;
 * ∂V alike. Columns added by `full` are not unique: their tangents count as zero, as in PyTorch.
 */
function tangents(t: Value, at: Application<SvdAttributes>): readonly Cotangent[] {
  const { u, s, vh, m, n, k } = thin(at);
  const v = T(vh);
  const p = mm(T(u), mm(t, v));
  const e = gaps(s);
  const left = divided(offDiagonal(scaleColumns(p, s).add(scaleRows(s, T(p)))), e);
  const right = divided(offDiagonal(scaleRows(s, p).add(scaleColumns(T(p), s))), e);
  const du = plus(mm(u, left), m > k ? divided(outside(u, mm(t, v)), s.unsqueeze(-2)) : undefined)!;
  const dv = plus(mm(v, right), n > k ? divided(outside(v, mm(T(t), u)), s.unsqueeze(-2)) : undefined)!;
  return [widened(du, at.outputs[0]!), p.diagonal(0, -2, -1), T(widened(dv, T(at.outputs[2]!)))];
}

/** Zeros for the columns that `like` has more. */
function widened(x: Value, like: Value): Value {
  const [have, want] = [x.shape[x.rank - 1]!, like.shape[like.rank - 1]!];
  if (have === want) return x;
  return joined([x, runtime.fill([...like.shape.slice(0, -1), want - have], 0, x.dtype)], x.rank - 1);
}

/** PyTorch's `svd_backward`. */
function pullback(gs: readonly Cotangent[], at: Application<SvdAttributes>): readonly Cotangent[] {
  const { u, s, vh, m, n, k } = thin(at);
  const gu = gs[0] && narrowed(gs[0], -1, k);
  const gv = gs[2] && T(narrowed(gs[2], -2, k));
  if (gu === undefined && gv === undefined) return [gs[1] && mm(scaleColumns(u, gs[1]), vh)];
  const e = gaps(s);
  const turnU = gu && scaleColumns(divided(antisymmetric(mm(T(u), gu)).mul(2), e), s);
  const turnV = gv && scaleRows(s, divided(antisymmetric(mm(vh, gv)).mul(2), e));
  const stretch = gs[1] && gs[1].diagEmbed();
  const inner = mm(u, mm(plus(turnU, turnV, stretch)!, vh));
  const outerU = gu !== undefined && m > k ? mm(divided(outside(u, gu), s.unsqueeze(-2)), vh) : undefined;
  const outerV = gv !== undefined && n > k ? mm(u, T(divided(outside(T(vh), gv), s.unsqueeze(-2)))) : undefined;
  return [plus(inner, outerU, outerV)];
}

const svdPrimitive: Primitive<SvdAttributes> = primitive<SvdAttributes>({
  name: 'svd',
  glyph: 'USVᵀ',
  infer: ([x], { full }) => {
    const batch = x!.shape.slice(0, -2);
    const [m, n] = x!.shape.slice(-2) as [number, number];
    const k = Math.min(m, n);
    return [
      { shape: [...batch, m, full ? m : k], dtype: x!.dtype },
      { shape: [...batch, k], dtype: x!.dtype },
      { shape: [...batch, full ? n : k, n], dtype: x!.dtype },
    ];
  },
  compute: { kind: 'kernel', run: ([u, s, vh], [x]) => runSvd(u!, s!, vh!, x!) },
  derivatives: {
    kind: 'joint',
    jvp: ([t], at) => (t === undefined ? [undefined, undefined, undefined] : tangents(t, at)),
    vjp: pullback,
  },
  batch: batchMatrices(() => svdPrimitive),
});

export interface SvdOptions {
  /** u is [m, m] and vh [n, n] (default, as in PyTorch), else [m, k] and [k, n] with k = min(m, n). */
  readonly fullMatrices?: boolean;
}

export interface Svd {
  readonly u: Value<Shape>;
  /** Descending. */
  readonly s: Value<Shape>;
  readonly vh: Value<Shape>;
}

interface SvdOp {
  method<V extends Value>(this: V, options?: SvdOptions): Svd;
  free<V extends AnyOperand>(x: V, options?: SvdOptions): Svd;
}

/** The thin form, for other ops. */
export const thinSvd = (x: Value): Svd => {
  const [u, s, vh] = runtime.apply(svdPrimitive, [x], { full: false }) as [Value, Value, Value];
  return { u, s, vh };
};

/**
 * A = U·diag(s)·Vᴴ with orthonormal columns in U and rows in Vᴴ and singular values s ≥ 0, descending; for each of a stack
 * of matrices [m, n]. Signs of singular vectors are LAPACK's (up to 25 rows or columns; beyond, still the same on every
 * machine). Derivatives through the vectors need distinct singular values, none of them 0 unless m = n; columns added by
 * `fullMatrices` have none.
 * https://docs.pytorch.org/docs/stable/generated/torch.linalg.svd.html
 * @throws ShapeError for fewer than two axes; ChainruleError for NaN or infinite elements.
 * @example const { u, s, vh } = value([[3, 0], [0, -2]]).svd() // s: [3, 2]
 */
export const svd: Op<SvdOp> = op<SvdOp>(
  'svd',
  svdPrimitive,
  (operand: Operand, options?: SvdOptions): Svd => {
    checkOptions('svd', options, ['fullMatrices']);
    const x = liftMatrix('svd', operand, false);
    const [u, s, vh] = runtime.apply(svdPrimitive, [x], { full: options?.fullMatrices ?? true }) as [
      Value,
      Value,
      Value,
    ];
    return { u, s, vh };
  },
  {
    samples: [
      { inputs: [{ shape: [3, 3], matrix: 'regular' }], call: (x) => x.svd() },
      { inputs: [{ shape: [4, 2], matrix: 'regular' }], call: (x) => x.svd({ fullMatrices: false }) },
      { inputs: [{ shape: [2, 2, 3], matrix: 'regular' }], call: (x) => x.svd({ fullMatrices: false }) },
      { inputs: [{ shape: [2, 4], matrix: 'regular' }], call: (x) => x.svd().s },
      { inputs: [{ shape: [2, 3], matrix: 'regular' }], call: (x) => x.svd(), differentiable: false },
      { inputs: [{ shape: [0, 2] }], call: (x) => x.svd() },
    ],
    errors: [
      {
        call: () => runtime.fill([3], 1, 'float64').svd(),
        error: 'ShapeError',
        message: /svd: needs a matrix, got \[3\]/,
      },
      {
        call: () => runtime.fill([2, 1, 2], Infinity, 'float64').svd(),
        error: 'ChainruleError',
        message: /svd: the matrix holds NaN or infinite elements \(batch entry \[0\]\)/,
      },
    ],
    gold: 'linalg.svd',
  },
);
