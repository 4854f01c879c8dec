/** Parallel copies as one node: the neurons of a layer, the samples of a batch written out one by one. */
import { identity, regroup, sourcesOf, usersOf, type Plan } from './plan.ts';
import { signatures } from './signature.ts';

/** Numbers for keys, in the order of their arrival. */
function numbering(): (key: string) => number {
  const known = new Map<string, number>();
  return (key) => {
    const number = known.get(key) ?? known.size;
    known.set(key, number);
    return number;
  };
}

/** Equal for groups that look alike and whose operands are equal in the same sense; operands come first in the order. */
function classesOf(plan: Plan, sources: readonly (readonly number[])[], alike: Int32Array): Int32Array {
  const numberOf = numbering();
  const classes = new Int32Array(plan.groups.length);
  plan.groups.forEach((_, g) => {
    classes[g] = numberOf(`${alike[g]!}(${sources[g]!.map((source) => classes[source]!).join()})`);
  });
  return classes;
}

/** Leaves that feed different things are different things. */
function splitLeaves(sources: readonly (readonly number[])[], classes: Int32Array): Int32Array {
  const users = usersOf(sources);
  const numberOf = numbering();
  return classes.map((own, g) => {
    const isLeaf = sources[g]!.length === 0;
    const uses = isLeaf ? [...new Set(users[g]!.map((user) => classes[user]!))].sort((a, b) => a - b) : [];
    return numberOf(`${own}|${uses.join()}`);
  });
}

/** The plan with groups that look alike and do the same to alike operands put together. */
export function mergeCopies(plan: Plan): Plan {
  const sources = sourcesOf(plan);
  const classes = splitLeaves(sources, classesOf(plan, sources, signatures(plan)));
  const first = new Map<number, number>();
  const counts = new Map<number, number>();
  const into = identity(plan);
  plan.groups.forEach((group, g) => {
    const stays = first.get(classes[g]!) ?? g;
    first.set(classes[g]!, stays);
    into[g] = stays;
    counts.set(stays, (counts.get(stays) ?? 0) + group.count);
  });
  return regroup(plan, into, (group, g) => ({ ...group, count: counts.get(g)! }));
}
