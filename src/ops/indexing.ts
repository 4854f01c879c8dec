/** One element for each element of an integer index: picking, putting, adding. */
import { DtypeError, ShapeError, showShape, showShapes } from '../base/errors.ts';
import { castNumber, newStorage, type Storage } from '../base/dtypes.ts';
import { normalizeAxis, sameShape, sizeOf, stridesOf, type Shape } from '../base/shapes.ts';
import type { Dense } from '../base/storage.ts';
import type { Value } from '../value/value.ts';
import { pickElements, putElements } from './families/indexed.ts';
import type { AnyOperand, Of } from './families/signatures.ts';
import { eachPlace, requireIndex } from './kernels/places.ts';
import { gatherStrided } from './kernels/strided.ts';
import { op, type Op } from './op.ts';
import { embedPrimitive } from './families/slicing.ts';
import { primitive, type Aval, type Cotangent, type Primitive } from './primitive.ts';
import { runtime, type Operand } from './runtime.ts';

interface AxisAttributes extends Record<string, unknown> {
  readonly axis: number;
}

const zerosLike = (x: Aval): Value => runtime.fill(x.shape, 0, x.dtype);

/** All operands with the batch axis, where the indexed axis is one further behind. */
function batchAll(p: () => Primitive<AxisAttributes>): Primitive<AxisAttributes>['batch'] {
  return (inputs, batched, size, { axis }) => {
    const full = inputs.map((v, i) => (batched[i] ? v : v.broadcastTo([size, ...v.shape])));
    return [runtime.applyOne(p(), full, { axis: axis + 1 })];
  };
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
    run: ([out], [x, index], { axis }) => {
      const [target, source] = [out!.data, x!.data];
      eachPlace('gather', index!, x!.shape, axis, (i, place) => {
        target[i] = source[place]!;
      });
    },
  },
  lower: (inputs, { axis }) => pickElements(inputs, axis),
  derivatives: {
    kind: 'each',
    jvp: ([t], { inputs: [, index], attrs }) => t && runtime.applyOne(gatherPrimitive, [t, index!], attrs),
    vjp: (g, operand, { inputs: [x, index], attrs }) =>
      operand === 0 ? runtime.applyOne(scatterAddPrimitive, [zerosLike(x!), index!, g], attrs) : undefined,
  },
  batch: batchAll(() => gatherPrimitive),
});

interface Gather {
  method<V extends Value, I extends Value>(this: V, axis: number, index: I): Value<Of<I>>;
  free<V extends AnyOperand, I extends Value>(x: V, axis: number, index: I): Value<Of<I>>;
}

/**
 * `out[i][j] = x[index[i][j]][j]` for axis 0, and so on: one element for each element of the (int32) index.
 * https://docs.pytorch.org/docs/stable/generated/torch.gather.html
 * @throws AxisError for an index out of range (negative ones too); DtypeError unless the index is int32.
 * @example value([[1, 2], [3, 4]]).gather(1, constant([[1], [0]], { dtype: 'int32' })) // [[2], [3]]
 */
export const gather: Op<Gather> = op<Gather>(
  'gather',
  gatherPrimitive,
  (operand: Operand, axis: number, index: Value): Value => {
    const x = runtime.lift(operand, 'gather');
    const at = runtime.lift(index, 'gather');
    // As in PyTorch an empty index fits everything.
    if (at.size === 0 && at.rank !== x.rank) return x.reshape([-1]).slice([0, 0]).reshape(at.shape);
    if (x.rank === 0) return gather(x.reshape([1]), 0, at.reshape([-1])).reshape(at.shape);
    return runtime.applyOne(gatherPrimitive, [x, at], { axis: normalizeAxis('gather', axis, x.rank, x.shape) });
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
      {
        inputs: [{ shape: [] }, { shape: [], dtype: 'int32', min: 0, max: 0 }],
        call: (x, i) => x.gather(0, i),
      },
      {
        inputs: [{ shape: [3, 2] }, { shape: [0, 2], dtype: 'int32', min: 0, max: 2 }],
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
      {
        call: () => runtime.fill([2, 2], 0, 'float64').gather(0, runtime.fill([2, 3], 0, 'int32')),
        error: 'ShapeError',
        message: /gather: index \[2, 3\] does not fit \[2, 2\] along axis 0/,
      },
    ],
    gold: 'gather',
  },
);

// Putting and adding -----------------------------------------------------------------------------------------------

function inferScatter(name: string, [x, index, source]: readonly Aval[], axis: number): readonly Aval[] {
  requireIndex(name, index!.dtype);
  requireOneDtype(name, x!, source!);
  const n = x!.shape.length;
  const fits =
    index!.shape.length === n &&
    source!.shape.length === n &&
    index!.shape.every((m, i) => m <= source!.shape[i]! && (i === axis || m <= x!.shape[i]!));
  if (fits) return [{ shape: x!.shape, dtype: x!.dtype }];
  throw new ShapeError(
    `index ${showShape(index!.shape)} does not fit ${showShapes([x!.shape, source!.shape])} along axis ${axis}`,
    {
      op: name,
      shapes: [x!.shape, index!.shape, source!.shape],
      axis,
      hint: 'All need one rank; the index is at most as long as the source, and as x along other axes.',
    },
  );
}

