/**
 * Which steps become which nodes. Folding, merging and eliding all do the same: they put steps into one group, and a
 * group is drawn as one node. Edges follow from the steps' operands, so nothing that is left out breaks the picture.
 */
import { isFloat } from '../base/dtypes.ts';
import type { Scope } from '../value/recording.ts';
import type { Place, Step, Steps } from './steps.ts';

export interface Group {
  /** One step (or copies of it), a whole scope, or what is left out. */
  readonly kind: 'single' | 'scope' | 'elided';
  /** The steps of one instance: what the node shows. */
  readonly steps: readonly number[];
  /** The folded scope. */
  readonly folded: Scope | null;
  /** The innermost frame around the node. */
  readonly scope: Scope | null;
  /** How many instances it stands for. */
  readonly count: number;
  /** The repeated block it belongs to. */
  readonly block: number | null;
}

/** Nodes drawn once for `count` repetitions, in a frame of their own; or a scope that is repeated as a whole. */
export interface Block {
  readonly count: number;
  readonly scope: Scope | null;
  /** The groups in order: an edge against this order goes to the next repetition. */
  readonly groups: readonly number[];
}

export interface Plan {
  readonly graph: Steps;
  readonly groups: readonly Group[];
  /** The group of each step; −1 for steps that are passed through. */
  readonly groupOf: Int32Array;
  readonly blocks: readonly Block[];
  /** The step's own place, or the one that it passes on. */
  readonly resolve: (place: Place) => Place;
}

/** Implicit steps that change no number and that nobody named: drawn as if they were not there. */
function isPassedThrough(step: Step, isRoot: boolean): boolean {
  const output = step.outputs[0]!;
  return !isRoot && step.primitive?.implicit === true && output.label === null && isFloat(output.dtype);
}

/** Every step a node of its own, but for the implicit ones. */
export function planOf(graph: Steps, implicit: boolean): Plan {
  const roots = new Set(graph.roots.map((root) => root.step));
  const hidden = graph.steps.map((step) => !implicit && isPassedThrough(step, roots.has(step.index)));
  const resolve = (place: Place): Place => {
    let at = place;
    while (hidden[at.step]) at = graph.steps[at.step]!.operands[0]!;
    return at;
  };
  const groups: Group[] = [];
  const groupOf = new Int32Array(graph.steps.length).fill(-1);
  for (const step of graph.steps) {
    if (hidden[step.index]) continue;
    groupOf[step.index] = groups.length;
    groups.push({ kind: 'single', steps: [step.index], folded: null, scope: step.scope, count: 1, block: null });
  }
  return withLeavesInside({ graph, groups, groupOf, blocks: [], resolve });
}

/** The scopes from the outermost to `scope` itself. */
export function pathOf(scope: Scope | null): readonly Scope[] {
  const path: Scope[] = [];
  for (let s = scope; s !== null; s = s.parent) path.push(s);
  return path.reverse();
}

function commonScope(a: Scope | null, b: Scope | null): Scope | null {
  const [left, right] = [pathOf(a), pathOf(b)];
  let common: Scope | null = null;
  for (let i = 0; i < left.length && left[i] === right[i]; i++) common = left[i]!;
  return common;
}

const movesInside = (step: Step): boolean =>
  step.primitive === null && (step.isInput || step.outputs[0]!.label === null);

/** Leaves are made outside; one that is used in one scope only is drawn there, unless it is data with a name. */
function withLeavesInside(plan: Plan): Plan {
  const home = new Map<number, Scope | null>();
  for (const step of plan.graph.steps) {
    if (plan.groupOf[step.index]! < 0) continue;
    for (const operand of step.operands) {
      const leaf = plan.resolve(operand).step;
      if (!movesInside(plan.graph.steps[leaf]!)) continue;
      home.set(leaf, home.has(leaf) ? commonScope(home.get(leaf)!, step.scope) : step.scope);
    }
  }
  const groups = plan.groups.map((group) => ({ ...group, scope: home.get(group.steps[0]!) ?? group.scope }));
  return { ...plan, groups };
}

/** The groups that a group's own steps read from, in the order of the operands; itself left out. */
export function sourcesOf(plan: Plan): number[][] {
  return plan.groups.map((group, self) =>
    group.steps.flatMap((step) =>
      plan.graph.steps[step]!.operands.map((operand) => plan.groupOf[plan.resolve(operand).step]!).filter(
        (source) => source !== self,
      ),
    ),
  );
}

/** The groups that read from each group. */
export function usersOf(sources: readonly (readonly number[])[]): number[][] {
  const users: number[][] = sources.map(() => []);
  sources.forEach((list, user) => new Set(list).forEach((source) => users[source]!.push(user)));
  return users;
}

/**
 * The plan with groups put together: `into[g]` is the group that g joins (itself if it stays), `change` what becomes of
 * those that stay.
 */
export function regroup(
  plan: Plan,
  into: Int32Array,
  change: (group: Group, index: number) => Group = (group) => group,
  blocks: readonly Block[] = plan.blocks,
): Plan {
  const position = new Int32Array(plan.groups.length).fill(-1);
  const groups: Group[] = [];
  plan.groups.forEach((group, i) => {
    if (into[i] !== i) return;
    position[i] = groups.length;
    groups.push(change(group, i));
  });
  const groupOf = plan.groupOf.map((group) => (group < 0 ? group : position[into[group]!]!));
  const renamed = blocks.map((block) => ({
    ...block,
    groups: block.groups.map((group) => position[into[group]!]!),
  }));
  return { ...plan, groups, groupOf, blocks: renamed };
}

/** Each group by itself. */
export const identity = (plan: Plan): Int32Array => Int32Array.from(plan.groups, (_, i) => i);
