/** Whole slices by integer indices: picking rows, adding to rows (embeddings and their gradients). */
import { checkOptions, OptionError, ShapeError, showShape } from '../base/errors.ts';
import type { Fits, Ok, WithAxis } from '../base/shape-types.ts';
import { normalizeAxisOrScalar, sameShape, sizeOf, type Shape } from '../base/shapes.ts';
import type { Dense } from '../base/storage.ts';
import type { Value } from '../value/value.ts';
import { addRows, pickRows } from './families/indexed.ts';
import type { AnyOperand, Of } from './families/signatures.ts';
import { requireOneDtype } from './indexing.ts';
import { checkIndex, requireIndex } from './kernels/places.ts';
import { composite, op, type Op } from './op.ts';
import { primitive, type Aval, type Cotangent, type Primitive } from './primitive.ts';
import { runtime, type Operand } from './runtime.ts';

interface RowsAttributes extends Record<string, unknown> {
  /** The public op, for errors and printing. */
  readonly as: string;
  /** The indexed axis of x. */
  readonly axis: number;
  /** How many leading axes x and the index have in common: each place along them has rows and indices of its own. */
  readonly shared: number;
}

/** The shape of the picked rows: the indexed axis replaced by the index's own axes. */
const pickedShape = (x: Shape, index: Shape, { axis, shared }: RowsAttributes): Shape => [
  ...x.slice(0, axis),
  ...index.slice(shared),
  ...x.slice(axis + 1),
];

function requireShared(x: Aval, index: Aval, { as, axis, shared }: RowsAttributes): void {
  requireIndex(as, index.dtype);
  if (shared <= axis && sameShape(x.shape.slice(0, shared), index.shape.slice(0, shared))) return;
  throw new ShapeError(`index ${showShape(index.shape)} does not fit ${showShape(x.shape)}`, {
    op: as,
    shapes: [x.shape, index.shape],
  });
}

/** Calls `visit` with the start of each row among the picked ones, and in x; rows have `length` elements. */
function eachRow(
  x: Shape,
  index: Dense,
  { as, axis, shared }: RowsAttributes,
  visit: (picked: number, own: number, length: number) => void,
): void {
  const outer = sizeOf(x.slice(0, shared));
  const before = sizeOf(x.slice(shared, axis));
  const [n, row] = [x[axis]!, sizeOf(x.slice(axis + 1))];
  const count = sizeOf(index.shape.slice(shared));
  let picked = 0;
  for (let o = 0; o < outer; o++) {
    for (let b = 0; b < before; b++) {
      for (let k = 0; k < count; k++, picked += row) {
        const i = checkIndex(as, index.data[o * count + k]!, n, axis - shared);
        visit(picked, ((o * before + b) * n + i) * row, row);
      }
    }
  }
}

/** Below this length a loop is faster than a view and `set`. */
const WORTH_A_VIEW = 64;

const takePrimitive: Primitive<RowsAttributes> = primitive<RowsAttributes>({
  name: 'take',
  glyph: '[i]',
  title: ({ as }) => as,
  infer: ([x, index], attrs) => {
    requireShared(x!, index!, attrs);
    return [{ shape: pickedShape(x!.shape, index!.shape, attrs), dtype: x!.dtype }];
  },
  compute: {
    kind: 'kernel',
    run: ([out], [x, index], attrs) => {
      const [target, source] = [out!.data, x!.data];
      eachRow(x!.shape, index!, attrs, (picked, own, length) => {
        if (length >= WORTH_A_VIEW) target.set(source.subarray(own, own + length), picked);
        else for (let j = 0; j < length; j++) target[picked + j] = source[own + j]!;
      });
    },
  },
  lower: pickRows,
  derivatives: {
    kind: 'each',
    jvp: ([t], { inputs: [, index], attrs }) => t && runtime.applyOne(takePrimitive, [t, index!], attrs),
    vjp: (g, operand, { inputs: [x, index], attrs }) =>
      operand === 0
        ? runtime.applyOne(addRowsPrimitive, [runtime.fill(x!.shape, 0, x!.dtype), index!, g], attrs)
        : undefined,
  },
  batch: ([x, index], [inX, inIndex], size, attrs) => {
    const { axis, shared } = attrs;
    if (inX === true && inIndex === true)
      return [takeRows(x!, index!, { ...attrs, axis: axis + 1, shared: shared + 1 })];
    if (shared > 0) {
      const full = (v: Value, has: boolean | undefined): Value =>
        has === true ? v : v.broadcastTo([size, ...v.shape]);
      return [takeRows(full(x!, inX), full(index!, inIndex), { ...attrs, axis: axis + 1, shared: shared + 1 })];
    }
    // One table of rows for the whole batch, or one list of indices: nothing needs to be repeated.
    if (inX === true) return [takeRows(x!, index!, { ...attrs, axis: axis + 1 })];
    return [takeRows(x!, index!, attrs).movedim(axis, 0)];
  },
});

