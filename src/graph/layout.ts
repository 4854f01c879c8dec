/** From settings to a plan: what is folded, merged and left out. */
import { mergeCopies } from './copies.ts';
import { depthOf, foldScopes, opOfScope, type Foldable } from './fold.ts';
import { elide } from './limit.ts';
import type { Settings } from './options.ts';
import { planOf, type Plan } from './plan.ts';
import { mergeRepeats } from './repeats.ts';
import type { Steps } from './steps.ts';

/** What is folded, from least to most; the first that fits the limit is drawn. */
function foldings(fold: Settings['fold'], depth: number): readonly (Foldable | null)[] {
  if (fold === false) return [null];
  if (fold === true) return [() => true];
  if (typeof fold === 'number') return [(_, d) => d >= fold];
  if (fold !== 'auto') return [(scope) => fold.includes(scope.name)];
  const deeper = Array.from({ length: depth }, (_, i) => depth - 1 - i);
  return [
    (scope) => opOfScope(scope) !== null,
    ...deeper.map(
      (least): Foldable =>
        (scope, d) =>
          d >= least || opOfScope(scope) !== null,
    ),
  ];
}

function* candidates(graph: Steps, settings: Settings): Generator<Plan> {
  const plain = planOf(graph, settings.implicit);
  for (const foldable of foldings(settings.fold, depthOf(plain))) {
    const plan = foldable === null ? plain : foldScopes(plain, foldable);
    if (settings.repeats !== true) yield plan;
    if (settings.repeats !== false) yield merged(plan);
  }
}

/** Layers want to be found before copies, neurons written out one by one after them: whatever gives the smaller picture. */
function merged(plan: Plan): Plan {
  const layersFirst = mergeRepeats(mergeCopies(mergeRepeats(plan)));
  const copiesFirst = mergeRepeats(mergeCopies(plan));
  return copiesFirst.groups.length < layersFirst.groups.length ? copiesFirst : layersFirst;
}

/** The first plan that fits; where none does, the smallest, with the rest left out and counted. */
export function layOut(graph: Steps, settings: Settings): Plan {
  let smallest: Plan | null = null;
  for (const plan of candidates(graph, settings)) {
    if (plan.groups.length <= settings.limit) return plan;
    if (smallest === null || plan.groups.length < smallest.groups.length) smallest = plan;
  }
  return elide(smallest!, settings.limit);
}
