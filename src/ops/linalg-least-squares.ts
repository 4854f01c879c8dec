/** Pseudoinverses and least squares. */
import { checkOptions, OptionError, ShapeError, showShapes } from '../base/errors.ts';
import type { Shape } from '../base/shape-types.ts';
import type { Value } from '../value/value.ts';
import { thinSvd } from './decompositions-svd.ts';
import type { AnyOperand } from './families/signatures.ts';
import { runPinv } from './kernels/pinv.ts';
import { batchMatrices, holdsVectors, liftMatrix, mm, plus, requireMatrix, sameBatch, T } from './linalg-shapes.ts';
import { composite, op, type Op } from './op.ts';
import { primitive, type Primitive } from './primitive.ts';
import { runtime, type Operand } from './runtime.ts';

/** 2⁻⁵² and 2⁻²³. */
const EPSILONS = { float64: 2.220446049250313e-16, float32: 1.1920928955078125e-7 } as const;

const defaultTolerance = (x: Value): number =>
  EPSILONS[x.dtype === 'float32' ? 'float32' : 'float64'] * Math.max(x.shape[x.rank - 2]!, x.shape[x.rank - 1]!);

// pinv -------------------------------------------------------------------------------------------------------------

interface PinvAttributes extends Record<string, unknown> {
  readonly atol: number;
  readonly rtol: number;
}

/** (I − P)·X, for a projector P = Y·Z. */
const without = (y: Value, z: Value, x: Value): Value => x.sub(mm(y, mm(z, x)));

/**
 * G. Golub and V. Pereyra (1973), where the rank stays the same:
 * ∂P = −P·∂A·P + P·Pᵀ·∂Aᵀ·(I − A·P) + (I − P·A)·∂Aᵀ·Pᵀ·P.
 */
const pinvPrimitive: Primitive<PinvAttributes> = primitive<PinvAttributes>({
  name: 'pinv',
  glyph: 'A⁺',
  infer: ([x]) => [{ shape: [...x!.shape.slice(0, -2), x!.shape.at(-1)!, x!.shape.at(-2)!], dtype: x!.dtype }],
  compute: { kind: 'kernel', run: ([p], [x], { atol, rtol }) => runPinv(p!, x!, atol, rtol) },
  derivatives: {
    kind: 'each',
    jvp: ([t], { inputs: [a], outputs: [p] }) =>
      t &&
      plus(mm(p!, mm(t, p!)).neg(), T(without(a!, p!, mm(t, mm(p!, T(p!))))), without(p!, a!, mm(T(t), mm(T(p!), p!)))),
    vjp: (g, _, { inputs: [a], outputs: [p] }) =>
      plus(
        mm(T(p!), mm(g, T(p!))).neg(),
        without(a!, p!, mm(T(g), mm(p!, T(p!)))),
        T(without(p!, a!, mm(g, mm(T(p!), p!)))),
      ),
  },
  batch: batchMatrices(() => pinvPrimitive),
});

export interface PinvOptions {
  /** Singular values up to this count as zero; default 0. */
  readonly atol?: number;
  /** The same as a share of the largest; default max(m, n)·ε, or 0 where `atol` is given. */
  readonly rtol?: number;
}

interface Pinv {
  method<V extends Value>(this: V, options?: PinvOptions): Value<Shape>;
  free<V extends AnyOperand>(x: V, options?: PinvOptions): Value<Shape>;
}

function requireTolerance(name: string, option: string, x: number): number {
  if (typeof x === 'number' && x >= 0) return x;
  throw new OptionError(`${option} must be a number ≥ 0, got ${String(x)}`, { op: name, option });
}

/**
 * The pseudoinverse (Moore and Penrose) of matrices of any shape and rank. Derivatives hold where the rank stays the same.
 * https://docs.pytorch.org/docs/stable/generated/torch.linalg.pinv.html
 * @throws ShapeError for fewer than two axes; OptionError for a negative tolerance.
 * @example value([[2], [0]]).pinv() // [[0.5, 0]]
 */
