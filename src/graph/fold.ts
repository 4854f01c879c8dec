/** Scopes as single nodes. */
import * as table from '../ops/index.ts';
import { isOp, type OpRecord } from '../ops/op.ts';
import type { Scope } from '../value/recording.ts';
import { pathOf, regroup, identity, sourcesOf, usersOf, type Group, type Plan } from './plan.ts';

/** The op whose name a scope has: composites record themselves under it. */
export function opOfScope(scope: Scope): OpRecord | null {
  const entry: unknown = (table as Record<string, unknown>)[scope.name];
  return isOp(entry) && entry.record.primitive === null ? entry.record : null;
}

/** Whether a scope at some depth (0: outermost) becomes one node. */
export type Foldable = (scope: Scope, depth: number) => boolean;

function foldedScope(scope: Scope | null, foldable: Foldable): Scope | null {
  return pathOf(scope).find((s, depth) => foldable(s, depth)) ?? null;
}

/** How deeply scopes are nested. */
export const depthOf = (plan: Plan): number =>
  plan.graph.steps.reduce((depth, step) => Math.max(depth, pathOf(step.scope).length), 0);

/**
 * Leaves that belong to a folded scope alone are its parameters and vanish in it (ops have operands, no parameters: theirs
 * stay); data that flows in stays visible:
 * constants with more than one element or a name, unless the scope made them itself; and, where nothing else flows in,
 * the first operand.
 */
function parameters(plan: Plan, homes: readonly (Scope | null)[]): Set<number> {
  const sources = sourcesOf(plan);
  const users = usersOf(sources);
  const isLeaf = (g: number): boolean => plan.graph.steps[plan.groups[g]!.steps[0]!]!.primitive === null;
  const inside = new Set<number>();
  plan.groups.forEach((group, g) => {
    const home = homes[g]!;
    if (home === null || !isLeaf(g) || !users[g]!.every((user) => homes[user] === home)) return;
    const leaf = plan.graph.steps[group.steps[0]!]!;
    const output = leaf.outputs[0]!;
    const isOwn = output.shape.length === 0 || pathOf(leaf.scope).includes(home);
    if ((leaf.isInput && opOfScope(home) === null) || (output.label === null && isOwn)) inside.add(g);
  });
  keepOneInput(homes, sources, isLeaf, inside);
  return inside;
}

function keepOneInput(
  homes: readonly (Scope | null)[],
  sources: readonly (readonly number[])[],
  isLeaf: (group: number) => boolean,
  inside: Set<number>,
): void {
  const fed = new Set<Scope>();
  const first = new Map<Scope, number>();
  homes.forEach((home, g) => {
    if (home === null || isLeaf(g)) return;
    for (const source of sources[g]!) {
      if (homes[source] !== home || (isLeaf(source) && !inside.has(source))) fed.add(home);
      if (inside.has(source) && !first.has(home)) first.set(home, source);
    }
  });
  for (const [home, leaf] of first) if (!fed.has(home)) inside.delete(leaf);
}

/** The plan with the chosen scopes folded. */
export function foldScopes(plan: Plan, foldable: Foldable): Plan {
  const homes = plan.groups.map((group) => foldedScope(group.scope, foldable));
  if (homes.every((home) => home === null)) return plan;
  const inside = parameters(plan, homes);
  const into = identity(plan);
  const members = new Map<Scope, number[]>();
  plan.groups.forEach((group, g) => {
    const home = homes[g]!;
    const isLeaf = plan.graph.steps[group.steps[0]!]!.primitive === null;
    if (home === null || (isLeaf && !inside.has(g))) return;
    const list = members.get(home) ?? [];
    members.set(home, list);
    list.push(g);
  });
  const folds = new Map<number, Group>();
  for (const [folded, list] of members) {
    const stays = list.at(-1)!;
    for (const g of list) into[g] = stays;
    const steps = list.flatMap((g) => plan.groups[g]!.steps);
    folds.set(stays, { kind: 'scope', steps, folded, scope: folded.parent, count: 1, block: null });
  }
  return regroup(plan, into, (group, g) => folds.get(g) ?? outside(group, homes[g]!));
}

/** A leaf that stays visible beside a folded scope moves out of it. */
const outside = (group: Group, home: Scope | null): Group => (home === null ? group : { ...group, scope: home.parent });
