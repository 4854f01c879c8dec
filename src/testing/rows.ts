/** The figures of a check: a row for each element, mode and order. */
import type { Comparison } from './compare.ts';
import { indexOf, type Problem } from './problem.ts';

/** One element of one argument, in one mode and order: the figures of its worst result. */
export interface GradientEntry extends Comparison {
  readonly order: number;
  /** `reverse`, `forward`, `forward over reverse`, … */
  readonly mode: string;
  /** The argument's position. */
  readonly argument: number;
  /** The same with the path into a tree: `argument 1.weights[0]`. */
  readonly name: string;
  /** The element's index. */
  readonly element: readonly number[];
  /** What is differentiated: `result[2]`, `weighted sum of the results`, … */
  readonly output: string;
}

/** A comparison before its element has a name. */
export interface Row {
  readonly order: number;
  readonly mode: string;
  readonly output: string;
  /** The element among all of the inputs'. */
  readonly element: number;
  readonly comparison: Comparison;
}

/** `result.values[2]`. */
export function outputName({ outputs }: Problem, flat: number): string {
  const y = outputs.find((o) => flat < o.offset + o.size)!;
  return y.shape.length === 0 ? y.name : `${y.name}[${indexOf(flat - y.offset, y.shape).join(', ')}]`;
}

/** The elements that are looked at: all, or `count` of them, evenly. */
export function chosenElements(total: number, count: number): number[] {
  if (total <= count) return Array.from({ length: total }, (_, i) => i);
  return Array.from({ length: count }, (_, i) => Math.floor((i * total) / count));
}

const RANK: Readonly<Record<Comparison['verdict'], number>> = { mismatch: 3, notFinite: 2, kink: 1, ok: 0 };

/** A mismatch is worse than anything else; among equals, the larger share of what is allowed. */
export const isWorse = (a: Comparison, b: Comparison): boolean =>
  a.verdict === b.verdict ? a.error / a.allowed > b.error / b.allowed : RANK[a.verdict] > RANK[b.verdict];

/** One row for each element, mode and order: the worst. */
export function worstOfEach(rows: readonly Row[]): Row[] {
  const worst = new Map<string, Row>();
  for (const row of rows) {
    const key = `${row.order} ${row.mode} ${row.element}`;
    const known = worst.get(key);
    if (known === undefined || isWorse(row.comparison, known.comparison)) worst.set(key, row);
  }
  return [...worst.values()];
}

export function entryOf(problem: Problem, row: Row): GradientEntry {
  const variable = problem.variables.find((v) => row.element < v.offset + v.size)!;
  const { order, mode, output, comparison } = row;
  const element = indexOf(row.element - variable.offset, variable.shape);
  return { order, mode, argument: variable.argument, name: variable.name, element, output, ...comparison };
}
