/** QR decomposition. */
import { ChainruleError, checkOptions, OptionError } from '../base/errors.ts';
import type { Shape } from '../base/shape-types.ts';
import type { Value } from '../value/value.ts';
import type { AnyOperand } from './families/signatures.ts';
import { runQr } from './kernels/qr.ts';
import { batchMatrices, liftMatrix, mm, plus, T } from './linalg-shapes.ts';
import { solvedTriangleRight } from './linalg-systems.ts';
import { op, type Op } from './op.ts';
import { primitive, type Application, type Cotangent, type Primitive } from './primitive.ts';
import { runtime, type Operand } from './runtime.ts';
import { joined } from './families/segments.ts';

interface QrAttributes extends Record<string, unknown> {
  /** q is m × m, r is m × n. */
  readonly complete: boolean;
}

function refuseComplete({ inputs: [x], attrs }: Application<QrAttributes>): void {
  const [m, n] = x!.shape.slice(-2) as [number, number];
  if (!attrs.complete || m <= n) return;
  throw new ChainruleError(
    'has no derivative in complete mode for more rows than columns: the added columns are not unique',
    {
      op: 'qr',
      shapes: [x!.shape],
      hint: `Use { mode: 'reduced' }.`,
    },
  );
}

/** The tangents from Ω = Qᵀ∂Q, antisymmetric, whose lower triangle is that of C = Qᵀ·∂A·R⁻¹. */
function tangents(t: Value, at: Application<QrAttributes>): readonly Cotangent[] {
  refuseComplete(at);
  const [q, r] = at.outputs as [Value, Value];
  const moved = solvedTriangleRight(r, t, true);
  const c = mm(T(q), moved);
  const lower = c.tril(-1);
  const turn = lower.sub(T(lower));
  return [moved.add(mm(q, turn.sub(c))), mm(c.sub(turn), r)];
}

/**
 * gA = (gQ + Q·S)·R⁻ᵀ with S symmetric, its upper triangle that of gR·Rᵀ − Qᵀ·gQ
 * (PyTorch's `linalg_qr_backward`; M. Seeger et al., "Auto-differentiating linear algebra", 2017).
 */
function pullback([gq, gr]: readonly Cotangent[], at: Application<QrAttributes>): readonly Cotangent[] {
  refuseComplete(at);
  const [q, r] = at.outputs as [Value, Value];
  const m = plus(gr && mm(gr, T(r)), gq && mm(T(q), gq).neg());
  if (m === undefined) return [undefined];
  const s = m.triu().add(T(m.triu(1)));
  return [solvedTriangleRight(T(r), plus(gq, mm(q, s))!, false)];
}

/** For m ≥ n; wider matrices are put together from their first m columns. */
const qrPrimitive: Primitive<QrAttributes> = primitive<QrAttributes>({
  name: 'qr',
  glyph: 'QR',
  infer: ([x], { complete }) => {
    const batch = x!.shape.slice(0, -2);
    const [m, n] = x!.shape.slice(-2) as [number, number];
    const k = complete ? m : n;
    return [
      { shape: [...batch, m, k], dtype: x!.dtype },
      { shape: [...batch, k, n], dtype: x!.dtype },
    ];
  },
  compute: { kind: 'kernel', run: ([q, r], [x]) => runQr(q!, r!, x!) },
  derivatives: {
    kind: 'joint',
    jvp: ([t], at) => (t === undefined ? [undefined, undefined] : tangents(t, at)),
    vjp: pullback,
  },
  batch: batchMatrices(() => qrPrimitive),
});

export interface QrOptions {
  /** q has min(m, n) columns (`reduced`, default), m (`complete`), or is left out, an empty Value (`r`). */
  readonly mode?: 'reduced' | 'complete' | 'r';
}

export interface Qr {
  readonly q: Value<Shape>;
  readonly r: Value<Shape>;
}

interface QrOp {
  method<V extends Value>(this: V, options?: QrOptions): Qr;
  free<V extends AnyOperand>(x: V, options?: QrOptions): Qr;
}

const MODES = ['reduced', 'complete', 'r'];

function decompose(x: Value, complete: boolean): Qr {
  const [m, n] = x.shape.slice(-2) as [number, number];
  if (m >= n) {
    const [q, r] = runtime.apply(qrPrimitive, [x], { complete }) as [Value, Value];
    return { q, r };
  }
  const [q, r] = runtime.apply(qrPrimitive, [x.narrow(-1, 0, m)], { complete: false }) as [Value, Value];
  return { q, r: joined([r, mm(T(q), x.narrow(-1, m, n - m))], x.rank - 1) };
}

/**
 * A = Q·R with orthonormal columns in Q and R upper triangular, for each of a stack of matrices [m, n]: q is [m, k], r is
 * [k, n]. Signs are LAPACK's: the diagonal of R may be negative. Derivatives need the first min(m, n) columns of A to be
 * independent; in complete mode with m > n there are none.
 * https://docs.pytorch.org/docs/stable/generated/torch.linalg.qr.html
 * @throws ShapeError for fewer than two axes; OptionError for an unknown mode.
 * @example const { q, r } = value([[3, 1], [4, 2]]).qr() // r: [[-5, -2.2], [0, 0.4]]
 */
export const qr: Op<QrOp> = op<QrOp>(
  'qr',
  qrPrimitive,
  (operand: Operand, options?: QrOptions): Qr => {
    checkOptions('qr', options, ['mode']);
    const mode = options?.mode ?? 'reduced';
    if (!MODES.includes(mode)) {
      throw new OptionError(`unknown mode ${JSON.stringify(mode)}`, {
        op: 'qr',
        option: 'mode',
        hint: `Use ${MODES.join(', ')}.`,
      });
    }
    const x = liftMatrix('qr', operand, false);
    const { q, r } = decompose(x, mode === 'complete');
    return mode === 'r' ? { q: runtime.fill([0], 0, x.dtype), r } : { q, r };
  },
  {
    samples: [
      { inputs: [{ shape: [3, 3], matrix: 'regular' }], call: (x) => x.qr() },
      { inputs: [{ shape: [4, 2], matrix: 'regular' }], call: (x) => x.qr() },
      { inputs: [{ shape: [2, 2, 4], matrix: 'regular' }], call: (x) => x.qr() },
      { inputs: [{ shape: [3, 2], matrix: 'regular' }], call: (x) => x.qr({ mode: 'r' }).r },
      { inputs: [{ shape: [2, 2], matrix: 'regular' }], call: (x) => x.qr({ mode: 'complete' }) },
      {
        inputs: [{ shape: [4, 2], matrix: 'regular' }],
        call: (x) => x.qr({ mode: 'complete' }),
        differentiable: false,
      },
      { inputs: [{ shape: [0, 2] }], call: (x) => x.qr() },
      { inputs: [{ shape: [2, 0] }], call: (x) => x.qr() },
    ],
    errors: [
      {
        call: () => runtime.fill([2, 2], 1, 'float64').qr({ mode: 'full' as never }),
        error: 'OptionError',
        message: /qr: unknown mode "full"/,
      },
      {
        call: () => runtime.fill([2], 1, 'float64').qr(),
        error: 'ShapeError',
        message: /qr: needs a matrix, got \[2\]/,
      },
    ],
    gold: 'linalg.qr',
  },
);
