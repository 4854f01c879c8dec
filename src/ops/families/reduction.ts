/** Reductions over any axes. */
import { newStorage, type DType, type Storage } from '../../base/dtypes.ts';
import { normalizeAxes, reducedShape, sizeOf, type Shape } from '../../base/shapes.ts';
import type { Dense } from '../../base/storage.ts';
import { checkOptions } from '../../base/errors.ts';
import type { Value } from '../../value/value.ts';
import { gatherStrided } from '../kernels/strided.ts';
import { stridesOf } from '../../base/shapes.ts';
import { primitive, type Aval, type Derivatives, type Primitive } from '../primitive.ts';
import { runtime } from '../runtime.ts';

/** Reduction primitives drop their axes (sorted); keeping them is a reshape afterwards. */
export interface AxesAttributes extends Record<string, unknown> {
  readonly axes: readonly number[];
}

/** Reduces `count` elements that lie `stride` apart. */
export type ReduceRun = (data: Storage, start: number, stride: number, count: number, dtype: DType) => number;

/** True where the reduced axes are the last ones, so that each group lies together. */
const areLast = (axes: readonly number[], rank: number): boolean =>
  axes.every((axis, i) => axis === rank - axes.length + i);

/** The elements with the reduced axes last, so that each group is contiguous. */
function groupsTogether(x: Dense, axes: readonly number[]): Storage {
  if (areLast(axes, x.shape.length)) return x.data;
  const kept = x.shape.map((_, i) => i).filter((i) => !axes.includes(i));
  const order = [...kept, ...axes];
  const strides = stridesOf(x.shape);
  const shape = order.map((axis) => x.shape[axis]!);
  const data = newStorage(x.dtype, x.data.length);
  gatherStrided(
    { data, shape, dtype: x.dtype },
    x,
    order.map((axis) => strides[axis]!),
    0,
  );
  return data;
}

export function runReduction(out: Dense, x: Dense, axes: readonly number[], reduce: ReduceRun): void {
  const count = sizeOf(axes.map((axis) => x.shape[axis]!));
  // One run of leading axes needs no copy: its elements lie one row apart.
  if (axes.every((axis, i) => axis === i) && !areLast(axes, x.shape.length)) {
    const stride = out.data.length;
    for (let o = 0; o < out.data.length; o++) out.data[o] = reduce(x.data, o, stride, count, x.dtype);
    return;
  }
  const data = groupsTogether(x, axes);
  for (let o = 0; o < out.data.length; o++) out.data[o] = reduce(data, o * count, 1, count, x.dtype);
}

export interface ReductionSpec {
  readonly name: string;
  readonly glyph: string;
  /** The result's dtype; default: the operand's. */
  result?(dtype: DType): DType;
  readonly reduce: ReduceRun;
  readonly derivatives: Derivatives<AxesAttributes>;
  /** Checks beyond the axes (an empty maximum has no value). */
  check?(x: Aval, axes: readonly number[]): void;
}

export function reductionPrimitive(spec: ReductionSpec): Primitive<AxesAttributes> {
  const self: Primitive<AxesAttributes> = primitive<AxesAttributes>({
    name: spec.name,
    glyph: spec.glyph,
    infer: ([x], { axes }) => {
      spec.check?.(x!, axes);
      return [{ shape: reducedShape(x!.shape, axes, false), dtype: spec.result?.(x!.dtype) ?? x!.dtype }];
    },
    compute: { kind: 'kernel', run: ([out], [x], { axes }) => runReduction(out!, x!, axes, spec.reduce) },
    derivatives: spec.derivatives,
    batch: ([x], _, __, { axes }) => [runtime.applyOne(self, [x!], { axes: axes.map((axis) => axis + 1) })],
  });
  return self;
}

/** What was reduced over `axes`, stretched back over them: how cotangents of sums and results of maxima return. */
export const stretchBack = (y: Value, shape: Shape, axes: readonly number[]): Value =>
  y.reshape(reducedShape(shape, axes, true)).broadcastTo(shape);

/** Applies a reduction for a public op: `(x, axis?, { keepDims? })`. */
export function reduce(
  name: string,
  p: Primitive<AxesAttributes>,
  x: Value,
  axis: number | readonly number[] | null | undefined,
  options: { readonly keepDims?: boolean } | undefined,
): Value {
  checkOptions(name, options, ['keepDims']);
  const axes = normalizeAxes(name, axis, x.shape);
  const y = runtime.applyOne(p, [x], { axes });
  return options?.keepDims === true ? y.reshape(reducedShape(x.shape, axes, true)) : y;
}
