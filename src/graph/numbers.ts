/** Numbers as short text, and what is worth knowing of many of them. */
import type { DType } from '../base/dtypes.ts';

const SHOWN_WHOLE = 4;
const SUMMARY_DIGITS = 3;

/** Four digits: enough to follow a computation in a picture. */
export function shortNumber(x: number, dtype: DType = 'float64', digits: number = 4): string {
  if (dtype === 'bool') return x === 0 ? 'false' : 'true';
  if (!Number.isFinite(x)) return Number.isNaN(x) ? 'NaN' : x > 0 ? '∞' : '-∞';
  if (Object.is(x, -0)) return '-0';
  const magnitude = Math.abs(x);
  if (dtype === 'int32' || (Number.isInteger(x) && magnitude < 1e6)) return String(x);
  if (magnitude !== 0 && (magnitude < 1e-3 || magnitude >= 1e6))
    return x
      .toExponential(2)
      .replace(/\.?0+e/, 'e')
      .replace('e+', 'e');
  return String(Number(x.toPrecision(digits)));
}

/** What a list of numbers comes to. */
export interface Summary {
  readonly text: string;
  /** Root mean square; NaN if an element is. */
  readonly rms: number;
}

function textOf(xs: ArrayLike<number>, dtype: DType): string {
  const n = xs.length;
  if (n === 0) return 'empty';
  let [min, max, sum, bad] = [Infinity, -Infinity, 0, 0];
  for (let i = 0; i < n; i++) {
    const x = xs[i]!;
    if (!Number.isFinite(x)) bad++;
    else {
      if (x < min) min = x;
      if (x > max) max = x;
      sum += x;
    }
  }
  const odd = bad === 0 ? '' : `${bad} of ${n} not finite`;
  if (bad === n) return odd;
  const range =
    min === max
      ? `all ${shortNumber(min, dtype)}`
      : `${shortNumber(min, dtype, SUMMARY_DIGITS)} … ${shortNumber(max, dtype, SUMMARY_DIGITS)}`;
  if (bad > 0) return `${range}, ${odd}`;
  return min === max || dtype === 'bool' ? range : `${range}, mean ${shortNumber(sum / n, 'float64', SUMMARY_DIGITS)}`;
}

/** A number, up to four elements, or range and mean. `numbers` of one Value; `scattered` over several nodes. */
export function summarize(numbers: ArrayLike<number>, dtype: DType, rank: number): Summary {
  let squares = 0;
  for (let i = 0; i < numbers.length; i++) squares += numbers[i]! * numbers[i]!;
  const rms = numbers.length === 0 ? 0 : Math.sqrt(squares / numbers.length);
  if (numbers.length === 1 && rank === 0) return { text: shortNumber(numbers[0]!, dtype), rms };
  const whole = numbers.length <= SHOWN_WHOLE && rank === 1;
  const list = (): string => `[${Array.from(numbers, (x) => shortNumber(x, dtype)).join(', ')}]`;
  return { text: whole && numbers.length > 0 ? list() : textOf(numbers, dtype), rms };
}
