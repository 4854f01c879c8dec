/** RMSprop. */
import { sub } from '../ops/index.ts';
import type { Value } from '../value/value.ts';
import type { Hyperparameters, Settings } from './group.ts';
import { Optimizer, type Parameters } from './optimizer.ts';
import { regularised } from './regularise.ts';
import { flag, number } from './settings.ts';
import type { Slots } from './slots.ts';

export interface RMSpropOptions {
  /** Default 1e-2. */
  readonly lr?: number;
  /** Decay of the running mean of squares; default 0.99. */
  readonly alpha?: number;
  /** Default 1e-8. */
  readonly eps?: number;
  /** λ of an L2 penalty λ/2·‖w‖²; default 0. */
  readonly weightDecay?: number;
  /** Default 0. */
  readonly momentum?: number;
  /** Divide by the standard deviation of the gradients instead of their root mean square. */
  readonly centered?: boolean;
  /** Ascend instead. */
  readonly maximize?: boolean;
}

export type RMSpropSettings = Required<RMSpropOptions>;

const settings: Settings<RMSpropSettings> = {
  rules: {
    lr: number(1e-2),
    alpha: number(0.99),
    eps: number(1e-8),
    weightDecay: number(0),
    momentum: number(0),
    centered: flag(),
    maximize: flag(),
  },
};

/**
 * Steps are divided by the root mean square of late gradients. Hinton, Coursera lecture 6e, 2012; centered: Graves, 2013.
 * https://docs.pytorch.org/docs/stable/generated/torch.optim.RMSprop.html
 * @example new RMSprop(model.parameters(), { lr: 1e-3, momentum: 0.9 })
 */
export class RMSprop extends Optimizer<RMSpropSettings> {
  constructor(parameters: Parameters<RMSpropSettings>, options: RMSpropOptions = {}) {
    super(parameters, options, settings);
  }

  protected override update(p: Value, gradient: Value, slots: Slots, group: Hyperparameters<RMSpropSettings>): Value {
    const { alpha, eps, momentum } = group.value;
    const g = regularised(p, gradient, group);
    const square = slots.update('squareAvg', (v) => v.mul(alpha).add(g.square().mul(sub(1, alpha))));
    const spread = group.uses.centered ? square.sub(meanOf(g, slots, alpha).square()) : square;
    const scaled = g.div(spread.sqrt().add(eps));
    if (!group.uses.momentum) return p.sub(scaled.mul(slots.lr));
    return p.sub(slots.update('momentumBuffer', (b) => b.mul(momentum).add(scaled)).mul(slots.lr));
  }
}

const meanOf = (g: Value, slots: Slots, alpha: Value): Value =>
  slots.update('gradAvg', (mean) => mean.mul(alpha).add(g.mul(sub(1, alpha))));
