/** Lengths of vectors and matrices. */
import { AxisError, checkOptions, OptionError, ShapeError, showShape } from '../base/errors.ts';
import type { AxesArgument, Fits, Ok, Reduced, Shape } from '../base/shape-types.ts';
import { normalizeAxes, normalizeAxis, reducedShape, sizeOf } from '../base/shapes.ts';
import type { Value } from '../value/value.ts';
import { requireFloat } from './families/pointwise.ts';
import type { AnyOperand, Of, ReductionOptions } from './families/signatures.ts';
import { composite, type ErrorSample, type Op, type Sample } from './op.ts';
import { runtime, type Operand } from './runtime.ts';

const filled = (x: Value, content: number): Value => runtime.fill(x.shape, content, x.dtype);

// Vectors ----------------------------------------------------------------------------------------------------------

/** x^p for x ≥ 0, with derivatives 0 at x = 0, as PyTorch has them. */
function powerOfLength(x: Value, p: number): Value {
  const none = x.eq(0);
  const power = filled(x, 1).where(none, x).pow(p);
  return filled(x, p > 0 ? 0 : Infinity).where(none, power);
}

/** √x for x ≥ 0, with derivatives 0 at x = 0. */
function rootOfLength(x: Value): Value {
  const none = x.eq(0);
  return filled(x, 0).where(none, filled(x, 1).where(none, x).sqrt());
}

/** 1 where x ≠ 0 (NaN too), 0 elsewhere; the derivative is 0 but there is one. */
const presence = (x: Value): Value => filled(x, 1).where(x.ne(x), x.sign().abs());

/** (Σ |x|^p)^(1/p) over the axes, which stay with length 1. */
function lengthOver(x: Value, p: number, axes: readonly number[]): Value {
  const keep = { keepDims: true };
  if (p === Infinity) return x.abs().amax(axes, keep);
  if (p === -Infinity) return x.abs().amin(axes, keep);
  if (p === 0) return presence(x).sum(axes, keep);
  if (p === 1) return x.abs().sum(axes, keep);
  if (p === 2) return rootOfLength(x.mul(x).sum(axes, keep));
  return powerOfLength(powerOfLength(x.abs(), p).sum(axes, keep), 1 / p);
}

function checkOrder(name: string, p: unknown): number {
  if (typeof p === 'number' && p === p) return p;
  throw new OptionError(`the order of a vector norm is a number, got ${String(p)}`, {
    op: name,
    option: 'order',
    hint: `Any number, 0, Infinity and -Infinity are possible; for 'fro' and 'nuc' see norm and matrixNorm.`,
  });
}

function vectorLength(
  name: string,
  x: Value,
  order: unknown,
  axis: AxesArgument,
  options: ReductionOptions | undefined,
): Value {
  checkOptions(name, options, ['keepDims']);
  requireFloat(name, x.dtype);
  const p = checkOrder(name, order);
  const axes = normalizeAxes(name, axis, x.shape);
  if ((p < 0 || p === Infinity) && sizeOf(axes.map((i) => x.shape[i]!)) === 0) {
    throw new ShapeError(`order ${p} of no elements (axes ${showShape(axes)} of ${showShape(x.shape)})`, {
      op: name,
      shapes: [x.shape],
      hint: 'An empty vector has norms of finite orders ≥ 0 only.',
    });
  }
  return lengthOver(x, p, axes).reshape(reducedShape(x.shape, axes, options?.keepDims ?? false));
}

interface VectorNorm {
  method<V extends Value, const A extends AxesArgument = undefined, const K extends boolean = false>(
    this: V,
    order?: number,
    axis?: Fits<Reduced<Of<V>, A, K>, A>,
    options?: ReductionOptions<K>,
  ): Value<Ok<Reduced<Of<V>, A, K>>>;
  free<V extends AnyOperand, const A extends AxesArgument = undefined, const K extends boolean = false>(
    x: V,
    order?: number,
    axis?: Fits<Reduced<Of<V>, A, K>, A>,
    options?: ReductionOptions<K>,
  ): Value<Ok<Reduced<Of<V>, A, K>>>;
}

