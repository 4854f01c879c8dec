/** Which examples an epoch visits, and in which order. */
import { OptionError } from '../base/errors.ts';
import { requireCount } from './arguments.ts';
import { upTo, type Stream } from './random.ts';

/** Sums so far of the weights. @throws OptionError naming a weight that is negative or not finite. */
function cumulative(op: string, weights: ArrayLike<number>): Float64Array {
  let sum = 0;
  const sums = Float64Array.from(weights, (w, i) => {
    if (!(w >= 0) || !Number.isFinite(w)) {
      throw new OptionError(`weight ${i} is ${String(w)}; weights are finite and ≥ 0`, { op, option: 'weights' });
    }
    return (sum += w);
  });
  if (sum > 0) return sums;
  throw new OptionError('every weight is 0', { op, option: 'weights' });
}

/** The first index whose sum so far exceeds x. */
function indexAbove(sums: Float64Array, x: number): number {
  let [low, high] = [0, sums.length - 1];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sums[middle]! > x) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** `count` indices, each with a probability in proportion to its weight, drawn with replacement. */
export function weightedIndices(op: string, weights: ArrayLike<number>, count: number, stream: Stream): Int32Array {
  requireCount(op, 'samples', count);
  const sums = cumulative(op, weights);
  const total = sums.at(-1)!;
  return Int32Array.from({ length: count }, () => indexAbove(sums, stream.uniform() * total));
}

/** Every index once, in order; or the first `count` of them shuffled. */
export const orderOf = (n: number, stream: Stream | null, count: number): Int32Array =>
  stream === null ? upTo(n) : count === n ? stream.shuffle(upTo(n)) : drawn(n, count, stream);

/** `count` different indices below n: only the beginning of the list is shuffled. */
function drawn(n: number, count: number, stream: Stream): Int32Array {
  const indices = upTo(n);
  for (let i = 0; i < count; i++) {
    const j = i + stream.below(n - i);
    [indices[i], indices[j]] = [indices[j]!, indices[i]!];
  }
  return indices.slice(0, count);
}

/**
 * Weights under which every class is drawn equally often: for each example 1 / (how many share its label).
 * @example balancedWeights([0, 0, 0, 1]) // [1/3, 1/3, 1/3, 1]
 */
export function balancedWeights(labels: ArrayLike<number | string>): Float64Array {
  const counts = new Map<number | string, number>();
  for (let i = 0; i < labels.length; i++) counts.set(labels[i]!, (counts.get(labels[i]!) ?? 0) + 1);
  return Float64Array.from({ length: labels.length }, (_, i) => 1 / counts.get(labels[i]!)!);
}
