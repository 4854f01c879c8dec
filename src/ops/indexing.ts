/** Picking elements by integer indices, and its adjoint. */
import { newStorage, type DType } from '../base/dtypes.ts';
import { AxisError, DtypeError, ShapeError, showShape, showShapes } from '../base/errors.ts';
import type { Shape } from '../base/shape-types.ts';
import { normalizeAxis, sizeOf } from '../base/shapes.ts';
import type { Dense } from '../base/storage.ts';
import type { Value } from '../value/value.ts';
import type { AnyOperand, Of } from './families/signatures.ts';
import { embedPrimitive } from './parts.ts';
import { op, type Op } from './op.ts';
import { primitive, type Primitive } from './primitive.ts';
import { runtime, type Operand } from './runtime.ts';

interface AxisAttributes extends Record<string, unknown> {
  readonly axis: number;
}

/** A shape seen from one axis: what is before it, its length, what is behind. */
const around = (shape: Shape, axis: number): { before: number; length: number; behind: number } => ({
  before: sizeOf(shape.slice(0, axis)),
  length: shape[axis]!,
  behind: sizeOf(shape.slice(axis + 1)),
});

function checkIndex(name: string, i: number, length: number, axis: number): number {
  if (i >= 0 && i < length) return i;
  throw new AxisError(`index ${i} is out of range for axis ${axis} of length ${length}`, { op: name, axis });
}

/**
 * Calls `visit(element of the index, place in x)`. The index has x's rank; along axes other than `axis` it may be
 * shorter than x, and reads from the front.
 */
function eachPlace(
  name: string,
  index: Dense,
  x: Shape,
  axis: number,
  visit: (i: number, place: number) => void,
): void {
  const rank = x.length;
  const strides = new Array<number>(rank);
  for (let k = rank - 1, step = 1; k >= 0; k--) {
    strides[k] = step;
    step *= x[k]!;
  }
  const at = new Array<number>(rank).fill(0);
  const n = index.data.length;
  for (let i = 0; i < n; i++) {
    let place = 0;
    for (let k = 0; k < rank; k++) if (k !== axis) place += at[k]! * strides[k]!;
    visit(i, place + checkIndex(name, index.data[i]!, x[axis]!, axis) * strides[axis]!);
    for (let k = rank - 1; k >= 0; k--) {
      if (++at[k]! < index.shape[k]!) break;
      at[k] = 0;
    }
  }
}

function requireIndex(name: string, dtype: DType): void {
  if (dtype === 'int32') return;
  throw new DtypeError(`indices are int32, got ${dtype}`, {
    op: name,
    hint: `Make them with constant([…], { dtype: 'int32' }) or cast with to('int32').`,
  });
}

// gather -----------------------------------------------------------------------------------------------------------

const gatherPrimitive: Primitive<AxisAttributes> = primitive<AxisAttributes>({
  name: 'gather',
  glyph: '[i]',
  infer: ([x, index], { axis }) => {
    requireIndex('gather', index!.dtype);
    const fits =
      index!.shape.length === x!.shape.length && index!.shape.every((n, i) => i === axis || n <= x!.shape[i]!);
    if (!fits) {
      throw new ShapeError(`index ${showShape(index!.shape)} does not fit ${showShape(x!.shape)} along axis ${axis}`, {
        op: 'gather',
        shapes: [x!.shape, index!.shape],
        axis,
        hint: 'The index needs the same rank and, along other axes, at most the same length.',
      });
    }
    return [{ shape: index!.shape, dtype: x!.dtype }];
  },
  compute: {
    kind: 'kernel',
    run: ([out], [x, index], { axis }) =>
      eachPlace('gather', index!, x!.shape, axis, (i, place) => {
        out!.data[i] = x!.data[place]!;
      }),
  },
  derivatives: {
    kind: 'each',
    jvp: ([t], { inputs: [, index], attrs }) => t && runtime.applyOne(gatherPrimitive, [t, index!], attrs),
    vjp: (g, operand, { inputs: [x, index], attrs }) =>
      operand === 0
        ? runtime.applyOne(scatterAddPrimitive, [runtime.fill(x!.shape, 0, x!.dtype), index!, g], attrs)
        : undefined,
  },
  batch: ([x, index], [inX, inIndex], size, { axis }) => {
    const full = (v: Value, has: boolean | undefined): Value => (has === true ? v : v.broadcastTo([size, ...v.shape]));
    return [runtime.applyOne(gatherPrimitive, [full(x!, inX), full(index!, inIndex)], { axis: axis + 1 })];
  },
});

