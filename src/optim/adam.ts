/** Adam, AdamW. */
import { sub } from '../ops/index.ts';
import type { Value } from '../value/value.ts';
import { biasCorrection } from './bias-correction.ts';
import { decayed } from './decay.ts';
import type { Hyperparameters, Settings } from './group.ts';
import type { Once } from './once.ts';
import { Optimizer, type Parameters } from './optimizer.ts';
import { betas, flag, number } from './settings.ts';
import type { Slots } from './slots.ts';

export interface AdamOptions {
  /** Default 1e-3. */
  readonly lr?: number;
  /** Decay of the running means of g and g²; default [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** Default 1e-8. */
  readonly eps?: number;
  /** λ of an L2 penalty added to the gradient; default 0 (AdamW: 0.01). */
  readonly weightDecay?: number;
  /** Divide by the largest second moment so far. */
  readonly amsgrad?: boolean;
  /** Ascend instead. */
  readonly maximize?: boolean;
  /** Shrink the weights by lr·λ instead of adding the penalty to the gradient: AdamW. */
  readonly decoupledWeightDecay?: boolean;
}

export type AdamSettings = Required<AdamOptions>;

const settings: Settings<AdamSettings> = {
  rules: {
    lr: number(1e-3),
    betas: betas(),
    eps: number(1e-8),
    weightDecay: number(0),
    amsgrad: flag(),
    maximize: flag(),
    decoupledWeightDecay: flag(),
  },
};

/**
 * Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015; AMSGrad: Reddi et al., 2018.
 * https://docs.pytorch.org/docs/stable/generated/torch.optim.Adam.html
 * @example new Adam(model.parameters(), { lr: 1e-3 })
 */
export class Adam extends Optimizer<AdamSettings> {
  readonly #ofMean: Once = biasCorrection();
  readonly #ofSquares: Once = biasCorrection();

  constructor(
    parameters: Parameters<AdamSettings>,
    options: AdamOptions = {},
    rules: Settings<AdamSettings> = settings,
  ) {
    super(parameters, options, rules);
  }

  protected override update(
    parameter: Value,
    gradient: Value,
    slots: Slots,
    group: Hyperparameters<AdamSettings>,
  ): Value {
    const [beta1, beta2] = group.value.betas;
    const { p, g } = decayed(parameter, gradient, group);
    // Of this parameter: one that gets its first gradient late starts its means late.
    const t = slots.count();
    const mean = slots.update('expAvg', (m) => m.mul(beta1).add(g.mul(sub(1, beta1))));
    const square = slots.update('expAvgSq', (v) => v.mul(beta2).add(g.square().mul(sub(1, beta2))));
    const second = group.uses.amsgrad ? slots.update('maxExpAvgSq', (most) => most.maximum(square)) : square;
    const denominator = second.sqrt().div(this.#ofSquares.of(beta2, t).sqrt()).add(group.value.eps);
    return p.sub(mean.div(denominator).mul(slots.lr.div(this.#ofMean.of(beta1, t))));
  }
}

/**
 * Adam whose weight decay is not scaled by the second moment. Loshchilov and Hutter, "Decoupled Weight Decay
 * Regularization", 2019.
 * https://docs.pytorch.org/docs/stable/generated/torch.optim.AdamW.html
 * @example new AdamW(model.parameters(), { lr: 3e-4, weightDecay: 0.1 })
 */
export class AdamW extends Adam {
  constructor(parameters: Parameters<AdamSettings>, options: Omit<AdamOptions, 'decoupledWeightDecay'> = {}) {
    super(parameters, options, {
      rules: { ...settings.rules, weightDecay: number(1e-2), decoupledWeightDecay: flag(true) },
    });
  }
}
