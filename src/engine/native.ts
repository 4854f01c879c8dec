/** The engine: a Program planned, linked into a store and run there. */
import { advanceGenerator, generatorState, keyAhead, restoreGenerator } from '../base/random.ts';
import type { Content } from '../base/storage.ts';
import { optimize } from '../program/passes/index.ts';
import { interpret, interpretAll } from '../program/interpret.ts';
import type { BodyRunner } from '../ops/primitive.ts';
import type { Program } from '../program/program.ts';
import { programStats } from '../program/stats.ts';
import { noGrad } from '../value/recording.ts';
import { contentOf, immediate, type Value } from '../value/value.ts';
import { commitEffects, type Written } from './effects.ts';
import type { Backend, Executable, ExecutableOptions, ExecutableStats } from './executable.ts';
import { assemble, link, type Linked } from './link.ts';
import { bytesOf } from './memory/arena.ts';
import { chooseStore, refugeFor } from './memory/choose.ts';
import { copyOf, homeOf, settle, write, type Residency } from './memory/residency.ts';
import { StoreFull, type Lease, type Region } from './memory/store.ts';
import { writesOf } from './plan/flow.ts';
import { planProgram, type Plan, type Slot } from './plan/plan.ts';
import { hasRelaxedSimd } from './relaxed.ts';
import type { Buffer } from './steps.ts';
import { defaultThreads, mayShareMemory } from './threads/environment.ts';

/** A slot of a cell that is known from the start, and its place. */
interface Settled {
  readonly slot: Slot;
  readonly cell: Value;
  readonly residency: Residency;
}

/** The program in one store. */
interface Placed {
  readonly linked: Linked;
  readonly settled: readonly Settled[];
  /** Where slots are that the program writes. */
  readonly homes: ReadonlyMap<Slot, Residency>;
}

/** Operations, and elements moved, in one run of a body that repay the way into a program and out of it. */
const WORTH_CODE = 1 << 14;

/** What programs have taken that nobody holds any more. */
const abandoned = new FinalizationRegistry<Lease>((lease) => lease.end());

export class NativeProgram implements Executable {
  private readonly program: Program;
  private readonly plan: Plan;
  private readonly options: ExecutableOptions;
  private placed: Placed | null = null;
  /** What each input's place holds: it need not be brought in again. */
  private known: (Content | undefined)[] = [];
  /** Bodies of loops that are too long to be unrolled; null for small ones. */
  private readonly bodies: Map<Program, NativeProgram | null> = new Map();

  /** Whether it runs while another program does, and therefore in a memory of its own. */
  private readonly isBody: boolean;

  constructor(program: Program, options: ExecutableOptions, isBody: boolean = false) {
    this.program = optimize(program);
    this.plan = planProgram(this.program);
    this.options = options;
    this.isBody = isBody;
  }

  run(inputs: readonly Value[]): Value[] {
    const placed = this.compute(inputs);
    const { view } = placed.linked;
    advanceGenerator(this.program.draws);
    const results = this.results((buffer, isScalar) => copyOf(view(buffer), isScalar));
    this.commit(placed, inputs);
    return results;
  }

  /**
   * As `run`, for Programs without effects and draws. The results are views that hold until it runs again, and may be
   * its inputs then; what passes through is a copy, as inputs are overwritten one after the other.
   */
  private runInPlace(inputs: readonly Value[]): Value[] {
    const { linked } = this.compute(inputs);
    const given = this.plan.inputs.map((buffer) => linked.view(buffer));
    return this.results((buffer, isScalar) => {
      const view = linked.view(buffer);
      const passes = given.some((input) => input.byteOffset === view.byteOffset);
      return isScalar || passes ? copyOf(view, isScalar) : view;
    });
  }

  private compute(inputs: readonly Value[]): Placed {
    const placed = this.isAtHome() ? this.placed! : this.move();
    placed.linked.store.use(placed.linked.lease);
    this.bringIn(placed, inputs);
    try {
      placed.linked.program.run();
    } catch (error) {
      throw this.explained(error, inputs);
    }
    return placed;
  }

  /** Compiled, on one thread: others wait for the loop meanwhile. */
  private readonly runBody: BodyRunner = (body, inputs) => {
    let compiled = this.bodies.get(body);
    if (compiled === undefined) {
      const { flop, bytes } = programStats(body);
      const isWorthIt = flop + bytes / 8 >= WORTH_CODE;
      compiled = isWorthIt ? new NativeProgram(body, this.options, true) : null;
      this.bodies.set(body, compiled);
    }
    return compiled === null ? interpret(body, inputs) : compiled.runInPlace(inputs);
  };

  /** A trap says nothing about itself: the interpreter comes to the same point and knows its name. */
  private explained(error: unknown, inputs: readonly Value[]): unknown {
    if (!(error instanceof WebAssembly.RuntimeError)) return error;
    const generator = generatorState();
    try {
      noGrad(() => interpretAll(this.program, inputs));
    } catch (explanation) {
      return explanation;
    } finally {
      restoreGenerator(generator);
    }
    return error;
  }

  // Places -----------------------------------------------------------------------------------------------------------

  /** Whether every cell still lives in the store that the code was made for. */
  private isAtHome(): boolean {
    if (this.placed === null) return false;
    for (const { slot, cell, residency } of this.placed.settled) {
      if (homeOf(cell, slot.slot) !== residency) return false;
    }
    return true;
  }

