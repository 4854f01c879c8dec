/** Which work is split among threads, and how finely. It decides about speed only: tasks give the same bits however split. */
import type { Call, Phase } from './phase.ts';

/** A phase of less work stays on one thread: handing it over, and waiting for the slowest, would eat the gain. */
const WORTH_NANOSECONDS = 20_000;

/** What a grain should take at least, so that claiming it costs nothing beside it. */
const GRAIN_NANOSECONDS = 4_000;

/** More grains than this for each thread even out nothing. */
const GRAINS_PER_THREAD = 16;

/** One call of a parallel phase in equal grains (the last may be smaller). Grains are numbered through the program. */
export interface Split {
  readonly call: Call;
  /** The number of its first grain. */
  readonly first: number;
  readonly grains: number;
  /** Units in a grain. */
  readonly size: number;
}

export interface ParallelPhase {
  readonly first: number;
  readonly end: number;
  readonly splits: readonly Split[];
}

/** About how long a phase takes on one thread. */
const nanosecondsOf = (phase: Phase): number =>
  phase.calls.reduce((sum, { task }) => sum + (task.units > 0 ? task.nanoseconds : 0), 0);

/**
 * Whether any phase is worth being split. If none is, the program needs neither threads nor a shared memory.
 *
 * @example const threads = isWorthThreads(phases) ? wanted : 1
 */
export function isWorthThreads(phases: readonly Phase[]): boolean {
  return phases.some((phase) => nanosecondsOf(phase) >= WORTH_NANOSECONDS && unitsOf(phase) > 1);
}

/** How the phases are split among so many threads; undefined for those that one thread does alone. */
export function splitPhases(phases: readonly Phase[], threads: number): readonly (ParallelPhase | undefined)[] {
  let next = 0;
  return phases.map((phase) => {
    if (threads < 2 || nanosecondsOf(phase) < WORTH_NANOSECONDS) return undefined;
    const first = next;
    const splits = splitCalls(phase, threads, first);
    const end = splits.reduce((sum, split) => sum + split.grains, first);
    if (end - first < 2) return undefined;
    next = end;
    return { first, end, splits };
  });
}

function splitCalls(phase: Phase, threads: number, start: number): readonly Split[] {
  const splits: Split[] = [];
  let first = start;
  for (const call of phase.calls) {
    const { units, nanoseconds } = call.task;
    if (units === 0) continue;
    const wanted = Math.floor(nanoseconds / GRAIN_NANOSECONDS);
    const size = Math.ceil(units / Math.max(1, Math.min(units, wanted, GRAINS_PER_THREAD * threads)));
    const grains = Math.ceil(units / size);
    splits.push({ call, first, grains, size });
    first += grains;
  }
  return splits;
}

const unitsOf = (phase: Phase): number => phase.calls.reduce((sum, { task }) => sum + task.units, 0);
