/** Optimizers: what they share. */
import { ChainruleError, OptionError, ShapeError, showShape } from '../base/errors.ts';
import { sameShape } from '../base/shapes.ts';
import { noGrad } from '../value/recording.ts';
import { isValue, type Value } from '../value/value.ts';

/** The state of one parameter: Values that live as long as the optimizer. */
export type ParameterState = Record<string, Value>;

export interface OptimizerState {
  readonly lr: number;
  readonly step: number;
  /** One entry for each parameter, in their order. */
  readonly parameters: readonly ParameterState[];
}

/**
 * Base of all optimizers. `step()` updates every parameter that has a gradient; `lr` may be set at any time.
 * Updates are ordinary ops on Values, so that they can be traced with the rest of a training step.
 */
export abstract class Optimizer {
  readonly parameters: readonly Value[];
  #lr: number;
  /** How many steps have been made. */
  steps = 0;
  readonly #state = new Map<Value, ParameterState>();

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
    this.#lr = checkNumber(name, 'lr', lr, 0);
  }

  get lr(): number {
    return this.#lr;
  }

  set lr(lr: number) {
    this.#lr = checkNumber(this.constructor.name, 'lr', lr, 0);
  }

  /** The new content of a parameter, from its gradient and state (which it updates). */
  protected abstract update(parameter: Value, gradient: Value, state: ParameterState): Value;

  /** Updates every parameter from its `.grad`; those without one stay. */
  step(): void {
    this.steps++;
    noGrad(() => {
      for (const p of this.parameters) {
        if (p.grad === null) continue;
        p.assign(this.update(p, p.grad, this.#stateOf(p)));
      }
    });
  }

  /** Forgets all gradients. */
  zeroGrad(): void {
    for (const p of this.parameters) p.zeroGrad();
  }

  #stateOf(p: Value): ParameterState {
    let state = this.#state.get(p);
    if (state === undefined) {
      state = {};
      this.#state.set(p, state);
    }
    return state;
  }

  /** A copy of everything that a resumed run needs. */
  stateDict(): OptimizerState {
    const copy = (state: ParameterState): ParameterState =>
      Object.fromEntries(Object.entries(state).map(([key, x]) => [key, x.detach()]));
    return { lr: this.lr, step: this.steps, parameters: this.parameters.map((p) => copy(this.#state.get(p) ?? {})) };
  }

  /** @throws ChainruleError if the state is of another number of parameters; ShapeError if one has another shape. */
  loadStateDict(saved: OptimizerState): void {
    if (saved.parameters.length !== this.parameters.length) {
      throw new ChainruleError(
        `the state has ${saved.parameters.length} parameters, this optimizer ${this.parameters.length}`,
        { op: 'loadStateDict' },
      );
    }
    this.parameters.forEach((p, i) => checkState(p, saved.parameters[i]!, i));
    this.lr = saved.lr;
    this.steps = saved.step;
    this.parameters.forEach((p, i) => this.#state.set(p, { ...saved.parameters[i] }));
  }
}

/** What is kept for a parameter has its shape, or is a scalar. */
function checkState(p: Value, state: ParameterState, i: number): void {
  for (const [name, x] of Object.entries(state)) {
    if (x.rank === 0 || sameShape(x.shape, p.shape)) continue;
    throw new ShapeError(`${name} of parameter ${i} is ${showShape(x.shape)}, the parameter ${showShape(p.shape)}`, {
      op: 'loadStateDict',
      shapes: [x.shape, p.shape],
    });
  }
}

/** @throws OptionError unless x is finite and within the bounds. */
export function checkNumber(op: string, option: string, x: number, min: number, below: number = Infinity): number {
  if (typeof x === 'number' && Number.isFinite(x) && x >= min && x < below) return x;
  const range = below === Infinity ? `≥ ${min}` : `in [${min}, ${below})`;
  throw new OptionError(`${option} must be a number ${range}, got ${String(x)}`, { op, option });
}
