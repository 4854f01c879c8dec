/** From a plan to something that runs: code for its steps, places for its buffers, one instance of the module. */
import { slowFunctions } from '../base/lanes/program.ts';
import { WasmModule, type FunctionRef } from '../base/wasm/index.ts';
import type { Storage } from '../base/dtypes.ts';
import type { BodyRunner } from '../ops/primitive.ts';
import type { Emission, Task } from './emission.ts';
import { runHost } from './host.ts';
import { taskOf } from './kernels/index.ts';
import { tapeWords } from './kernels/tape.ts';
import { bytesOf, layOut, type Arena } from './memory/arena.ts';
import { aligned, ALIGNMENT } from './memory/heap.ts';
import type { Lease, Region, Store } from './memory/store.ts';
import { phasesOf } from './plan/phases.ts';
import type { Plan } from './plan/plan.ts';
import type { Buffer, HostStep } from './steps.ts';
import { CONTROL_BYTES } from './threads/control.ts';
import { LinkedRun } from './threads/link.ts';
import type { Call, Phase } from './threads/phase.ts';
import { importRuntime, writeRun, type Runtime } from './threads/run.ts';
import { isWorthThreads } from './threads/schedule.ts';

/** The code of a plan, without addresses: it can be placed in one store, once. */
export interface Assembly {
  readonly plan: Plan;
  readonly module: WasmModule;
  readonly runtime: Runtime;
  readonly tasks: readonly (Task | null)[];
  /** The phase of each step. */
  readonly phases: readonly number[];
  readonly arena: Arena;
  /** Whether any part of it is worth being shared among threads. */
  readonly isWorthThreads: boolean;
}

/** A program in a store, ready to run. */
export interface Linked {
  readonly store: Store;
  readonly program: LinkedRun;
  /** The elements of a buffer, as they are now. */
  readonly view: (buffer: Buffer) => Storage;
  /** What it took from the store for itself. */
  readonly lease: Lease;
  readonly arenaBytes: number;
  readonly codeBytes: number;
  readonly threads: number;
}

export interface AssemblyOptions {
  /** Whether products may use relaxed fused multiply-adds. */
  readonly fast: boolean;
  /** How many threads it may use. */
  readonly threads: number;
}

/** Buffers that stay where they are from run to run. */
function ownBuffers({ inputs, constants, keys, steps }: Plan): Buffer[] {
  const tapes = steps.flatMap((step) => (step.kind === 'tape' ? [step.words, step.pool] : []));
  return [...inputs, ...tapes, ...[...constants, ...keys].map(({ buffer }) => buffer)];
}

export function assemble(plan: Plan, { fast, threads }: AssemblyOptions): Assembly {
  const module = new WasmModule();
  const runtime = importRuntime(module, threads);
  const emission = emissionFor(module, fast);
  const tasks = plan.steps.map((step) => (step.kind === 'host' ? null : taskOf(step, emission)));
  const place = (buffer: Buffer): Buffer => plan.aliases.get(buffer) ?? buffer;
  const phases = phasesOf(plan.steps, place);
  const kept = new Set([...ownBuffers(plan), ...plan.slots.map(({ buffer }) => buffer)]);
  const results = plan.results.flatMap((result) => (result.kind === 'buffer' ? [result.buffer] : []));
  const arena = layOut(plan.steps, (buffer) => kept.has(place(buffer)), results, phases);
  const worth = threads > 1 && isWorthThreads(toPhases(phases, tasks, () => 0));
  return { plan, module, runtime, tasks, phases, arena, isWorthThreads: worth };
}

/** Where a program is put. */
export interface LinkOptions {
  readonly store: Store;
  /** Where cells live in the store. */
  readonly slots: ReadonlyMap<Buffer, Region>;
  /** Computes the bodies of loops that are not unrolled. */
  readonly runBody: BodyRunner;
}

/** Several threads take part if the store's memory is shared. */
export function link(assembly: Assembly, options: LinkOptions): Linked {
  const lease = options.store.lease();
  try {
    return linkIn(assembly, options, lease);
  } catch (error) {
    lease.end();
    throw error;
  }
}