  private move(): Placed {
    this.release();
    this.placed = this.placeSomewhere();
    this.known = this.plan.inputs.map(() => undefined);
    abandoned.register(this, this.placed.linked.lease, this);
    return this.placed;
  }

  /** @throws ChainruleError where even a memory of its own is too small. */
  private placeSomewhere(): Placed {
    try {
      return this.placeIn(!this.isBody);
    } catch (error) {
      if (!(error instanceof StoreFull)) throw error;
    }
    try {
      return this.placeIn(false);
    } catch (error) {
      throw error instanceof StoreFull ? error.refusal : error;
    }
  }

  private placeIn(mayShare: boolean): Placed {
    const { plan, options } = this;
    const threads = mayShare ? Math.min(options.threads ?? defaultThreads(), mayShareMemory() ? Infinity : 1) : 1;
    const assembly = assemble(plan, { fast: options.precision === 'fast' && hasRelaxedSimd(), threads });
    const slots = plan.slots.flatMap((slot) => (typeof slot.target === 'number' ? [] : [{ slot, cell: slot.target }]));
    const cells = slots.map(({ slot, cell }) => ({ slot: slot.slot, cell }));
    const shared = assembly.isWorthThreads;
    const store = mayShare ? chooseStore({ slots: cells, bytes: bytesBeside(plan), shared }) : refugeFor(cells);
    const settled = slots.map(({ slot, cell }) => ({ slot, cell, residency: settle(cell, slot.slot, store) }));
    const regions = new Map<Buffer, Region>(settled.map(({ slot, residency }) => [slot.buffer, residency.region]));
    const linked = link(assembly, { store, slots: regions, runBody: this.runBody });
    linked.lease.needs = settled.map(({ residency }) => residency.lease);
    for (const { value, buffer } of plan.constants) write(linked.view(buffer), contentOf(value));
    const written = settled.filter(({ slot }) => slot.written);
    return { linked, settled, homes: new Map(written.map(({ slot, residency }) => [slot, residency])) };
  }

  private release(): void {
    if (this.placed === null) return;
    const { lease, program } = this.placed.linked;
    abandoned.unregister(this);
    program.dispose();
    lease.end();
    this.placed = null;
  }

  // One run ----------------------------------------------------------------------------------------------------------

  private bringIn({ linked, settled }: Placed, inputs: readonly Value[]): void {
    const { plan, known } = this;
    const own = linked.store.memory.buffer;
    for (let i = 0; i < inputs.length; i++) {
      const content = contentOf(inputs[i]!);
      if (Object.is(content, known[i])) continue;
      write(linked.view(plan.inputs[i]!), content);
      // A view of the memory is the same content only until the next run.
      known[i] = typeof content !== 'number' && content.buffer === own ? undefined : content;
    }
    for (const { slot, cell, residency } of settled) if (slot.read) residency.update(cell);
    for (const { buffer, draw } of plan.keys) linked.view(buffer).set(keyAhead(draw));
  }

  private results(take: (buffer: Buffer, isScalar: boolean) => Content): Value[] {
    const { results } = this.plan;
    return results.map((result, i) => {
      const { shape, dtype } = this.program.outputs[i]!;
      const content = result.kind === 'fill' ? result.value : take(result.buffer, shape.length === 0);
      return immediate(shape, dtype, content);
    });
  }

  private commit({ linked, homes }: Placed, inputs: readonly Value[]): void {
    if (this.program.effects.length === 0) return;
    for (const residency of homes.values()) residency.overwritten();
    const written = (output: number): Written => {
      const slot = this.plan.written.get(output)!;
      // An argument's gradient has no home: the next call may come with another argument.
      return homes.get(slot) ?? copyOf(linked.view(slot.buffer), this.program.outputs[output]!.shape.length === 0);
    };
    commitEffects(this.program, inputs, written);
  }

  // What is known of it ----------------------------------------------------------------------------------------------

  stats(): ExecutableStats {
    const { steps } = this.plan;
    const byStep: Record<string, number> = {};
    for (const { kind } of steps) byStep[kind] = (byStep[kind] ?? 0) + 1;
    return {
      ...programStats(this.program),
      backend: 'wasm',
      steps: steps.length,
      byStep,
      fallbacks: steps.flatMap((step) => (step.kind === 'host' ? [step.primitive.name] : [])),
      arenaBytes: this.placed?.linked.arenaBytes ?? 0,
      codeBytes: this.placed?.linked.codeBytes ?? 0,
      memoryBytes: this.placed?.linked.store.bytes ?? 0,
    };
  }

  dispose(): void {
    for (const body of this.bodies.values()) body?.dispose();
    this.bodies.clear();
    this.release();
  }
}

/** At most so many bytes of inputs, constants and what steps write. */
function bytesBeside({ inputs, constants, steps }: Plan): number {
  const buffers = new Set<Buffer>([
    ...inputs,
    ...constants.map(({ buffer }) => buffer),
    ...steps.flatMap((step) => writesOf(step).map(({ buffer }) => buffer)),
  ]);
  return [...buffers].reduce((sum, buffer) => sum + bytesOf(buffer), 0);
}

/** Runs Programs as WebAssembly. */
export const native: Backend = (program, options) => new NativeProgram(program, options);