type Call = (x: Value, order?: number, axis?: AxesArgument, options?: ReductionOptions) => unknown;

const NOT_ZERO = { min: 0.2, max: 2 } as const;

const vectorSamples = (call: Call): Sample[] => [
  { inputs: [{ shape: [2, 3], except: [0] }], call: (x) => call(x) },
  { inputs: [{ shape: [2, 3], except: [0] }], call: (x) => call(x, 1, 1) },
  { inputs: [{ shape: [2, 3], except: [0] }], call: (x) => call(x, 3, 0, { keepDims: true }) },
  { inputs: [{ shape: [2, 3, 2], except: [0] }], call: (x) => call(x, 2.5, [0, -1]) },
  { inputs: [{ shape: [2, 3], ...NOT_ZERO }], call: (x) => call(x, 0.5, -1) },
  { inputs: [{ shape: [2, 3], ...NOT_ZERO }], call: (x) => call(x, -1, -1) },
  { inputs: [{ shape: [2, 3], ...NOT_ZERO, distinct: true }], call: (x) => call(x, Infinity, 1) },
  { inputs: [{ shape: [2, 3], ...NOT_ZERO, distinct: true }], call: (x) => call(x, -Infinity, 1) },
  { inputs: [{ shape: [2, 3], except: [0] }], call: (x) => call(x, 0, 1) },
  { inputs: [{ shape: [0] }], call: (x) => call(x) },
  { inputs: [{ shape: [], except: [0] }], call: (x) => call(x, 3) },
];

const vectorErrors = (name: string, call: Call): ErrorSample[] => [
  {
    call: () => call(runtime.fill([2], 0, 'float64'), 2, 1),
    error: 'AxisError',
    message: new RegExp(`${name}: axis 1 is out of range`),
  },
  {
    call: () => call(runtime.fill([0], 0, 'float64'), Infinity),
    error: 'ShapeError',
    message: new RegExp(`${name}: order Infinity of no elements`),
  },
  {
    call: () => call(runtime.fill([2], 0, 'int32')),
    error: 'DtypeError',
    message: new RegExp(`${name}: needs float`),
  },
  {
    call: () => call(runtime.fill([2], 0, 'float64'), NaN),
    error: 'OptionError',
    message: /the order of a vector norm is a number, got NaN/,
  },
];

/**
 * The norm (Σ |x|^p)^(1/p) of the given order (default 2) over an axis, several, or all: ±∞ the largest and smallest
 * magnitude, 0 the number of elements that are not zero. At a zero vector the gradient is 0.
 * https://docs.pytorch.org/docs/stable/generated/torch.linalg.vector_norm.html
 * @throws ShapeError for nothing at orders below 0 and ∞; DtypeError for integers.
 * @example value([3, 4]).vectorNorm() // 5
 */
export const vectorNorm: Op<VectorNorm> = composite<VectorNorm>(
  'vectorNorm',
  (x: Operand, order: number = 2, axis?: AxesArgument, options?: ReductionOptions): Value =>
    vectorLength('vectorNorm', runtime.lift(x, 'vectorNorm'), order, axis, options),
  {
    glyph: '‖x‖',
    samples: vectorSamples((x, order, axis, options) => x.vectorNorm(order, axis, options)),
    errors: vectorErrors('vectorNorm', (x, order, axis, options) => x.vectorNorm(order, axis, options)),
    gold: 'linalg.vector_norm',
  },
);

// Matrices ---------------------------------------------------------------------------------------------------------

/** Frobenius, nuclear, or one of the numbers 1, −1, 2, −2, Infinity, −Infinity. */
export type MatrixOrder = 'fro' | 'nuc' | number;

