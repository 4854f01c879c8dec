/** Order: an integer op says which elements, a gather fetches them, so that derivatives follow by themselves. */
import { checkOptions, OptionError, showShape } from '../base/errors.ts';
import type { Value } from '../value/value.ts';
import { alongAxis, selectAlongAxis, withoutAxis, type Selected } from './families/along-axis.ts';
import type { AnyOperand, Of, ReductionOptions } from './families/signatures.ts';
import { aroundAxis } from './kernels/axis.ts';
import { makeSorter, sortPlaces } from './kernels/order.ts';
import { op, type Op } from './op.ts';
import { primitive, type Primitive } from './primitive.ts';
import { runtime, type Operand } from './runtime.ts';

interface SortAttributes extends Record<string, unknown> {
  readonly axis: number;
  readonly descending: boolean;
  /** How many of the first to keep. */
  readonly count: number;
}

/** The indices that sort an axis; stable. NaN counts as larger than every number. */
const sortIndicesPrimitive: Primitive<SortAttributes> = primitive<SortAttributes>({
  name: 'sortIndices',
  glyph: '⇅',
  infer: ([x], { axis, count }) => [{ shape: x!.shape.map((n, i) => (i === axis ? count : n)), dtype: 'int32' }],
  compute: {
    kind: 'kernel',
    run: ([out], [x], { axis, descending, count }) => {
      const { before, length, behind } = aroundAxis(x!.shape, axis);
      const sorter = makeSorter(length);
      for (let i = 0; i < before; i++) {
        for (let j = 0; j < behind; j++) {
          sortPlaces(sorter, x!.data, i * length * behind + j, behind, length, descending);
          for (let k = 0; k < count; k++) out!.data[(i * count + k) * behind + j] = sorter.order[k]!;
        }
      }
    },
  },
  derivatives: { kind: 'none' },
  batch: ([x], _, __, attrs) => [runtime.applyOne(sortIndicesPrimitive, [x!], { ...attrs, axis: attrs.axis + 1 })],
});

/** The indices of the sorted first `count` of an axis. */
export const sortedIndices = (x: Value, axis: number, descending: boolean, count: number = x.shape[axis]!): Value =>
  runtime.applyOne(sortIndicesPrimitive, [x], { axis, descending, count });

// sort, argsort ----------------------------------------------------------------------------------------------------

export interface SortOptions {
  /** The largest first. */
  readonly descending?: boolean;
  /** Accepted for PyTorch's sake: sorting is always stable. */
  readonly stable?: boolean;
}

const SORT_OPTIONS = ['descending', 'stable'];

interface Sort {
  method<V extends Value>(this: V, axis?: number, options?: SortOptions): Selected<Of<V>>;
  free<V extends AnyOperand>(x: V, axis?: number, options?: SortOptions): Selected<Of<V>>;
}

/**
 * The elements of an axis (default the last) in ascending order, with where they were. Equal ones keep their order; NaN
 * counts as larger than every number.
 * https://docs.pytorch.org/docs/stable/generated/torch.sort.html
 * @example const { values, indices } = value([3, 1, 2]).sort() // [1, 2, 3], [1, 2, 0]
 */
export const sort: Op<Sort> = op<Sort>(
  'sort',
  sortIndicesPrimitive,
  (operand: Operand, axis: number = -1, options?: SortOptions): Selected => {
    checkOptions('sort', options, SORT_OPTIONS);
    return selectAlongAxis('sort', runtime.lift(operand, 'sort'), axis, (x, at) => {
      const indices = sortedIndices(x, at, options?.descending ?? false);
      return { values: x.gather(at, indices), indices };
    });
  },
  {
    samples: [
      { inputs: [{ shape: [5], distinct: true }], call: (x) => x.sort() },
      { inputs: [{ shape: [2, 4, 2], distinct: true }], call: (x) => x.sort(1, { descending: true }) },
      { inputs: [{ shape: [2, 0] }], call: (x) => x.sort() },
      { inputs: [{ shape: [] }], call: (x) => x.sort(0) },
    ],
    errors: [
      { call: () => runtime.fill([3], 0, 'float64').sort(1), error: 'AxisError', message: /sort: axis 1/ },
      {
        call: () => runtime.fill([3], 0, 'float64').sort(0, { reverse: true } as object),
        error: 'OptionError',
        message: /unknown option "reverse".*descending/s,
      },
    ],
    gold: 'sort',
  },
);

interface Argsort {
  method<V extends Value>(this: V, axis?: number, options?: SortOptions): Value<Of<V>>;
  free<V extends AnyOperand>(x: V, axis?: number, options?: SortOptions): Value<Of<V>>;
}

/**
 * The int32 indices that sort an axis (default the last); equal elements keep their order.
 * https://docs.pytorch.org/docs/stable/generated/torch.argsort.html
 * @example value([3, 1, 2]).argsort() // [1, 2, 0]
 */