/** The rows of x that the index (of any rank, int32, from 0) names along an axis. */
export const takeRows = (x: Value, index: Value, attrs: RowsAttributes): Value =>
  runtime.applyOne(takePrimitive, [x, index], attrs);

const addRowsPrimitive: Primitive<RowsAttributes> = primitive<RowsAttributes>({
  name: 'addRows',
  glyph: '+[i]',
  infer: ([x, index, source], attrs) => {
    requireShared(x!, index!, attrs);
    requireOneDtype(attrs.as, x!, source!);
    const wanted = pickedShape(x!.shape, index!.shape, attrs);
    if (sameShape(source!.shape, wanted)) return [{ shape: x!.shape, dtype: x!.dtype }];
    throw new ShapeError(
      `the source has shape ${showShape(source!.shape)}; index ${showShape(index!.shape)} of axis ${attrs.axis} of ${showShape(x!.shape)} needs ${showShape(wanted)}`,
      { op: attrs.as, shapes: [x!.shape, index!.shape, source!.shape], axis: attrs.axis },
    );
  },
  compute: {
    kind: 'kernel',
    run: ([out], [x, index, source], attrs) => {
      const [target, added] = [out!.data, source!.data];
      target.set(x!.data);
      if (out!.dtype === 'bool') {
        eachRow(x!.shape, index!, attrs, (picked, own, length) => {
          for (let j = 0; j < length; j++) target[own + j]! |= added[picked + j]!;
        });
        return;
      }
      eachRow(x!.shape, index!, attrs, (picked, own, length) => {
        for (let j = 0; j < length; j++) target[own + j]! += added[picked + j]!;
      });
    },
  },
  lower: addRows,
  derivatives: {
    kind: 'each',
    jvp: ([tx, , ts], { inputs: [x, index, source], attrs }): Cotangent => {
      if (ts === undefined) return tx;
      const base = tx ?? runtime.fill(x!.shape, 0, source!.dtype);
      return runtime.applyOne(addRowsPrimitive, [base, index!, ts], attrs);
    },
    vjp: (g, operand, { inputs: [, index], attrs }) => {
      if (operand === 0) return g;
      return operand === 1 ? undefined : takeRows(g, index!, attrs);
    },
  },
  batch: (inputs, batched, size, attrs) => {
    // One list of indices for the whole batch need not be repeated.
    const once = attrs.shared === 0 && batched[1] === false;
    const full = inputs.map((v, i) => (batched[i] || (once && i === 1) ? v : v.broadcastTo([size, ...v.shape])));
    const shared = once ? 0 : attrs.shared + 1;
    return [runtime.applyOne(addRowsPrimitive, full, { ...attrs, axis: attrs.axis + 1, shared })];
  },
});

/** A list of indices: a vector, or one index. */
function indexList(name: string, index: Value, x: Value): Value {
  const list = runtime.lift(index, name);
  requireIndex(name, list.dtype);
  if (list.rank > 1 || (x.rank === 0 && list.size !== 1)) {
    throw new ShapeError(`index ${showShape(list.shape)} for ${showShape(x.shape)}: it must be a vector`, {
      op: name,
      shapes: [x.shape, list.shape],
      hint: x.rank === 0 ? 'A scalar takes one index, 0.' : 'Use gather or index for indices of more axes.',
    });
  }
  return list.reshape([-1]);
}

/** The operand with at least one axis. */
const asRow = (x: Value): Value => (x.rank === 0 ? x.reshape([1]) : x);

// indexSelect ------------------------------------------------------------------------------------------------------

type VectorLength<S extends Shape> = S extends readonly [infer N extends number] ? N : number;

interface IndexSelect {
  method<V extends Value, const A extends number, I extends Value>(
    this: V,
    axis: Fits<WithAxis<Of<V>, A, VectorLength<Of<I>>>, A>,
    index: I,
  ): Value<Ok<WithAxis<Of<V>, A, VectorLength<Of<I>>>>>;
  free<V extends AnyOperand, const A extends number, I extends Value>(
    x: V,
    axis: Fits<WithAxis<Of<V>, A, VectorLength<Of<I>>>, A>,
    index: I,
  ): Value<Ok<WithAxis<Of<V>, A, VectorLength<Of<I>>>>>;
}

