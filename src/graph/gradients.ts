/** Gradients of every node of a recorded graph, without touching any `.grad`. */
import { isFloat } from '../base/dtypes.ts';
import { noGrad } from '../value/recording.ts';
import { walkReverse } from '../value/reverse.ts';
import { cellOf, immediate, isTraced, read, type Value } from '../value/value.ts';
import type { Steps } from './steps.ts';

/** The gradient of one Value, if any flows to it. */
export type GradientOf = (x: Value) => Value | null;

/**
 * Gradients of the roots' sum with respect to everything they were computed from. A leaf that has a `.grad` shows that
 * one, unless it has been assigned since.
 */
export function gradientsOf(graph: Steps): GradientOf {
  const roots = graph.roots
    .map((root) => graph.steps[root.step]!.outputs[root.output]!.value)
    .filter((x): x is Value => x !== null && x._requiresGrad && isFloat(x.dtype) && !isTraced(x));
  const computed = new Map<Value, Value>();
  const seeds = roots.map((x) => immediate(x.shape, x.dtype, 1));
  noGrad(() =>
    walkReverse(roots, seeds, {
      isTarget: (node) => node._op === null,
      reached: () => {},
      passing: (node, g) => void computed.set(node, g),
      floor: 0,
      silent: true,
    }),
  );
  return (x) => {
    const cell = cellOf(x);
    const own = cell._isCell && read(cell) === x ? cell.grad : null;
    return own ?? computed.get(x) ?? null;
  };
}
