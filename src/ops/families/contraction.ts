/**
 * The general product of two operands: axes are named, and `out[o…] = Σ a[…]·b[…]` over every name that is not in the
 * result. matmul, dot, outer, tensordot and each step of einsum are contractions; so are their derivatives, which
 * contract broadcast batch axes instead of summing afterwards.
 */
import { newStorage, type Storage } from '../../base/dtypes.ts';
import { ShapeError, showShapes, DtypeError } from '../../base/errors.ts';
import { gatheredOperand, matrixOperand, type Operand } from '../../base/products/index.ts';
import { sizeOf, stridesOf, type Shape } from '../../base/shapes.ts';
import type { Dense } from '../../base/storage.ts';
import type { Value } from '../../value/value.ts';
import { offsetsOf } from '../kernels/offsets.ts';
import { product } from '../kernels/product.ts';
import { gatherStrided } from '../kernels/strided.ts';
import { primitive, type Primitive } from '../primitive.ts';
import { runtime } from '../runtime.ts';

/** Names of axes, one number each. Every name stands in at least two of the three lists, and at most once in each. */
export interface ContractionAttributes extends Record<string, unknown> {
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly out: readonly number[];
  /** The public op's name, for printing. */
  readonly as: string;
}

const sizesOf = (
  names: readonly number[],
  shape: Shape,
  sizes: Map<number, number>,
  as: string,
  shapes: readonly Shape[],
): void => {
  names.forEach((name, i) => {
    const known = sizes.get(name);
    if (known !== undefined && known !== shape[i]) {
      throw new ShapeError(
        `${showShapes(shapes)} do not fit: an axis is ${known} in one and ${shape[i]} in the other`,
        { op: as, shapes },
      );
    }
    sizes.set(name, shape[i]!);
  });
};

function axisSizes(a: Shape, b: Shape, attrs: ContractionAttributes): Map<number, number> {
  const sizes = new Map<number, number>();
  sizesOf(attrs.a, a, sizes, attrs.as, [a, b]);
  sizesOf(attrs.b, b, sizes, attrs.as, [a, b]);
  return sizes;
}

type Names = readonly number[];

/** An operand or the result, whose axes can be walked several at a time, as if they were one. */
class Walked {
  readonly data: Storage;
  private readonly names: Names;
  private readonly shape: Shape;
  private readonly strides: readonly number[];

  constructor({ data, shape }: Dense, names: Names) {
    this.data = data;
    this.names = names;
    this.shape = shape;
    this.strides = stridesOf(shape);
  }

  /** The step from one element to the next, if there is one: axes may merge, in this order, into one. */
  step(along: Names): number | undefined {
    let [step, size] = [1, 1];
    for (let i = along.length - 1; i >= 0; i--) {
      const axis = this.names.indexOf(along[i]!);
      if (this.shape[axis] === 1) continue;
      if (size === 1) step = this.strides[axis]!;
      else if (this.strides[axis] !== step * size) return undefined;
      size *= this.shape[axis]!;
    }
    return step;
  }

  /** Where each element lies. */
  offsets(along: Names): Int32Array {
    const axes = along.map((name) => this.names.indexOf(name));
    return offsetsOf(
      axes.map((axis) => this.shape[axis]!),
      axes.map((axis) => this.strides[axis]!),
    );
  }

  /** The operand whose rows run along some axes and whose columns along others, for each place at which one starts. */
  operands(rows: Names, columns: Names): (start: number) => Operand {
    const { data } = this;
    const [row, column] = [this.step(rows), this.step(columns)];
    if (row !== undefined && column !== undefined)
      return (start) => matrixOperand({ data, start, rows: row, columns: column });
    const [outer, inner] = [this.offsets(rows), this.offsets(columns)];
    return (start) => gatheredOperand(data, start, outer, inner);
  }
}