export const argsort: Op<Argsort> = op<Argsort>(
  'argsort',
  sortIndicesPrimitive,
  (operand: Operand, axis: number = -1, options?: SortOptions): Value => {
    checkOptions('argsort', options, SORT_OPTIONS);
    return alongAxis('argsort', runtime.lift(operand, 'argsort'), axis, (x, at) =>
      sortedIndices(x, at, options?.descending ?? false),
    );
  },
  {
    samples: [
      { inputs: [{ shape: [3, 4], distinct: true }], call: (x) => x.argsort(0), differentiable: false },
      {
        inputs: [{ shape: [2, 4], distinct: true }],
        call: (x) => x.argsort(-1, { descending: true }),
        differentiable: false,
      },
      { inputs: [{ shape: [] }], call: (x) => x.argsort(), differentiable: false },
    ],
    errors: [
      { call: () => runtime.fill([3], 0, 'float64').argsort(1), error: 'AxisError', message: /argsort: axis 1/ },
    ],
  },
);

// topk, kthvalue ---------------------------------------------------------------------------------------------------

/** @throws OptionError unless 0 (or 1) ≤ k ≤ the length of the axis. */
function requireCount(name: string, k: number, smallest: 0 | 1, x: Value, axis: number): void {
  if (Number.isInteger(k) && k >= smallest && k <= x.shape[axis]!) return;
  throw new OptionError(`k = ${String(k)} does not fit axis ${axis} of ${showShape(x.shape)}`, {
    op: name,
    option: 'k',
    shapes: [x.shape],
    axis,
    hint: `k is a whole number from ${smallest} to the length of the axis.`,
  });
}

export interface TopkOptions {
  /** Default −1. */
  readonly axis?: number;
  /** The largest (default) or the smallest. */
  readonly largest?: boolean;
  /** Accepted for PyTorch's sake: results are always sorted. */
  readonly sorted?: boolean;
}

interface Topk {
  method<V extends Value>(this: V, k: number, options?: TopkOptions): Selected;
  free<V extends AnyOperand>(x: V, k: number, options?: TopkOptions): Selected;
}

/**
 * The k largest (or smallest) elements of an axis, sorted, with their indices; NaN counts as the largest.
 * https://docs.pytorch.org/docs/stable/generated/torch.topk.html
 * @throws OptionError if k is larger than the axis.
 * @example const { values, indices } = value([3, 1, 2]).topk(2) // [3, 2], [0, 2]
 */
export const topk: Op<Topk> = op<Topk>(
  'topk',
  sortIndicesPrimitive,
  (operand: Operand, k: number, options?: TopkOptions): Selected => {
    checkOptions('topk', options, ['axis', 'largest', 'sorted']);
    const x = runtime.lift(operand, 'topk');
    return selectAlongAxis('topk', x, options?.axis ?? -1, (v, axis) => {
      requireCount('topk', k, 0, v, axis);
      const indices = sortedIndices(v, axis, options?.largest ?? true, k);
      return { values: v.gather(axis, indices), indices };
    });
  },
  {
    samples: [
      { inputs: [{ shape: [2, 5], distinct: true }], call: (x) => x.topk(3) },
      { inputs: [{ shape: [4, 2], distinct: true }], call: (x) => x.topk(2, { axis: 0, largest: false }) },
      { inputs: [{ shape: [] }], call: (x) => x.topk(1) },
    ],
    errors: [
      {
        call: () => runtime.fill([3], 0, 'float64').topk(4),
        error: 'OptionError',
        message: /topk: k = 4.*axis 0 of \[3\]/,
      },
    ],
    gold: 'topk',
  },
);

interface Kthvalue {
  method<V extends Value>(this: V, k: number, axis?: number, options?: ReductionOptions): Selected;
  free<V extends AnyOperand>(x: V, k: number, axis?: number, options?: ReductionOptions): Selected;
}

/**
 * The k-th smallest element of an axis (default the last), counted from 1, with its index; NaN counts as the largest.
 * https://docs.pytorch.org/docs/stable/generated/torch.kthvalue.html
 * @throws OptionError unless 1 ≤ k ≤ the length of the axis.
 * @example value([3, 1, 2]).kthvalue(2) // { values: 2, indices: 2 }
 */
export const kthvalue: Op<Kthvalue> = op<Kthvalue>(
  'kthvalue',
  sortIndicesPrimitive,
  (operand: Operand, k: number, axis: number = -1, options?: ReductionOptions): Selected => {
    checkOptions('kthvalue', options, ['keepDims']);
    return selectAlongAxis('kthvalue', runtime.lift(operand, 'kthvalue'), axis, (x, at) => {
      requireCount('kthvalue', k, 1, x, at);
      const indices = sortedIndices(x, at, false, k).narrow(at, k - 1, 1);
      return withoutAxis({ values: x.gather(at, indices), indices }, at, options?.keepDims);
    });
  },
  {
    samples: [
      { inputs: [{ shape: [2, 5], distinct: true }], call: (x) => x.kthvalue(2) },
      { inputs: [{ shape: [4, 2], distinct: true }], call: (x) => x.kthvalue(4, 0, { keepDims: true }) },
      { inputs: [{ shape: [] }], call: (x) => x.kthvalue(1) },
    ],
    errors: [
      {
        call: () => runtime.fill([3], 0, 'float64').kthvalue(0),
        error: 'OptionError',
        message: /kthvalue: k = 0.*axis 0 of \[3\].*from 1/s,
      },
    ],
  },
);
