/** Frames: scopes, and blocks that are repeated. */
import type { Scope } from '../value/recording.ts';
import type { GraphCluster } from './model.ts';
import { pathOf, type Block, type Group, type Plan } from './plan.ts';

export interface Clusters {
  readonly clusters: readonly GraphCluster[];
  /** The frame of each group. */
  readonly of: readonly (string | null)[];
}

type Frame = Scope | Block;

const isBlock = (frame: Frame): frame is Block => 'groups' in frame;

/** The scopes that a block's groups have in common. */
function commonDepth(plan: Plan, block: Block): number {
  const paths = block.groups.map((g) => pathOf(plan.groups[g]!.scope));
  const first = paths[0] ?? [];
  const differs = first.findIndex((scope, i) => paths.some((path) => path[i] !== scope));
  return differs < 0 ? first.length : differs;
}

/** The frames around a group, the outermost first. */
function framesOf(plan: Plan, group: Group, scopes: boolean): readonly Frame[] {
  const path = scopes ? pathOf(group.scope) : [];
  const block = group.block === null ? null : plan.blocks[group.block]!;
  if (block === null || (scopes && block.scope !== null)) return path;
  const depth = scopes ? commonDepth(plan, block) : 0;
  return [...path.slice(0, depth), block, ...path.slice(depth)];
}

/** Frames by their way down from the outermost: one that is met in two places is drawn in both. */
export function clustersOf(plan: Plan, scopes: boolean): Clusters {
  const known = new Map<string, GraphCluster>();
  const names = new Map<Frame, number>();
  const repeated = new Map<Scope, number>(plan.blocks.flatMap((b) => (b.scope === null ? [] : [[b.scope, b.count]])));
  const of = plan.groups.map((group): string | null => {
    let key = '';
    let parent: string | null = null;
    for (const frame of framesOf(plan, group, scopes)) {
      if (!names.has(frame)) names.set(frame, names.size);
      key += `/${names.get(frame)!}`;
      const count = isBlock(frame) ? frame.count : (repeated.get(frame) ?? 1);
      const name = isBlock(frame) ? '' : frame.name;
      if (!known.has(key)) known.set(key, { id: `c${known.size}`, name, parent, count });
      parent = known.get(key)!.id;
    }
    return parent;
  });
  return { clusters: [...known.values()], of };
}
