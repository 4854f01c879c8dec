/** Stochastic gradient descent. */
import { checkOptions, OptionError } from '../base/errors.ts';
import { sub } from '../ops/index.ts';
import type { Value } from '../value/value.ts';
import { checkNumber, Optimizer, regularised } from './optimizer.ts';
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

/**
 * w ← w − lr·d, with d the gradient, or with momentum its running sum b ← μ·b + (1 − τ)·g.
 * https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html
 * @example new SGD(model.parameters(), { lr: 0.1, momentum: 0.9 })
 */
export class SGD extends Optimizer {
  readonly #options: Required<Omit<SGDOptions, 'lr'>>;

  constructor(parameters: Iterable<Value>, options: SGDOptions = {}) {
    checkOptions('SGD', options, ['lr', 'momentum', 'dampening', 'weightDecay', 'nesterov', 'maximize']);
    super(parameters, options.lr ?? 1e-3);
    const { momentum = 0, dampening = 0, weightDecay = 0, nesterov = false, maximize = false } = options;
    checkNumber('SGD', 'momentum', momentum, 0);
    checkNumber('SGD', 'dampening', dampening, 0);
    checkNumber('SGD', 'weightDecay', weightDecay, 0);
    if (nesterov && (momentum === 0 || dampening !== 0)) {
      throw new OptionError('nesterov needs momentum and no dampening', { op: 'SGD', option: 'nesterov' });
    }
    this.#options = { momentum, dampening, weightDecay, nesterov, maximize };
  }

  protected override update(p: Value, gradient: Value, slots: Slots): Value {
    const { momentum, dampening, nesterov } = this.#options;
    const g = regularised(p, gradient, this.#options);
    if (momentum === 0) return p.sub(g.mul(slots.lr));
    const share = dampening === 0 ? g : g.mul(undampedAtFirst(dampening, slots.count()));
    const buffer = slots.update('momentumBuffer', (b) => b.mul(momentum).add(share));
    const direction = nesterov ? g.add(buffer.mul(momentum)) : buffer;
    return p.sub(direction.mul(slots.lr));
  }
}

/** 1 − τ; at the first step 1, as in PyTorch: the buffer begins as the gradient itself. */
const undampedAtFirst = (dampening: number, t: Value): Value => sub(1, t.gt(1).to('float64').mul(dampening));
