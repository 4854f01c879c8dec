/** When two groups look alike: the same op on the same shapes, whatever the numbers. */
import { NO_ATTRIBUTES } from '../ops/primitive.ts';
import { pathOf, type Plan } from './plan.ts';
import type { Step } from './steps.ts';

/** A label without its number: `w12` and `w7` are alike. */
const stem = (label: string | null): string => (label === null ? '' : label.replace(/[\d₀-₉]+/g, '#'));

/** Attributes may hold functions or Programs: those are alike only if they are the same object. */
function attributesKey(step: Step, identities: Map<unknown, number>): string {
  if (step.attrs === NO_ATTRIBUTES) return '';
  const keyOf = (x: unknown): string => {
    if (!identities.has(x)) identities.set(x, identities.size);
    return `#${identities.get(x)!}`;
  };
  return JSON.stringify(step.attrs, (_, x: unknown) => {
    if (typeof x === 'function') return keyOf(x);
    if (typeof x === 'object' && x !== null && 'instructions' in x) return keyOf(x);
    return typeof x === 'bigint' || (typeof x === 'number' && !Number.isFinite(x)) ? String(x) : x;
  });
}

function stepKey(step: Step, identities: Map<unknown, number>): string {
  const outputs = step.outputs.map((o) => `${o.dtype}[${o.shape.join()}]${stem(o.label)}`).join();
  if (step.primitive !== null) return `${step.primitive.name}${attributesKey(step, identities)}>${outputs}`;
  const { label, shape, value } = step.outputs[0]!;
  const number = label === null && shape.length === 0 && !step.isInput && value !== null ? value.data[0]! : '';
  return `leaf${String(step.isInput)}${number}>${outputs}`;
}

/** For each group a number that is equal exactly for groups that look alike, operands aside. Roots are unlike all others. */
export function signatures(plan: Plan): Int32Array {
  const identities = new Map<unknown, number>();
  const known = new Map<string, number>();
  const roots = new Set(plan.graph.roots.map((root) => plan.groupOf[root.step]!));
  return Int32Array.from(plan.groups, (group, g) => {
    const steps = group.steps.map((step) => stepKey(plan.graph.steps[step]!, identities)).join(';');
    const names = pathOf(group.scope)
      .map((scope) => scope.name)
      .join('/');
    const key = `${group.kind}|${group.folded?.name ?? ''}|${names}|${group.count}|${steps}|${roots.has(g) ? g : ''}`;
    if (!known.has(key)) known.set(key, known.size);
    return known.get(key)!;
  });
}
