/**
 * The code that runs a program: phase after phase on the main thread, the large ones together with the workers.
 *
 * Nobody waits for a worker that has not come: the main thread opens a phase, claims grains of it as every worker does
 * that is there, and when none is left waits for those who hold a claim. A worker that is asleep, late or not yet
 * started only means that the others do more.
 */
import {
  WasmError,
  type FunctionBody,
  type FunctionRef,
  type Local,
  type MemoryLimits,
  type WasmModule,
} from '../../base/wasm/index.ts';
import { writeHelp, writeParallel, writeWork, type Claims } from './claims.ts';
import { writeAddresses, type Call, type Phase, type RunLayout } from './phase.ts';
import { splitPhases, type ParallelPhase } from './schedule.ts';

/** What a program's module imports in order to be run. */
export interface Runtime {
  readonly threads: number;
  readonly host: FunctionRef;
  /** Calls the workers that sleep; undefined where there are none. */
  readonly wake: FunctionRef | undefined;
  /** The same for one thread after all, in a memory that is shared or not: before the module is encoded. */
  alone(shared: boolean): Runtime;
}

const PAGES = 65536;

/**
 * Declares the memory and the functions that every program imports from "engine": before the module defines any.
 * With one thread the memory is unshared, and any size fits; with more it is a SharedStore's.
 */
export function importRuntime(module: WasmModule, threads: number): Runtime {
  const shared = threads > 1;
  let limits = limitsOf(shared);
  module.importMemory('engine', 'memory', () => limits);
  const host = module.importFunction('engine', 'host', ['i32'], []);
  const wake = shared ? module.importFunction('engine', 'wake', [], []) : undefined;
  const alone = (keepShared: boolean): Runtime => {
    limits = limitsOf(keepShared);
    return { threads: 1, host, wake: undefined, alone };
  };
  return { threads, host, wake, alone };
}

const limitsOf = (shared: boolean): MemoryLimits => (shared ? { initial: 1, maximum: PAGES, shared } : { initial: 0 });

/**
 * Writes and exports `run: () → i32`, which does everything once, on the main thread; 0, or the number of a thread that
 * failed. With more threads also `work: (thread) → i32`, for the workers. Returns whether any phase is split: if none
 * is, the program never needs a worker.
 *
 * @example
 * const runtime = importRuntime(module, threads)
 * // … write the tasks, decide where things lie …
 * const { parallel } = writeRun(module, runtime, phases, { control, scratch, scratchBytes })
 *
 * @throws WasmError on a call with another number of addresses than its task takes.
 */
export function writeRun(
  module: WasmModule,
  runtime: Runtime,
  phases: readonly Phase[],
  layout: RunLayout,
): { readonly parallel: boolean } {
  phases.forEach((phase) => phase.calls.forEach(checkCall));
  const plan = splitPhases(phases, runtime.threads);
  const split = plan.filter((phase) => phase !== undefined);
  const { wake, threads, host } = runtime;
  const parallel =
    wake === undefined || split.length === 0
      ? undefined
      : writeThreads({ module, threads, wake, layout, phases: split });
  module.function('run', [], ['i32'], (f) => {
    const parts = { host, scratch: layout.scratch, parallel, failed: f.local('i32') };
    phases.forEach((phase, i) => writePhase(f, phase, plan[i], parts));
    f.i32(0);
  });
  return { parallel: parallel !== undefined };
}

/** What only several threads need; returns what opens a phase. */
function writeThreads(claims: Claims): FunctionRef {
  const help = writeHelp(claims);
  writeWork(claims, help);
  return writeParallel(claims, help);
}

interface RunParts {
  readonly host: FunctionRef;
  readonly scratch: number;
  readonly parallel: FunctionRef | undefined;
  readonly failed: Local;
}

function writePhase(f: FunctionBody, phase: Phase, plan: ParallelPhase | undefined, parts: RunParts): void {
  for (const host of phase.hosts ?? []) f.i32(host).call(parts.host);
  if (plan !== undefined && parts.parallel !== undefined) {
    f.i32(plan.end)
      .i32(plan.end - plan.first)
      .call(parts.parallel);
    // A phase that failed ends the run.
    f.tee(parts.failed).if([], () => f.get(parts.failed).return());
    return;
  }
  for (const call of phase.calls) {
    if (call.task.units === 0) continue;
    f.i32(0).i32(call.task.units).i32(parts.scratch);
    writeAddresses(f, call);
    f.call(call.task.function);
  }
}

function checkCall({ task, args }: Call): void {
  if (args.length === task.args.length && task.function.params.length === 3 + args.length) return;
  throw new WasmError(
    `a task of ${task.args.length} buffers, whose function takes ${task.function.params.length} parameters, is called with ${args.length} addresses`,
  );
}
