/** Cotangents are handed out youngest first, however creation numbers lie. */
import fc from 'fast-check';
import type { Value } from 'chainrule';
import { PendingCotangents } from '../../src/value/pending.ts';

/** A stand-in: the order looks at the number only, sums ask for `add`. */
interface Stub {
  readonly id: number;
}

const node = (id: number): Value => ({ id }) satisfies Stub as unknown as Value;
const cotangent = (text: string): Value =>
  ({ text, add: (other: { text: string }) => cotangent(`${text}+${other.text}`) }) as unknown as Value;
const textOf = (x: Value | undefined): string => (x as unknown as { text: string }).text;

function drain(ids: readonly number[]): number[] {
  const pending = new PendingCotangents();
  ids.forEach((id) => pending.add(node(id), cotangent('g')));
  const order: number[] = [];
  for (let next = pending.youngest(); next !== undefined; next = pending.youngest()) {
    pending.take(next);
    order.push(next.id);
  }
  return order;
}

const descending = (ids: readonly number[]): number[] => [...new Set(ids)].sort((a, b) => b - a);

test('youngest first: dense, sparse, and beyond 32 bits', () => {
  const id = fc.oneof(
    fc.integer({ min: 1, max: 3000 }),
    fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    fc.integer({ min: 2 ** 31 - 500, max: 2 ** 33 }),
    fc.maxSafeInteger().map(Math.abs),
  );
  fc.assert(fc.property(fc.array(id, { maxLength: 60 }), (ids) => expect(drain(ids)).toEqual(descending(ids))));
});

test('cotangents of one node are added in the order in which they arrive', () => {
  const pending = new PendingCotangents();
  const x = node(2 ** 32 + 7);
  ['a', 'b', 'c'].forEach((text) => pending.add(x, cotangent(text)));
  expect(textOf(pending.take(x))).toBe('a+b+c');
  expect(pending.youngest()).toBeUndefined();
});

test('nodes may arrive while others are handed out', () => {
  const pending = new PendingCotangents();
  pending.add(node(1000), cotangent('g'));
  const order: number[] = [];
  for (let next = pending.youngest(); next !== undefined; next = pending.youngest()) {
    const { id } = next;
    pending.take(next);
    order.push(id);
    if (id > 10) [id - 1, Math.floor(id / 2)].forEach((older) => pending.add(node(older), cotangent('g')));
  }
  expect(order).toEqual(descending(order));
  expect(order[0]).toBe(1000);
  expect(order.at(-1)).toBeLessThanOrEqual(10);
});
