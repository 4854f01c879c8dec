/** A plan: the steps of a Program, what must be in memory before they run, and where results and effects are afterwards. */
import { resultCount, type Capture, type Program, type Var } from '../../program/program.ts';
import { contentOf, type Value } from '../../value/value.ts';
import type { Buffer, Step } from '../steps.ts';
import { isWhole, wholeOf } from './access.ts';
import { placesToTakeOver, type Takeover } from './in-place.ts';
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

class PlanBuilder {
  private readonly program: Program;
  private readonly planner: Planner;
  private readonly constants: { value: Value; buffer: Buffer }[] = [];
  private readonly slots: Map<string, Slot> = new Map();
  private readonly slotOf: Map<Buffer, Slot> = new Map();
  private readonly written: Map<number, Slot> = new Map();

  constructor(program: Program) {
    this.program = program;
    this.planner = new Planner(program);
  }

  build(): Plan {
    const { program, planner } = this;
    const inputs = program.inputs.map((v) => this.whole(v));
    program.captures.forEach((capture) => this.capture(capture));
    program.instructions.forEach((instruction) => planner.add(instruction));
    const changes = this.changes();
    const results = program.outputs.slice(0, resultCount(program)).map((v) => this.result(v));
    const targets = changes.map(({ slot, value }) => ({ slot: slot.buffer, source: this.ownBuffer(value) }));
    const kept = changes.flatMap(({ value }) => this.heldBy(value));
    const steps = this.steps();
    const aliases = placesToTakeOver(targets, kept, steps);
    const before = planner.draft.items.length;
    const isInPlace = ({ slot, source }: Takeover): boolean => source !== null && aliases.get(source) === slot;
    this.copyAtTheEnd(changes.filter((_, i) => !isInPlace(targets[i]!)));
    return {
      steps: [...steps, ...this.steps(before)],
      inputs,
      constants: this.constants,
      slots: [...this.slots.values()],
      written: this.written,
      keys: planner.keys,
      results,
      aliases,
    };
  }

  /** The steps from a position on, those that still grow closed. */
  private steps(from = 0): Step[] {
    const items = this.planner.draft.items.slice(from);
    return items.map((item) => (item.kind === 'group' ? item.finish() : item)).filter((step) => step !== null);
  }

  private whole(v: Var): Buffer {
    const buffer = this.planner.draft.bufferFor(v);
    this.planner.draft.set(v, { kind: 'walk', walk: wholeOf(buffer, v.shape), producer: -1 });
    return buffer;
  }

  private capture({ variable, value, slot }: Capture): void {
    if (value._isCell) {
      this.addSlot({ slot, target: value, buffer: this.whole(variable), read: true, written: false });
      return;
    }
    const content = contentOf(value);
    if (typeof content === 'number') this.planner.draft.set(variable, { kind: 'fill', value: content });
    else this.constants.push({ value, buffer: this.whole(variable) });
  }

  private addSlot(slot: Slot): Slot {
    this.slots.set(slotKey(slot.slot, slot.target), slot);
    this.slotOf.set(slot.buffer, slot);
    return slot;
  }

  /** Buffers of slots that hold a value from the start. */
  private heldBy(v: Var): Buffer[] {
    const source = this.planner.draft.sourceOf(v);
    return source.kind === 'walk' && this.slotOf.has(source.walk.buffer) ? [source.walk.buffer] : [];
  }

  private result(v: Var): Result {
    const { draft } = this.planner;
    const source = draft.sourceOf(v);
    if (source.kind === 'fill') return source;
    // What is copied out after the run must still be there.
    if (this.heldBy(v).some((buffer) => this.slotOf.get(buffer)!.written)) draft.copied(v);
    return { kind: 'buffer', buffer: draft.wholeOf(v) };
  }

  // Effects ----------------------------------------------------------------------------------------------------------

  private changes(): Change[] {
    return this.program.effects.flatMap(({ slot, target, output }) => {
      if (output === null) return [];
      const value = this.program.outputs[output]!;
      const known = this.slots.get(slotKey(slot, target));
      const buffer = known?.buffer ?? this.planner.draft.bufferFor(value);
      const own = known ?? this.addSlot({ slot, target, buffer, read: false, written: true });
      own.written = true;
      this.written.set(output, own);
      return [{ slot: own, value }];
    });
  }

  /** The buffer that a value is computed into and that holds nothing else; null where there is none. */
  private ownBuffer(value: Var): Buffer | null {
    const { draft } = this.planner;
    if (draft.sourceOf(value).kind === 'fill') return null;
    const { walk, producer } = draft.stored(value);
    return producer >= 0 && isWhole(walk) ? walk.buffer : null;
  }

  /** What one of these copies overwrites and another one reads is set aside first. */
  private copyAtTheEnd(changes: readonly Change[]): void {
    const { draft } = this.planner;
    const overwritten = new Set(changes.map(({ slot }) => slot.buffer));
    for (const { value } of changes)
      if (this.heldBy(value).some((buffer) => overwritten.has(buffer))) draft.copied(value);
    for (const { slot, value } of changes) draft.copyInto(slot.buffer, value);
  }
}

/** What a slot becomes. */
interface Change {
  readonly slot: Slot;
  readonly value: Var;
}
