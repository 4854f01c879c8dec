/** Linear systems: solve, inverse, triangular systems. */
import { checkOptions, OptionError, ShapeError, showShapes } from '../base/errors.ts';
import type { Value } from '../value/value.ts';
import type { AnyOperand, Of } from './families/signatures.ts';
import { runSolve } from './kernels/lu.ts';
import { runTriangular } from './kernels/triangular.ts';
import {
  batchMatrices,
  holdsVectors,
  identityLike,
  liftMatrix,
  mm,
  requireMatrix,
  requireSquare,
  sameBatch,
  T,
  type SolutionShape,
} from './linalg-shapes.ts';
import { composite, op, type Op } from './op.ts';
import { primitive, type Primitive } from './primitive.ts';
import { runtime, type Operand } from './runtime.ts';

// solve ------------------------------------------------------------------------------------------------------------

interface SolveAttributes extends Record<string, unknown> {
  /** The public op, for errors. */
  readonly as: string;
}

/** X with A·X = B; batches are equal. ∂X = A⁻¹(∂B − ∂A·X). */
const solvePrimitive: Primitive<SolveAttributes> = primitive<SolveAttributes>({
  name: 'solve',
  glyph: 'A⁻¹b',
  title: ({ as }) => as,
  infer: ([, b]) => [{ shape: b!.shape, dtype: b!.dtype }],
  compute: { kind: 'kernel', run: ([x], [a, b], { as }) => runSolve(x!, a!, b!, as) },
  derivatives: {
    kind: 'joint',
    jvp: ([ta, tb], { inputs: [a], outputs: [x], attrs }) => {
      const moved = ta && mm(ta, x!).neg();
      const right = moved !== undefined && tb !== undefined ? tb.add(moved) : (tb ?? moved);
      return [right && solved(a!, right, attrs.as)];
    },
    vjp: ([g], { inputs: [a], outputs: [x], attrs }, [needsA]) => {
      const gb = solved(T(a!), g!, attrs.as);
      return [needsA === true ? mm(gb, T(x!)).neg() : undefined, gb];
    },
  },
  batch: batchMatrices(() => solvePrimitive),
});

const solved = (a: Value, b: Value, as: string): Value => runtime.applyOne(solvePrimitive, [a, b], { as });

function requireRows(name: string, a: Value, b: Value): void {
  if (a.shape[a.rank - 1] === b.shape[b.rank - 2]) return;
  throw new ShapeError(`${showShapes([a.shape, b.shape])}: the rows of B are not as many as those of A`, {
    op: name,
    shapes: [a.shape, b.shape],
    hint: 'A is [batch…, n, n], B [batch…, n, k], or [n] for a single right-hand side.',
  });
}

export interface SolveOptions {
  /** A·X = B (default), or X·A = B. */
  readonly left?: boolean;
}

interface Solve {
  method<V extends Value, W extends Value>(this: V, b: W, options?: SolveOptions): Value<SolutionShape<Of<V>, Of<W>>>;
  free<V extends AnyOperand, W extends AnyOperand>(
    a: V,
    b: W,
    options?: SolveOptions,
  ): Value<SolutionShape<Of<V>, Of<W>>>;
}

function solveAny(p: Operand, q: Operand, options?: SolveOptions): Value {
  checkOptions('solve', options, ['left']);
  const [a, b] = runtime.promoteAll('solve', [p, q]) as [Value, Value];
  requireMatrix('solve', a);
  requireSquare('solve', a.shape);
  const vectors = holdsVectors(a, b);
  const matrix = vectors ? b.unsqueeze(-1) : b;
  requireMatrix('solve', matrix);
  if (options?.left === false && !vectors) {
    requireRows('solve', a, T(matrix));
    return T(solved(...sameBatch('solve', T(a), T(matrix)), 'solve'));
  }
  requireRows('solve', a, matrix);
  const x = solved(...sameBatch('solve', options?.left === false ? T(a) : a, matrix), 'solve');
  return vectors ? x.squeeze(-1) : x;
}

/**
 * X with A·X = B, for square A [batch…, n, n] and B [batch…, n, k]; B holds vectors where it is [n] or has A's shape
 * without its last axis. Batches broadcast.
 * https://docs.pytorch.org/docs/stable/generated/torch.linalg.solve.html
 * @throws ShapeError unless A is square and fits B; ChainruleError for a singular matrix, naming it.
 * @example value([[2, 0], [0, 4]]).solve(value([2, 4])) // [1, 1]
 */
