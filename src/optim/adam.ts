/** Adam. */
import { checkOptions, OptionError } from '../base/errors.ts';
import type { Value } from '../value/value.ts';
import { BiasCorrection } from './bias-correction.ts';
import { checkNumber, Optimizer, regularised } from './optimizer.ts';
import type { Slots } from './slots.ts';

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

/**
 * Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015; AMSGrad: Reddi et al., 2018.
 * https://docs.pytorch.org/docs/stable/generated/torch.optim.Adam.html
 * @example new Adam(model.parameters(), { lr: 1e-3 })
 */
export class Adam extends Optimizer {
  readonly #options: Required<Omit<AdamOptions, 'lr'>>;
  readonly #ofMean: BiasCorrection;
  readonly #ofSquares: BiasCorrection;

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
    this.#ofMean = new BiasCorrection(betas[0]);
    this.#ofSquares = new BiasCorrection(betas[1]);
    this.#options = { betas, eps, weightDecay, amsgrad, maximize };
  }

  protected override update(p: Value, gradient: Value, slots: Slots): Value {
    const { betas, eps, amsgrad } = this.#options;
    const [beta1, beta2] = betas;
    const g = regularised(p, gradient, this.#options);
    // Of this parameter: one that gets its first gradient late starts its means late.
    const t = slots.count();
    const mean = slots.update('expAvg', (m) => m.mul(beta1).add(g.mul(1 - beta1)));
    const square = slots.update('expAvgSq', (v) => v.mul(beta2).add(g.square().mul(1 - beta2)));
    const second = amsgrad ? slots.update('maxExpAvgSq', (most) => most.maximum(square)) : square;
    const denominator = second.sqrt().div(this.#ofSquares.at(t).sqrt()).add(eps);
    return p.sub(mean.div(denominator).mul(slots.lr.div(this.#ofMean.at(t))));
  }
}