/** The singular values over the last two axes. */
const singularValues = (x: Value): Value => x.svd({ fullMatrices: false }).s;

/** The two axes of the matrices, rows first. */
function matrixAxes(name: string, x: Value, axes: readonly number[]): readonly [number, number] {
  if (!Array.isArray(axes) || axes.length !== 2) {
    throw new AxisError(`a matrix norm takes two axes, got ${String(axes)}`, {
      op: name,
      shapes: [x.shape],
    });
  }
  if (x.rank < 2) {
    throw new ShapeError(`${showShape(x.shape)} holds no matrices`, {
      op: name,
      shapes: [x.shape],
      hint: 'Use vectorNorm for vectors.',
    });
  }
  const [rows, columns] = (axes as readonly number[]).map((axis) => normalizeAxis(name, axis, x.rank, x.shape)) as [
    number,
    number,
  ];
  if (rows === columns) throw new AxisError(`axis ${rows} is given twice`, { op: name, axis: rows, shapes: [x.shape] });
  return [rows, columns];
}

/** Over the last two axes, which are dropped. */
function matrixLength(name: string, x: Value, order: MatrixOrder): Value {
  switch (order) {
    case 'fro':
      return lengthOver(x, 2, [x.rank - 2, x.rank - 1]).reshape(x.shape.slice(0, -2));
    case 'nuc':
      return singularValues(x).sum(-1);
    case 2:
      return singularValues(x).amax(-1);
    case -2:
      return singularValues(x).amin(-1);
    case 1:
      return x.abs().sum(-2).amax(-1);
    case -1:
      return x.abs().sum(-2).amin(-1);
    case Infinity:
      return x.abs().sum(-1).amax(-1);
    case -Infinity:
      return x.abs().sum(-1).amin(-1);
    default:
      throw new OptionError(`${String(order)} is no order of a matrix norm`, {
        op: name,
        option: 'order',
        hint: `Orders are 'fro', 'nuc', 1, -1, 2, -2, Infinity and -Infinity; for any p over elements use vectorNorm.`,
      });
  }
}

function matrixLengthOver(
  name: string,
  x: Value,
  order: MatrixOrder,
  axes: readonly number[],
  options: ReductionOptions | undefined,
): Value {
  checkOptions(name, options, ['keepDims']);
  requireFloat(name, x.dtype);
  const [rows, columns] = matrixAxes(name, x, axes);
  const others = [...x.shape.keys()].filter((i) => i !== rows && i !== columns);
  const y = matrixLength(name, x.permute([...others, rows, columns]), order);
  return y.reshape(reducedShape(x.shape, [rows, columns], options?.keepDims ?? false));
}

interface MatrixNorm {
  method<V extends Value>(
    this: V,
    order?: MatrixOrder,
    axes?: readonly [number, number],
    options?: ReductionOptions,
  ): Value<Shape>;
  free<V extends AnyOperand>(
    x: V,
    order?: MatrixOrder,
    axes?: readonly [number, number],
    options?: ReductionOptions,
  ): Value<Shape>;
}

/**
 * The norm of matrices over two axes (default the last): 'fro' (default) the root of the sum of squares, 'nuc' the sum
 * of the singular values, ±2 the largest and smallest of them, ±1 and ±∞ those of the sums of columns and rows.
 * https://docs.pytorch.org/docs/stable/generated/torch.linalg.matrix_norm.html
 * @throws ShapeError for fewer than two axes; OptionError for other orders; DtypeError for integers.
 * @example value([[1, -2], [3, 4]]).matrixNorm(1) // 6
 */