function linkIn(assembly: Assembly, { store, slots, runBody }: LinkOptions, lease: Lease): Linked {
  const { plan, module, tasks, arena } = assembly;
  const together = store.isShared && assembly.isWorthThreads;
  const runtime = together ? assembly.runtime : assembly.runtime.alone(store.isShared);
  const addresses = new Addresses(assembly, store, slots, lease);
  const address = (buffer: Buffer): number => addresses.of(buffer);
  const scratchBytes = aligned(Math.max(0, ...tasks.map((task) => task?.scratch ?? 0)));
  const scratch = addresses.take(scratchBytes * runtime.threads);
  const control = addresses.take(CONTROL_BYTES);
  const phases = toPhases(assembly.phases, tasks, address);
  const { parallel } = writeRun(module, runtime, phases, { control, scratch, scratchBytes });
  const bytes = module.encode();
  const view = viewsIn(store, address);
  for (const step of plan.steps) {
    if (step.kind !== 'tape') continue;
    view(step.words).set(tapeWords(step, address));
    view(step.pool).set(step.poolBytes);
  }
  const hosts = plan.steps.filter((step): step is HostStep => step.kind === 'host');
  const program = new LinkedRun({
    module: new WebAssembly.Module(bytes),
    memory: store.memory,
    host: (i) => runHost(hosts[i]!, view, runBody),
    threads: runtime.threads,
    control,
    parallel,
  });
  const { threads } = runtime;
  return { store, program, view, lease, arenaBytes: arena.bytes, codeBytes: bytes.length, threads };
}

/** Views of buffers, each made once: until the memory grows, which detaches them. */
function viewsIn(store: Store, address: (buffer: Buffer) => number): (buffer: Buffer) => Storage {
  const made = new Map<Buffer, Storage>();
  let current = store.views;
  return (buffer) => {
    if (store.views !== current) {
      made.clear();
      current = store.views;
    }
    let view = made.get(buffer);
    if (view === undefined) {
      view = store.view(buffer.dtype, address(buffer), buffer.size);
      made.set(buffer, view);
    }
    return view;
  };
}

function emissionFor(module: WasmModule, fast: boolean): Emission {
  const functions = new Map<string, FunctionRef>();
  return {
    module,
    slow: slowFunctions(module),
    fast,
    shared: (key, write) => {
      let known = functions.get(key);
      if (known === undefined) {
        known = write();
        functions.set(key, known);
      }
      return known;
    },
  };
}

/** Steps as calls, host steps by number, phase by phase. */
function toPhases(
  phaseOf: readonly number[],
  tasks: readonly (Task | null)[],
  address: (buffer: Buffer) => number,
): Phase[] {
  const phases: { calls: Call[]; hosts: number[] }[] = [];
  let hosts = 0;
  tasks.forEach((task, i) => {
    const phase = (phases[phaseOf[i]!] ??= { calls: [], hosts: [] });
    if (task === null) phase.hosts.push(hosts++);
    else phase.calls.push({ task, args: task.args.map(address) });
  });
  return phases;
}

/** Where every buffer of a plan is. */
class Addresses {
  private readonly store: Store;
  private readonly lease: Lease;
  private readonly plan: Plan;
  private readonly fixed: Map<Buffer, number> = new Map();

  constructor({ plan, arena }: Assembly, store: Store, slots: ReadonlyMap<Buffer, Region>, lease: Lease) {
    this.plan = plan;
    this.store = store;
    this.lease = lease;
    for (const [buffer, { start }] of slots) this.fixed.set(buffer, start);
    for (const { target, buffer } of plan.slots) if (typeof target === 'number') this.place(buffer);
    ownBuffers(plan).forEach((buffer) => this.place(buffer));
    if (arena.bytes === 0) return;
    const { start } = store.arena(arena.bytes);
    for (const [buffer, offset] of arena.offsets) this.fixed.set(buffer, start + offset);
  }

  private place(buffer: Buffer): void {
    if (!this.fixed.has(buffer)) this.fixed.set(buffer, this.take(bytesOf(buffer)));
  }

  /** Bytes of the program's own, that stay from run to run. */
  take(bytes: number): number {
    if (bytes === 0) return ALIGNMENT;
    return this.store.take(bytes, this.lease).start;
  }

  /** Of nothing, no step need have written a word: any place will do. */
  of(buffer: Buffer): number {
    if (buffer.size === 0) return ALIGNMENT;
    return this.fixed.get(this.plan.aliases.get(buffer) ?? buffer)!;
  }
}
