/** A plan: the steps of a Program, what must be in memory before they run, and where results and effects are afterwards. */
import { sizeOf } from '../../base/shapes.ts';
import type { Capture, Program, Var } from '../../program/program.ts';
import { contentOf, type Value } from '../../value/value.ts';
import type { Access, Buffer, Step } from '../steps.ts';
import { isWhole, wholeOf, type Walk } from './access.ts';
import { mayFail, readsOf } from './flow.ts';
import { Planner, type Key } from './planner.ts';

/** A cell's content or gradient: it stays in memory from run to run. */
export interface Slot {
  readonly slot: 'content' | 'grad';
  /** The cell, or the position of the input that is one. */
  readonly target: Value | number;
  readonly buffer: Buffer;
  /** Whether the steps read what it holds before the run, and whether they write it. */
  readonly read: boolean;
  written: boolean;
}

/** Where a result is after the run. */
export type Result =
  { readonly kind: 'fill'; readonly value: number } | { readonly kind: 'buffer'; readonly buffer: Buffer };

export interface Plan {
  readonly steps: readonly Step[];
  readonly inputs: readonly Buffer[];
  readonly constants: readonly { readonly value: Value; readonly buffer: Buffer }[];
  readonly slots: readonly Slot[];
  /** The slot that each of the Program's outputs behind the results is for. */
  readonly written: ReadonlyMap<number, Slot>;
  readonly keys: readonly Key[];
  readonly results: readonly Result[];
  /** Buffers that are another one: what a slot becomes is computed in its own place. */
  readonly aliases: ReadonlyMap<Buffer, Buffer>;
}

const slotKey = (slot: string, target: Value | number): string =>
  `${slot} ${typeof target === 'number' ? `input ${target}` : target.id}`;

export function planProgram(program: Program): Plan {
  return new PlanBuilder(program).build();
}

/** A step at its place, with what flows through it. */
interface Placed {
  readonly step: Step;
  readonly position: number;
  readonly reads: readonly Access[];
  readonly mayFail: boolean;
}

class PlanBuilder {
  private readonly program: Program;
  private readonly planner: Planner;
  private readonly constants: { value: Value; buffer: Buffer }[] = [];
  private readonly slots: Map<string, Slot> = new Map();
  private readonly written: Map<number, Slot> = new Map();
  private readonly aliases: Map<Buffer, Buffer> = new Map();

  constructor(program: Program) {
    this.program = program;
    this.planner = new Planner(program);
  }

  build(): Plan {
    const { program, planner } = this;
    const inputs = program.inputs.map((v) => this.whole(v));
    program.captures.forEach((capture) => this.capture(capture));
    program.instructions.forEach((instruction) => planner.instruction(instruction));
    const effects = this.effects();
    const results = program.outputs.slice(0, program.outputs.length - effects.length).map((v) => this.result(v));
    const sources = effects.map(({ value }) => this.ownSource(value));
    const placed = this.steps();
    const copies = this.computeInPlace(effects, sources, placed);
    const steps = placed.map(({ step }) => step);
    const before = planner.items.length;
    this.commit(copies);
    return {
      steps: [...steps, ...this.steps(before).map(({ step }) => step)],
      inputs,
      constants: this.constants,
      slots: [...this.slots.values()],
      written: this.written,
      keys: planner.keys,
      results,
      aliases: this.aliases,
    };
  }

  /** The steps from a position on, loops closed. */
  private steps(from = 0): Placed[] {
    return this.planner.items.flatMap((item, position) => {
      const step = position < from ? null : item.kind === 'group' ? item.finish() : item;
      return step === null ? [] : [{ step, position, reads: readsOf(step), mayFail: mayFail(step) }];
    });
  }

  private whole(v: Var): Buffer {
    const buffer = this.planner.buffer(v.dtype, sizeOf(v.shape));
    this.planner.given(v, { kind: 'walk', walk: wholeOf(buffer, v.shape), producer: -1 });
    return buffer;
  }

  private capture({ variable, value, slot }: Capture): void {
    if (value._isCell) {
      const buffer = this.whole(variable);
      this.slots.set(slotKey(slot, value), { slot, target: value, buffer, read: true, written: false });
      return;
    }
    const content = contentOf(value);
    if (typeof content === 'number') return this.planner.given(variable, { kind: 'fill', value: content });
    this.constants.push({ value, buffer: this.whole(variable) });
  }

