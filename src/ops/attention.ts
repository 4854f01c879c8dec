/** Attention: values averaged with weights that say how well queries and keys agree. */
import { checkOptions, DtypeError, OptionError, ShapeError, showShapes } from '../base/errors.ts';
import { isFloat } from '../base/dtypes.ts';
import type { Shape } from '../base/shape-types.ts';
import { broadcastShapes } from '../base/shapes.ts';
import type { Value } from '../value/value.ts';
import { attend, causalMask } from './families/attention.ts';
import { requireFloat } from './families/pointwise.ts';
import type { AnyOperand } from './families/signatures.ts';
import { functionComposite, type Op } from './op.ts';
import { runtime, type Operand } from './runtime.ts';

export interface AttentionOptions {
  /** [..., L, S], or what broadcasts to it. Bool: true where a query may look; float: added to the scores. */
  readonly attnMask?: Value | null;
  /** Query i looks at keys 0 … i only. Default false. */
  readonly isCausal?: boolean;
  /** The probability with which a weight is zeroed. Default 0: none. */
  readonly dropoutP?: number;
  /** Factor of the scores; default 1/√E. */
  readonly scale?: number | null;
  /** Fewer heads of keys and values than of queries: each serves several queries. Default false. */
  readonly enableGqa?: boolean;
}

interface Attention {
  method: undefined;
  free(query: AnyOperand, key: AnyOperand, value: AnyOperand, options?: AttentionOptions): Value<Shape>;
}

const NAME = 'scaledDotProductAttention';
const zeros = (...shape: number[]): Value => runtime.fill(shape, 0, 'float64');

function checkShapes(query: Value, key: Value, value: Value): void {
  const shapes = [query.shape, key.shape, value.shape];
  if (shapes.every((shape) => shape.length >= 2)) {
    if (query.shape.at(-1) === key.shape.at(-1) && key.shape.at(-2) === value.shape.at(-2)) return;
  }
  throw new ShapeError(`query, key and value ${showShapes(shapes)} do not fit`, {
    op: NAME,
    shapes,
    hint: 'They are [..., L, E], [..., S, E] and [..., S, V].',
  });
}

function checkMask(given: Value, scores: Shape): Value {
  const mask = runtime.lift(given, `${NAME}: attnMask`);
  if (mask.dtype !== 'bool' && !isFloat(mask.dtype)) {
    throw new DtypeError(`attnMask is bool or float, got ${mask.dtype}`, {
      op: NAME,
      hint: `True means that a query may look: mask.to('bool').`,
    });
  }
  broadcastShapes(`${NAME}: attnMask`, mask.shape, scores);
  return mask;
}

/** How many heads of queries share one of keys. */
function groupsOf(query: Value, key: Value, value: Value, enabled: boolean): number {
  if (!enabled) return 1;
  const [heads, keys, values] = [query, key, value].map((x) => x.shape[x.rank - 3]);
  if (heads !== undefined && keys !== undefined && keys === values && keys > 0 && heads % keys === 0)
    return heads / keys;
  const shapes = [query.shape, key.shape, value.shape];
  throw new ShapeError(`with enableGqa the heads of ${showShapes(shapes)} do not divide`, {
    op: NAME,
    shapes,
    hint: 'Heads are the last axis but two; those of keys and values are equal, and divide those of queries.',
  });
}

/** [..., heads, rows, columns] with its heads in groups: [..., heads / size, size, rows, columns]. */
function grouped(x: Value, size: number): Value {
  const heads = x.shape[x.rank - 3];
  if (size === 1 || heads === undefined) return x;
  const groups = heads === 1 ? [1, 1] : [heads / size, size];
  return x.reshape([...x.shape.slice(0, -3), ...groups, ...x.shape.slice(-2)]);
}

/**
 * softmax(query·keyᵀ·scale + mask)·value: for each query [..., L, E] an average of the values [..., S, V], weighted by how
 * well the keys [..., S, E] agree with it: [..., L, V]. Axes in front broadcast; heads are one of them. A query whose
 * keys are all masked gets zeros.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.scaled_dot_product_attention.html
 * @throws ShapeError where the shapes do not fit; DtypeError for an integer mask; OptionError for a mask beside isCausal.
 * @example scaledDotProductAttention(q, k, v, { isCausal: true })
 */
