/** Products of vectors, and general ones that name the axes they sum over. */
import { AxisError, OptionError, ShapeError, showShape, showShapes } from '../base/errors.ts';
import type { Shape } from '../base/shape-types.ts';
import { broadcastShapes, normalizeAxis, sameShape } from '../base/shapes.ts';
import type { Value } from '../value/value.ts';
import { contract, contractPrimitive } from './families/contraction.ts';
import type { AnyOperand, Of } from './families/signatures.ts';
import { composite, op, type Op } from './op.ts';
import { runtime, type Operand } from './runtime.ts';

const range = (n: number, from: number = 0): number[] => Array.from({ length: n }, (_, i) => from + i);

function requireVectors(name: string, x: Value, y: Value, hint: string): void {
  if (x.rank === 1 && y.rank === 1) return;
  throw new ShapeError(`takes two vectors, got ${showShapes([x.shape, y.shape])}`, {
    op: name,
    shapes: [x.shape, y.shape],
    hint,
  });
}

function requireLengths(name: string, x: Value, y: Value, hint: string): void {
  const [m, n] = [x.shape[x.rank - 1]!, y.shape[y.rank - 1]!];
  if (m === n) return;
  throw new ShapeError(`${showShapes([x.shape, y.shape])}: the last axes differ, ${m} against ${n}`, {
    op: name,
    shapes: [x.shape, y.shape],
    hint,
  });
}

// dot, outer, inner ------------------------------------------------------------------------------------------------

interface Dot {
  method<V extends Value, W extends Value>(this: V, other: W): Value<[]>;
  free<V extends AnyOperand, W extends AnyOperand>(x: V, y: W): Value<[]>;
}

/**
 * The sum of products of two vectors of one length.
 * https://docs.pytorch.org/docs/stable/generated/torch.dot.html
 * @throws ShapeError unless both are vectors of one length.
 * @example value([1, 2]).dot(value([3, 4])) // 11
 */
export const dot: Op<Dot> = op<Dot>(
  'dot',
  contractPrimitive,
  (a: Operand, b: Operand): Value => {
    const [x, y] = runtime.promoteAll('dot', [a, b]) as [Value, Value];
    requireVectors('dot', x, y, 'For matrices use matmul, for any axes tensordot or einsum.');
    requireLengths('dot', x, y, 'Both vectors need the same length.');
    return contract(x, y, { a: [0], b: [0], out: [], as: 'dot' });
  },
  {
    glyph: '·',
    samples: [
      { inputs: [{ shape: [4] }, { shape: [4] }], call: (x, y) => x.dot(y) },
      { inputs: [{ shape: [0] }, { shape: [0] }], call: (x, y) => x.dot(y) },
      { inputs: [{ shape: [3] }], call: (x) => x.dot(x) },
    ],
    errors: [
      {
        call: () => runtime.fill([2, 2], 0, 'float64').dot(runtime.fill([2], 0, 'float64')),
        error: 'ShapeError',
        message: /dot: takes two vectors, got \[2, 2\] and \[2\]/,
      },
      {
        call: () => runtime.fill([3], 0, 'float64').dot(runtime.fill([2], 0, 'float64')),
        error: 'ShapeError',
        message: /dot: \[3\] and \[2\].*3 against 2/,
      },
    ],
    gold: 'dot',
  },
);

/** [m] and [n] give [m, n]. */
type OuterShape<A extends Shape, B extends Shape> = A extends readonly [infer M extends number]
  ? B extends readonly [infer N extends number]
    ? [M, N]
    : Shape
  : Shape;

interface Outer {
  method<V extends Value, W extends Value>(this: V, other: W): Value<OuterShape<Of<V>, Of<W>>>;
  free<V extends AnyOperand, W extends AnyOperand>(x: V, y: W): Value<OuterShape<Of<V>, Of<W>>>;
}

/**
 * All products of an element of one vector with one of the other: [m] and [n] give [m, n].
 * https://docs.pytorch.org/docs/stable/generated/torch.outer.html
 * @throws ShapeError unless both are vectors.
 * @example value([1, 2]).outer(value([3, 4])) // [[3, 4], [6, 8]]
 */
