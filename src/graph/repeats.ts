/** Blocks that follow each other and look alike (layers, rounds of a loop) as one block, marked `×12`. */
import type { Scope } from '../value/recording.ts';
import { identity, pathOf, regroup, sourcesOf, usersOf, type Block, type Group, type Plan } from './plan.ts';
import { signatures } from './signature.ts';

/** Searching all periods costs their product with the length: this much work at most. */
const WORK = 5e6;
const PASSES = 4;

interface Sequence {
  readonly plan: Plan;
  /** The groups that are no leaves, operands before users. */
  readonly items: readonly number[];
  /** Where a group stands in `items`; −1 for leaves. */
  readonly position: Int32Array;
  readonly alike: Int32Array;
  readonly sources: readonly (readonly number[])[];
  readonly users: readonly (readonly number[])[];
}

interface Run {
  readonly start: number;
  readonly period: number;
  readonly count: number;
  /** Leaves of later repetitions and the leaf of the first that stands for them. */
  readonly leaves: ReadonlyMap<number, number>;
}

function sequenceOf(plan: Plan): Sequence {
  const sources = sourcesOf(plan);
  const items = plan.groups.flatMap((_, g) => (sources[g]!.length > 0 ? [g] : []));
  const position = new Int32Array(plan.groups.length).fill(-1);
  items.forEach((g, i) => (position[g] = i));
  return { plan, items, position, alike: signatures(plan), sources, users: usersOf(sources) };
}

const looksAlike = ({ items, alike, plan }: Sequence, i: number, j: number): boolean =>
  alike[items[i]!] === alike[items[j]!] && plan.groups[items[i]!]!.block === null;

/** Whether the block at `i` and the next one look alike, operands aside. */
function blocksLookAlike(sequence: Sequence, i: number, period: number): boolean {
  if (i + 2 * period > sequence.items.length) return false;
  for (let q = 0; q < period; q++) if (!looksAlike(sequence, i + q, i + q + period)) return false;
  return true;
}

/**
 * Whether two blocks are wired alike. An operand of the later one is inside it at the same place, or the same thing
 * that the earlier one uses, or comes from the earlier one (`carried`: from the same place in each), or is a leaf used
 * nowhere else (a parameter of its own).
 */
function wiredAlike(
  sequence: Sequence,
  i: number,
  period: number,
  carried: Map<string, number>,
  leaves: Map<number, number>,
): boolean {
  const { items, position, sources, users, alike } = sequence;
  const within = (g: number, start: number): number => {
    const at = position[g]! - start;
    return at >= 0 && at < period ? at : -1;
  };
  const isOwn = (g: number, start: number): boolean =>
    position[g]! < 0 && users[g]!.every((user) => within(user, start) >= 0);
  for (let q = 0; q < period; q++) {
    const [us, vs] = [sources[items[i + q]!]!, sources[items[i + q + period]!]!];
    if (us.length !== vs.length) return false;
    for (let k = 0; k < us.length; k++) {
      const [u, v] = [us[k]!, vs[k]!];
      if (u === v) continue;
      const inside = within(v, i + period);
      if (inside >= 0 && inside === within(u, i)) continue;
      const from = within(v, i);
      const slot = `${q},${k}`;
      if (from >= 0 && inside < 0 && within(u, i) < 0 && (carried.get(slot) ?? from) === from) {
        carried.set(slot, from);
        continue;
      }
      if (!(alike[u] === alike[v] && isOwn(v, i + period) && isOwn(u, i))) return false;
      leaves.set(v, leaves.get(u) ?? u);
    }
  }
  return true;
}

function runAt(sequence: Sequence, start: number, period: number): Run | null {
  if (!blocksLookAlike(sequence, start, period)) return null;
  const carried = new Map<string, number>();
  const leaves = new Map<number, number>();
  let count = 1;
  for (let i = start; blocksLookAlike(sequence, i, period); i += period) {
    const found = new Map(leaves);
    if (!wiredAlike(sequence, i, period, carried, found)) break;
    for (const [leaf, stays] of found) leaves.set(leaf, stays);
    count++;
  }
  return (count - 1) * period >= 2 ? { start, period, count, leaves } : null;
}

/** Runs from left to right, each the one that saves most where it begins. */
function findRuns(sequence: Sequence): Run[] {
  const { items, alike } = sequence;
  const n = items.length;
  const longest = Math.min(n >> 1, Math.max(8, Math.floor(WORK / (n + 1))));
  const runs: Run[] = [];
  for (let i = 0; i < n;) {
    const own = alike[items[i]!];
    let best: Run | null = null;
    for (let period = 1; period <= longest && i + 2 * period <= n; period++) {
      if (alike[items[i + period]!] !== own || (best !== null && period % best.period === 0)) continue;
      const run = runAt(sequence, i, period);
      if (run !== null && (best === null || saving(run) > saving(best))) best = run;
    }
    if (best !== null) runs.push(best);
    i += best === null ? 1 : best.period * best.count;
  }
  return runs;
}

const saving = (run: Run): number => (run.count - 1) * run.period;

/** The scope that holds exactly these groups, if there is one: its frame says how often. */
function scopeOfBlock(plan: Plan, groups: readonly number[]): Scope | null {
  const own = new Set(groups);
  const holds = (scope: Scope): boolean =>
    plan.groups.every(
      (group, g) =>
        pathOf(group.scope).includes(scope) === own.has(g) || plan.graph.steps[group.steps[0]!]!.primitive === null,
    );
  return pathOf(plan.groups[groups[0]!]!.scope).find(holds) ?? null;
}

function blockOf(plan: Plan, items: readonly number[], run: Run): Block {
  const groups = items.slice(run.start, run.start + run.period);
  const parameters = [...new Set(run.leaves.values())];
  return { count: run.count, scope: scopeOfBlock(plan, groups), groups: [...parameters, ...groups] };
}

function mergeRuns(sequence: Sequence, runs: readonly Run[]): Plan {
  const { plan, items } = sequence;
  const into = identity(plan);
  const blocks = [...plan.blocks];
  const changed = new Map<number, Partial<Group>>();
  for (const run of runs) {
    const framed = run.period > 1;
    for (let q = 0; q < run.period; q++) {
      const first = items[run.start + q]!;
      for (let k = 1; k < run.count; k++) into[items[run.start + k * run.period + q]!] = first;
      changed.set(first, framed ? { block: blocks.length } : { count: plan.groups[first]!.count * run.count });
    }
    for (const [leaf, stays] of run.leaves) {
      into[leaf] = stays;
      changed.set(stays, framed ? { block: blocks.length } : { count: plan.groups[stays]!.count * run.count });
    }
    if (framed) blocks.push(blockOf(plan, items, run));
  }
  return regroup(plan, into, (group, g) => ({ ...group, ...changed.get(g) }), blocks);
}

/** The plan with repeated blocks put together, innermost first. */
export function mergeRepeats(plan: Plan): Plan {
  let current = plan;
  for (let pass = 0; pass < PASSES; pass++) {
    const sequence = sequenceOf(current);
    const runs = findRuns(sequence);
    if (runs.length === 0) return current;
    current = mergeRuns(sequence, runs);
  }
  return current;
}
