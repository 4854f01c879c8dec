/** What names mean, and what was probably meant by those that mean nothing. */
import * as table from '../ops/index.ts';
import { isOp } from '../ops/op.ts';

/** Names that mathematics and other languages use for ops. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  ln: 'log',
  max: 'maximum',
  min: 'minimum',
  arcsin: 'asin',
  arccos: 'acos',
  arctan: 'atan',
  abs: 'abs',
};

export const CONSTANTS: Readonly<Record<string, number>> = { pi: Math.PI, e: Math.E };

export type Callable = (...args: unknown[]) => unknown;

/** All ops by name. */
export function functionNames(): string[] {
  return Object.values<unknown>(table)
    .flatMap((entry) => (isOp(entry) ? [entry.record.name] : []))
    .sort();
}

/** The op of that name; of one operand, max and min are the reductions. */
export function findFunction(name: string, operands: number): Callable | null {
  const other = OTHER_NAMES[name];
  const own = other === undefined || (operands < 2 && name in table) ? name : other;
  const entry: unknown = Object.hasOwn(table, own) ? (table as Record<string, unknown>)[own] : undefined;
  return isOp(entry) ? (entry as unknown as Callable) : null;
}

/** How many letters must change to get from one to the other. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1]!.toLowerCase() === b[j - 1]!.toLowerCase();
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (same ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}

/** How many letters two names share at their beginning. */
function agreement(a: string, b: string): number {
  let n = 0;
  while (n < a.length && a[n] === b[n]) n++;
  return n;
}

/** The known name that is nearest, if it is near; of several the one that begins alike for longest: sinn is sin. */
export function nearest(name: string, known: readonly string[]): string | null {
  const scored = known
    .map((candidate) => ({ candidate, d: distance(name, candidate), same: agreement(name, candidate) }))
    .sort((a, b) => a.d - b.d || b.same - a.same);
  const best = scored[0];
  return best !== undefined && best.d <= Math.max(1, Math.floor(name.length / 3)) ? best.candidate : null;
}

/** Names in lines that fit a terminal. */
export function wrap(words: readonly string[], width: number = 96): string {
  const lines = [''];
  for (const word of words) {
    const line = lines.at(-1)!;
    if (line.length + word.length + 1 > width) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.map((line) => `  ${line}`).join('\n');
}
