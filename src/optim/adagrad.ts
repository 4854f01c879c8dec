/** Adagrad. */
import { where } from '../ops/index.ts';
import type { Value } from '../value/value.ts';
import type { Hyperparameters, Settings } from './group.ts';
import { Optimizer, type Parameters } from './optimizer.ts';
import { regularised } from './regularise.ts';
import { flag, number } from './settings.ts';
import type { Slots } from './slots.ts';

export interface AdagradOptions {
  /** Default 1e-2. */
  readonly lr?: number;
  /** The rate of update t is lr / (1 + (t − 1)·lrDecay); default 0. */
  readonly lrDecay?: number;
  /** λ of an L2 penalty λ/2·‖w‖²; default 0. */
  readonly weightDecay?: number;
  /** What the sums of squares begin with; default 0. */
  readonly initialAccumulatorValue?: number;
  /** Default 1e-10. */
  readonly eps?: number;
  /** Ascend instead. */
  readonly maximize?: boolean;
}

export type AdagradSettings = Required<AdagradOptions>;

const settings: Settings<AdagradSettings> = {
  rules: {
    lr: number(1e-2),
    lrDecay: number(0),
    weightDecay: number(0),
    initialAccumulatorValue: number(0),
    eps: number(1e-10),
    maximize: flag(),
  },
};

/**
 * Steps shrink with the root of the sum of all squared gradients: rare features keep large ones. Duchi, Hazan and Singer,
 * "Adaptive Subgradient Methods for Online Learning and Stochastic Optimization", 2011.
 * https://docs.pytorch.org/docs/stable/generated/torch.optim.Adagrad.html
 * @example new Adagrad(model.parameters(), { lr: 0.1 })
 */
export class Adagrad extends Optimizer<AdagradSettings> {
  constructor(parameters: Parameters<AdagradSettings>, options: AdagradOptions = {}) {
    super(parameters, options, settings);
  }

  protected override update(p: Value, gradient: Value, slots: Slots, group: Hyperparameters<AdagradSettings>): Value {
    const { value, uses } = group;
    const g = regularised(p, gradient, group);
    const t = slots.count();
    const rate = uses.lrDecay ? value.lr.div(t.sub(1).mul(value.lrDecay).add(1)) : value.lr;
    const sum = slots.update('sum', (before) => {
      const begun = uses.initialAccumulatorValue ? where(t.gt(1), before, value.initialAccumulatorValue) : before;
      return begun.add(g.square());
    });
    return p.sub(g.div(sum.sqrt().add(value.eps)).mul(rate));
  }
}