export const solve: Op<Solve> = op<Solve>('solve', solvePrimitive, solveAny, {
  samples: [
    { inputs: [{ shape: [3, 3], matrix: 'regular' }, { shape: [3] }], call: (a, b) => a.solve(b) },
    { inputs: [{ shape: [3, 3], matrix: 'regular' }, { shape: [3, 2] }], call: (a, b) => a.solve(b) },
    { inputs: [{ shape: [2, 3, 3], matrix: 'regular' }, { shape: [2, 3] }], call: (a, b) => a.solve(b) },
    { inputs: [{ shape: [2, 1, 2, 2], matrix: 'regular' }, { shape: [3, 2, 1] }], call: (a, b) => a.solve(b) },
    { inputs: [{ shape: [2, 2], matrix: 'regular' }, { shape: [3, 2] }], call: (a, b) => a.solve(b, { left: false }) },
    { inputs: [{ shape: [0, 0] }, { shape: [0, 2] }], call: (a, b) => a.solve(b) },
  ],
  errors: [
    {
      call: () => runtime.fill([2, 3], 1, 'float64').solve(runtime.fill([2], 1, 'float64')),
      error: 'ShapeError',
      message: /solve: needs square matrices, got \[2, 3\]/,
    },
    {
      call: () => runtime.fill([2, 2], 1, 'float64').solve(runtime.fill([3, 1], 1, 'float64')),
      error: 'ShapeError',
      message: /solve: \[2, 2\] and \[3, 1\]: the rows of B/,
    },
    {
      call: () => runtime.fill([3, 2, 2], 1, 'float64').solve(runtime.fill([2], 1, 'float64')),
      error: 'ChainruleError',
      message: /solve: the matrix is singular \(batch entry \[0\]\): pivot 2 of 2 is zero/,
    },
  ],
  gold: 'linalg.solve',
});

// inv --------------------------------------------------------------------------------------------------------------

interface SameShape {
  method<V extends Value>(this: V): Value<Of<V>>;
  free<V extends AnyOperand>(x: V): Value<Of<V>>;
}

/**
 * The inverse of a square matrix, for each of a stack of them. To solve a system, `solve` is faster and more exact.
 * https://docs.pytorch.org/docs/stable/generated/torch.linalg.inv.html
 * @throws ShapeError unless square; ChainruleError for a singular matrix, naming it.
 * @example value([[2, 0], [0, 4]]).inv() // [[0.5, 0], [0, 0.25]]
 */
export const inv: Op<SameShape> = composite<SameShape>(
  'inv',
  (operand: Operand): Value => {
    const x = liftMatrix('inv', operand, true);
    return solved(x, identityLike(x), 'inv');
  },
  {
    glyph: 'A⁻¹',
    samples: [
      { inputs: [{ shape: [3, 3], matrix: 'regular' }], call: (x) => x.inv() },
      { inputs: [{ shape: [2, 1, 2, 2], matrix: 'regular' }], call: (x) => x.inv() },
      { inputs: [{ shape: [0, 0] }], call: (x) => x.inv() },
    ],
    errors: [
      {
        call: () => runtime.fill([3], 1, 'float64').inv(),
        error: 'ShapeError',
        message: /inv: needs a matrix, got \[3\]/,
      },
      {
        call: () => runtime.fill([2, 2], 1, 'float64').inv(),
        error: 'ChainruleError',
        message: /inv: the matrix is singular: pivot 2 of 2 is zero/,
      },
      {
        call: () => runtime.fill([2, 2], 1, 'int32').inv(),
        error: 'DtypeError',
        message: /inv: needs float64 or float32, got int32/,
      },
    ],
    gold: 'linalg.inv',
  },
);

// triangularSolve --------------------------------------------------------------------------------------------------

interface TriangularAttributes extends Record<string, unknown> {
  readonly upper: boolean;
  /** The diagonal counts as ones and is not read. */
  readonly unit: boolean;
}

/** The part of A that is read. */
const triangleOf = (a: Value, { upper, unit }: TriangularAttributes): Value =>
  upper ? a.triu(unit ? 1 : 0) : a.tril(unit ? -1 : 0);

const triangularPrimitive: Primitive<TriangularAttributes> = primitive<TriangularAttributes>({
  name: 'triangularSolve',
  glyph: '◺⁻¹b',
  infer: ([, b]) => [{ shape: b!.shape, dtype: b!.dtype }],
  compute: { kind: 'kernel', run: ([x], [a, b], { upper, unit }) => runTriangular(x!, a!, b!, upper, unit) },
  derivatives: {
    kind: 'joint',
    jvp: ([ta, tb], { inputs: [a], outputs: [x], attrs }) => {
      const moved = ta && mm(triangleOf(ta, attrs), x!).neg();
      const right = moved !== undefined && tb !== undefined ? tb.add(moved) : (tb ?? moved);
      return [right && runtime.applyOne(triangularPrimitive, [a!, right], attrs)];
    },
    vjp: ([g], { inputs: [a], outputs: [x], attrs }, [needsA]) => {
      const gb = runtime.applyOne(triangularPrimitive, [T(a!), g!], { ...attrs, upper: !attrs.upper });
      return [needsA === true ? triangleOf(mm(gb, T(x!)).neg(), attrs) : undefined, gb];
    },
  },
  batch: batchMatrices(() => triangularPrimitive),
});