interface Gather {
  method<V extends Value, I extends Value>(this: V, axis: number, index: I): Value<Of<I>>;
  free<V extends AnyOperand, I extends Value>(x: V, axis: number, index: I): Value<Of<I>>;
}

/**
 * `out[i][j] = x[index[i][j]][j]` for axis 0, and so on: one element for each element of the (int32) index.
 * https://docs.pytorch.org/docs/stable/generated/torch.gather.html
 * @example value([[1, 2], [3, 4]]).gather(1, constant([[1], [0]], { dtype: 'int32' })) // [[2], [3]]
 */
export const gather: Op<Gather> = op<Gather>(
  'gather',
  gatherPrimitive,
  (operand: Operand, axis: number, index: Value): Value => {
    const x = runtime.lift(operand, 'gather');
    if (x.rank === 0) return gather(x.reshape([1]), 0, index.reshape([1])).reshape(index.shape);
    return runtime.applyOne(gatherPrimitive, [x, index], { axis: normalizeAxis('gather', axis, x.rank, x.shape) });
  },
  {
    samples: [
      {
        inputs: [{ shape: [3, 4] }, { shape: [3, 2], dtype: 'int32', min: 0, max: 3 }],
        call: (x, i) => x.gather(1, i),
      },
      {
        inputs: [{ shape: [3, 4] }, { shape: [5, 2], dtype: 'int32', min: 0, max: 2 }],
        call: (x, i) => x.gather(0, i),
      },
    ],
    errors: [
      {
        call: () => runtime.fill([2], 0, 'float64').gather(0, runtime.fill([1], 2, 'int32')),
        error: 'AxisError',
        message: /gather: index 2 .*axis 0 of length 2/,
      },
      {
        call: () => runtime.fill([2], 0, 'float64').gather(0, runtime.fill([1], 0, 'float64')),
        error: 'DtypeError',
        message: /int32/,
      },
    ],
    gold: 'gather',
  },
);

// scatterAdd -------------------------------------------------------------------------------------------------------

export const scatterAddPrimitive: Primitive<AxisAttributes> = primitive<AxisAttributes>({
  name: 'scatterAdd',
  glyph: '+[i]',
  infer: ([x, index, source], { axis }) => {
    requireIndex('scatterAdd', index!.dtype);
    const n = x!.shape.length;
    const fits =
      index!.shape.length === n &&
      source!.shape.length === n &&
      index!.shape.every((m, i) => m <= source!.shape[i]! && (i === axis || m <= x!.shape[i]!));
    if (!fits) {
      throw new ShapeError(
        `index ${showShape(index!.shape)} does not fit ${showShapes([x!.shape, source!.shape])} along axis ${axis}`,
        {
          op: 'scatterAdd',
          shapes: [x!.shape, index!.shape, source!.shape],
          axis,
          hint: 'All need one rank; the index is at most as long as the source, and as x along other axes.',
        },
      );
    }
    return [{ shape: x!.shape, dtype: x!.dtype }];
  },
  compute: {
    kind: 'kernel',
    run: ([out], [x, index, source], { axis }) => {
      out!.data.set(x!.data);
      const part = frontOf(source!, index!.shape);
      eachPlace('scatterAdd', index!, out!.shape, axis, (i, place) => {
        out!.data[place]! += part[i]!;
      });
    },
  },
  derivatives: {
    kind: 'each',
    jvp: ([tx, , ts], { inputs: [x, index, source], attrs }) => {
      if (tx === undefined && ts === undefined) return undefined;
      const zeros = (v: Value): Value => runtime.fill(v.shape, 0, v.dtype);
      return ts === undefined
        ? tx
        : runtime.applyOne(scatterAddPrimitive, [tx ?? zeros(x!), index!, ts ?? zeros(source!)], attrs);
    },
    vjp: (g, operand, { inputs: [, index, source], attrs }) => {
      if (operand === 0) return g;
      if (operand === 1) return undefined;
      const part = runtime.applyOne(gatherPrimitive, [g, index!], attrs);
      return padBehind(part, source!.shape);
    },
  },
  batch: (inputs, batched, size, { axis }) => {
    const full = inputs.map((v, i) => (batched[i] ? v : v.broadcastTo([size, ...v.shape])));
    return [runtime.applyOne(scatterAddPrimitive, full, { axis: axis + 1 })];
  },
});

