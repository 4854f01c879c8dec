import * as fc from 'fast-check';
import { ALIGNMENT, Heap } from '../../../src/engine/memory/heap.ts';

/** Takes and gives in some order; a block is given back by its place among those held. */
const histories = fc.array(
  fc.oneof(fc.record({ take: fc.integer({ min: 0, max: 1000 }) }), fc.record({ give: fc.nat({ max: 20 }) })),
  { maxLength: 60 },
);

describe('a heap', () => {
  test('never hands out a byte twice, and starts every block at a cache line', () => {
    fc.assert(
      fc.property(histories, (history) => {
        const heap = new Heap(64);
        const held: { start: number; bytes: number }[] = [];
        for (const event of history) {
          if ('take' in event) {
            const block = { start: heap.take(event.take), bytes: event.take };
            expect(block.start % ALIGNMENT).toBe(0);
            for (const other of held) {
              const apart = block.start + block.bytes <= other.start || other.start + other.bytes <= block.start;
              expect(apart && block.start !== other.start).toBe(true);
            }
            expect(heap.end).toBeGreaterThanOrEqual(block.start + block.bytes);
            held.push(block);
          } else if (held.length > 0) {
            const [block] = held.splice(event.give % held.length, 1);
            heap.give(block!.start, block!.bytes);
          }
        }
        held.forEach(({ start, bytes }) => heap.give(start, bytes));
        expect(heap.isEmpty).toBe(true);
      }),
    );
  });

  test('uses what was given back before it grows', () => {
    const heap = new Heap();
    const first = heap.take(100);
    heap.take(100);
    heap.give(first, 100);
    expect(heap.take(64)).toBe(first);
  });
});
