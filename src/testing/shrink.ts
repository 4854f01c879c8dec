/** A simpler input that fails in the same way: numbers become 0, 1, whole, or shorter, one after the other. */
import { isFloat } from '../base/dtypes.ts';
import { flatten, unflatten } from '../base/trees.ts';
import { isLeaf } from '../program/trace.ts';
import { constant } from '../value/create.ts';
import { isValue } from '../value/value.ts';

/** At most this many inputs are tried. */
const TRIALS = 120;

/** Simpler numbers, the simplest first. */
function simpler(x: number): number[] {
  const candidates = [
    0,
    1,
    -1,
    Math.trunc(x),
    Math.round(x * 2) / 2,
    Math.round(x * 10) / 10,
    Math.round(x * 1000) / 1000,
  ];
  const size = (y: number): number => Math.abs(y);
  const shorter = (y: number): boolean =>
    String(y).length < String(x).length || (String(y).length === String(x).length && size(y) < size(x));
  return [...new Set(candidates.map((y) => y + 0))].filter((y) => y !== x && shorter(y));
}

/** Everywhere at once first (that is cheap), then element by element. */
function* candidates(args: readonly unknown[]): Generator<unknown[]> {
  const { leaves, structure } = flatten(args, isLeaf);
  const numbers = leaves.map((leaf) =>
    isValue(leaf) ? (isFloat(leaf.dtype) ? Array.from(leaf.data) : null) : typeof leaf === 'number' ? [leaf] : null,
  );
  const rebuilt = (replaced: readonly (readonly number[] | null)[]): unknown[] =>
    unflatten(
      structure,
      leaves.map((leaf, i) => {
        const data = replaced[i];
        if (data === null || data === undefined) return leaf;
        return isValue(leaf) ? constant(data, { shape: leaf.shape, dtype: leaf.dtype }) : data[0]!;
      }),
    ) as unknown[];
  for (let way = 0; way < 7; way++) {
    const all = numbers.map((data) => data?.map((x) => simpler(x)[way] ?? x) ?? null);
    if (all.some((data, i) => data?.some((x, k) => x !== numbers[i]![k]))) yield rebuilt(all);
  }
  for (const [i, data] of numbers.entries()) {
    for (const k of data?.keys() ?? []) {
      for (const y of simpler(data![k]!)) {
        const one = numbers.map((d, at) => (at === i ? d!.map((x, at2) => (at2 === k ? y : x)) : d));
        yield rebuilt(one);
      }
    }
  }
}

/** Goes to a simpler failing input for as long as there is one. `fails` must not throw. */
export function shrinkInput(
  args: readonly unknown[],
  fails: (args: readonly unknown[]) => boolean,
): readonly unknown[] {
  let current = args;
  let trials = 0;
  for (let improved = true; improved && trials < TRIALS;) {
    improved = false;
    for (const candidate of candidates(current)) {
      if (++trials > TRIALS) break;
      if (!fails(candidate)) continue;
      current = candidate;
      improved = true;
      break;
    }
  }
  return current;
}
