/** Adamax. */
import { sub } from '../ops/index.ts';
import type { Value } from '../value/value.ts';
import { biasCorrection } from './bias-correction.ts';
import type { Hyperparameters, Settings } from './group.ts';
import type { Once } from './once.ts';
import { Optimizer, type Parameters } from './optimizer.ts';
import { regularised } from './regularise.ts';
import { betas, flag, number } from './settings.ts';
import type { Slots } from './slots.ts';

export interface AdamaxOptions {
  /** Default 2e-3. */
  readonly lr?: number;
  /** Decay of the running mean of g and of the largest |g|; default [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** Default 1e-8. */
  readonly eps?: number;
  /** λ of an L2 penalty λ/2·‖w‖²; default 0. */
  readonly weightDecay?: number;
  /** Ascend instead. */
  readonly maximize?: boolean;
}

export type AdamaxSettings = Required<AdamaxOptions>;

const settings: Settings<AdamaxSettings> = {
  rules: { lr: number(2e-3), betas: betas(), eps: number(1e-8), weightDecay: number(0), maximize: flag() },
};

/**
 * Adam with the largest |g| of late instead of the root mean square. Kingma and Ba, "Adam: A Method for Stochastic
 * Optimization", 2015, section 7.
 * https://docs.pytorch.org/docs/stable/generated/torch.optim.Adamax.html
 * @example new Adamax(model.parameters(), { lr: 2e-3 })
 */
export class Adamax extends Optimizer<AdamaxSettings> {
  readonly #correction: Once = biasCorrection();

  constructor(parameters: Parameters<AdamaxSettings>, options: AdamaxOptions = {}) {
    super(parameters, options, settings);
  }

  protected override update(p: Value, gradient: Value, slots: Slots, group: Hyperparameters<AdamaxSettings>): Value {
    const [beta1, beta2] = group.value.betas;
    const { eps } = group.value;
    const g = regularised(p, gradient, group);
    const t = slots.count();
    const mean = slots.update('expAvg', (m) => m.mul(beta1).add(g.mul(sub(1, beta1))));
    const largest = slots.update('expInf', (most) => most.mul(beta2).maximum(g.abs().add(eps)));
    return p.sub(mean.div(largest).mul(slots.lr.div(this.#correction.of(beta1, t))));
  }
}
