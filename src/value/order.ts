/** The graph behind some Values, in an order in which it can be computed. */
import type { Value } from './value.ts';

/** One Value for each application: the first of its outputs. */
export const headOf = (x: Value): Value => (x._group === null ? x : x._group[0]!);

export const outputsOf = (x: Value): readonly Value[] => x._group ?? [x];

/**
 * Every application (and leaf) that `roots` were computed from, operands before users: ascending creation order.
 * `enter` says which Values belong to it; the walk does not look behind others. No recursion; linear but for the sort.
 */
export function graphOf(
  roots: readonly Value[],
  enter: (x: Value) => boolean,
  inputsOf: (x: Value) => readonly Value[] = (x) => x._inputs,
): Value[] {
  const seen = new Set<Value>();
  const stack: Value[] = [];
  const visit = (x: Value): void => {
    const head = headOf(x);
    if (seen.has(head) || !enter(head)) return;
    seen.add(head);
    stack.push(head);
  };
  roots.forEach(visit);
  for (let x = stack.pop(); x !== undefined; x = stack.pop()) inputsOf(x).forEach(visit);
  return [...seen].sort((a, b) => a.id - b.id);
}
