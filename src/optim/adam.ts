/** Adam. */
import { checkOptions, OptionError } from '../base/errors.ts';
import { constant, zerosLike } from '../value/create.ts';
import type { Value } from '../value/value.ts';
import { checkNumber, Optimizer, type ParameterState } from './optimizer.ts';

export interface AdamOptions {
  /** Default 1e-3. */
  readonly lr?: number;
  /** Decay of the running means of g and g²; default [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** Default 1e-8. */
  readonly eps?: number;
  /** λ of an L2 penalty added to the gradient; default 0. */
  readonly weightDecay?: number;
  /** Divide by the largest second moment so far. */
  readonly amsgrad?: boolean;
  readonly maximize?: boolean;
}

/** βᵗ by squaring: the same bits everywhere. */
function power(base: number, exponent: number): number {
  let result = 1;
  for (let b = base, n = exponent; n > 0; n = Math.floor(n / 2), b *= b) if (n % 2 === 1) result *= b;
  return result;
}

/**
 * Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015; AMSGrad: Reddi et al., 2018.
 * https://docs.pytorch.org/docs/stable/generated/torch.optim.Adam.html
 * @example new Adam(model.parameters(), { lr: 1e-3 })
 */
export class Adam extends Optimizer {
  readonly #options: Required<Omit<AdamOptions, 'lr'>>;

  constructor(parameters: Iterable<Value>, options: AdamOptions = {}) {
    checkOptions('Adam', options, ['lr', 'betas', 'eps', 'weightDecay', 'amsgrad', 'maximize']);
    super(parameters, options.lr ?? 1e-3);
    const { betas = [0.9, 0.999], eps = 1e-8, weightDecay = 0, amsgrad = false, maximize = false } = options;
    if (!Array.isArray(betas) || betas.length !== 2) {
      throw new OptionError(`betas are two numbers, got ${JSON.stringify(betas)}`, { op: 'Adam', option: 'betas' });
    }
    betas.forEach((beta: number, i) => checkNumber('Adam', `betas[${i}]`, beta, 0, 1));
    checkNumber('Adam', 'eps', eps, 0);
    checkNumber('Adam', 'weightDecay', weightDecay, 0);
    this.#options = { betas, eps, weightDecay, amsgrad, maximize };
  }

  protected override update(p: Value, gradient: Value, state: ParameterState): Value {
    const { betas, eps, weightDecay, amsgrad, maximize } = this.#options;
    const [beta1, beta2] = betas;
    const signed = maximize ? gradient.neg() : gradient;
    const g = weightDecay === 0 ? signed : signed.add(p.mul(weightDecay));
    const zero = zerosLike(p);
    // Of this parameter: one that gets its first gradient late starts its means late.
    const t = (state['step']?.item() ?? 0) + 1;
    state['step'] = constant(t, { dtype: 'float64' });
    const mean = (state['expAvg'] ?? zero).mul(beta1).add(g.mul(1 - beta1));
    const square = (state['expAvgSq'] ?? zero).mul(beta2).add(g.square().mul(1 - beta2));
    state['expAvg'] = mean;
    state['expAvgSq'] = square;
    let second = square;
    if (amsgrad) {
      second = (state['maxExpAvgSq'] ?? zero).maximum(square);
      state['maxExpAvgSq'] = second;
    }
    const denominator = second
      .sqrt()
      .div(Math.sqrt(1 - power(beta2, t)))
      .add(eps);
    return p.sub(mean.div(denominator).mul(this.lr / (1 - power(beta1, t))));
  }
}
