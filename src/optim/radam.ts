/** RAdam. */
import { pow, sub, where } from '../ops/index.ts';
import type { Value } from '../value/value.ts';
import { biasCorrection } from './bias-correction.ts';
import { decayed } from './decay.ts';
import type { Hyperparameters, Settings } from './group.ts';
import { Once } from './once.ts';
import { Optimizer, type Parameters } from './optimizer.ts';
import { betas, flag, number } from './settings.ts';
import type { Slots } from './slots.ts';

export interface RAdamOptions {
  /** Default 1e-3. */
  readonly lr?: number;
  /** Decay of the running means of g and g²; default [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** Default 1e-8. */
  readonly eps?: number;
  /** λ of an L2 penalty added to the gradient; default 0. */
  readonly weightDecay?: number;
  /** Shrink the weights by lr·λ instead of adding the penalty to the gradient. */
  readonly decoupledWeightDecay?: boolean;
  /** Ascend instead. */
  readonly maximize?: boolean;
}

export type RAdamSettings = Required<RAdamOptions>;

const settings: Settings<RAdamSettings> = {
  rules: {
    lr: number(1e-3),
    betas: betas(),
    eps: number(1e-8),
    weightDecay: number(0),
    decoupledWeightDecay: flag(),
    maximize: flag(),
  },
};

/** ρ∞, how many gradients the mean of squares holds in the end. */
const lengthInTheEnd = (beta2: Value): Value => sub(1, beta2).reciprocal().mul(2).sub(1);

/** ρₜ, how many it holds after t updates. */
const lengthAt = (beta2: Value, t: Value): Value => {
  const power = pow(beta2, t);
  return lengthInTheEnd(beta2).sub(t.mul(2).mul(power).div(sub(1, power)));
};

/** From this length on the second moment is trusted. */
const TRUSTED = 5;

/** √(1 − β₂ᵗ) times the rectification of the variance; meaningless while the length is not to be trusted. */
function rectification(beta2: Value, t: Value): Value {
  const [end, length] = [lengthInTheEnd(beta2), lengthAt(beta2, t)];
  const above = length.sub(4).mul(length.sub(2)).mul(end);
  const below = end.sub(4).mul(end.sub(2)).mul(length);
  return above
    .div(below)
    .sqrt()
    .mul(sub(1, pow(beta2, t)).sqrt());
}

/**
 * Adam that warms up by itself: it divides by the second moment only once that rests on enough gradients. Liu et al., "On
 * the Variance of the Adaptive Learning Rate and Beyond", 2020.
 * https://docs.pytorch.org/docs/stable/generated/torch.optim.RAdam.html
 * @example new RAdam(model.parameters(), { lr: 1e-3 })
 */
export class RAdam extends Optimizer<RAdamSettings> {
  readonly #ofMean: Once = biasCorrection();
  readonly #rectification: Once = new Once(rectification);
  readonly #trusted: Once = new Once((beta2, t) => lengthAt(beta2, t).gt(TRUSTED));

  constructor(parameters: Parameters<RAdamSettings>, options: RAdamOptions = {}) {
    super(parameters, options, settings);
  }

  protected override update(
    parameter: Value,
    gradient: Value,
    slots: Slots,
    group: Hyperparameters<RAdamSettings>,
  ): Value {
    const [beta1, beta2] = group.value.betas;
    const { eps } = group.value;
    const { p, g } = decayed(parameter, gradient, group);
    const t = slots.count();
    const mean = slots.update('expAvg', (m) => m.mul(beta1).add(g.mul(sub(1, beta1))));
    const square = slots.update('expAvgSq', (v) => v.mul(beta2).add(g.square().mul(sub(1, beta2))));
    const adapted = this.#rectification.of(beta2, t).div(square.sqrt().add(eps));
    const factor = where(this.#trusted.of(beta2, t), adapted, 1);
    return p.sub(mean.mul(slots.lr.div(this.#ofMean.of(beta1, t))).mul(factor));
  }
}
