/** What most optimizers do with a gradient first. */
import type { Value } from '../value/value.ts';
import type { BaseSettings, Hyperparameters } from './group.ts';

export interface Regularised extends BaseSettings {
  /** λ of an L2 penalty λ/2·‖w‖². */
  readonly weightDecay: number;
  /** Ascend instead. */
  readonly maximize: boolean;
}

/** The gradient to descend along: that of the objective, turned round to ascend. */
export const signed = (
  gradient: Value,
  group: Hyperparameters<BaseSettings & { readonly maximize: boolean }>,
): Value => (group.uses.maximize ? gradient.neg() : gradient);

/** The same, with the gradient of the penalty. */
export function regularised(p: Value, gradient: Value, group: Hyperparameters<Regularised>): Value {
  const g = signed(gradient, group);
  return group.uses.weightDecay ? g.add(p.mul(group.value.weightDecay)) : g;
}
