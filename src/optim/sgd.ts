/** Stochastic gradient descent. */
import { OptionError } from '../base/errors.ts';
import { sub } from '../ops/index.ts';
import type { Value } from '../value/value.ts';
import type { Hyperparameters, Settings } from './group.ts';
import { Optimizer, type Parameters } from './optimizer.ts';
import { regularised } from './regularise.ts';
import { flag, number } from './settings.ts';
import type { Slots } from './slots.ts';

export interface SGDOptions {
  /** Default 1e-3. */
  readonly lr?: number;
  /** Default 0. */
  readonly momentum?: number;
  /** Default 0. */
  readonly dampening?: number;
  /** λ of an L2 penalty λ/2·‖w‖²; default 0. */
  readonly weightDecay?: number;
  readonly nesterov?: boolean;
  /** Ascend instead. */
  readonly maximize?: boolean;
}

export type SGDSettings = Required<SGDOptions>;

const settings: Settings<SGDSettings> = {
  rules: {
    lr: number(1e-3),
    momentum: number(0),
    dampening: number(0),
    weightDecay: number(0),
    nesterov: flag(),
    maximize: flag(),
  },
  together: (op, { nesterov, momentum, dampening }) => {
    if (!nesterov || (momentum !== 0 && dampening === 0)) return;
    throw new OptionError('nesterov needs momentum and no dampening', { op, option: 'nesterov' });
  },
};

/**
 * w ← w − lr·d, with d the gradient, or with momentum its running sum b ← μ·b + (1 − τ)·g.
 * https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html
 * @example new SGD(model.parameters(), { lr: 0.1, momentum: 0.9 })
 */
export class SGD extends Optimizer<SGDSettings> {
  constructor(parameters: Parameters<SGDSettings>, options: SGDOptions = {}) {
    super(parameters, options, settings);
  }

  protected override update(p: Value, gradient: Value, slots: Slots, group: Hyperparameters<SGDSettings>): Value {
    const g = regularised(p, gradient, group);
    if (!group.uses.momentum) return p.sub(g.mul(slots.lr));
    const momentum = group.value.momentum;
    const share = group.uses.dampening ? g.mul(undampedAtFirst(group.value.dampening, slots.count())) : g;
    const buffer = slots.update('momentumBuffer', (b) => b.mul(momentum).add(share));
    const direction = group.uses.nesterov ? g.add(buffer.mul(momentum)) : buffer;
    return p.sub(direction.mul(slots.lr));
  }
}

/** 1 − τ; at the first step 1, as in PyTorch: the buffer begins as the gradient itself. */
const undampedAtFirst = (dampening: Value, t: Value): Value => sub(1, t.gt(1).to('float64').mul(dampening));