/** @throws DtypeError unless what is put in has the dtype of x. */
export function requireOneDtype(name: string, x: Aval, source: Aval): void {
  if (x.dtype === source.dtype) return;
  throw new DtypeError(`cannot put ${source.dtype} into ${x.dtype}`, {
    op: name,
    hint: `Cast first: source.to('${x.dtype}').`,
  });
}

/** The leading part of x with the given shape, as an array. */
function frontOf(x: Dense, shape: Shape): Storage {
  if (sameShape(shape, x.shape)) return x.data;
  const data = newStorage(x.dtype, sizeOf(shape));
  gatherStrided({ data, shape, dtype: x.dtype }, x, stridesOf(x.shape), 0);
  return data;
}

/** Zeros behind x along every axis, up to `shape`. */
const padBehind = (x: Value, shape: Shape): Value =>
  sameShape(x.shape, shape)
    ? x
    : runtime.applyOne(embedPrimitive, [x], {
        starts: shape.map(() => 0),
        sizes: x.shape,
        steps: shape.map(() => 1),
        shape,
      });

/** Both scatters are linear in x and the source together. */
const scatterJvp =
  (p: () => Primitive<AxisAttributes>) =>
  (
    [tx, , ts]: readonly Cotangent[],
    { inputs: [x, index, source], attrs }: { inputs: readonly Value[]; attrs: AxisAttributes },
  ): Cotangent =>
    runtime.applyOne(p(), [tx ?? zerosLike(x!), index!, ts ?? zerosLike(source!)], attrs);

const scatterAddPrimitive: Primitive<AxisAttributes> = primitive<AxisAttributes>({
  name: 'scatterAdd',
  glyph: '+[i]',
  infer: (inputs, { axis }) => inferScatter('scatterAdd', inputs, axis),
  compute: {
    kind: 'kernel',
    run: ([out], [x, index, source], { axis }) => {
      const target = out!.data;
      target.set(x!.data);
      const part = frontOf(source!, index!.shape);
      const disjoins = out!.dtype === 'bool';
      eachPlace('scatterAdd', index!, out!.shape, axis, (i, place) => {
        if (disjoins) target[place]! |= part[i]!;
        else target[place]! += part[i]!;
      });
    },
  },
  lower: (inputs, { axis }) => putElements('add', inputs, axis),
  derivatives: {
    kind: 'each',
    jvp: (tangents, at) =>
      tangents[2] === undefined ? tangents[0] : scatterJvp(() => scatterAddPrimitive)(tangents, at),
    vjp: (g, operand, { inputs: [, index, source], attrs }) => {
      if (operand === 0) return g;
      if (operand === 1) return undefined;
      return padBehind(runtime.applyOne(gatherPrimitive, [g, index!], attrs), source!.shape);
    },
  },
  batch: batchAll(() => scatterAddPrimitive),
});

/** Which elements of the index are the last to name their place. */
function winners(x: Aval, index: Value, attrs: AxisAttributes): Value {
  const order = runtime.fromArray(
    Int32Array.from({ length: index.size }, (_, i) => i),
    index.shape,
    'int32',
  );
  const last = runtime.applyOne(scatterPrimitive, [runtime.fill(x.shape, -1, 'int32'), index, order], attrs);
  return runtime.applyOne(gatherPrimitive, [last, index], attrs).eq(order);
}

const scatterPrimitive: Primitive<AxisAttributes> = primitive<AxisAttributes>({
  name: 'scatter',
  glyph: '→[i]',
  infer: (inputs, { axis }) => inferScatter('scatter', inputs, axis),
  compute: {
    kind: 'kernel',
    run: ([out], [x, index, source], { axis }) => {
      const target = out!.data;
      target.set(x!.data);
      const part = frontOf(source!, index!.shape);
      eachPlace('scatter', index!, out!.shape, axis, (i, place) => {
        target[place] = part[i]!;
      });
    },
  },
  lower: (inputs, { axis }) => putElements('replace', inputs, axis),
  derivatives: {
    kind: 'each',
    jvp: scatterJvp(() => scatterPrimitive),
    vjp: (g, operand, { inputs: [x, index, source], attrs }) => {
      if (operand === 1) return undefined;
      if (operand === 0) {
        return runtime.applyOne(scatterPrimitive, [g, index!, runtime.fill(index!.shape, 0, g.dtype)], attrs);
      }
      const part = runtime.applyOne(gatherPrimitive, [g, index!], attrs).where(winners(x!, index!, attrs), 0);
      return padBehind(part, source!.shape);
    },
  },
  batch: batchAll(() => scatterPrimitive),
});

