/** Honest elision: at most so many nodes, and one that tells how many are missing. */
import { identity, regroup, sourcesOf, usersOf, type Group, type Plan } from './plan.ts';

/** Groups in the order in which a walk from `starts` reaches them. */
function reach(starts: readonly number[], next: readonly (readonly number[])[]): number[] {
  const seen = new Set(starts);
  const queue = [...seen];
  for (let i = 0; i < queue.length; i++) {
    for (const g of next[queue[i]!]!) {
      if (seen.has(g)) continue;
      seen.add(g);
      queue.push(g);
    }
  }
  return queue;
}

/** Most of the room goes to what is near the results, the rest to what is near the inputs. */
function kept(plan: Plan, limit: number): Set<number> {
  const sources = sourcesOf(plan);
  const users = usersOf(sources);
  const roots = plan.graph.roots.map((root) => plan.groupOf[root.step]!);
  const inputs = plan.groups.flatMap((_, g) => (sources[g]!.length === 0 ? [g] : []));
  const fromRoots = reach(roots, sources);
  const nearInputs = limit < 8 ? 0 : Math.floor(limit / 3);
  const keep = new Set(fromRoots.slice(0, limit - nearInputs));
  const named = inputs.filter((g) => plan.graph.steps[plan.groups[g]!.steps[0]!]!.outputs[0]!.label !== null);
  for (const g of reach([...named.slice(0, nearInputs >> 1), ...inputs.slice(0, nearInputs >> 2)], users)) {
    if (keep.size >= limit) break;
    keep.add(g);
  }
  return keep;
}

/** The plan with at most `limit` nodes beside the one that stands for the rest. */
export function elide(plan: Plan, limit: number): Plan {
  if (plan.groups.length <= limit) return plan;
  const keep = kept(plan, limit);
  const into = identity(plan);
  const left = plan.groups.flatMap((_, g) => (keep.has(g) ? [] : [g]));
  if (left.length <= 1) return plan;
  for (const g of left) into[g] = left[0]!;
  const steps = left.flatMap((g) => plan.groups[g]!.steps);
  const elided: Group = { kind: 'elided', steps, folded: null, scope: null, count: 1, block: null };
  const blocks = plan.blocks.map((block) => ({ ...block, groups: block.groups.filter((g) => keep.has(g)) }));
  return regroup(plan, into, (group, g) => (g === left[0] ? elided : group), blocks);
}
