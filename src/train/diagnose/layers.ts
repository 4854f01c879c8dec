/** How signals and gradients fare from layer to layer. */
import { isFloat } from '../../base/dtypes.ts';
import type { Optimizer } from '../../optim/optimizer.ts';
import type { Value } from '../../value/value.ts';
import { normOf, statisticsOf, type Statistics } from './numbers.ts';
import { nameOfLayer, type LayerCall, type Probe } from './probe.ts';

/** A module that has parameters of its own. */
export interface LayerReport {
  /** Its dotted name and its class: `layers.0 Linear`. */
  readonly name: string;
  /** Of what it gave; null if that were no floats. */
  readonly output: Statistics | null;
  /** The norm of the loss's gradient in what it gave; null where none arrived. */
  readonly gradient: number | null;
  /** The norm of its parameters. */
  readonly weights: number;
  /** The norm of the loss's gradient in its parameters; null where none arrived. */
  readonly weightGradient: number | null;
  /** The norm of an optimizer's update of its weights (biases only where there are no weights) as a share of theirs; null without an optimizer. */
  readonly update: number | null;
  readonly frozen: boolean;
}

/** What one step of an optimizer changes, for each parameter that it trains. The caller puts things right. */
export function updatesOf(optimizer: Optimizer, closure: () => Value): ReadonlyMap<Value, Value> {
  const parameters = optimizer.parameters.filter((p) => p.requiresGrad);
  const before = parameters.map((p) => p.detach());
  optimizer.step(closure);
  return new Map(parameters.map((p, i) => [p, p.detach().sub(before[i]!)]));
}

/** Weights are matrices and what has more axes; a layer without any is judged by what it has. */
const weightsOf = (leaves: readonly Value[]): readonly Value[] => {
  const weights = leaves.filter((leaf) => leaf.rank >= 2);
  return weights.length > 0 ? weights : leaves;
};

function reportOf(
  { path, module, outputs }: LayerCall,
  { gradients }: Probe,
  updates: ReadonlyMap<Value, Value> | null,
): LayerReport {
  const own = module.ownParameters().map(([, leaf]) => leaf);
  const arrived = own.map((leaf) => gradients.get(leaf) ?? null).filter((g) => g !== null);
  const output = outputs.find((y) => isFloat(y.dtype));
  const back = outputs.map((y) => y.grad).filter((g) => g !== null);
  const moved = weightsOf(own).filter((leaf) => updates?.has(leaf));
  const size = normOf(...moved);
  return {
    name: nameOfLayer(path, module),
    output: output === undefined ? null : statisticsOf(output),
    gradient: back.length === 0 ? null : normOf(...back),
    weights: normOf(...own),
    weightGradient: arrived.length === 0 ? null : normOf(...arrived),
    update: moved.length === 0 || size === 0 ? null : normOf(...moved.map((leaf) => updates!.get(leaf)!)) / size,
    frozen: own.every((leaf) => !leaf.requiresGrad),
  };
}

export const layerReports = (probe: Probe, updates: ReadonlyMap<Value, Value> | null): LayerReport[] =>
  probe.layers.map((layer) => reportOf(layer, probe, updates));