  private slotFor(slot: 'content' | 'grad', target: Value | number, v: Var): Slot {
    const key = slotKey(slot, target);
    let found = this.slots.get(key);
    if (found === undefined) {
      const buffer = this.planner.buffer(v.dtype, sizeOf(v.shape));
      found = { slot, target, buffer, read: false, written: true };
      this.slots.set(key, found);
    }
    found.written = true;
    return found;
  }

  private result(v: Var): Result {
    const { planner } = this;
    const source = planner.sourceOf(v);
    if (source.kind === 'fill') return source;
    const held = source.kind === 'walk' ? source.walk.buffer : null;
    if ([...this.slots.values()].some(({ buffer, written }) => written && buffer === held)) planner.copied(v);
    return { kind: 'buffer', buffer: planner.wholeOf(v) };
  }

  // Effects ----------------------------------------------------------------------------------------------------------

  private effects(): Change[] {
    return this.program.effects.flatMap(({ slot, target, output }) => {
      if (output === null) return [];
      const value = this.program.outputs[output]!;
      const change = { slot: this.slotFor(slot, target, value), value };
      this.written.set(output, change.slot);
      return [change];
    });
  }

  /** Lets items that compute what a slot becomes write straight into it where that harms nobody; the other changes. */
  private computeInPlace(
    changes: readonly Change[],
    sources: readonly (OwnSource | null)[],
    steps: readonly Placed[],
  ): Change[] {
    const lastFailure = steps.reduce((last, { mayFail: may, position }) => (may ? position : last), -1);
    // What a slot becomes may be what another one held: that one must not change before the copies at the end.
    const kept = new Set(
      changes.flatMap(({ value }) => {
        const source = this.planner.sourceOf(value);
        return source.kind === 'walk' ? [source.walk.buffer] : [];
      }),
    );
    return changes.filter(({ slot }, i) => {
      const source = sources[i]!;
      if (source === null || source.producer <= lastFailure || this.aliases.has(source.buffer)) return true;
      if (kept.has(slot.buffer) || !isFree(slot.buffer, source.producer, steps)) return true;
      this.aliases.set(source.buffer, slot.buffer);
      return false;
    });
  }

  /** The buffer of its own that a value is computed into, and when. */
  private ownSource(value: Var): OwnSource | null {
    const source = this.planner.sourceOf(value);
    if (source.kind === 'fill') return null;
    const walk = this.planner.walkOf(value);
    const producer = source.kind === 'lane' ? source.group.position : source.producer;
    return producer >= 0 && isWhole(walk) ? { buffer: walk.buffer, producer } : null;
  }

  /** Copies into slots, at the very end; what one of them overwrites and another one reads is set aside first. */
  private commit(changes: readonly Change[]): void {
    const { planner } = this;
    const written = new Set(changes.map(({ slot }) => slot.buffer));
    for (const { value } of changes) {
      const source = planner.sourceOf(value);
      if (source.kind === 'walk' && written.has(source.walk.buffer)) planner.copied(value);
    }
    for (const { slot, value } of changes) planner.copyInto(slot.buffer, value);
  }
}

/** The buffer that a value is computed into, and the item that does so. */
interface OwnSource {
  readonly buffer: Buffer;
  readonly producer: number;
}

/** What a slot becomes. */
interface Change {
  readonly slot: Slot;
  readonly value: Var;
}

/** Whether nothing needs the old content of a buffer once the item at `position` has begun. */
const isFree = (buffer: Buffer, position: number, steps: readonly Placed[]): boolean =>
  steps.every(({ step, position: at, reads }) => {
    if (at < position) return true;
    const own = reads.filter((access) => access.buffer === buffer);
    return own.length === 0 || (at === position && readsInPlace(step, own));
  });

/** Each element is read before it is written, by the same turn of the loop. */
function readsInPlace(step: Step, reads: readonly Access[]): boolean {
  if (step.kind !== 'loop') return false;
  const size = sizeOf(step.domain);
  return reads.every(({ buffer, start, strides }) => {
    const walk: Walk = { buffer, start, strides, shape: step.domain };
    return buffer.size === size && isWhole(walk);
  });
}
