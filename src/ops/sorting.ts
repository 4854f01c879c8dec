/** Order: an integer op says which elements, a gather fetches them, so that derivatives follow by themselves. */
import { newStorage } from '../base/dtypes.ts';
import { checkOptions, OptionError, showShape } from '../base/errors.ts';
import type { Shape } from '../base/shape-types.ts';
import { normalizeAxis, sizeOf } from '../base/shapes.ts';
import type { Value } from '../value/value.ts';
import type { AnyOperand } from './families/signatures.ts';
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
export const sortIndicesPrimitive: Primitive<SortAttributes> = primitive<SortAttributes>({
  name: 'sortIndices',
  glyph: '⇅',
  infer: ([x], { axis, count }) => [{ shape: x!.shape.map((n, i) => (i === axis ? count : n)), dtype: 'int32' }],
  compute: {
    kind: 'kernel',
    run: ([out], [x], { axis, descending, count }) => {
      const n = x!.shape[axis]!;
      const behind = sizeOf(x!.shape.slice(axis + 1));
      const order = new Int32Array(n);
      const keys = newStorage(x!.dtype, n);
      const before = n === 0 ? 0 : x!.data.length / (n * behind || 1);
      for (let i = 0; i < before; i++) {
        for (let j = 0; j < behind; j++) {
          for (let k = 0; k < n; k++) {
            keys[k] = x!.data[(i * n + k) * behind + j]!;
            order[k] = k;
          }
          order.sort(
            descending
              ? (p, q) => compare(keys[q]!, keys[p]!) || p - q
              : (p, q) => compare(keys[p]!, keys[q]!) || p - q,
          );
          for (let k = 0; k < count; k++) out!.data[(i * count + k) * behind + j] = order[k]!;
        }
      }
    },
  },
  derivatives: { kind: 'none' },
  batch: ([x], _, __, attrs) => [runtime.applyOne(sortIndicesPrimitive, [x!], { ...attrs, axis: attrs.axis + 1 })],
});

function compare(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  if (a === b) return 0;
  return (a === a ? 0 : 1) - (b === b ? 0 : 1);
}

interface Selected {
  readonly values: Value<Shape>;
  /** int32, along the axis. */
  readonly indices: Value<Shape>;
}

/** The sorted first `count` of an axis, with where they were. */
export function sorted(x: Value, axis: number, descending: boolean, count: number): Selected {
  if (x.rank === 0) {
    const { values, indices } = sorted(x.reshape([1]), 0, descending, count);
    return { values: values.reshape([]), indices: indices.reshape([]) };
  }
  const indices = runtime.applyOne(sortIndicesPrimitive, [x], { axis, descending, count });
  return { values: x.gather(axis, indices), indices };
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
 * The k largest (or smallest) elements of an axis, sorted, with their indices.
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
    const axis = x.rank === 0 ? 0 : normalizeAxis('topk', options?.axis ?? -1, x.rank, x.shape);
    const n = x.rank === 0 ? 1 : x.shape[axis]!;
    if (!Number.isInteger(k) || k < 0 || k > n) {
      throw new OptionError(`k = ${String(k)} does not fit axis ${axis} of ${showShape(x.shape)}`, {
        op: 'topk',
        option: 'k',
        shapes: [x.shape],
        axis,
      });
    }
    return sorted(x, axis, options?.largest ?? true, k);
  },
  {
    samples: [
      { inputs: [{ shape: [2, 5], distinct: true }], call: (x) => x.topk(3) },
      { inputs: [{ shape: [4, 2], distinct: true }], call: (x) => x.topk(2, { axis: 0, largest: false }) },
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