/**
 * The slices of an axis that an int32 vector names, in its order; they may repeat.
 * https://docs.pytorch.org/docs/stable/generated/torch.index_select.html
 * @throws AxisError for an index out of range (negative ones too); DtypeError unless the index is int32.
 * @example value([[1, 2], [3, 4]]).indexSelect(0, constant([1, 1], { dtype: 'int32' })) // [[3, 4], [3, 4]]
 */
export const indexSelect: Op<IndexSelect> = op<IndexSelect>(
  'indexSelect',
  takePrimitive,
  (operand: Operand, axis: number, index: Value): Value => {
    const x = runtime.lift(operand, 'indexSelect');
    const at = normalizeAxisOrScalar('indexSelect', axis, x.shape);
    const picked = takeRows(asRow(x), indexList('indexSelect', index, x), { as: 'indexSelect', axis: at, shared: 0 });
    return x.rank === 0 ? picked.reshape([]) : picked;
  },
  {
    samples: [
      {
        inputs: [{ shape: [3, 2] }, { shape: [4], dtype: 'int32', min: 0, max: 2 }],
        call: (x, i) => x.indexSelect(0, i),
      },
      {
        inputs: [{ shape: [2, 3, 2] }, { shape: [2], dtype: 'int32', min: 0, max: 2 }],
        call: (x, i) => x.indexSelect(-2, i),
      },
      {
        inputs: [{ shape: [3] }, { shape: [0], dtype: 'int32', min: 0, max: 2 }],
        call: (x, i) => x.indexSelect(0, i),
      },
      {
        inputs: [{ shape: [] }, { shape: [1], dtype: 'int32', min: 0, max: 0 }],
        call: (x, i) => x.indexSelect(0, i),
      },
    ],
    errors: [
      {
        call: () => runtime.fill([2, 3], 0, 'float64').indexSelect(1, runtime.fill([1], 3, 'int32')),
        error: 'AxisError',
        message: /indexSelect: index 3 .*axis 1 of length 3/,
      },
      {
        call: () => runtime.fill([2], 0, 'float64').indexSelect(0, runtime.fill([1], 0, 'float64')),
        error: 'DtypeError',
        message: /indexSelect: indices are int32, got float64/,
      },
      {
        call: () => runtime.fill([2], 0, 'float64').indexSelect(0, runtime.fill([1, 1], 0, 'int32')),
        error: 'ShapeError',
        message: /indexSelect: index \[1, 1\] for \[2\]: it must be a vector/,
      },
    ],
    gold: 'index_select',
  },
);

// indexAdd, indexCopy ----------------------------------------------------------------------------------------------

export interface IndexAddOptions {
  /** What the source is multiplied by; default 1. */
  readonly alpha?: number;
}

function alphaOf(options: IndexAddOptions | undefined): number {
  checkOptions('indexAdd', options, ['alpha']);
  const alpha = options?.alpha ?? 1;
  if (typeof alpha === 'number') return alpha;
  throw new OptionError(`alpha is a number, got ${typeof alpha}`, { op: 'indexAdd', option: 'alpha' });
}

interface IndexAdd {
  method<V extends Value>(this: V, axis: number, index: Value, source: Value, options?: IndexAddOptions): Value<Of<V>>;
  free<V extends AnyOperand>(x: V, axis: number, index: Value, source: Value, options?: IndexAddOptions): Value<Of<V>>;
}

/**
 * x with the slices of `source`, times `alpha`, added to those slices of an axis that an int32 vector names; repeated
 * ones add up, in order.
 * https://docs.pytorch.org/docs/stable/generated/torch.Tensor.index_add_.html
 * @throws AxisError for an index out of range; ShapeError unless the source has one slice for each index.
 * @example zeros([3]).indexAdd(0, constant([1, 1], { dtype: 'int32' }), value([2, 3])) // [0, 5, 0]
 */