function runContraction(out: Dense, a: Dense, b: Dense, attrs: ContractionAttributes): void {
  if (out.data.length === 0) return;
  const sizes = axisSizes(a.shape, b.shape, attrs);
  const shapeOf = (names: Names): Shape => names.map((name) => sizes.get(name)!);
  const inBoth = attrs.out.filter((name) => attrs.a.includes(name) && attrs.b.includes(name));
  const rows = attrs.out.filter((name) => !attrs.b.includes(name));
  const columns = attrs.out.filter((name) => !attrs.a.includes(name));
  const contracted = attrs.a.filter((name) => !attrs.out.includes(name));
  const [left, right, result] = [new Walked(a, attrs.a), new Walked(b, attrs.b), new Walked(out, attrs.out)];
  const [row, column] = [result.step(rows), result.step(columns)];
  if (row === undefined || column === undefined) {
    return rearranged(out, [...inBoth, ...rows, ...columns], attrs, (aside, names) =>
      runContraction(aside, a, b, { ...attrs, out: names }),
    );
  }
  const [m, n, k] = [rows, columns, contracted].map((names) => sizeOf(shapeOf(names))) as [number, number, number];
  const [lefts, rights] = [left.operands(rows, contracted), right.operands(columns, contracted)];
  const [aStarts, bStarts, outStarts] = [left.offsets(inBoth), right.offsets(inBoth), result.offsets(inBoth)];
  for (let i = 0; i < outStarts.length; i++) {
    const matrix = { data: out.data, start: outStarts[i]!, rows: row, columns: column };
    product(out.dtype, matrix, lefts(aStarts[i]!), rights(bStarts[i]!), m, n, k);
  }
}

/** Computes with the result's axes in another order, and brings them into their own. */
function rearranged(
  out: Dense,
  names: Names,
  attrs: ContractionAttributes,
  compute: (aside: Dense, names: Names) => void,
): void {
  const shape = names.map((name) => out.shape[attrs.out.indexOf(name)]!);
  const aside: Dense = { data: newStorage(out.dtype, out.data.length), shape, dtype: out.dtype };
  compute(aside, names);
  const strides = stridesOf(shape);
  gatherStrided(
    out,
    aside,
    attrs.out.map((name) => strides[names.indexOf(name)]!),
    0,
  );
}

/** A name that none of the lists uses yet. */
const fresh = ({ a, b, out }: ContractionAttributes): number => Math.max(-1, ...a, ...b, ...out) + 1;

export const contractPrimitive: Primitive<ContractionAttributes> = primitive<ContractionAttributes>({
  name: 'contract',
  glyph: '@',
  title: ({ as }) => as,
  infer: ([a, b], attrs) => {
    if (a!.dtype === 'bool')
      throw new DtypeError('is not defined for bool', { op: attrs.as, hint: `Cast first: x.to('int32').` });
    const sizes = axisSizes(a!.shape, b!.shape, attrs);
    return [{ shape: attrs.out.map((name) => sizes.get(name)!), dtype: a!.dtype }];
  },
  compute: { kind: 'kernel', run: ([out], [a, b], attrs) => runContraction(out!, a!, b!, attrs) },
  lower: (_, { a, b, out }) => ({ kind: 'contract', a, b, out }),
  flops: ([a, b], attrs) => 2 * sizeOf([...axisSizes(a!.shape, b!.shape, attrs).values()]),
  derivatives: {
    kind: 'each',
    jvp: ([ta, tb], { inputs: [a, b], attrs }) => {
      const left = ta && contract(ta, b!, attrs);
      const right = tb && contract(a!, tb, attrs);
      return left !== undefined && right !== undefined ? left.add(right) : (left ?? right);
    },
    vjp: (g, operand, { inputs: [a, b], attrs }) =>
      operand === 0
        ? contract(g, b!, { ...attrs, a: attrs.out, b: attrs.b, out: attrs.a })
        : contract(a!, g, { ...attrs, a: attrs.a, b: attrs.out, out: attrs.b }),
  },
  batch: ([a, b], [inA, inB], _, attrs) => {
    const axis = fresh(attrs);
    return [
      contract(a!, b!, {
        ...attrs,
        a: inA ? [axis, ...attrs.a] : attrs.a,
        b: inB ? [axis, ...attrs.b] : attrs.b,
        out: [axis, ...attrs.out],
      }),
    ];
  },
});

/** Σ a·b over the names that are not in `out`. Operands have one dtype. */
export const contract = (a: Value, b: Value, attrs: ContractionAttributes): Value =>
  runtime.applyOne(contractPrimitive, [a, b], attrs);