/** A number, or a 0-d Value, stands for every element that the index names. */
function sourceFor(source: Operand, x: Value, index: Value, name: string): Value {
  if (!runtime.isValue(source)) return runtime.fill(index.shape, castNumber(Number(source), x.dtype), x.dtype);
  const lifted = runtime.lift(source, name);
  return lifted.rank === 0 && index.rank > 0 ? lifted.broadcastTo(index.shape) : lifted;
}

function scatterWith(p: Primitive<AxisAttributes>, operand: Operand, axis: number, index: Value, put: Operand): Value {
  const x = runtime.lift(operand, p.name);
  const at = runtime.lift(index, p.name);
  const source = sourceFor(put, x, at, p.name);
  if (x.rank === 0) {
    const row = [x.reshape([1]), at.reshape([-1]), source.reshape([-1])];
    return runtime.applyOne(p, row, { axis: normalizeAxis(p.name, axis, 1) }).reshape([]);
  }
  return runtime.applyOne(p, [x, at, source], { axis: normalizeAxis(p.name, axis, x.rank, x.shape) });
}

interface Scatter {
  method<V extends Value>(this: V, axis: number, index: Value, source: Operand): Value<Of<V>>;
  free<V extends AnyOperand>(x: V, axis: number, index: Value, source: Operand): Value<Of<V>>;
}

/**
 * x with `source[i][j]` added at `[index[i][j]][j]` for axis 0, and so on; repeated places add up, in order
 * (of bools: true if any is).
 * https://docs.pytorch.org/docs/stable/generated/torch.Tensor.scatter_add_.html
 * @throws AxisError for an index out of range; ShapeError where the shapes do not fit; DtypeError for another dtype.
 * @example zeros([3]).scatterAdd(0, constant([1, 1], { dtype: 'int32' }), value([2, 3])) // [0, 5, 0]
 */
export const scatterAdd: Op<Scatter> = op<Scatter>(
  'scatterAdd',
  scatterAddPrimitive,
  (x: Operand, axis: number, index: Value, source: Operand): Value =>
    scatterWith(scatterAddPrimitive, x, axis, index, source),
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
      {
        inputs: [{ shape: [] }, { shape: [], dtype: 'int32', min: 0, max: 0 }, { shape: [] }],
        call: (x, i, s) => x.scatterAdd(0, i, s),
      },
    ],
    errors: [
      {
        call: () => runtime.fill([2], 0, 'float64').scatterAdd(0, runtime.fill([1], -1, 'int32'), 1),
        error: 'AxisError',
        message: /scatterAdd: index -1 .*axis 0 of length 2/,
      },
      {
        call: () =>
          runtime.fill([2], 0, 'int32').scatterAdd(0, runtime.fill([1], 0, 'int32'), runtime.fill([1], 0, 'float64')),
        error: 'DtypeError',
        message: /scatterAdd: cannot put float64 into int32/,
      },
    ],
    gold: 'scatter_add',
  },
);

/**
 * x with `source[i][j]` (or one number everywhere) put at `[index[i][j]][j]` for axis 0, and so on. Where places repeat
 * the last one wins, and it alone has a gradient.
 * https://docs.pytorch.org/docs/stable/generated/torch.Tensor.scatter_.html
 * @throws AxisError for an index out of range; ShapeError where the shapes do not fit; DtypeError for another dtype.
 * @example zeros([3]).scatter(0, constant([2, 0], { dtype: 'int32' }), value([5, 6])) // [6, 0, 5]
 */
export const scatter: Op<Scatter> = op<Scatter>(
  'scatter',
  scatterPrimitive,
  (x: Operand, axis: number, index: Value, source: Operand): Value =>
    scatterWith(scatterPrimitive, x, axis, index, source),
  {
    samples: [
      {
        inputs: [{ shape: [3, 2] }, { shape: [4, 2], dtype: 'int32', min: 0, max: 2 }, { shape: [4, 2] }],
        call: (x, i, s) => x.scatter(0, i, s),
      },
      {
        inputs: [{ shape: [2, 3] }, { shape: [1, 2], dtype: 'int32', min: 0, max: 2 }, { shape: [2, 4] }],
        call: (x, i, s) => x.scatter(1, i, s),
      },
      {
        inputs: [{ shape: [3] }, { shape: [2], dtype: 'int32', min: 0, max: 2 }, { shape: [] }],
        call: (x, i, s) => x.scatter(0, i, s),
      },
      {
        inputs: [{ shape: [3] }, { shape: [2], dtype: 'int32', min: 0, max: 2 }],
        call: (x, i) => x.scatter(-1, i, 1.5),
      },
    ],
    errors: [
      {
        call: () => runtime.fill([2, 2], 0, 'float64').scatter(0, runtime.fill([1, 3], 0, 'int32'), 1),
        error: 'ShapeError',
        message: /scatter: index \[1, 3\] does not fit \[2, 2\] and \[1, 3\]/,
      },
      {
        call: () => runtime.fill([2], 0, 'float64').scatter(0, runtime.fill([1], 2, 'int32'), 1),
        error: 'AxisError',
        message: /scatter: index 2 .*axis 0 of length 2/,
      },
    ],
    gold: 'scatter',
  },
);
