/** What the numbers of a Value look like as a whole. */
import { isValue, type Value } from '../../value/value.ts';

/** The numbers of one Value, summed up. */
export interface Statistics {
  readonly mean: number;
  readonly std: number;
  readonly min: number;
  readonly max: number;
  /** The share of exact zeros. */
  readonly zeros: number;
  /** How many are NaN or infinite; the rest of the statistics leaves them out. */
  readonly notFinite: number;
}

export function statisticsOf(x: Value): Statistics {
  let [count, sum, squares, zeros, notFinite] = [0, 0, 0, 0, 0];
  let [min, max] = [Infinity, -Infinity];
  for (const element of x.data) {
    if (!Number.isFinite(element)) {
      notFinite++;
      continue;
    }
    count++;
    sum += element;
    squares += element * element;
    if (element === 0) zeros++;
    min = Math.min(min, element);
    max = Math.max(max, element);
  }
  const mean = sum / count;
  return {
    mean,
    std: Math.sqrt(Math.max(0, squares / count - mean * mean)),
    min,
    max,
    zeros: zeros / x.size,
    notFinite,
  };
}

/** √Σx² over all of them. */
export function normOf(...xs: readonly Value[]): number {
  let sum = 0;
  for (const x of xs) for (const element of x.data) sum += element * element;
  return Math.sqrt(sum);
}

/** The norm of a vector that is so much in one direction and so much in others. */
export const normOfNumbers = (xs: readonly number[]): number => Math.sqrt(xs.reduce((sum, x) => sum + x * x, 0));

export const hasNaN = (x: Value): boolean => x.data.some((element) => Number.isNaN(element));

/** The Values in what a module takes or gives: a Value, a list or an object of them. */
export function valuesIn(x: unknown): readonly Value[] {
  if (isValue(x)) return [x];
  return typeof x === 'object' && x !== null ? Object.values(x).flatMap(valuesIn) : [];
}

/** Some digits: `0.0123`, `1.2e-7`. */
export function short(x: number, digits: number = 3): string {
  const size = Math.abs(x);
  if (x === 0 || !Number.isFinite(x) || (size >= 1e-3 && size < 1e5)) return String(Number(x.toPrecision(digits)));
  return x.toExponential(1);
}
