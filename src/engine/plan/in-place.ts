/** What a slot becomes, computed in the slot's own place: where nobody needs the old content any more and nothing can fail. */
import { sizeOf } from '../../base/shapes.ts';
import type { Access, Buffer, Step } from '../steps.ts';
import { isWhole, type Walk } from './access.ts';
import { mayFail, readsOf, writesOf } from './flow.ts';

/** A slot's buffer, and the one that its new content is computed into; null where that is no buffer of its own. */
export interface Takeover {
  readonly slot: Buffer;
  readonly source: Buffer | null;
}

interface Read {
  readonly position: number;
  readonly access: Access;
}

/**
 * Which buffers can lie where the slots are. A slot that holds what another one becomes (`kept`) must not change before
 * the copies at the end.
 */
export function placesToTakeOver(
  takeovers: readonly Takeover[],
  kept: readonly Buffer[],
  steps: readonly Step[],
): ReadonlyMap<Buffer, Buffer> {
  const reads = readsBySlot(takeovers, steps);
  const begun = firstWrites(steps);
  const lastFailure = steps.reduce((last, step, position) => (mayFail(step) ? position : last), -1);
  const held = new Set(kept);
  const places = new Map<Buffer, Buffer>();
  for (const { slot, source } of takeovers) {
    const from = source === null ? undefined : begun.get(source);
    if (source === null || from === undefined || from <= lastFailure) continue;
    if (places.has(source) || held.has(slot)) continue;
    const late = (reads.get(slot) ?? []).filter(({ position }) => position >= from);
    const isFree = late.every(
      ({ position, access }) => position === from && isReadInPlace(steps[from]!, access, source),
    );
    if (isFree) places.set(source, slot);
  }
  return places;
}

function readsBySlot(takeovers: readonly Takeover[], steps: readonly Step[]): Map<Buffer, Read[]> {
  const reads = new Map<Buffer, Read[]>(takeovers.map(({ slot }) => [slot, []]));
  steps.forEach((step, position) => {
    for (const access of readsOf(step)) reads.get(access.buffer)?.push({ position, access });
  });
  return reads;
}

/** The first step that writes each buffer: boxes of one may be written by several. */
function firstWrites(steps: readonly Step[]): Map<Buffer, number> {
  const first = new Map<Buffer, number>();
  steps.forEach((step, position) => {
    for (const { buffer } of writesOf(step)) if (!first.has(buffer)) first.set(buffer, position);
  });
  return first;
}

/** Each element is read before it is overwritten, by the same turn of the loop. */
function isReadInPlace(step: Step, read: Access, source: Buffer): boolean {
  if (step.kind !== 'loop') return false;
  const size = sizeOf(step.domain);
  const isAll = ({ buffer, start, strides }: Access): boolean => {
    const walk: Walk = { buffer, start, strides, shape: step.domain };
    return buffer.size === size && isWhole(walk);
  };
  return isAll(read) && step.writes.every(({ to }) => to.buffer !== source || isAll(to));
}
