/** A row measured: its contenders take turns, round by round, so that what disturbs the machine disturbs them alike. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Contender, type Starter } from './contender.ts';
import { assign, type Assignment, type Work } from './works.ts';

/** A contender of a row: what it is called there, how it is started and what it does. */
export interface Entry {
  readonly name: string;
  readonly starter: Starter;
  readonly work: Work;
}

export interface Outcome {
  readonly name: string;
  /** Nanoseconds of one run in each round; empty if it cannot. */
  readonly times: readonly number[];
  readonly cannot?: string;
  /** Why its results are not the others'. */
  readonly differs?: string;
}

export interface ContestOptions {
  readonly rounds: number;
  /** Milliseconds of work before the first round, and of a round. */
  readonly warmup: number;
  readonly round: number;
  /** Time on processors says more where the machine has other work, as long as one thread runs. */
  readonly clock: 'time' | 'processor';
}

/** Idle threads of the one before have gone to sleep by then. */
const BETWEEN_TURNS = 15;

interface Running {
  readonly entry: Entry;
  readonly contender: Contender;
  readonly times: number[];
  results: Readonly<Record<string, Float64Array>> | null;
  calls: number;
  perCall: number;
  cannot: string | null;
}

const numbersIn = (file: string): Float64Array => {
  const { buffer, byteOffset, byteLength } = readFileSync(file);
  return new Float64Array(buffer.slice(byteOffset, byteOffset + byteLength));
};

function start(entry: Entry): Running {
  const contender = new Contender(entry.starter);
  return { entry, contender, times: [], results: null, calls: 1, perCall: 0, cannot: null };
}

async function ready(running: Running, assignment: Assignment, folder: string): Promise<number> {
  const { contender } = running;
  const { cannot, time } = await contender.ask({ do: 'prepare', assignment });
  running.cannot = cannot ?? null;
  if (cannot !== undefined) return 0;
  mkdirSync(folder, { recursive: true });
  const { arrays, cannot: unread } = await contender.ask({ do: 'results', folder });
  running.cannot = unread ?? null;
  if (arrays !== undefined)
    running.results = Object.fromEntries(Object.entries(arrays).map(([name, file]) => [name, numbersIn(file)]));
  return time!;
}

/** Runs until code is compiled and caches are full, and finds how many runs fill a round. */
async function warm(running: Running, { warmup, round }: ContestOptions, first: number): Promise<void> {
  const slow = first > 1e9;
  const answer = await running.contender.ask({ do: 'warm', ms: slow ? 0 : warmup, least: slow ? 1 : 3 });
  running.cannot = answer.cannot ?? null;
  running.perCall = answer.time ?? 0;
  running.calls = Math.max(1, Math.round((round * 1e6) / running.perCall));
}

/** Something that takes a second is not asked for as often. */
const takesPart = (running: Running, i: number): boolean =>
  running.cannot === null && (running.perCall < 4e8 || i < 3) && (running.perCall < 4e9 || i < 1);

function difference(mine: Running['results'], others: Running['results'], tolerance: number): string | undefined {
  if (mine === null || others === null) return undefined;
  for (const [name, expected] of Object.entries(others)) {
    const got = mine[name];
    if (got?.length !== expected.length) return `${name} has ${got?.length ?? 'no'} numbers, not ${expected.length}`;
    const scale = expected.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    const apart = expected.reduce((most, x, i) => {
      const d = Math.abs(x - got[i]!);
      return Number.isNaN(d) ? Infinity : Math.max(most, d);
    }, 0);
    if (apart > tolerance * scale)
      return `${name} differs by ${(apart / scale).toExponential(1)} of its largest number`;
  }
  return undefined;
}

type Results = NonNullable<Running['results']>;

/** The results that most of those who do the same work agree with; of several, the last: ours come first. */
function agreed(work: Work, all: readonly Running[]): Results | null {
  const candidates = all.flatMap(({ entry, results }) => (entry.work === work && results !== null ? [results] : []));
  const agreeing = candidates.map(
    (one) => candidates.filter((other) => difference(other, one, work.tolerance) === undefined).length,
  );
  return candidates[agreeing.lastIndexOf(Math.max(...agreeing))] ?? null;
}

function outcome(running: Running, reference: Results | null): Outcome {
  const { entry, times, cannot, results } = running;
  const differs = difference(results, reference, entry.work.tolerance);
  return {
    name: entry.name,
    times,
    ...(cannot === null ? {} : { cannot }),
    ...(differs === undefined ? {} : { differs }),
  };
}

/** Steady work: all contenders live at once, and take turns. */
export async function contest(entries: readonly Entry[], folder: string, options: ContestOptions): Promise<Outcome[]> {
  const assignments = new Map<Work, Assignment>();
  entries.forEach(({ work }, i) => {
    if (!assignments.has(work)) assignments.set(work, assign(work, join(folder, `inputs-${i}`)));
  });
  const all: Running[] = [];
  try {
    for (const entry of entries) {
      const running = start(entry);
      all.push(running);
      const first = await ready(running, assignments.get(entry.work)!, join(folder, entry.name));
      if (running.cannot === null) await warm(running, options, first);
    }
    for (let i = 0; i < options.rounds; i++) {
      for (const running of all.filter((r) => takesPart(r, i))) {
        await pause(BETWEEN_TURNS);
        const answer = await running.contender.ask({ do: 'round', calls: running.calls });
        const took = answer[options.clock];
        if (took === undefined) running.cannot = answer.cannot ?? 'failed';
        else running.times.push(took);
      }
    }
    const references = new Map([...assignments.keys()].map((work) => [work, agreed(work, all)]));
    return all.map((running) => outcome(running, references.get(running.entry.work)!));
  } finally {
    for (const { contender } of all) contender.stop();
  }
}

/** The first call, in fresh processes each round; libraries are loaded by then, inputs are in memory. */
export async function firstCalls(
  entries: readonly Entry[],
  folder: string,
  { rounds, clock }: Pick<ContestOptions, 'rounds' | 'clock'>,
): Promise<Outcome[]> {
  const all = entries.map((entry, i) => ({
    assignment: assign(entry.work, join(folder, `inputs-${i}`)),
    name: entry.name,
    entry,
    times: [] as number[],
    cannot: null as string | null,
  }));
  for (let i = 0; i < rounds; i++) {
    for (const one of all.filter(({ cannot }) => cannot === null)) {
      const contender = new Contender(one.entry.starter);
      const answer = await contender.ask({ do: 'prepare', assignment: one.assignment });
      contender.stop();
      const took = answer[clock];
      if (took === undefined) one.cannot = answer.cannot ?? 'failed';
      else one.times.push(took);
    }
  }
  return all.map(({ name, times, cannot }) => ({ name, times, ...(cannot === null ? {} : { cannot }) }));
}
