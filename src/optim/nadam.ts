/** NAdam. */
import { pow, sub } from '../ops/index.ts';
import type { Value } from '../value/value.ts';
import { decayed } from './decay.ts';
import { biasCorrection } from './bias-correction.ts';
import type { Hyperparameters, Settings } from './group.ts';
import { Once } from './once.ts';
import { Optimizer, type Parameters } from './optimizer.ts';
import { betas, flag, number } from './settings.ts';
import type { Slots } from './slots.ts';

export interface NAdamOptions {
  /** Default 2e-3. */
  readonly lr?: number;
  /** Decay of the running means of g and g²; default [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** Default 1e-8. */
  readonly eps?: number;
  /** λ of an L2 penalty added to the gradient; default 0. */
  readonly weightDecay?: number;
  /** How fast the momentum grows towards β₁; default 4e-3. */
  readonly momentumDecay?: number;
  /** Shrink the weights by lr·λ instead of adding the penalty to the gradient. */
  readonly decoupledWeightDecay?: boolean;
  /** Ascend instead. */
  readonly maximize?: boolean;
}

export type NAdamSettings = Required<NAdamOptions>;

const settings: Settings<NAdamSettings> = {
  rules: {
    lr: number(2e-3),
    betas: betas(),
    eps: number(1e-8),
    weightDecay: number(0),
    momentumDecay: number(4e-3),
    decoupledWeightDecay: flag(),
    maximize: flag(),
  },
};

/** μₜ = β₁·(1 − 0.96^(t·ψ)/2), the momentum of step t. */
const momentumAt = (): Once => new Once((beta, decay, t) => beta.mul(sub(1, pow(0.96, t.mul(decay)).mul(0.5))));

/**
 * Adam that looks ahead, as Nesterov's momentum does. Dozat, "Incorporating Nesterov Momentum into Adam", 2016.
 * https://docs.pytorch.org/docs/stable/generated/torch.optim.NAdam.html
 * @example new NAdam(model.parameters(), { lr: 2e-3 })
 */
export class NAdam extends Optimizer<NAdamSettings> {
  readonly #ofSquares: Once = biasCorrection();
  readonly #momentum: Once = momentumAt();
  readonly #nextMomentum: Once = momentumAt();

  constructor(parameters: Parameters<NAdamSettings>, options: NAdamOptions = {}) {
    super(parameters, options, settings);
  }

  protected override update(
    parameter: Value,
    gradient: Value,
    slots: Slots,
    group: Hyperparameters<NAdamSettings>,
  ): Value {
    const [beta1, beta2] = group.value.betas;
    const { eps, momentumDecay } = group.value;
    const { p, g } = decayed(parameter, gradient, group);
    const t = slots.count();
    const mu = this.#momentum.of(beta1, momentumDecay, t);
    const next = this.#nextMomentum.of(beta1, momentumDecay, t.add(1));
    const product = slots.updateNumber('muProduct', (before) => before.mul(mu), 1);
    const mean = slots.update('expAvg', (m) => m.mul(beta1).add(g.mul(sub(1, beta1))));
    const square = slots.update('expAvgSq', (v) => v.mul(beta2).add(g.square().mul(sub(1, beta2))));
    const denominator = square.div(this.#ofSquares.of(beta2, t)).sqrt().add(eps);
    const ofGradient = slots.lr.mul(sub(1, mu)).div(sub(1, product));
    const ofMean = slots.lr.mul(next).div(sub(1, product.mul(next)));
    return p.sub(g.div(denominator).mul(ofGradient)).sub(mean.div(denominator).mul(ofMean));
  }
}