export const outer: Op<Outer> = op<Outer>(
  'outer',
  contractPrimitive,
  (a: Operand, b: Operand): Value => {
    const [x, y] = runtime.promoteAll('outer', [a, b]) as [Value, Value];
    requireVectors('outer', x, y, 'Reshape them first, e.g. x.flatten(), or use einsum.');
    return contract(x, y, { a: [0], b: [1], out: [0, 1], as: 'outer' });
  },
  {
    glyph: '⊗',
    samples: [
      { inputs: [{ shape: [2] }, { shape: [3] }], call: (x, y) => x.outer(y) },
      { inputs: [{ shape: [0] }, { shape: [3] }], call: (x, y) => x.outer(y) },
    ],
    errors: [
      {
        call: () => runtime.fill([], 0, 'float64').outer(runtime.fill([2], 0, 'float64')),
        error: 'ShapeError',
        message: /outer: takes two vectors, got \[\] and \[2\]/,
      },
    ],
    gold: 'outer',
  },
);

type Init<S extends Shape> = S extends readonly [...infer I extends Shape, number] ? I : [];
type InnerShape<A extends Shape, B extends Shape> = number extends A['length'] | B['length']
  ? Shape
  : A extends readonly []
    ? B
    : B extends readonly []
      ? A
      : [...Init<A>, ...Init<B>];

interface Inner {
  method<V extends Value, W extends Value>(this: V, other: W): Value<InnerShape<Of<V>, Of<W>>>;
  free<V extends AnyOperand, W extends AnyOperand>(x: V, y: W): Value<InnerShape<Of<V>, Of<W>>>;
}

/**
 * Sums of products over the last axes: [a…, k] and [b…, k] give [a…, b…]. With a scalar, the plain product.
 * https://docs.pytorch.org/docs/stable/generated/torch.inner.html
 * @throws ShapeError where the last axes differ.
 * @example value([[1, 2], [3, 4]]).inner(value([1, 1])) // [3, 7]
 */
export const inner: Op<Inner> = op<Inner>(
  'inner',
  contractPrimitive,
  (a: Operand, b: Operand): Value => {
    const [x, y] = runtime.promoteAll('inner', [a, b]) as [Value, Value];
    if (x.rank === 0 || y.rank === 0) return x.mul(y);
    requireLengths('inner', x, y, 'inner sums over the last axis of both; matmul over the last and the last but one.');
    const left = range(x.rank - 1);
    const right = range(y.rank - 1, x.rank - 1);
    const k = x.rank + y.rank;
    return contract(x, y, { a: [...left, k], b: [...right, k], out: [...left, ...right], as: 'inner' });
  },
  {
    glyph: '⟨,⟩',
    samples: [
      { inputs: [{ shape: [3] }, { shape: [3] }], call: (x, y) => x.inner(y) },
      { inputs: [{ shape: [2, 3] }, { shape: [2, 2, 3] }], call: (x, y) => x.inner(y) },
      { inputs: [{ shape: [] }, { shape: [2] }], call: (x, y) => x.inner(y) },
    ],
    errors: [
      {
        call: () => runtime.fill([2, 3], 0, 'float64').inner(runtime.fill([2], 0, 'float64')),
        error: 'ShapeError',
        message: /inner: \[2, 3\] and \[2\]: the last axes differ, 3 against 2/,
      },
    ],
    gold: 'inner',
  },
);

// tensordot --------------------------------------------------------------------------------------------------------

type AxisPairs = number | readonly [readonly number[], readonly number[]];

interface Tensordot {
  method<V extends Value, W extends Value>(this: V, other: W, axes?: AxisPairs): Value<Shape>;
  free<V extends AnyOperand, W extends AnyOperand>(x: V, y: W, axes?: AxisPairs): Value<Shape>;
}

/** The axes of both that are paired. A number n pairs the last n of x with the first n of y. */
function pairedAxes(x: Value, y: Value, axes: AxisPairs): [number[], number[]] {
  if (typeof axes === 'number') {
    if (Number.isInteger(axes) && axes >= 0 && axes <= Math.min(x.rank, y.rank))
      return [range(axes, x.rank - axes), range(axes)];
    throw new OptionError(`${String(axes)} axes of ${showShapes([x.shape, y.shape])} cannot be paired`, {
      op: 'tensordot',
      option: 'axes',
      shapes: [x.shape, y.shape],
      hint: 'A number n sums over the last n axes of the left and the first n of the right.',
    });
  }
  if (!Array.isArray(axes) || axes.length !== 2 || axes[0].length !== axes[1].length) {
    throw new OptionError('the lists of axes must be two, of one length', {
      op: 'tensordot',
      option: 'axes',
      hint: 'For example tensordot(a, b, [[0, 1], [1, 0]]).',
    });
  }
  const [p, q] = axes as readonly [readonly number[], readonly number[]];
  return [distinct(x, p), distinct(y, q)];
}

