/** Stochastic gradient descent. */
import { checkOptions, OptionError } from '../base/errors.ts';
import type { Value } from '../value/value.ts';
import { checkNumber, Optimizer, type ParameterState } from './optimizer.ts';

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

  protected override update(p: Value, gradient: Value, state: ParameterState): Value {
    const { momentum, dampening, weightDecay, nesterov, maximize } = this.#options;
    const signed = maximize ? gradient.neg() : gradient;
    const g = weightDecay === 0 ? signed : signed.add(p.mul(weightDecay));
    if (momentum === 0) return p.sub(g.mul(this.lr));
    const before = state['momentumBuffer'];
    const buffer = before === undefined ? g : before.mul(momentum).add(g.mul(1 - dampening));
    state['momentumBuffer'] = buffer;
    const direction = nesterov ? g.add(buffer.mul(momentum)) : buffer;
    return p.sub(direction.mul(this.lr));
  }
}