/** The leading part of x with the given shape, as an array. */
function frontOf(x: Dense, shape: Shape): Dense['data'] {
  if (shape.every((n, i) => n === x.shape[i])) return x.data;
  const out = newStorage(x.dtype, sizeOf(shape));
  const inner = { data: out, shape, dtype: x.dtype };
  copyFront(inner, x);
  return out;
}

function copyFront(out: Dense, x: Dense): void {
  const { behind } = around(out.shape, out.shape.length - 1);
  const n = out.shape[out.shape.length - 1]! * behind;
  const at = new Array<number>(out.shape.length - 1).fill(0);
  for (let o = 0; o < out.data.length; o += n) {
    let place = 0;
    for (let k = 0; k < at.length; k++) place = (place + at[k]!) * x.shape[k + 1]!;
    for (let i = 0; i < n; i++) out.data[o + i] = x.data[place + i]!;
    for (let k = at.length - 1; k >= 0; k--) {
      if (++at[k]! < out.shape[k]!) break;
      at[k] = 0;
    }
  }
}

/** Zeros behind x along every axis, up to `shape`. */
const padBehind = (x: Value, shape: Shape): Value =>
  x.shape.every((n, i) => n === shape[i])
    ? x
    : runtime.applyOne(embedPrimitive, [x], {
        starts: shape.map(() => 0),
        sizes: x.shape,
        steps: shape.map(() => 1),
        shape,
      });

interface ScatterAdd {
  method<V extends Value>(this: V, axis: number, index: Value, source: Value): Value<Of<V>>;
  free<V extends Value>(x: V, axis: number, index: Value, source: Value): Value<Of<V>>;
}

/**
 * x with `source[i][j]` added at `[index[i][j]][j]` for axis 0, and so on; repeated places add up, in order.
 * https://docs.pytorch.org/docs/stable/generated/torch.Tensor.scatter_add_.html
 * @example zeros([3]).scatterAdd(0, constant([1, 1], { dtype: 'int32' }), value([2, 3])) // [0, 5, 0]
 */
export const scatterAdd: Op<ScatterAdd> = op<ScatterAdd>(
  'scatterAdd',
  scatterAddPrimitive,
  (operand: Operand, axis: number, index: Value, source: Value): Value => {
    const x = runtime.lift(operand, 'scatterAdd');
    if (x.rank === 0) return scatterAdd(x.reshape([1]), 0, index.reshape([1]), source.reshape([1])).reshape([]);
    const at = normalizeAxis('scatterAdd', axis, x.rank, x.shape);
    return runtime.applyOne(scatterAddPrimitive, [x, index, source], { axis: at });
  },
  {
    samples: [
      {
        inputs: [{ shape: [3, 2] }, { shape: [4, 2], dtype: 'int32', min: 0, max: 2 }, { shape: [4, 2] }],
        call: (x, i, s) => x.scatterAdd(0, i, s),
      },
      {
        inputs: [{ shape: [2, 3] }, { shape: [1, 2], dtype: 'int32', min: 0, max: 2 }, { shape: [2, 4] }],
        call: (x, i, s) => x.scatterAdd(-1, i, s),
      },
    ],
    gold: 'scatter_add',
  },
);
