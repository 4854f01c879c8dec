/** Rosenblatt's perceptron. */
import { checkOptions, OptionError, ShapeError, showShapes } from '../base/errors.ts';
import { linear } from '../ops/products-affine.ts';
import { full } from '../value/create.ts';
import { noGrad } from '../value/recording.ts';
import type { Value } from '../value/value.ts';
import { checkCount, checkDType, requireNumber, type ParameterDType } from './arguments.ts';
import { castTo, Module } from './module.ts';

export interface PerceptronOptions {
  /** How far an update moves the weights; default 1. */
  readonly lr?: number;
  readonly dtype?: ParameterDType;
}

export interface PerceptronFit {
  /** Epochs run, the last one included. */
  readonly epochs: number;
  /** Whether the last epoch made no mistake: the classes are separated. */
  readonly converged: boolean;
  /** Mistakes of each epoch. */
  readonly mistakes: readonly number[];
}

/**
 * A threshold unit: 1 where w·x + b ≥ 0, else 0: [..., inFeatures] → [...]. It learns by Rosenblatt's rule, not by
 * gradients: each mistake moves w by lr·(target − output)·x. `weight` is [1, inFeatures], `bias` [1], zeros at first.
 * Rosenblatt 1958, https://doi.org/10.1037/h0042519
 * @throws OptionError for impossible sizes and rates.
 * @example new Perceptron(2).fit(constant([[0, 0], [0, 1], [1, 0], [1, 1]]), constant([0, 0, 0, 1])).converged // true
 */
export class Perceptron extends Module {
  readonly inFeatures: number;
  readonly lr: number;
  readonly weight: Value;
  readonly bias: Value;

  constructor(inFeatures: number, options: PerceptronOptions = {}) {
    super(inFeatures, options);
    checkOptions('Perceptron', options, ['lr', 'dtype']);
    this.inFeatures = checkCount('Perceptron', 'inFeatures', inFeatures);
    this.lr = requireNumber('Perceptron', 'lr', options.lr ?? 1);
    if (!(this.lr > 0))
      throw new OptionError(`lr must be positive, got ${this.lr}`, { op: 'Perceptron', option: 'lr' });
    const dtype = checkDType('Perceptron', options.dtype);
    this.weight = this.parameter('weight', full([1, inFeatures], 0, { dtype }));
    this.bias = this.parameter('bias', full([1], 0, { dtype }));
  }

  #requireFeatures(x: Value): void {
    if (x.shape.at(-1) === this.inFeatures) return;
    throw new ShapeError(`takes a last axis of ${this.inFeatures}, got ${showShapes([x.shape])}`, {
      op: 'Perceptron',
      shapes: [x.shape, this.weight.shape],
    });
  }

  override forward(x: Value): Value {
    this.#requireFeatures(x);
    const score = linear(castTo(x, this.weight.dtype), this.weight, this.bias).squeeze(-1);
    return score.ge(0).to(score.dtype);
  }

  /**
   * Rosenblatt's rule for one example [inFeatures] and its target, 0 or 1. The result is |target − output|, the mistake.
   * It reads no numbers: it may be compiled.
   * @example compile((x: Value, t: Value) => unit.update(x, t))
   */
  update(x: Value, target: Value): Value {
    const { dtype } = this.weight;
    return noGrad(() => {
      const error = castTo(target, dtype).reshape([]).sub(this.forward(x));
      const step = error.mul(this.lr);
      this.weight.assign(this.weight.add(castTo(x, dtype).mul(step)));
      this.bias.assign(this.bias.add(step));
      return error.abs();
    });
  }

  /**
   * Passes through examples x [n, inFeatures] with targets [n] of 0 and 1, one after the other, until an epoch makes no
   * mistake (which happens if a plane separates the classes), or `epochs` (default 100) are over.
   * @throws ShapeError where x and targets do not fit.
   */
  fit(x: Value, targets: Value, options: { readonly epochs?: number } = {}): PerceptronFit {
    checkOptions('Perceptron.fit', options, ['epochs']);
    const epochs = checkCount('Perceptron.fit', 'epochs', options.epochs ?? 100);
    this.#requireFeatures(x);
    if (x.rank !== 2 || targets.rank !== 1 || x.shape[0] !== targets.shape[0]) {
      throw new ShapeError(
        `takes examples [n, ${this.inFeatures}] and targets [n], got ${showShapes([x.shape, targets.shape])}`,
        {
          op: 'Perceptron.fit',
          shapes: [x.shape, targets.shape],
        },
      );
    }
    const examples = x.unbind();
    const answers = targets.unbind();
    const mistakes: number[] = [];
    while (mistakes.length < epochs && mistakes.at(-1) !== 0) {
      mistakes.push(examples.reduce((sum, example, i) => sum + this.update(example, answers[i]!).item(), 0));
    }
    return { epochs: mistakes.length, converged: mistakes.at(-1) === 0, mistakes };
  }
}