export const pinv: Op<Pinv> = op<Pinv>(
  'pinv',
  pinvPrimitive,
  (operand: Operand, options?: PinvOptions): Value => {
    checkOptions('pinv', options, ['atol', 'rtol']);
    const x = liftMatrix('pinv', operand, false);
    const atol = requireTolerance('pinv', 'atol', options?.atol ?? 0);
    const rtol = requireTolerance('pinv', 'rtol', options?.rtol ?? (atol > 0 ? 0 : defaultTolerance(x)));
    return runtime.applyOne(pinvPrimitive, [x], { atol, rtol });
  },
  {
    samples: [
      { inputs: [{ shape: [3, 3], matrix: 'regular' }], call: (x) => x.pinv() },
      { inputs: [{ shape: [4, 2], matrix: 'regular' }], call: (x) => x.pinv() },
      { inputs: [{ shape: [2, 2, 3], matrix: 'regular' }], call: (x) => x.pinv({ rtol: 1e-8 }) },
      { inputs: [{ shape: [0, 2] }], call: (x) => x.pinv() },
    ],
    errors: [
      {
        call: () => runtime.fill([2], 1, 'float64').pinv(),
        error: 'ShapeError',
        message: /pinv: needs a matrix, got \[2\]/,
      },
      {
        call: () => runtime.fill([2, 2], 1, 'float64').pinv({ rtol: -1 }),
        error: 'OptionError',
        message: /pinv: rtol must be a number ≥ 0, got -1/,
      },
    ],
    gold: 'linalg.pinv',
  },
);

// lstsq ------------------------------------------------------------------------------------------------------------

type Driver = 'gels' | 'gelsy' | 'gelsd' | 'gelss';

/** What PyTorch reports for each of LAPACK's drivers. The numbers here come from one algorithm. */
const DRIVERS: Readonly<Record<Driver, Readonly<Record<'residuals' | 'rank' | 'singularValues', boolean>>>> = {
  gels: { residuals: true, rank: false, singularValues: false },
  gelsy: { residuals: false, rank: true, singularValues: false },
  gelsd: { residuals: true, rank: true, singularValues: true },
  gelss: { residuals: true, rank: true, singularValues: true },
};

export interface LstsqOptions {
  /** Decides what is filled beside the solution; default `gelsd`: everything. */
  readonly driver?: Driver;
  /** Singular values up to this share of the largest count as zero; default max(m, n)·ε. */
  readonly rcond?: number;
}

export interface Lstsq {
  /** X with the least ‖A·X − B‖; of several the one with the least ‖X‖. */
  readonly solution: Value<Shape>;
  /** ‖A·X − B‖² for each column of B where m > n; else empty, as for `gelsy`. */
  readonly residuals: Value<Shape>;
  /** int32; empty for `gels`. */
  readonly rank: Value<Shape>;
  /** Empty for `gels` and `gelsy`. */
  readonly singularValues: Value<Shape>;
}

interface LstsqOp {
  method<V extends Value>(this: V, b: AnyOperand, options?: LstsqOptions): Lstsq;
  free<V extends AnyOperand>(a: V, b: AnyOperand, options?: LstsqOptions): Lstsq;
}

function requireDriver(driver: string): Driver {
  if (Object.hasOwn(DRIVERS, driver)) return driver as Driver;
  throw new OptionError(`unknown driver ${JSON.stringify(driver)}`, {
    op: 'lstsq',
    option: 'driver',
    hint: `Use ${Object.keys(DRIVERS).join(', ')}.`,
  });
}

