/** Masks of multi-head attention, checked and brought to the axes of the scores: examples, heads, queries, keys. */
import { isFloat } from '../base/dtypes.ts';
import { DtypeError, ShapeError, showShape } from '../base/errors.ts';
import type { Shape } from '../base/shape-types.ts';
import { sameShape } from '../base/shapes.ts';
import { causalMask } from '../ops/families/attention.ts';
import type { Value } from '../value/value.ts';

export interface AttentionMasks {
  /**
   * Keys that nobody looks at: [N, S] ([S] for one example), bool, true where a key is padding; or float, added to the
   * scores of all queries.
   */
  readonly keyPaddingMask?: Value | null;
  /**
   * Which keys each query does not look at: [L, S], or [N·heads, L, S] with a mask for each head; bool, true where it
   * must not look (the opposite of scaledDotProductAttention's); or float, added to the scores.
   */
  readonly attnMask?: Value | null;
  /** Query i looks at keys 0 … i only. An attnMask beside it holds, too. Default false. */
  readonly isCausal?: boolean;
}

/** Lengths of the axes of the scores. */
export interface ScoreSizes {
  readonly batch: number;
  readonly heads: number;
  readonly queries: number;
  readonly keys: number;
  /** Keys of the layer's own behind the given ones, which every query may look at. */
  readonly added: number;
  /** One example, without an axis for the batch. */
  readonly single: boolean;
}

function requireMask(option: string, mask: Value, shapes: readonly Shape[], meaning: string): void {
  if (mask.dtype !== 'bool' && !isFloat(mask.dtype)) {
    throw new DtypeError(`${option} is bool or float, got ${mask.dtype}`, {
      op: 'MultiheadAttention',
      hint: `True means that a key is not looked at: mask.to('bool').`,
    });
  }
  if (shapes.some((shape) => sameShape(mask.shape, shape))) return;
  throw new ShapeError(`${option} must be ${shapes.map(showShape).join(' or ')}, got ${showShape(mask.shape)}`, {
    op: 'MultiheadAttention',
    shapes: [mask.shape],
    hint: meaning,
  });
}

/** With more keys behind its own, which it leaves alone. */
const extended = (mask: Value, added: number): Value => (added === 0 ? mask : mask.pad([0, added]));

/** True where a query may look; a float mask as it is. */
const allowed = (mask: Value): Value => (mask.dtype === 'bool' ? mask.logicalNot() : mask);

/** @throws ShapeError, DtypeError for masks that do not fit. */
export function masksOf(options: AttentionMasks, sizes: ScoreSizes): Value[] {
  const { batch, heads, queries, keys, added, single } = sizes;
  const { keyPaddingMask, attnMask, isCausal } = options;
  const masks: Value[] = [];
  if (isCausal === true) masks.push(allowed(extended(causalMask(queries, keys).logicalNot(), added)));
  if (attnMask) {
    const each = [batch * heads, queries, keys];
    requireMask('attnMask', attnMask, [[queries, keys], each], '[L, S] for all, or one for each head of each example.');
    const mask = allowed(extended(attnMask, added));
    masks.push(mask.rank === 2 ? mask : mask.reshape([batch, heads, queries, keys + added]));
  }
  if (keyPaddingMask) {
    requireMask('keyPaddingMask', keyPaddingMask, [single ? [keys] : [batch, keys]], 'One entry for each key.');
    masks.push(allowed(extended(keyPaddingMask, added)).reshape([batch, 1, 1, keys + added]));
  }
  return masks;
}
