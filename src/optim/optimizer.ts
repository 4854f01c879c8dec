/** Optimizers: what they share. */
import { ChainruleError, OptionError } from '../base/errors.ts';
import { constant } from '../value/create.ts';
import { noGrad } from '../value/recording.ts';
import { isValue, type Value } from '../value/value.ts';
import { Slots, type ParameterState } from './slots.ts';

export interface OptimizerState {
  readonly lr: number;
  readonly step: number;
  /** One entry for each parameter, in their order. */
  readonly parameters: readonly ParameterState[];
}

/**
 * Base of all optimizers. `step()` updates every parameter that has a gradient; `lr` may be set at any time.
 *
 * An optimizer of your own says what becomes of one parameter. Numbers that change from step to step are Values (the
 * rate is `slots.lr`, the number of updates `slots.count()`), and what it remembers is in slots: then the step can be
 * compiled with the rest of the training step, and is never compiled again.
 * @example
 * class Lion extends Optimizer {
 *   protected override update(p: Value, g: Value, slots: Slots) {
 *     const mean = slots.update('mean', (m) => m.mul(0.9).add(g.mul(0.1)))
 *     return p.sub(mean.sign().mul(slots.lr))
 *   }
 * }
 */
export abstract class Optimizer {
  readonly parameters: readonly Value[];
  readonly #lr: Value;
  readonly #steps: Value = constant(0, { dtype: 'float64', label: 'steps' });
  readonly #slots: ReadonlyMap<Value, Slots>;

  constructor(parameters: Iterable<Value>, lr: number) {
    this.parameters = [...parameters];
    const name = this.constructor.name;
    if (this.parameters.length === 0)
      throw new OptionError('there are no parameters to train', { op: name, option: 'parameters' });
    for (const p of this.parameters) {
      if (isValue(p) && p._isCell && p.requiresGrad) continue;
      throw new ChainruleError('parameters must be leaves that require gradients', {
        op: name,
        hint: 'Pass model.parameters(), or leaves made with value(…).',
      });
    }
    this.#lr = constant(checkNumber(name, 'lr', lr, 0), { dtype: 'float64', label: 'lr' });
    this.#slots = new Map(this.parameters.map((p) => [p, new Slots(p, this.#lr)]));
  }

  /** The learning rate. */
  get lr(): number {
    return this.#lr.item();
  }

  set lr(lr: number) {
    this.#lr.assign(checkNumber(this.constructor.name, 'lr', lr, 0));
  }

  /** How many steps have been made. */
  get steps(): number {
    return this.#steps.item();
  }

  /** The new content of a parameter, from its gradient and slots (which it updates). Runs without recording gradients. */
  protected abstract update(parameter: Value, gradient: Value, slots: Slots): Value;

  /** Updates every parameter from its `.grad`; those without one stay. */
  step(): void {
    noGrad(() => {
      this.#steps.assign(this.#steps.add(1));
      for (const p of this.parameters) {
        const gradient = p.grad;
        if (gradient !== null) p.assign(this.update(p, gradient, this.#slots.get(p)!));
      }
    });
  }

  /** Forgets all gradients. */
  zeroGrad(): void {
    for (const p of this.parameters) p.zeroGrad();
  }

  /** A copy of everything that a resumed run needs. */
  stateDict(): OptimizerState {
    return { lr: this.lr, step: this.steps, parameters: this.parameters.map((p) => this.#slots.get(p)!.save()) };
  }

  /** @throws ChainruleError if the state is of another number of parameters; ShapeError if one has another shape. */
  loadStateDict(saved: OptimizerState): void {
    if (saved.parameters.length !== this.parameters.length) {
      throw new ChainruleError(
        `the state has ${saved.parameters.length} parameters, this optimizer ${this.parameters.length}`,
        { op: 'loadStateDict' },
      );
    }
    const slots = this.parameters.map((p) => this.#slots.get(p)!);
    slots.forEach((own, i) => own.check(saved.parameters[i]!, i));
    this.lr = saved.lr;
    this.#steps.assign(saved.step);
    slots.forEach((own, i) => own.load(saved.parameters[i]!));
  }
}

/** What most optimizers do with a gradient first. */
export interface Regularised {
  /** λ of an L2 penalty λ/2·‖w‖². */
  readonly weightDecay: number;
  /** Ascend instead. */
  readonly maximize: boolean;
}

/** The gradient to descend along: that of the objective, turned round to ascend, and of the penalty. */
export function regularised(p: Value, gradient: Value, { weightDecay, maximize }: Regularised): Value {
  const g = maximize ? gradient.neg() : gradient;
  return weightDecay === 0 ? g : g.add(p.mul(weightDecay));
}

/** @throws OptionError unless x is finite and within the bounds. */
export function checkNumber(op: string, option: string, x: number, min: number, below: number = Infinity): number {
  if (typeof x === 'number' && Number.isFinite(x) && x >= min && x < below) return x;
  const range = below === Infinity ? `≥ ${min}` : `in [${min}, ${below})`;
  throw new OptionError(`${option} must be a number ${range}, got ${String(x)}`, { op, option });
}