function leastSquares(p: Operand, q: Operand, options?: LstsqOptions): Lstsq {
  checkOptions('lstsq', options, ['driver', 'rcond']);
  const reports = DRIVERS[requireDriver(options?.driver ?? 'gelsd')];
  const [a, given] = runtime.promoteAll('lstsq', [p, q]) as [Value, Value];
  requireMatrix('lstsq', a);
  const vectors = holdsVectors(a, given);
  const b = vectors ? given.unsqueeze(-1) : given;
  requireMatrix('lstsq', b);
  const [m, n] = a.shape.slice(-2) as [number, number];
  if (b.shape[b.rank - 2] !== m) {
    throw new ShapeError(`${showShapes([a.shape, given.shape])}: the rows of B are not as many as those of A`, {
      op: 'lstsq',
      shapes: [a.shape, given.shape],
      hint: 'A is [batch…, m, n], B [batch…, m, k], or [m] for a single right-hand side.',
    });
  }
  const rtol = requireTolerance('lstsq', 'rcond', options?.rcond ?? defaultTolerance(a));
  const [left, right] = sameBatch('lstsq', a, b);
  const x = mm(runtime.applyOne(pinvPrimitive, [left], { atol: 0, rtol }), right);
  const error = mm(left, x).sub(right);
  const remains = reports.residuals && m > n;
  const { s } = thinSvd(a);
  return {
    solution: vectors ? x.squeeze(-1) : x,
    residuals: remains ? squaredLengths(error, vectors) : runtime.fill([0], 0, a.dtype),
    rank: reports.rank ? rankOf(s, rtol) : runtime.fill([0], 0, 'int32'),
    singularValues: reports.singularValues ? s : runtime.fill([0], 0, a.dtype),
  };
}

/** Of the columns; a number where there is one that stands for a vector. */
function squaredLengths(x: Value, vectors: boolean): Value {
  const lengths = x.square().sum(-2);
  return vectors ? lengths.squeeze(-1) : lengths;
}

/** How many singular values count; 0 where there are none. */
function rankOf(s: Value, rtol: number): Value {
  if (s.shape[s.rank - 1] === 0) return runtime.fill(s.shape.slice(0, -1), 0, 'int32');
  return s.gt(s.narrow(-1, 0, 1).mul(rtol)).sum(-1);
}

/**
 * The least-squares solution of A·X = B, for A [batch…, m, n] of any rank and B [batch…, m, k]; B holds vectors where it is
 * [m] or has A's shape without its last axis. Residuals are given whatever the rank (PyTorch: only where
 * it is full), and by default everything is (PyTorch: driver `gelsy`).
 * https://docs.pytorch.org/docs/stable/generated/torch.linalg.lstsq.html
 * @throws ShapeError where A and B do not fit; OptionError for an unknown driver.
 * @example value([[1], [1]]).lstsq(value([[1], [3]])).solution // [[2]]
 */
export const lstsq: Op<LstsqOp> = composite<LstsqOp>('lstsq', leastSquares, {
  glyph: 'min‖Ax−b‖',
  samples: [
    { inputs: [{ shape: [4, 2], matrix: 'regular' }, { shape: [4, 2] }], call: (a, b) => a.lstsq(b) },
    {
      inputs: [{ shape: [2, 3], matrix: 'regular' }, { shape: [2, 1] }],
      call: (a, b) => a.lstsq(b, { driver: 'gels' }),
    },
    {
      inputs: [{ shape: [2, 3, 3], matrix: 'regular' }, { shape: [2, 3] }],
      call: (a, b) => a.lstsq(b, { driver: 'gelsd' }),
    },
    { inputs: [{ shape: [3, 2], matrix: 'regular' }, { shape: [3] }], call: (a, b) => a.lstsq(b) },
  ],
  errors: [
    {
      call: () => runtime.fill([3, 2], 1, 'float64').lstsq(runtime.fill([2, 1], 1, 'float64')),
      error: 'ShapeError',
      message: /lstsq: \[3, 2\] and \[2, 1\]: the rows of B/,
    },
    {
      call: () =>
        runtime.fill([2, 2], 1, 'float64').lstsq(runtime.fill([2, 1], 1, 'float64'), { driver: 'qr' as never }),
      error: 'OptionError',
      message: /lstsq: unknown driver "qr"/,
    },
  ],
  gold: 'linalg.lstsq',
});
