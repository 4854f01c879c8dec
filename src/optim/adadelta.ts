/** Adadelta. */
import { sub } from '../ops/index.ts';
import type { Value } from '../value/value.ts';
import type { Hyperparameters, Settings } from './group.ts';
import { Optimizer, type Parameters } from './optimizer.ts';
import { regularised } from './regularise.ts';
import { flag, number } from './settings.ts';
import type { Slots } from './slots.ts';

export interface AdadeltaOptions {
  /** Scales the steps that the method chooses; default 1. */
  readonly lr?: number;
  /** Decay of the running means of squared gradients and squared steps; default 0.9. */
  readonly rho?: number;
  /** Default 1e-6. */
  readonly eps?: number;
  /** λ of an L2 penalty λ/2·‖w‖²; default 0. */
  readonly weightDecay?: number;
  /** Ascend instead. */
  readonly maximize?: boolean;
}

export type AdadeltaSettings = Required<AdadeltaOptions>;

const settings: Settings<AdadeltaSettings> = {
  rules: {
    lr: number(1),
    rho: number(0.9, { max: 1 }),
    eps: number(1e-6),
    weightDecay: number(0),
    maximize: flag(),
  },
};

/**
 * Steps in the units of the parameters: the root mean square of past steps over that of past gradients. Zeiler, "ADADELTA:
 * An Adaptive Learning Rate Method", 2012.
 * https://docs.pytorch.org/docs/stable/generated/torch.optim.Adadelta.html
 * @example new Adadelta(model.parameters())
 */
export class Adadelta extends Optimizer<AdadeltaSettings> {
  constructor(parameters: Parameters<AdadeltaSettings>, options: AdadeltaOptions = {}) {
    super(parameters, options, settings);
  }

  protected override update(p: Value, gradient: Value, slots: Slots, group: Hyperparameters<AdadeltaSettings>): Value {
    const { rho, eps } = group.value;
    const g = regularised(p, gradient, group);
    const mixed = (mean: Value, x: Value): Value => mean.mul(rho).add(x.square().mul(sub(1, rho)));
    const gradients = slots.update('squareAvg', (mean) => mixed(mean, g));
    let step = g;
    slots.update('accDelta', (mean) => {
      step = mean.add(eps).sqrt().div(gradients.add(eps).sqrt()).mul(g);
      return mixed(mean, step);
    });
    return p.sub(step.mul(slots.lr));
  }
}
