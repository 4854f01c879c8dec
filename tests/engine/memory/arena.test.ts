import * as fc from 'fast-check';
import { LaneGraph } from '../../../src/base/lanes/graph.ts';
import { bytesOf, layOut } from '../../../src/engine/memory/arena.ts';
import type { Access, Buffer, LoopStep } from '../../../src/engine/steps.ts';

const along = (buffer: Buffer): Access => ({ buffer, start: 0, strides: [1] });
const backwards = (buffer: Buffer): Access => ({ buffer, start: buffer.size - 1, strides: [-1] });

/** A loop that adds up what it reads. */
function sumStep(reads: readonly Access[], to: Buffer): LoopStep {
  const graph = new LaneGraph(reads.map(() => 'f32'));
  const value = graph.inputs.reduce((a, b) => graph.add(a, b), graph.number(0, 'f32'));
  return { kind: 'loop', domain: [to.size], graph, reads, writes: [{ to: along(to), value }] };
}

interface Drawn {
  readonly reads: readonly { readonly from: number; readonly turned: boolean }[];
  readonly size: number;
}

/** Steps that read any buffers made before (as many elements as they write) and write a new one. */
function stepsOf(drawn: readonly Drawn[]): LoopStep[] {
  const buffers: Buffer[] = [];
  return drawn.map(({ reads, size }, i) => {
    const to: Buffer = { id: i, dtype: 'float32', size };
    const accesses = reads
      .map(({ from, turned }) => ({ buffer: buffers[from % Math.max(1, buffers.length)], turned }))
      .filter(({ buffer }) => buffer?.size === size)
      .map(({ buffer, turned }) => (turned ? backwards(buffer!) : along(buffer!)));
    buffers.push(to);
    return sumStep(accesses, to);
  });
}

/** Cheaper than `expect`, for the many bytes there are. */
function demand(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}

const drawn = fc.array(
  fc.record({
    reads: fc.array(fc.record({ from: fc.nat({ max: 30 }), turned: fc.boolean() }), { maxLength: 3 }),
    size: fc.constantFrom(1, 16, 20),
  }),
  { minLength: 1, maxLength: 30 },
);

describe('the arena', () => {
  test('keeps every buffer intact until the last step that reads it, and results to the end', () => {
    fc.assert(
      fc.property(drawn, fc.nat({ max: 4 }), (draws, together) => {
        const steps = stepsOf(draws);
        const result = steps[steps.length - 1]!.writes[0]!.to.buffer;
        // Steps may share a phase where none of them reads what another one writes.
        const phases = steps.map((_, i) => (together === 0 ? i : Math.floor(i / together)));
        const independent = steps.every((step, i) => step.reads.every(({ buffer }) => phases[buffer.id]! < phases[i]!));
        fc.pre(independent);
        const { offsets, bytes } = layOut(steps, () => false, [result], phases);
        const owner = new Map<number, number>();
        steps.forEach((step, i) => {
          const { buffer } = step.writes[0]!.to;
          for (const read of step.reads) {
            for (let b = 0; b < bytesOf(read.buffer); b += 4)
              demand(owner.get(offsets.get(read.buffer)! + b) === read.buffer.id, 'overwritten before it was read');
          }
          for (let b = 0; b < bytesOf(buffer); b += 4) {
            const place = offsets.get(buffer)! + b;
            demand(place < bytes, 'outside the arena');
            const other = owner.get(place);
            // What runs at the same time is not overwritten, unless in place by the reader itself.
            demand(other === undefined || phases[other] !== phases[i], 'written twice in a phase');
            const readers = steps.filter(
              (s, j) => j !== i && phases[j] === phases[i] && s.reads.some((r) => r.buffer.id === other),
            );
            demand(readers.length === 0, 'overwritten beside its reader');
            demand(
              step.reads.every((r) => r.buffer.id !== other || r.strides[0] === 1),
              'overwritten in another order than read',
            );
            owner.set(place, buffer.id);
          }
        });
        for (let b = 0; b < bytesOf(result); b += 4)
          demand(owner.get(offsets.get(result)! + b) === result.id, 'the result is gone');
      }),
      { numRuns: 300 },
    );
  });

  test('a chain of equal loops works in place: it needs one buffer', () => {
    const buffers = Array.from({ length: 5 }, (_, id): Buffer => ({ id, dtype: 'float32', size: 1000 }));
    const steps = buffers.map((to, i) => sumStep(i === 0 ? [] : [along(buffers[i - 1]!)], to));
    expect(
      layOut(
        steps,
        () => false,
        [buffers[4]!],
        steps.map((_, i) => i),
      ).bytes,
    ).toBe(4032);
  });
});