function distinct(x: Value, axes: readonly number[]): number[] {
  const out = axes.map((axis) => normalizeAxis('tensordot', axis, x.rank, x.shape));
  const twice = out.find((axis, i) => out.indexOf(axis) < i);
  if (twice === undefined) return out;
  throw new AxisError(`axis ${twice} of ${showShape(x.shape)} is given twice`, {
    op: 'tensordot',
    axis: twice,
    shapes: [x.shape],
  });
}

/** Summed over those of the axes that stand against length 1: the length-1 axis stretches. */
function summedAgainstOnes(x: Value, own: readonly number[], y: Value, other: readonly number[]): Value {
  const axes = own.filter((axis, i) => x.shape[axis] !== 1 && y.shape[other[i]!] === 1);
  return axes.length === 0 ? x : x.sum(axes, { keepDims: true });
}

function contractPairs(x: Value, y: Value, p: readonly number[], q: readonly number[]): Value {
  const left = summedAgainstOnes(x, p, y, q);
  const right = summedAgainstOnes(y, q, x, p);
  const bad = p.findIndex((axis, i) => left.shape[axis] !== right.shape[q[i]!]);
  if (bad >= 0) {
    const lengths = `axis ${p[bad]} is ${x.shape[p[bad]!]}, axis ${q[bad]} is ${y.shape[q[bad]!]}`;
    throw new ShapeError(`${showShapes([x.shape, y.shape])}: ${lengths}`, {
      op: 'tensordot',
      shapes: [x.shape, y.shape],
      axis: p[bad]!,
      hint: 'Paired axes need the same length.',
    });
  }
  const a = range(x.rank);
  const b = range(y.rank).map((axis) => (q.includes(axis) ? p[q.indexOf(axis)]! : x.rank + axis));
  const out = [...a.filter((name) => !p.includes(name)), ...b.filter((name) => name >= x.rank)];
  return contract(left, right, { a, b, out, as: 'tensordot' });
}

/**
 * Sums of products over pairs of axes: a number n (default 2) pairs the last n axes of a with the first n of b, two
 * lists name them. The result has what is left of a, then of b.
 * https://docs.pytorch.org/docs/stable/generated/torch.tensordot.html
 * @throws ShapeError where paired axes differ; OptionError for a number that is too large or lists that differ.
 * @example tensordot(zeros([2, 3, 4]), zeros([4, 3]), [[1, 2], [1, 0]]) // [2]
 */
export const tensordot: Op<Tensordot> = op<Tensordot>(
  'tensordot',
  contractPrimitive,
  (a: Operand, b: Operand, axes: AxisPairs = 2): Value => {
    const [x, y] = runtime.promoteAll('tensordot', [a, b]) as [Value, Value];
    return contractPairs(x, y, ...pairedAxes(x, y, axes));
  },
  {
    glyph: '@',
    samples: [
      { inputs: [{ shape: [2, 3, 2] }, { shape: [3, 2, 2] }], call: (x, y) => x.tensordot(y) },
      { inputs: [{ shape: [2, 3] }, { shape: [3, 2] }], call: (x, y) => x.tensordot(y, 1) },
      { inputs: [{ shape: [2] }, { shape: [3] }], call: (x, y) => x.tensordot(y, 0) },
      {
        inputs: [{ shape: [2, 3, 4] }, { shape: [4, 2, 2] }],
        call: (x, y) =>
          x.tensordot(y, [
            [0, -1],
            [1, 0],
          ]),
      },
      { inputs: [{ shape: [1, 2] }, { shape: [3, 2] }], call: (x, y) => x.tensordot(y, [[0], [0]]) },
    ],
    errors: [
      {
        call: () => runtime.fill([2, 3], 0, 'float64').tensordot(runtime.fill([2, 3], 0, 'float64'), 1),
        error: 'ShapeError',
        message: /tensordot: \[2, 3\] and \[2, 3\]: axis 1 is 3, axis 0 is 2/,
      },
      {
        call: () => runtime.fill([2], 0, 'float64').tensordot(runtime.fill([2], 0, 'float64')),
        error: 'OptionError',
        message: /tensordot: 2 axes of \[2\] and \[2\]/,
      },
      {
        call: () => runtime.fill([2], 0, 'float64').tensordot(runtime.fill([2], 0, 'float64'), [[0], []]),
        error: 'OptionError',
        message: /tensordot: the lists of axes must be two, of one length/,
      },
    ],
    gold: 'tensordot',
  },
);

