/** Numbers as histograms. */
import type { Histogram } from './events.ts';

const BINS = 30;

/** The finite ones among these in bins of equal width; null if there are none. */
export function distribution(numbers: ArrayLike<number>): Histogram | null {
  let [min, max, count, sum, sumOfSquares] = [Infinity, -Infinity, 0, 0, 0];
  for (let i = 0; i < numbers.length; i++) {
    const x = numbers[i]!;
    if (!Number.isFinite(x)) continue;
    min = Math.min(min, x);
    max = Math.max(max, x);
    count++;
    sum += x;
    sumOfSquares += x * x;
  }
  if (count === 0) return null;
  if (min === max) return { min, max, count, sum, sumOfSquares, limits: [max], counts: [count] };
  const counts = new Array<number>(BINS).fill(0);
  const width = (max - min) / BINS;
  for (let i = 0; i < numbers.length; i++) {
    const x = numbers[i]!;
    if (Number.isFinite(x)) counts[Math.min(BINS - 1, Math.floor((x - min) / width))]!++;
  }
  const limits = counts.map((_, i) => (i === BINS - 1 ? max : min + width * (i + 1)));
  return { min, max, count, sum, sumOfSquares, limits, counts };
}
