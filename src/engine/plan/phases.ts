/** Which steps may run at the same time: neighbours that do not touch each other's results. */
import type { Buffer, Step } from '../steps.ts';
import { readsOf, writesOf } from './flow.ts';

/**
 * The phase of each step, never descending: within a phase no step reads or writes what another one writes. A reference
 * kernel has a phase of its own. `place` says which buffers are really the same.
 */
export function phasesOf(steps: readonly Step[], place: (buffer: Buffer) => Buffer): number[] {
  let phase = -1;
  let open = false;
  let [read, written] = [new Set<Buffer>(), new Set<Buffer>()];
  return steps.map((step) => {
    const reads = readsOf(step).map(({ buffer }) => place(buffer));
    const writes = writesOf(step).map(({ buffer }) => place(buffer));
    const isApart = reads.every((b) => !written.has(b)) && writes.every((b) => !written.has(b) && !read.has(b));
    if (!open || !isApart || step.kind === 'host') {
      phase++;
      [read, written] = [new Set(), new Set()];
    }
    open = step.kind !== 'host';
    for (const b of reads) read.add(b);
    for (const b of writes) written.add(b);
    return phase;
  });
}
