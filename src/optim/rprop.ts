/** Rprop. */
import { OptionError } from '../base/errors.ts';
import { where } from '../ops/index.ts';
import type { Value } from '../value/value.ts';
import type { Hyperparameters, Settings } from './group.ts';
import { Optimizer, type Parameters } from './optimizer.ts';
import { signed } from './regularise.ts';
import { flag, number, pair } from './settings.ts';
import type { Slots } from './slots.ts';

export interface RpropOptions {
  /** The first step sizes; default 1e-2. */
  readonly lr?: number;
  /** What a step size is multiplied by when the sign of the gradient has changed, and when not; default [0.5, 1.2]. */
  readonly etas?: readonly [number, number];
  /** The smallest and the largest step size; default [1e-6, 50]. */
  readonly stepSizes?: readonly [number, number];
  /** Ascend instead. */
  readonly maximize?: boolean;
}

export type RpropSettings = Required<RpropOptions>;

const settings: Settings<RpropSettings> = {
  rules: { lr: number(1e-2), etas: pair([0.5, 1.2]), stepSizes: pair([1e-6, 50]), maximize: flag() },
  together: (op, { etas: [down, up], stepSizes: [min, max] }) => {
    if (!(0 < down && down < 1 && 1 < up)) {
      throw new OptionError(`etas must be 0 < η⁻ < 1 < η⁺, got [${down}, ${up}]`, { op, option: 'etas' });
    }
    if (min > max) {
      throw new OptionError(`stepSizes are the smallest and the largest, got [${min}, ${max}]`, {
        op,
        option: 'stepSizes',
      });
    }
  },
};

/**
 * Only signs of gradients count: each weight has a step size, which grows while the sign stays and shrinks when it
 * changes. For full batches. Riedmiller and Braun, "A direct adaptive method for faster backpropagation learning", 1993.
 * https://docs.pytorch.org/docs/stable/generated/torch.optim.Rprop.html
 * @example new Rprop(model.parameters(), { lr: 0.01 })
 */
export class Rprop extends Optimizer<RpropSettings> {
  constructor(parameters: Parameters<RpropSettings>, options: RpropOptions = {}) {
    super(parameters, options, settings);
  }

  protected override update(p: Value, gradient: Value, slots: Slots, group: Hyperparameters<RpropSettings>): Value {
    const [down, up] = group.value.etas;
    const [min, max] = group.value.stepSizes;
    const g = signed(gradient, group);
    const t = slots.count();
    let direction = g;
    let factor = g;
    slots.update('prev', (before) => {
      const agreement = g.mul(before);
      factor = where(agreement.gt(0), up, where(agreement.lt(0), down, 1));
      // After a change of sign the weight rests once.
      direction = where(agreement.lt(0), 0, g);
      return direction;
    });
    const size = slots.update('stepSize', (before) =>
      where(t.gt(1), before, slots.lr).mul(factor).maximum(min).minimum(max),
    );
    return p.sub(direction.sign().mul(size));
  }
}
