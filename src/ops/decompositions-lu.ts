/** LU decomposition with partial pivoting. */
import type { Shape } from '../base/shape-types.ts';
import type { Value } from '../value/value.ts';
import type { AnyOperand } from './families/signatures.ts';
import { runLu } from './kernels/lu.ts';
import { batchMatrices, liftMatrix, mm, plus, T } from './linalg-shapes.ts';
import { solvedTriangle, solvedTriangleRight } from './linalg-systems.ts';
import { op, type Op } from './op.ts';
import { NO_ATTRIBUTES, primitive, type Application, type Cotangent, type Primitive } from './primitive.ts';
import { runtime, type Operand } from './runtime.ts';
import { joined } from './families/segments.ts';

/** L = [L₁; L₂] with L₁ square. L₂ is undefined where it has no rows. */
function factors({ outputs: [p, l, u] }: Application): {
  pt: Value;
  l1: Value;
  l2: Value | undefined;
  u: Value;
  n: number;
} {
  const [m, n] = l!.shape.slice(-2) as [number, number];
  const l2 = m > n ? l!.narrow(-2, n, m - n) : undefined;
  return { pt: T(p!), l1: m > n ? l!.narrow(-2, 0, n) : l!, l2, u: u!, n };
}

/** The first n rows, and the others where there are any. */
function halves(x: Value, n: number): [Value, Value | undefined] {
  const m = x.shape[x.rank - 2]!;
  return m === n ? [x, undefined] : [x.narrow(-2, 0, n), x.narrow(-2, n, m - n)];
}

/** With B = Pᵀ·A and C = L₁⁻¹·∂B₁·U⁻¹: ∂L₁ = L₁·tril(C), ∂U = triu(C)·U, ∂L₂ = (∂B₂ − L₂·∂U)·U⁻¹. */
function tangents(t: Value, at: Application): readonly Cotangent[] {
  const { pt, l1, l2, u, n } = factors(at);
  const [b1, b2] = halves(mm(pt, t), n);
  const c = solvedTriangleRight(u, solvedTriangle(l1, b1, false, true), true);
  const dl = mm(l1, c.tril(-1));
  const du = mm(c.triu(), u);
  if (l2 === undefined || b2 === undefined) return [undefined, dl, du];
  const rest = solvedTriangleRight(u, b2.sub(mm(l2, du)), true);
  return [undefined, joined([dl, rest], dl.rank - 2), du];
}

function pullback([, gl, gu]: readonly Cotangent[], at: Application): readonly Cotangent[] {
  const { pt, l1, l2, u, n } = factors(at);
  const [g1, g2] = gl === undefined ? [undefined, undefined] : halves(gl, n);
  const b2 = g2 && solvedTriangleRight(T(u), g2, false);
  const onU = plus(gu, b2 && mm(T(l2!), b2).neg());
  const inner = plus(g1 && mm(T(l1), g1).tril(-1), onU && mm(onU, T(u)).triu());
  if (inner === undefined) return [undefined];
  const b1 = solvedTriangleRight(T(u), solvedTriangle(T(l1), inner, true, true), false);
  const missing = at.inputs[0]!.shape[b1.rank - 2]! - n;
  if (missing === 0) return [mm(T(pt), b1)];
  const below = b2 ?? runtime.fill([...b1.shape.slice(0, -2), missing, n], 0, b1.dtype);
  return [mm(T(pt), joined([b1, below], b1.rank - 2))];
}

/** For m ≥ n; wider matrices are put together from their first m columns. */
const luPrimitive: Primitive = primitive({
  name: 'lu',
  glyph: 'PLU',
  infer: ([x]) => {
    const batch = x!.shape.slice(0, -2);
    const [m, n] = x!.shape.slice(-2) as [number, number];
    return [
      { shape: [...batch, m, m], dtype: x!.dtype },
      { shape: [...batch, m, n], dtype: x!.dtype },
      { shape: [...batch, n, n], dtype: x!.dtype },
    ];
  },
  compute: { kind: 'kernel', run: ([p, l, u], [x]) => runLu(p!, l!, u!, x!) },
  derivatives: {
    kind: 'joint',
    jvp: ([t], at) => (t === undefined ? [undefined, undefined, undefined] : tangents(t, at)),
    vjp: pullback,
  },
  batch: batchMatrices(() => luPrimitive),
});

export interface Lu {
  /** A permutation matrix; it has no derivative. */
  readonly p: Value<Shape>;
  /** Lower triangular with ones on the diagonal. */
  readonly l: Value<Shape>;
  /** Upper triangular. */
  readonly u: Value<Shape>;
}

interface LuOp {
  method<V extends Value>(this: V): Lu;
  free<V extends AnyOperand>(x: V): Lu;
}

export function decomposeLu(x: Value): Lu {
  const [m, n] = x.shape.slice(-2) as [number, number];
  const square = m < n ? x.narrow(-1, 0, m) : x;
  const [pivots, l, u] = runtime.apply(luPrimitive, [square], NO_ATTRIBUTES) as [Value, Value, Value];
  const p = pivots.stopGradient();
  if (m >= n) return { p, l, u };
  const rest = mm(T(p), x.narrow(-1, m, n - m));
  return { p, l, u: joined([u, solvedTriangle(l, rest, false, true)], x.rank - 1) };
}

/**
 * A = P·L·U with rows exchanged so that the largest element of each column is the pivot, for each of a stack of matrices
 * [m, n]: p is [m, m], l [m, k], u [k, n], k = min(m, n). Singular matrices are factored too, but have no derivative.
 * https://docs.pytorch.org/docs/stable/generated/torch.linalg.lu.html
 * @throws ShapeError for fewer than two axes.
 * @example const { p, l, u } = value([[1, 2], [3, 4]]).lu()
 */
export const lu: Op<LuOp> = op<LuOp>(
  'lu',
  luPrimitive,
  (operand: Operand): Lu => decomposeLu(liftMatrix('lu', operand, false)),
  {
    samples: [
      { inputs: [{ shape: [3, 3], matrix: 'regular' }], call: (x) => x.lu() },
      { inputs: [{ shape: [4, 2], matrix: 'regular' }], call: (x) => x.lu() },
      { inputs: [{ shape: [2, 2, 4], matrix: 'regular' }], call: (x) => x.lu() },
      { inputs: [{ shape: [4, 2], matrix: 'regular' }], call: (x) => x.lu().u },
      { inputs: [{ shape: [4, 2], matrix: 'regular' }], call: (x) => x.lu().l },
      { inputs: [{ shape: [0, 2] }], call: (x) => x.lu() },
    ],
    errors: [
      {
        call: () => runtime.fill([3], 1, 'float64').lu(),
        error: 'ShapeError',
        message: /lu: needs a matrix, got \[3\]/,
      },
    ],
    gold: 'linalg.lu',
  },
);
