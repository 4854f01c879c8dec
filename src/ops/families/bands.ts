/** Sparse maps along an axis, seen as bands: places at equal distances whose sums are made alike. */
import type { Band } from '../lowering.ts';
import type { ResampleAttributes } from './resampling.ts';

interface Term {
  readonly from: number;
  readonly weight: number | null;
}

/** More bands, or more terms in one, are no loops but a table. */
const MOST_BANDS = 12;
const MOST_TERMS = 32;
/** Up to so many sums of different kinds take turns along the axis. */
const MOST_KINDS = 8;

/** The terms of each place, in order. */
function termsOf({ from, to, weights, size }: ResampleAttributes): readonly (readonly Term[])[] {
  const terms = Array.from({ length: size }, (): Term[] => []);
  to.forEach((place, t) => terms[place]!.push({ from: from[t]!, weight: weights === null ? null : weights[t]! }));
  return terms;
}

const alike = (x: readonly Term[], y: readonly Term[], stride: number): boolean =>
  x.length === y.length && x.every((term, k) => term.weight === y[k]!.weight && term.from + stride === y[k]!.from);

/** The places at + i·step, from the first of them on, cut where a sum is not made like the one before. */
function bandsAt(at: number, step: number, terms: readonly (readonly Term[])[]): Band[] {
  const bands: Band[] = [];
  let first = at;
  while (first < terms.length) {
    const start = terms[first]!;
    const second = terms[first + step];
    const stride = start.length > 0 && second !== undefined && second.length > 0 ? second[0]!.from - start[0]!.from : 0;
    let count = 1;
    let last = first;
    while (last + step < terms.length && alike(terms[last]!, terms[last + step]!, stride)) {
      last += step;
      count++;
    }
    bands.push({ at: first, step, count, terms: start.map((term) => ({ ...term, stride })) });
    first = last + step;
  }
  return bands;
}

/** As few bands as can be; null where there are too many for loops. */
export function bandsOf(attrs: ResampleAttributes): readonly Band[] | null {
  const terms = termsOf(attrs);
  if (terms.some((list) => list.length > MOST_TERMS)) return null;
  let best: readonly Band[] | null = null;
  for (let step = 1; step <= Math.min(MOST_KINDS, attrs.size); step++) {
    const bands = Array.from({ length: step }, (_, at) => bandsAt(at, step, terms)).flat();
    if (bands.length <= MOST_BANDS && (best === null || bands.length < best.length)) best = bands;
  }
  return attrs.size === 0 ? [] : best;
}
