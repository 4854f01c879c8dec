/** Other leaves in the place of a module's own. */
import { isValue, type Value } from '../value/value.ts';

const isContainer = (x: unknown): x is Record<string, unknown> => {
  if (typeof x !== 'object' || x === null) return false;
  return Array.isArray(x) || Object.getPrototypeOf(x) === Object.prototype;
};

/**
 * Puts the new leaf wherever a property of `owner`, or an array or plain object in one, holds an old one. What classes
 * keep in #private fields is out of reach: they hold leaves in properties.
 */
export function replaceLeaves(owner: object, moved: ReadonlyMap<Value, Value>): void {
  const properties = owner as Record<string, unknown>;
  for (const [key, held] of Object.entries(properties)) {
    if (isValue(held)) {
      const leaf = moved.get(held);
      if (leaf !== undefined) properties[key] = leaf;
    } else if (isContainer(held)) replaceLeaves(held, moved);
  }
}
