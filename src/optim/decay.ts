/** Weight decay that is not a penalty. */
import { sub } from '../ops/index.ts';
import type { Value } from '../value/value.ts';
import type { BaseSettings, Hyperparameters } from './group.ts';
import { regularised, signed, type Regularised } from './regularise.ts';

export interface Decayed extends Regularised {
  readonly decoupledWeightDecay: boolean;
}

/** Weight and gradient with the weight decay applied to one of them. */
export function decayed(
  p: Value,
  gradient: Value,
  group: Hyperparameters<Decayed>,
): { readonly p: Value; readonly g: Value } {
  if (!group.uses.decoupledWeightDecay) return { p, g: regularised(p, gradient, group) };
  return { p: group.uses.weightDecay ? shrunk(p, group) : p, g: signed(gradient, group) };
}

/** w·(1 − lr·λ). */
export const shrunk = (p: Value, group: Hyperparameters<BaseSettings & { readonly weightDecay: number }>): Value =>
  p.mul(sub(1, group.value.lr.mul(group.value.weightDecay)));
