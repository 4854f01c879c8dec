/** Lion. */
import { sub } from '../ops/index.ts';
import type { Value } from '../value/value.ts';
import { shrunk } from './decay.ts';
import type { Hyperparameters, Settings } from './group.ts';
import { Optimizer, type Parameters } from './optimizer.ts';
import { signed } from './regularise.ts';
import { flag, number, pair } from './settings.ts';
import type { Slots } from './slots.ts';

export interface LionOptions {
  /** Default 1e-4: three to ten times smaller than Adam's. */
  readonly lr?: number;
  /** Share of the mean in the direction, and its decay; default [0.9, 0.99]. */
  readonly betas?: readonly [number, number];
  /** Weights shrink by lr·λ at each step; default 0. Three to ten times larger than AdamW's. */
  readonly weightDecay?: number;
  /** Ascend instead. */
  readonly maximize?: boolean;
}

export type LionSettings = Required<LionOptions>;

const settings: Settings<LionSettings> = {
  rules: { lr: number(1e-4), betas: pair([0.9, 0.99], { below: 1 }), weightDecay: number(0), maximize: flag() },
};

/**
 * w ← w·(1 − lr·λ) − lr·sign(β₁·m + (1 − β₁)·g), then m ← β₂·m + (1 − β₂)·g: one slot for each weight instead of Adam's
 * two. Chen et al., "Symbolic Discovery of Optimization Algorithms", 2023, https://arxiv.org/abs/2302.06675
 * @example new Lion(model.parameters(), { lr: 1e-4, weightDecay: 0.1 })
 */
export class Lion extends Optimizer<LionSettings> {
  constructor(parameters: Parameters<LionSettings>, options: LionOptions = {}) {
    super(parameters, options, settings);
  }

  protected override update(p: Value, gradient: Value, slots: Slots, group: Hyperparameters<LionSettings>): Value {
    const [beta1, beta2] = group.value.betas;
    const g = signed(gradient, group);
    let direction = g;
    slots.update('expAvg', (m) => {
      direction = m
        .mul(beta1)
        .add(g.mul(sub(1, beta1)))
        .sign();
      return m.mul(beta2).add(g.mul(sub(1, beta2)));
    });
    const w = group.uses.weightDecay ? shrunk(p, group) : p;
    return w.sub(direction.mul(slots.lr));
  }
}
