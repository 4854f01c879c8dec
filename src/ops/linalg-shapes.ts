/** What the ops of linear algebra share: matrices over the last two axes, stacks of them over the axes in front. */
import { DtypeError, ShapeError, showShape } from '../base/errors.ts';
import { isFloat } from '../base/dtypes.ts';
import type { Shape } from '../base/shape-types.ts';
import { broadcastShapes, sameShape } from '../base/shapes.ts';
import type { Value } from '../value/value.ts';
import type { AnyOperand, Of } from './families/signatures.ts';
import type { Attributes, Primitive } from './primitive.ts';
import { runtime, type Operand } from './runtime.ts';

// Signatures -------------------------------------------------------------------------------------------------------

/** [batch…, n, n] gives [batch…]. */
export interface MatrixToScalar {
  method<V extends Value>(this: V): Value<BatchOf<Of<V>>>;
  free<V extends AnyOperand>(x: V): Value<BatchOf<Of<V>>>;
}

export type BatchOf<S extends Shape> = S extends readonly [...infer Batch extends Shape, number, number]
  ? Batch
  : Shape;

/** A · X = B: X has B's shape where A is a single matrix; else batches broadcast. */
export type SolutionShape<A extends Shape, B extends Shape> = A extends readonly [number, number] ? B : Shape;

// Checks -----------------------------------------------------------------------------------------------------------

/** @throws ShapeError, DtypeError unless the operand is a (stack of) float matrices. */
export function requireMatrix(op: string, x: Value): void {
  if (x.rank < 2) {
    throw new ShapeError(`needs a matrix, got ${showShape(x.shape)}`, {
      op,
      shapes: [x.shape],
      hint: 'The last two axes are rows and columns.',
    });
  }
  if (isFloat(x.dtype)) return;
  throw new DtypeError(`needs float64 or float32, got ${x.dtype}`, { op, hint: `Cast first: x.to('float64').` });
}

/** @throws ShapeError unless the last two axes are equal. */
export function requireSquare(op: string, shape: Shape): void {
  if (shape.length >= 2 && shape[shape.length - 1] === shape[shape.length - 2]) return;
  throw new ShapeError(`needs square matrices, got ${showShape(shape)}`, {
    op,
    shapes: [shape],
    hint: 'The last two axes are rows and columns, and must be equal.',
  });
}

/** A float matrix, or a stack; `square` ones are checked to be. */
export function liftMatrix(op: string, operand: Operand, square: boolean): Value {
  const x = runtime.lift(operand, op);
  requireMatrix(op, x);
  if (square) requireSquare(op, x.shape);
  return x;
}

// Parts ------------------------------------------------------------------------------------------------------------

/** The n × n identity for the matrices of x, of its shape and dtype. */
export const identityLike = (x: Value): Value => {
  const n = x.shape[x.rank - 1]!;
  return eyeOf(n, x).broadcastTo(x.shape);
};

/** The n × n identity in the dtype of x. */
export const eyeOf = (n: number, x: Value): Value => {
  const data = x.dtype === 'float32' ? new Float32Array(n * n) : new Float64Array(n * n);
  for (let i = 0; i < n; i++) data[i * n + i] = 1;
  return runtime.fromArray(data, [n, n], x.dtype === 'float32' ? 'float32' : 'float64');
};

export const T = (x: Value): Value => x.transpose();

export const mm = (a: Value, b: Value): Value => a.matmul(b);

/** (X + Xᵀ) / 2 */
export const symmetric = (x: Value): Value => x.add(T(x)).mul(0.5);

/** (X − Xᵀ) / 2 */
export const antisymmetric = (x: Value): Value => x.sub(T(x)).mul(0.5);

/** The lower triangle with half the diagonal: what adds up with its transpose to a symmetric matrix. */
export const lowerHalf = (x: Value): Value => x.tril().add(x.tril(-1)).mul(0.5);

/** Zeros on the diagonal, by selection. */
export const offDiagonal = (x: Value): Value => x.tril(-1).add(x.triu(1));

/** Rows scaled: diag(d)·X. */
export const scaleRows = (d: Value, x: Value): Value => x.mul(d.unsqueeze(-1));

/** Columns scaled: X·diag(d). */
export const scaleColumns = (x: Value, d: Value): Value => x.mul(d.unsqueeze(-2));

/** x_j − x_i for the elements of a vector, 1 on the diagonal. */
export const differences = (x: Value): Value =>
  x
    .unsqueeze(-2)
    .sub(x.unsqueeze(-1))
    .add(eyeOf(x.shape[x.rank - 1]!, x));

/** The sum of those that exist. */
export const plus = (...terms: readonly (Value | undefined)[]): Value | undefined =>
  terms.reduce((sum, x) => (sum !== undefined && x !== undefined ? sum.add(x) : (sum ?? x)), undefined);

/** Applies a primitive on matrices behind a batch axis: operands without one are repeated. */
export function batchMatrices<A extends Attributes>(p: () => Primitive<A>): Primitive<A>['batch'] {
  return (inputs, batched, size, attrs) =>
    runtime.apply(
      p(),
      inputs.map((x, i) => (batched[i] === true ? x : x.broadcastTo([size, ...x.shape]))),
      attrs,
    );
}

/** Stacks of matrices brought to one batch shape. */
export function sameBatch(op: string, a: Value, b: Value): [Value, Value] {
  const batch = broadcastShapes(op, a.shape.slice(0, -2), b.shape.slice(0, -2));
  const stretch = (x: Value): Value => {
    const shape = [...batch, ...x.shape.slice(-2)];
    return sameShape(shape, x.shape) ? x : x.broadcastTo(shape);
  };
  return [stretch(a), stretch(b)];
}

/** PyTorch's rule: B holds vectors where it has one axis, or the shape of A without its last axis. */
export const holdsVectors = (a: Value, b: Value): boolean =>
  b.rank === 1 || (b.rank === a.rank - 1 && sameShape(b.shape, a.shape.slice(0, -1)));