export const scaledDotProductAttention: Op<Attention> = functionComposite<Attention>(
  NAME,
  (q: Operand, k: Operand, v: Operand, options: AttentionOptions = {}): Value => {
    checkOptions(NAME, options, ['attnMask', 'isCausal', 'dropoutP', 'scale', 'enableGqa']);
    const [query, key, value] = runtime.promoteAll(NAME, [q, k, v]) as [Value, Value, Value];
    requireFloat(NAME, query.dtype);
    checkShapes(query, key, value);
    const size = groupsOf(query, key, value, options.enableGqa ?? false);
    const [rows, columns] = [query.shape.at(-2)!, key.shape.at(-2)!];
    const batch = size === 1 ? broadcastShapes(NAME, query.shape.slice(0, -2), key.shape.slice(0, -2)) : [];
    if (size === 1) broadcastShapes(NAME, batch, value.shape.slice(0, -2));
    const scores = size === 1 ? [...batch, rows, columns] : [...query.shape.slice(0, -1), columns];
    const masks = masksOf(options, scores).map((mask) => grouped(mask, size));
    const shared = (x: Value): Value => (size === 1 ? x : x.unsqueeze(-3));
    const { output } = attend(grouped(query, size), shared(key), shared(value), {
      scale: scaleOf(options.scale, query.shape.at(-1)!),
      masks,
      dropout: dropoutOf(options.dropoutP),
      safe: true,
      scores: (a, b) => a.matmul(b.transpose(-2, -1)),
      average: (a, b) => a.matmul(b),
      perRow: (sums) => sums,
    });
    return size === 1 ? output : output.reshape([...query.shape.slice(0, -1), output.shape.at(-1)!]);
  },
  {
    glyph: 'QKᵀV',
    samples: [
      {
        inputs: [{ shape: [3, 2] }, { shape: [4, 2] }, { shape: [4, 3] }],
        call: (q, k, v) => scaledDotProductAttention(q, k, v),
      },
      {
        inputs: [{ shape: [2, 3, 2] }, { shape: [2, 3, 2] }, { shape: [3, 2] }],
        call: (q, k, v) => scaledDotProductAttention(q, k, v, { isCausal: true, scale: 0.5 }),
      },
      {
        inputs: [{ shape: [2, 2] }, { shape: [3, 2] }, { shape: [3, 1] }, { shape: [2, 3] }],
        call: (q, k, v, attnMask) => scaledDotProductAttention(q, k, v, { attnMask }),
      },
      {
        inputs: [{ shape: [4, 2, 2] }, { shape: [2, 2, 2] }, { shape: [2, 2, 2] }],
        call: (q, k, v) =>
          scaledDotProductAttention(q, k, v, {
            attnMask: runtime.fromArray(Uint8Array.of(1, 0, 0, 0), [2, 2], 'bool'),
            enableGqa: true,
          }),
      },
    ],
    errors: [
      {
        call: () => scaledDotProductAttention(zeros(2, 3), zeros(2, 4), zeros(2, 3)),
        error: 'ShapeError',
        message: /query, key and value \[2, 3\] and \[2, 4\] and \[2, 3\] do not fit.*\[\.\.\., L, E\]/s,
      },
      {
        call: () =>
          scaledDotProductAttention(zeros(2, 3), zeros(2, 3), zeros(2, 3), {
            attnMask: runtime.fill([2, 2], 1, 'bool'),
            isCausal: true,
          }),
        error: 'OptionError',
        message: /isCausal is a mask of its own/,
      },
      {
        call: () =>
          scaledDotProductAttention(zeros(2, 3), zeros(2, 3), zeros(2, 3), {
            attnMask: runtime.fill([2, 2], 1, 'int32'),
          }),
        error: 'DtypeError',
        message: /attnMask is bool or float, got int32/,
      },
      {
        call: () =>
          scaledDotProductAttention(zeros(3, 2, 2), zeros(2, 2, 2), zeros(2, 2, 2), {
            enableGqa: true,
          }),
        error: 'ShapeError',
        message: /with enableGqa the heads of .* do not divide/,
      },
    ],
    gold: 'nn.functional.scaled_dot_product_attention',
  },
);

function masksOf({ attnMask, isCausal }: AttentionOptions, scores: Shape): Value[] {
  if (isCausal !== true) return attnMask ? [checkMask(attnMask, scores)] : [];
  if (!attnMask) return [causalMask(scores.at(-2)!, scores.at(-1)!)];
  throw new OptionError('isCausal is a mask of its own: attnMask cannot be given beside it', {
    op: NAME,
    option: 'isCausal',
    hint: 'Combine them: mask.logicalAnd(ones([L, S]).tril().to("bool")).',
  });
}

function scaleOf(scale: number | null | undefined, features: number): number {
  if (scale === undefined || scale === null) return 1 / Math.sqrt(features);
  if (typeof scale === 'number' && !Number.isNaN(scale)) return scale;
  throw new OptionError(`scale must be a number, got ${String(scale)}`, { op: NAME, option: 'scale' });
}

function dropoutOf(p: number = 0): number {
  if (p >= 0 && p <= 1) return p;
  throw new OptionError(`dropoutP must be a probability from 0 to 1, got ${String(p)}`, {
    op: NAME,
    option: 'dropoutP',
  });
}
