/** What modules were constructed with. */
import { isPlainObject } from '../base/trees.ts';

/** Lists and plain objects copied, so that the caller's later changes do not reach the copy; the rest as it is. */
export function snapshot(x: unknown): unknown {
  if (Array.isArray(x)) return x.map(snapshot);
  if (!isPlainObject(x)) return x;
  return Object.fromEntries(Object.entries(x).map(([key, held]) => [key, snapshot(held)]));
}