export const matrixNorm: Op<MatrixNorm> = composite<MatrixNorm>(
  'matrixNorm',
  (x: Operand, order: MatrixOrder = 'fro', axes: readonly number[] = [-2, -1], options?: ReductionOptions): Value =>
    matrixLengthOver('matrixNorm', runtime.lift(x, 'matrixNorm'), order, axes, options),
  {
    glyph: '‖A‖',
    samples: [
      { inputs: [{ shape: [2, 3] }], call: (x) => x.matrixNorm() },
      { inputs: [{ shape: [2, 3, 2] }], call: (x) => x.matrixNorm('fro', [0, 2], { keepDims: true }) },
      // Sums of rows and of columns are kept apart: where two are equal there is a kink.
      ...[1, -1, Infinity, -Infinity].map((order): Sample => ({
        inputs: [{ shape: [2, 3, 2], ...NOT_ZERO }],
        call: (x) => {
          const scale = runtime.fromArray(Float64Array.of(1, 20, 20, 400, 400, 8000), [3, 2], 'float64');
          return x.mul(scale.to(x.dtype)).matrixNorm(order);
        },
      })),
      ...(['nuc', 2, -2] as const).map((order): Sample => ({
        inputs: [{ shape: [2, 2], matrix: 'regular' }],
        call: (x) => x.matrixNorm(order),
        tolerance: 1e-5,
      })),
    ],
    errors: [
      {
        call: () => runtime.fill([3], 0, 'float64').matrixNorm(),
        error: 'ShapeError',
        message: /matrixNorm: \[3\] holds no matrices/,
      },
      {
        call: () => runtime.fill([3, 3], 0, 'float64').matrixNorm(3),
        error: 'OptionError',
        message: /matrixNorm: 3 is no order/,
      },
      {
        call: () => runtime.fill([3, 3], 0, 'float64').matrixNorm('fro', [0, -2]),
        error: 'AxisError',
        message: /matrixNorm: axis 0 is given twice/,
      },
    ],
    gold: 'linalg.norm',
  },
);

// norm -------------------------------------------------------------------------------------------------------------

interface Norm {
  method<V extends Value, const A extends AxesArgument = undefined, const K extends boolean = false>(
    this: V,
    order?: number | 'fro' | 'nuc',
    axis?: Fits<Reduced<Of<V>, A, K>, A>,
    options?: ReductionOptions<K>,
  ): Value<Ok<Reduced<Of<V>, A, K>>>;
  free<V extends AnyOperand, const A extends AxesArgument = undefined, const K extends boolean = false>(
    x: V,
    order?: number | 'fro' | 'nuc',
    axis?: Fits<Reduced<Of<V>, A, K>, A>,
    options?: ReductionOptions<K>,
  ): Value<Ok<Reduced<Of<V>, A, K>>>;
}

/**
 * A norm over an axis, several, or all: a number (default 2) or 'fro' takes the elements for one vector, 'nuc' takes two
 * axes for a matrix. For other norms of matrices see `matrixNorm`.
 * https://docs.pytorch.org/docs/stable/generated/torch.norm.html
 * @throws ShapeError for nothing at orders below 0 and ∞; DtypeError for integers.
 * @example value([[1, 2], [2, 4]]).norm() // 5
 */
export const norm: Op<Norm> = composite<Norm>(
  'norm',
  (operand: Operand, order: number | 'fro' | 'nuc' = 2, axis?: AxesArgument, options?: ReductionOptions): Value => {
    const x = runtime.lift(operand, 'norm');
    if (order !== 'nuc') return vectorLength('norm', x, order === 'fro' ? 2 : order, axis, options);
    return matrixLengthOver('norm', x, 'nuc', (axis ?? [...x.shape.keys()]) as readonly number[], options);
  },
  {
    glyph: '‖x‖',
    samples: [
      ...vectorSamples((x, order, axis, options) => x.norm(order, axis, options)),
      { inputs: [{ shape: [2, 3] }], call: (x) => x.norm('fro') },
      { inputs: [{ shape: [2, 2], matrix: 'regular' }], call: (x) => x.norm('nuc'), tolerance: 1e-5 },
    ],
    errors: vectorErrors('norm', (x, order, axis, options) => x.norm(order, axis, options)),
    gold: 'norm',
  },
);
