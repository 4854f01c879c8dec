/** Places for what lives only while a program runs: buffers that are never needed at once share their bytes. */
import { bytesPerElement } from '../../base/dtypes.ts';
import { readsOf, writesOf } from '../plan/flow.ts';
import type { Access, Buffer, Step } from '../steps.ts';
import { Heap } from './heap.ts';

export interface Arena {
  /** Byte offsets from the arena's start. */
  readonly offsets: ReadonlyMap<Buffer, number>;
  readonly bytes: number;
}

export const bytesOf = ({ dtype, size }: Buffer): number => size * bytesPerElement(dtype);

interface Life {
  readonly first: number;
  last: number;
}

/**
 * Lays out every buffer of the steps that is not `kept` elsewhere. `results` live to the end. `phases[i]`, which never
 * descends, says which steps may run at the same time: what one of them is done with is free for later phases only.
 */
export function layOut(
  steps: readonly Step[],
  kept: (buffer: Buffer) => boolean,
  results: readonly Buffer[],
  phases: readonly number[],
): Arena {
  const lives = livesOf(steps, kept);
  for (const buffer of results) {
    const life = lives.get(buffer);
    if (life !== undefined) life.last = steps.length;
  }
  return new Layout(steps, lives, phases).arena();
}

function livesOf(steps: readonly Step[], kept: (buffer: Buffer) => boolean): Map<Buffer, Life> {
  const lives = new Map<Buffer, Life>();
  steps.forEach((step, i) => {
    for (const { buffer } of [...writesOf(step), ...readsOf(step)]) {
      if (kept(buffer)) continue;
      const life = lives.get(buffer);
      if (life === undefined) lives.set(buffer, { first: i, last: i });
      else life.last = i;
    }
  });
  return lives;
}

class Layout {
  private readonly steps: readonly Step[];
  private readonly lives: ReadonlyMap<Buffer, Life>;
  private readonly phases: readonly number[];
  private readonly offsets: Map<Buffer, number> = new Map();
  /** Buffers whose place another one has taken over. */
  private readonly inherited: Set<Buffer> = new Set();
  private readonly dying: Buffer[][];
  private readonly heap: Heap = new Heap();

  constructor(steps: readonly Step[], lives: ReadonlyMap<Buffer, Life>, phases: readonly number[]) {
    this.steps = steps;
    this.lives = lives;
    this.phases = phases;
    this.dying = steps.map(() => []);
    for (const [buffer, { last }] of lives) this.dying[last]?.push(buffer);
  }

  arena(): Arena {
    let bytes = 0;
    let released = 0;
    this.steps.forEach((step, i) => {
      for (; released < i && this.phases[released]! < this.phases[i]!; released++) this.release(released);
      for (const { buffer } of writesOf(step)) {
        if (this.lives.get(buffer)?.first !== i || this.offsets.has(buffer)) continue;
        this.offsets.set(buffer, this.inherit(step, buffer, i) ?? this.heap.take(bytesOf(buffer)));
        bytes = Math.max(bytes, this.heap.end);
      }
    });
    return { offsets: this.offsets, bytes };
  }

  private release(i: number): void {
    for (const buffer of this.dying[i]!) {
      const place = this.offsets.get(buffer);
      if (place !== undefined && !this.inherited.has(buffer)) this.heap.give(place, bytesOf(buffer));
    }
  }

  /** The place of an operand that is needed for the last time by the turn of the loop that overwrites it. */
  private inherit(step: Step, buffer: Buffer, i: number): number | undefined {
    if (step.kind !== 'loop') return undefined;
    const { to } = step.writes.find((write) => write.to.buffer === buffer)!;
    const old = this.dying[i]!.find(
      (candidate) =>
        candidate.size === buffer.size &&
        bytesOf(candidate) === bytesOf(buffer) &&
        !this.inherited.has(candidate) &&
        this.lives.get(candidate)!.first < i &&
        !this.isReadBeside(candidate, i) &&
        step.reads.every((read) => read.buffer !== candidate || sameWalk(read, to)),
    );
    if (old === undefined) return undefined;
    this.inherited.add(old);
    return this.offsets.get(old);
  }

  /** Whether another step, which may run at the same time as step i, reads the buffer. */
  private isReadBeside(buffer: Buffer, i: number): boolean {
    for (let j = i - 1; j >= 0 && this.phases[j] === this.phases[i]; j--) {
      if (readsOf(this.steps[j]!).some((read) => read.buffer === buffer)) return true;
    }
    return false;
  }
}

const sameWalk = (a: Access, b: Access): boolean =>
  a.start === b.start && a.strides.every((stride, axis) => stride === b.strides[axis]);