export const indexAdd: Op<IndexAdd> = composite<IndexAdd>(
  'indexAdd',
  (operand: Operand, axis: number, index: Value, source: Value, options?: IndexAddOptions): Value => {
    const x = runtime.lift(operand, 'indexAdd');
    const at = normalizeAxisOrScalar('indexAdd', axis, x.shape);
    const alpha = alphaOf(options);
    const lifted = runtime.lift(source, 'indexAdd');
    const added = alpha === 1 ? lifted : lifted.mul(alpha);
    const operands = [asRow(x), indexList('indexAdd', index, x), asRow(added)];
    return runtime.applyOne(addRowsPrimitive, operands, { as: 'indexAdd', axis: at, shared: 0 }).reshape(x.shape);
  },
  {
    glyph: '+[i]',
    samples: [
      {
        inputs: [{ shape: [3, 2] }, { shape: [4], dtype: 'int32', min: 0, max: 2 }, { shape: [4, 2] }],
        call: (x, i, s) => x.indexAdd(0, i, s),
      },
      {
        inputs: [{ shape: [2, 3] }, { shape: [2], dtype: 'int32', min: 0, max: 2 }, { shape: [2, 2] }],
        call: (x, i, s) => x.indexAdd(-1, i, s, { alpha: -0.5 }),
      },
      {
        inputs: [{ shape: [] }, { shape: [1], dtype: 'int32', min: 0, max: 0 }, { shape: [] }],
        call: (x, i, s) => x.indexAdd(0, i, s),
      },
    ],
    errors: [
      {
        call: () =>
          runtime.fill([2], 0, 'float64').indexAdd(0, runtime.fill([1], 0, 'int32'), runtime.fill([2], 0, 'float64')),
        error: 'ShapeError',
        message: /indexAdd: the source has shape \[2\].*needs \[1\]/,
      },
      {
        call: () =>
          runtime.fill([2], 0, 'float64').indexAdd(0, runtime.fill([1], -3, 'int32'), runtime.fill([1], 0, 'float64')),
        error: 'AxisError',
        message: /indexAdd: index -3 .*axis 0 of length 2/,
      },
    ],
    gold: 'index_add',
  },
);

interface IndexCopy {
  method<V extends Value>(this: V, axis: number, index: Value, source: Value): Value<Of<V>>;
  free<V extends AnyOperand>(x: V, axis: number, index: Value, source: Value): Value<Of<V>>;
}

/**
 * x with the slices of an axis that an int32 vector names replaced by those of `source`; of repeated ones the last wins.
 * https://docs.pytorch.org/docs/stable/generated/torch.Tensor.index_copy_.html
 * @throws AxisError for an index out of range; ShapeError unless the source has one slice for each index.
 * @example zeros([3]).indexCopy(0, constant([2, 0], { dtype: 'int32' }), value([5, 6])) // [6, 0, 5]
 */
export const indexCopy: Op<IndexCopy> = composite<IndexCopy>(
  'indexCopy',
  (operand: Operand, axis: number, index: Value, source: Value): Value => {
    const x = runtime.lift(operand, 'indexCopy');
    const at = normalizeAxisOrScalar('indexCopy', axis, x.shape);
    const row = asRow(x);
    const list = indexList('indexCopy', index, x);
    const put = asRow(runtime.lift(source, 'indexCopy'));
    const wanted = row.shape.map((n, i) => (i === at ? list.size : n));
    if (!sameShape(put.shape, wanted)) {
      throw new ShapeError(
        `the source has shape ${showShape(put.shape)}, ${list.size} indices need ${showShape(wanted)}`,
        {
          op: 'indexCopy',
          shapes: [x.shape, list.shape, put.shape],
          axis: at,
        },
      );
    }
    const places = list.reshape(wanted.map((n, i) => (i === at ? n : 1))).broadcastTo(wanted);
    return row.scatter(at, places, put).reshape(x.shape);
  },
  {
    glyph: '→[i]',
    samples: [
      {
        inputs: [{ shape: [3, 2] }, { shape: [2], dtype: 'int32', min: 0, max: 2 }, { shape: [2, 2] }],
        call: (x, i, s) => x.indexCopy(0, i, s),
      },
      {
        inputs: [{ shape: [2, 3] }, { shape: [4], dtype: 'int32', min: 0, max: 2 }, { shape: [2, 4] }],
        call: (x, i, s) => x.indexCopy(-1, i, s),
      },
    ],
    errors: [
      {
        call: () =>
          runtime.fill([2], 0, 'float64').indexCopy(0, runtime.fill([1], 0, 'int32'), runtime.fill([2], 0, 'float64')),
        error: 'ShapeError',
        message: /indexCopy: the source has shape \[2\], 1 indices need \[1\]/,
      },
    ],
  },
);
