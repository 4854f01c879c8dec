/** Reductions over any axes. */
import { newStorage, type DType, type Storage } from '../../base/dtypes.ts';
import { normalizeAxes, reducedShape, stridesOf, type Shape } from '../../base/shapes.ts';
import type { Dense } from '../../base/storage.ts';
import { checkOptions } from '../../base/errors.ts';
import type { Value } from '../../value/value.ts';
import { gatherStrided } from '../kernels/strided.ts';
import type { Reducer } from '../lowering.ts';
import { primitive, type Aval, type Derivatives, type Primitive } from '../primitive.ts';
import { runtime } from '../runtime.ts';

/** Reduction primitives drop their axes (sorted); keeping them is a reshape afterwards. */
export interface AxesAttributes extends Record<string, unknown> {
  readonly axes: readonly number[];
}

/** Reduces `count` elements that lie `stride` apart. */
export type ReduceRun = (data: Storage, start: number, stride: number, count: number, dtype: DType) => number;

/** Reduces every column of a row-major matrix: `rows` elements that lie `columns` apart. */
export type ReduceColumns = (
  out: Storage,
  out0: number,
  data: Storage,
  start: number,
  rows: number,
  columns: number,
  dtype: DType,
) => void;

interface Groups {
  /** Matrices of `count` rows and `behind` columns lie one after the other; columns are reduced. */
  readonly data: Storage;
  readonly count: number;
  readonly behind: number;
}

/** Whether the (sorted) axes follow each other. */
function areTogether(axes: readonly number[]): boolean {
  for (let i = 1; i < axes.length; i++) if (axes[i] !== axes[i - 1]! + 1) return false;
  return true;
}

/** Axes that follow each other need no copy; others are brought together at the end. */
function groupsOf(x: Dense, axes: readonly number[]): Groups {
  let count = 1;
  for (const axis of axes) count *= x.shape[axis]!;
  if (areTogether(axes)) {
    let behind = 1;
    for (let i = (axes[axes.length - 1] ?? x.shape.length) + 1; i < x.shape.length; i++) behind *= x.shape[i]!;
    return { data: x.data, count, behind };
  }
  const order = [...x.shape.keys()].filter((i) => !axes.includes(i)).concat(axes);
  const strides = stridesOf(x.shape);
  const data = newStorage(x.dtype, x.data.length);
  const shape = order.map((axis) => x.shape[axis]!);
  const steps = order.map((axis) => strides[axis]!);
  gatherStrided({ data, shape, dtype: x.dtype }, x, steps, 0);
  return { data, count, behind: 1 };
}

const TILE_ELEMENTS = 1 << 15;
const MIN_TILE_COLUMNS = 8;

/** Columns by way of a tile in which each lies together: elements are read in the order in which they lie. */
const throughTile =
  (reduce: ReduceRun): ReduceColumns =>
  (out, out0, data, start, rows, columns, dtype) => {
    const width = Math.min(columns, Math.max(MIN_TILE_COLUMNS, Math.floor(TILE_ELEMENTS / Math.max(1, rows))));
    const tile = newStorage(dtype, width * rows);
    for (let first = 0; first < columns; first += width) {
      const w = Math.min(width, columns - first);
      for (let r = 0; r < rows; r++) {
        const at = start + r * columns + first;
        for (let c = 0; c < w; c++) tile[c * rows + r] = data[at + c]!;
      }
      for (let c = 0; c < w; c++) out[out0 + first + c] = reduce(tile, c * rows, 1, rows, dtype);
    }
  };

function runReduction(
  out: Dense,
  x: Dense,
  axes: readonly number[],
  reduce: ReduceRun,
  columns: ReduceColumns = throughTile(reduce),
): void {
  const { data, count, behind } = groupsOf(x, axes);
  const n = out.data.length;
  if (behind === 1) {
    for (let o = 0; o < n; o++) out.data[o] = reduce(data, o * count, 1, count, x.dtype);
    return;
  }
  for (let o = 0; o < n; o += behind) columns(out.data, o, data, o * count, count, behind, x.dtype);
}

export interface ReductionSpec {
  readonly name: string;
  readonly glyph: string;
  /** The result's dtype; default: the operand's. */
  result?(dtype: DType): DType;
  readonly reduce: ReduceRun;
  /** What an engine knows it by; absent where only `reduce` can. */
  readonly reducer?: Reducer;
  /** A faster way down columns, with the same bits. */
  readonly columns?: ReduceColumns;
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
    compute: { kind: 'kernel', run: ([out], [x], { axes }) => runReduction(out!, x!, axes, spec.reduce, spec.columns) },
    lower: (_, { axes }) => (spec.reducer === undefined ? null : { kind: 'reduce', reducer: spec.reducer, axes }),
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