// kron, cross ------------------------------------------------------------------------------------------------------

interface AnyPair {
  method<V extends Value, W extends Value>(this: V, other: W): Value<Shape>;
  free<V extends AnyOperand, W extends AnyOperand>(x: V, y: W): Value<Shape>;
}

/** Each axis followed by (or preceded by) one of length 1, after as many leading ones as the rank asks. */
function interleaved(x: Value, rank: number, first: boolean): Value {
  const full = [...new Array<number>(rank - x.rank).fill(1), ...x.shape];
  return x.reshape(full.flatMap((n) => (first ? [n, 1] : [1, n])));
}

/**
 * Kronecker's product: every element of a times all of b, in a's layout; axis i has the product of both lengths.
 * https://docs.pytorch.org/docs/stable/generated/torch.kron.html
 * @example value([1, 2]).kron(value([1, 10])) // [1, 10, 2, 20]
 */
export const kron: Op<AnyPair> = composite<AnyPair>(
  'kron',
  (a: Operand, b: Operand): Value => {
    const [x, y] = runtime.promoteAll('kron', [a, b]) as [Value, Value];
    const rank = Math.max(x.rank, y.rank);
    const product = interleaved(x, rank, true).mul(interleaved(y, rank, false));
    return product.reshape(range(rank).map((i) => product.shape[2 * i]! * product.shape[2 * i + 1]!));
  },
  {
    glyph: '⊗',
    samples: [
      { inputs: [{ shape: [2, 2] }, { shape: [3, 2] }], call: (x, y) => x.kron(y) },
      { inputs: [{ shape: [2] }, { shape: [2, 3] }], call: (x, y) => x.kron(y) },
      { inputs: [{ shape: [] }, { shape: [2] }], call: (x, y) => x.kron(y) },
      { inputs: [{ shape: [0] }, { shape: [2] }], call: (x, y) => x.kron(y) },
    ],
    gold: 'kron',
  },
);

interface Cross {
  method<V extends Value, W extends Value>(this: V, other: W, axis?: number): Value<Shape>;
  free<V extends AnyOperand, W extends AnyOperand>(x: V, y: W, axis?: number): Value<Shape>;
}

/** Elements (1, 2, 0) of an axis of three for `by` = 1, (2, 0, 1) for 2. */
const turned = (x: Value, axis: number, by: number): Value => x.roll(-by, axis);

/**
 * The cross product of vectors of three along an axis (default −1); other axes broadcast.
 * https://docs.pytorch.org/docs/stable/generated/torch.linalg.cross.html
 * @throws ShapeError unless that axis has length 3 in both.
 * @example value([1, 0, 0]).cross(value([0, 1, 0])) // [0, 0, 1]
 */
export const cross: Op<Cross> = composite<Cross>(
  'cross',
  (a: Operand, b: Operand, axis: number = -1): Value => {
    const [x, y] = runtime.promoteAll('cross', [a, b]) as [Value, Value];
    const shape = broadcastShapes('cross', x.shape, y.shape);
    const at = normalizeAxis('cross', axis, shape.length, shape);
    const back = at - shape.length;
    if (x.shape[x.rank + back] !== 3 || y.shape[y.rank + back] !== 3) {
      throw new ShapeError(`axis ${axis} of ${showShapes([x.shape, y.shape])} must have length 3 in both`, {
        op: 'cross',
        shapes: [x.shape, y.shape],
        axis,
        hint: 'The cross product exists in three dimensions.',
      });
    }
    const [p, q] = [x, y].map((v) => (sameShape(v.shape, shape) ? v : v.broadcastTo(shape))) as [Value, Value];
    return turned(p, at, 1)
      .mul(turned(q, at, 2))
      .sub(turned(p, at, 2).mul(turned(q, at, 1)));
  },
  {
    glyph: '×⃗',
    samples: [
      { inputs: [{ shape: [3] }, { shape: [3] }], call: (x, y) => x.cross(y) },
      { inputs: [{ shape: [2, 3] }, { shape: [1, 3] }], call: (x, y) => x.cross(y) },
      { inputs: [{ shape: [3, 2] }, { shape: [3, 2] }], call: (x, y) => x.cross(y, 0) },
    ],
    errors: [
      {
        call: () => runtime.fill([2], 0, 'float64').cross(runtime.fill([2], 0, 'float64')),
        error: 'ShapeError',
        message: /cross: axis -1 of \[2\] and \[2\] must have length 3/,
      },
    ],
    gold: 'linalg.cross',
  },
);
