/** Matrix products. */
import { ShapeError, showShapes } from '../base/errors.ts';
import type { Fits, MatMul, Ok } from '../base/shape-types.ts';
import type { Value } from '../value/value.ts';
import { contract, contractPrimitive } from './families/contraction.ts';
import type { AnyOperand, Of } from './families/signatures.ts';
import { op, type Op } from './op.ts';
import { runtime, type Operand } from './runtime.ts';

interface Product {
  method<V extends Value, W extends Value>(
    this: V,
    other: Fits<MatMul<Of<V>, Of<W>>, W>,
  ): Value<Ok<MatMul<Of<V>, Of<W>>>>;
  free<V extends AnyOperand, W extends AnyOperand>(
    x: V,
    y: Fits<MatMul<Of<V>, Of<W>>, W>,
  ): Value<Ok<MatMul<Of<V>, Of<W>>>>;
}

/** Axes of length 1 that stand against longer batch axes: dropped, so that the contraction broadcasts them. */
function dropStretched(
  x: Value,
  batch: readonly number[],
  names: readonly number[],
): { x: Value; names: readonly number[] } {
  const rank = x.rank;
  const lead = batch.length - (rank - 2);
  const keep = names.map((_, i) => i >= rank - 2 || x.shape[i] === batch[i + lead]);
  if (keep.every(Boolean)) return { x, names };
  return { x: x.reshape(x.shape.filter((_, i) => keep[i])), names: names.filter((_, i) => keep[i]) };
}

function batchShape(a: Value, b: Value): number[] {
  const [p, q] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  const rank = Math.max(p.length, q.length);
  return Array.from({ length: rank }, (_, i) => {
    const m = p[i - rank + p.length] ?? 1;
    const n = q[i - rank + q.length] ?? 1;
    if (m !== n && m !== 1 && n !== 1) {
      throw new ShapeError(`batch axes of ${showShapes([a.shape, b.shape])} do not broadcast: ${m} against ${n}`, {
        op: 'matmul',
        shapes: [a.shape, b.shape],
        axis: i,
      });
    }
    return m === 1 ? n : m;
  });
}

function matrixProduct(x: Value, y: Value): Value {
  const batch = batchShape(x, y);
  const rank = batch.length;
  const names = (v: Value, last: readonly number[]): number[] => [
    ...Array.from({ length: v.rank - 2 }, (_, i) => rank - (v.rank - 2) + i),
    ...last,
  ];
  const [row, column, inner] = [rank, rank + 1, rank + 2];
  const left = dropStretched(x, batch, names(x, [row, inner]));
  const right = dropStretched(y, batch, names(y, [inner, column]));
  const both = new Set([...left.names, ...right.names]);
  const out = [...batch.keys()].filter((name) => both.has(name));
  const z = contract(left.x, right.x, { a: left.names, b: right.names, out: [...out, row, column], as: 'matmul' });
  return out.length === rank ? z : z.reshape([...batch, ...z.shape.slice(-2)]);
}

/**
 * Matrix product over the last two axes; axes in front broadcast. A vector is a row on the left, a column on the right.
 * https://docs.pytorch.org/docs/stable/generated/torch.matmul.html
 * @throws ShapeError naming both shapes where the inner axes differ.
 * @example value([[1, 2], [3, 4]]).matmul(value([1, 1])) // [3, 7]
 */
export const matmul: Op<Product> = op<Product>(
  'matmul',
  contractPrimitive,
  (a: Operand, b: Operand): Value => {
    const [x, y] = runtime.promoteAll('matmul', [a, b]) as [Value, Value];
    if (x.rank === 0 || y.rank === 0) {
      throw new ShapeError(`needs at least one axis on both sides, got ${showShapes([x.shape, y.shape])}`, {
        op: 'matmul',
        shapes: [x.shape, y.shape],
        hint: 'For scalars use mul.',
      });
    }
    const k = x.shape[x.rank - 1]!;
    const j = y.shape[Math.max(0, y.rank - 2)]!;
    if (k !== j) {
      throw new ShapeError(`${showShapes([x.shape, y.shape])}: inner axes differ, ${k} against ${j}`, {
        op: 'matmul',
        shapes: [x.shape, y.shape],
        hint: 'The last axis of the left must equal the last but one of the right; transpose one of them?',
      });
    }
    const left = x.rank === 1 ? x.reshape([1, k]) : x;
    const right = y.rank === 1 ? y.reshape([k, 1]) : y;
    const z = matrixProduct(left, right);
    const shape = z.shape.filter((_, i) => !(x.rank === 1 && i === z.rank - 2) && !(y.rank === 1 && i === z.rank - 1));
    return shape.length === z.rank ? z : z.reshape(shape);
  },
  {
    glyph: '@',
    samples: [
      { inputs: [{ shape: [2, 3] }, { shape: [3, 4] }], call: (x, y) => x.matmul(y) },
      { inputs: [{ shape: [3] }, { shape: [3] }], call: (x, y) => x.matmul(y) },
      { inputs: [{ shape: [2, 3] }, { shape: [3] }], call: (x, y) => x.matmul(y) },
      { inputs: [{ shape: [3] }, { shape: [2, 3, 2] }], call: (x, y) => x.matmul(y) },
      { inputs: [{ shape: [2, 1, 2, 3] }, { shape: [4, 3, 1] }], call: (x, y) => x.matmul(y) },
      { inputs: [{ shape: [2, 0] }, { shape: [0, 3] }], call: (x, y) => x.matmul(y) },
    ],
    errors: [
      {
        call: () => runtime.fill([2, 3], 0, 'float64').matmul(runtime.fill([4, 5], 0, 'float64')),
        error: 'ShapeError',
        message: /matmul: \[2, 3\] and \[4, 5\]: inner axes differ, 3 against 4/,
      },
    ],
    gold: ['matmul', 'mm', 'mv'],
  },
);
