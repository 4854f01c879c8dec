/** One number of several classes. */
import { OptionError } from '../../base/errors.ts';
import type { Tally } from './tally.ts';

/**
 * `binary`: of class 1; `macro`: the mean over classes; `weighted`: the mean weighted by how often classes occur; `micro`:
 * of all hits together; `none`: each class by itself.
 */
export type Average = 'binary' | 'macro' | 'micro' | 'weighted' | 'none';

export const AVERAGES: readonly Average[] = ['binary', 'macro', 'micro', 'weighted', 'none'];

/** The mean of numbers, weighted; those that are NaN do not count. */
export function meanOf(numbers: readonly number[], weights: readonly number[] = numbers.map(() => 1)): number {
  let [sum, total] = [0, 0];
  numbers.forEach((x, i) => {
    if (Number.isNaN(x)) return;
    sum += x * weights[i]!;
    total += weights[i]!;
  });
  return sum / total;
}

/** A share by class: hits over some count. */
export interface Shares {
  readonly above: (tally: Tally, k: number) => number;
  readonly below: (tally: Tally, k: number) => number;
}

/** Classes that occur; all labels, where there are several for each example. */
export function presentClasses({ kind, predicted, actual }: Tally): number[] {
  const all = predicted.map((_, k) => k);
  return kind === 'multilabel' ? all : all.filter((k) => predicted[k]! + actual[k]! > 0);
}

/** Two classes are a question of yes or no. */
export function averageFor(op: string, average: Average | undefined, tally: Tally): Average {
  const isBinary = tally.kind !== 'multilabel' && tally.hits.length <= 2;
  if (average === undefined) return isBinary ? 'binary' : 'macro';
  if (average !== 'binary' || isBinary) return average;
  throw new OptionError(`average 'binary' is for two classes, there are ${tally.hits.length}`, {
    op,
    option: 'average',
    hint: "Choose 'macro', 'micro', 'weighted' or 'none'.",
  });
}

/** Shares by the average; a list for `none`. Where there is nothing to divide by, `zeroDivision`. */
export function averaged(
  tally: Tally,
  { above, below }: Shares,
  average: Average,
  zeroDivision: number,
): number | number[] {
  const share = (hits: number, of: number): number => (of === 0 ? zeroDivision : hits / of);
  const own = (k: number): number => share(above(tally, k), below(tally, k));
  if (average === 'binary') return tally.total === 0 ? NaN : own(1);
  const classes = presentClasses(tally);
  const sum = (f: (tally: Tally, k: number) => number): number => classes.reduce((total, k) => total + f(tally, k), 0);
  if (average === 'micro') return share(sum(above), sum(below));
  const shares = classes.map(own);
  if (average === 'none') return shares;
  if (average === 'macro') return meanOf(shares);
  const weights = classes.map((k) => tally.actual[k]!);
  return weights.every((w) => w === 0) ? zeroDivision : meanOf(shares, weights);
}
