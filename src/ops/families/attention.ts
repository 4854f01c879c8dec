/**
 * The formula of attention, whatever the order of axes. With scores s and m their largest in a row,
 *
 *   e = exp(s − m),  output = (e·value) / Σ e
 *
 * rather than softmax(s)·value: what is divided, and what the derivative sums, has the size of the output and not that
 * of the scores.
 */
import type { Shape } from '../../base/shape-types.ts';
import type { Value } from '../../value/value.ts';
import { rand } from '../random.ts';
import { runtime } from '../runtime.ts';

export interface AttentionTerms {
  /** Factor of the queries. */
  readonly scale: number;
  /** Bool: true where a query may look; float: added to the scores. Each broadcasts to the scores. */
  readonly masks: readonly Value[];
  /** The probability with which a weight is zeroed. */
  readonly dropout: number;
  /** Rows without any key get zeros; else NaN, as softmax has it. */
  readonly safe: boolean;
  /** Scores from queries and keys; their last axis is that of the keys. */
  readonly scores: (query: Value, key: Value) => Value;
  /** The sum of values with weights of the scores' shape. */
  readonly average: (weights: Value, value: Value) => Value;
  /** A number for each row of scores, [..., 1], as what divides the average. */
  readonly perRow: (sums: Value) => Value;
}

export interface Attended {
  readonly output: Value;
  /** The weights behind dropout, computed when asked for. */
  readonly weights: () => Value;
}

const number = (like: Value, x: number): Value => runtime.fill([], x, like.dtype);

function masked(scores: Value, mask: Value): Value {
  if (mask.dtype !== 'bool') return scores.add(mask.to(scores.dtype));
  return scores.where(mask, number(scores, -Infinity));
}

/** Zeroes with probability p and scales the rest by 1/(1 − p). */
function thinned(x: Value, p: number): Value {
  if (p === 0) return x;
  if (p === 1) return x.mul(0);
  const kept = rand(x.shape, { dtype: x.dtype }).lt(1 - p);
  return x.mul(kept.to(x.dtype).mul(1 / (1 - p)));
}

/** Attention and its weights. */
export function attend(query: Value, key: Value, value: Value, terms: AttentionTerms): Attended {
  const { scale, masks, dropout, safe } = terms;
  const raw = terms.scores(query.mul(scale), key);
  const scores = masks.reduce(masked, raw);
  // Of no keys there is no largest; the sum of nothing is zeros.
  if (scores.shape.at(-1) === 0) return { output: terms.average(scores, value), weights: () => scores };
  const mayBeEmpty = safe && masks.length > 0;
  const largest = scores.amax(-1, { keepDims: true }).stopGradient();
  const shift = mayBeEmpty ? largest.where(largest.ne(-Infinity), number(scores, 0)) : largest;
  const powers = scores.sub(shift).exp();
  const sums = powers.sum(-1, { keepDims: true });
  const divisor = mayBeEmpty ? sums.where(sums.ne(0), number(sums, 1)) : sums;
  const kept = thinned(powers, dropout);
  return { output: terms.average(kept, value).div(terms.perRow(divisor)), weights: () => kept.div(divisor) };
}

/** True at [i, j] where j ≤ i: [rows, columns]. */
export function causalMask(rows: number, columns: number): Value {
  const counted = (n: number, shape: Shape): Value =>
    runtime.fromArray(
      Int32Array.from({ length: n }, (_, i) => i),
      shape,
      'int32',
    );
  return counted(rows, [rows, 1]).ge(counted(columns, [1, columns]));
}
