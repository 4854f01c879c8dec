/** What chooses between programs: read as it is, or, while a function is traced, as what it has written. */
import { state } from '../value/recording.ts';

/** A property of plain data. A compiled function that reads it has a program for each of its values. */
export function readFlag<O extends object, K extends keyof O & string>(owner: O, name: K): O[K] {
  const now = owner[name];
  return state.lifting === null ? now : state.lifting.readFlag(owner, name, now);
}

/** At once; while a function is traced, when it is run. */
export function writeFlag<O extends object, K extends keyof O & string>(owner: O, name: K, x: O[K]): void {
  if (state.lifting === null) owner[name] = x;
  else state.lifting.writeFlag(owner, name, x);
}