/** X with A·X = B for a triangle of A; batches are equal. */
export const solvedTriangle = (a: Value, b: Value, upper: boolean, unit: boolean = false): Value =>
  runtime.applyOne(triangularPrimitive, [a, b], { upper, unit });

/** X with X·A = B. */
export const solvedTriangleRight = (a: Value, b: Value, upper: boolean, unit: boolean = false): Value =>
  T(solvedTriangle(T(a), T(b), !upper, unit));

export interface TriangularSolveOptions {
  /** Whether A is upper triangular; the other half is not read. */
  readonly upper: boolean;
  /** A·X = B (default), or X·A = B. */
  readonly left?: boolean;
  /** The diagonal of A counts as ones and is not read. */
  readonly unitriangular?: boolean;
}

interface TriangularSolve {
  method<V extends Value, W extends Value>(
    this: V,
    b: W,
    options: TriangularSolveOptions,
  ): Value<SolutionShape<Of<V>, Of<W>>>;
  free<V extends AnyOperand, W extends AnyOperand>(
    a: V,
    b: W,
    options: TriangularSolveOptions,
  ): Value<SolutionShape<Of<V>, Of<W>>>;
}

/**
 * X with A·X = B (or X·A = B) for a triangular A [batch…, n, n] and B [batch…, n, k]; batches broadcast. A zero on the
 * diagonal gives infinities, no error.
 * https://docs.pytorch.org/docs/stable/generated/torch.linalg.solve_triangular.html
 * @throws ShapeError unless A is square and fits B; OptionError unless `upper` is given.
 * @example value([[2, 0], [1, 1]]).triangularSolve(value([[2], [3]]), { upper: false }) // [[1], [2]]
 */
export const triangularSolve: Op<TriangularSolve> = op<TriangularSolve>(
  'triangularSolve',
  triangularPrimitive,
  (p: Operand, q: Operand, options?: TriangularSolveOptions): Value => {
    checkOptions('triangularSolve', options, ['upper', 'left', 'unitriangular']);
    if (typeof options?.upper !== 'boolean') {
      throw new OptionError('say which triangle A is', {
        op: 'triangularSolve',
        option: 'upper',
        hint: '{ upper: true } reads the upper one, { upper: false } the lower one.',
      });
    }
    const { upper, left = true, unitriangular = false } = options;
    const [a, b] = runtime.promoteAll('triangularSolve', [p, q]) as [Value, Value];
    requireMatrix('triangularSolve', a);
    requireSquare('triangularSolve', a.shape);
    requireMatrix('triangularSolve', b);
    requireRows('triangularSolve', a, left ? b : T(b));
    const [stretchedA, stretchedB] = sameBatch('triangularSolve', a, b);
    return (left ? solvedTriangle : solvedTriangleRight)(stretchedA, stretchedB, upper, unitriangular);
  },
  {
    samples: [
      {
        inputs: [{ shape: [3, 3], matrix: 'regular' }, { shape: [3, 2] }],
        call: (a, b) => a.triangularSolve(b, { upper: true }),
      },
      {
        inputs: [{ shape: [3, 3], matrix: 'regular' }, { shape: [2, 3] }],
        call: (a, b) => a.triangularSolve(b, { upper: false, left: false }),
      },
      {
        inputs: [{ shape: [2, 2, 2] }, { shape: [2, 1] }],
        call: (a, b) => a.triangularSolve(b, { upper: false, unitriangular: true }),
      },
      { inputs: [{ shape: [0, 0] }, { shape: [0, 2] }], call: (a, b) => a.triangularSolve(b, { upper: true }) },
    ],
    errors: [
      {
        call: () => runtime.fill([2, 2], 1, 'float64').triangularSolve(runtime.fill([2, 1], 1, 'float64'), {} as never),
        error: 'OptionError',
        message: /triangularSolve: say which triangle A is/,
      },
      {
        call: () =>
          runtime.fill([2, 2], 1, 'float64').triangularSolve(runtime.fill([3, 1], 1, 'float64'), { upper: true }),
        error: 'ShapeError',
        message: /triangularSolve: \[2, 2\] and \[3, 1\]/,
      },
    ],
    gold: 'linalg.solve_triangular',
  },
);
