/**
 * The general product of two operands: axes are named, and `out[o…] = Σ a[…]·b[…]` over every name that is not in the
 * result. matmul, dot, outer, tensordot and each step of einsum are contractions; so are their derivatives, which
 * contract broadcast batch axes instead of summing afterwards.
 */
import { newStorage, type DType, type Storage } from '../../base/dtypes.ts';
import { ShapeError, showShapes, DtypeError } from '../../base/errors.ts';
import { sizeOf, stridesOf, type Shape } from '../../base/shapes.ts';
import type { Dense } from '../../base/storage.ts';
import type { Value } from '../../value/value.ts';
import { product32, product64, productInt, type ProductRun } from '../kernels/product.ts';
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

/** The elements of x with its axes in the order of `names`. */
function arranged(x: Dense, own: readonly number[], names: readonly number[]): Storage {
  const places = names.map((name) => own.indexOf(name));
  if (places.every((place, i) => place === i)) return x.data;
  const strides = stridesOf(x.shape);
  const shape = places.map((place) => x.shape[place]!);
  const data = newStorage(x.dtype, x.data.length);
  gatherStrided(
    { data, shape, dtype: x.dtype },
    x,
    places.map((place) => strides[place]!),
    0,
  );
  return data;
}

const PRODUCTS: Readonly<Record<DType, ProductRun>> = {
  float64: product64,
  float32: product32,
  int32: productInt,
  bool: productInt,
};

function runContraction(out: Dense, a: Dense, b: Dense, attrs: ContractionAttributes): void {
  const sizes = axisSizes(a.shape, b.shape, attrs);
  const count = (names: readonly number[]): number => sizeOf(names.map((name) => sizes.get(name)!));
  const inBoth = attrs.out.filter((name) => attrs.a.includes(name) && attrs.b.includes(name));
  const rows = attrs.out.filter((name) => !attrs.b.includes(name));
  const columns = attrs.out.filter((name) => !attrs.a.includes(name));
  const contracted = attrs.a.filter((name) => !attrs.out.includes(name));
  const [m, n, k, batch] = [count(rows), count(columns), count(contracted), count(inBoth)];
  const left = arranged(a, attrs.a, [...inBoth, ...rows, ...contracted]);
  const right = arranged(b, attrs.b, [...inBoth, ...columns, ...contracted]);
  const natural = [...inBoth, ...rows, ...columns];
  const inPlace = natural.every((name, i) => attrs.out[i] === name);
  const target = inPlace ? out.data : newStorage(out.dtype, out.data.length);
  const run = PRODUCTS[out.dtype];
  for (let i = 0; i < batch; i++) run(target, i * m * n, left, i * m * k, right, i * n * k, m, n, k);
  if (inPlace) return;
  const dense = { data: target, shape: natural.map((name) => sizes.get(name)!), dtype: out.dtype };
  const strides = stridesOf(dense.shape);
  gatherStrided(
    out,
    dense,
    attrs.out.map((name) => strides[natural.indexOf(name)]!),
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
