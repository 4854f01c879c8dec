/** Averages of weights. */
import { ChainruleError, checkOptions, OptionError, ShapeError, showShape } from '../base/errors.ts';
import { isFloat } from '../base/dtypes.ts';
import { sameShape } from '../base/shapes.ts';
import { sub, where } from '../ops/index.ts';
import { constant } from '../value/create.ts';
import { noGrad } from '../value/recording.ts';
import { isValue, type Value } from '../value/value.ts';
import { readFlag, writeFlag } from './flags.ts';
import { checkFlag, checkNumber } from './settings.ts';

export interface ExponentialMovingAverageOptions {
  /** The share of the average that each update keeps; default 0.999. */
  readonly decay?: number;
  /** Keep at most (1 + t) / (10 + t) at update t, so that the first weights are soon forgotten; default false. */
  readonly warmup?: boolean;
}

/** Plain data but for the averages. */
export interface MovingAverageState {
  readonly updates: number;
  /** One for each parameter, in their order. */
  readonly averages: readonly Value[];
}

const OP = 'ExponentialMovingAverage';

/**
 * A running average of weights, which often predicts better than the weights themselves: ā ← d·ā + (1 − d)·w after each
 * step, with the weights themselves at the first. Compiled with the step, or called after it. `averageParameters` runs a
 * function with the averages in the place of the weights.
 * Polyak and Juditsky, "Acceleration of Stochastic Approximation by Averaging", 1992; PyTorch's
 * https://docs.pytorch.org/docs/stable/optim.html#weight-averaging-swa-and-ema
 * @throws OptionError for no parameters, or an impossible decay.
 * @example
 * const ema = new ExponentialMovingAverage(model.parameters(), { decay: 0.99 })
 * optimizer.step()
 * ema.update()
 * ema.averageParameters(() => accuracy(predict(model, test.x), test.y))
 */
export class ExponentialMovingAverage {
  readonly #parameters: readonly Value[];
  readonly #averages: readonly Value[];
  readonly #decay: Value;
  readonly #updates: Value = constant(0, { dtype: 'float64', label: 'updates' });
  readonly #warmup: boolean;
  readonly #state = { swapped: false };

  constructor(parameters: Iterable<Value>, options: ExponentialMovingAverageOptions = {}) {
    checkOptions(OP, options, ['decay', 'warmup']);
    const { decay = 0.999, warmup = false } = options;
    this.#parameters = checkParameters([...parameters]);
    this.#decay = constant(checkNumber(OP, 'decay', decay, { max: 1 }), { dtype: 'float64', label: 'decay' });
    this.#warmup = checkFlag(OP, 'warmup', warmup);
    this.#averages = this.#parameters.map((p) => p.detach().named(`${p.label ?? 'parameter'}.average`));
  }

  /** The share that is kept; may be set at any time. */
  get decay(): number {
    return this.#decay.item();
  }

  set decay(decay: number) {
    this.#decay.assign(checkNumber(OP, 'decay', decay, { max: 1 }));
  }

  /** How many updates have been made. */
  get updates(): number {
    return this.#updates.item();
  }

  /** The averages, in the order of the parameters. */
  get averages(): readonly Value[] {
    return this.#averages;
  }

  /** Takes the present weights into the averages. @throws ChainruleError while they are swapped. */
  update(): void {
    this.#requireOwn('update');
    noGrad(() => {
      const t = this.#updates.add(1);
      const kept = where(t.gt(1), this.#keptAt(t), 0);
      const taken = sub(1, kept);
      this.#parameters.forEach((p, i) => {
        const average = this.#averages[i]!;
        average.assign(average.mul(kept).add(p.mul(taken)));
      });
      this.#updates.assign(t);
    });
  }

  #keptAt(t: Value): Value {
    return this.#warmup ? this.#decay.minimum(t.add(1).div(t.add(10))) : this.#decay;
  }

  /** Exchanges weights and averages: a second call brings them back. */
  swap(): void {
    this.#parameters.forEach((p, i) => {
      const average = this.#averages[i]!;
      const held = p.detach();
      p.assign(average);
      average.assign(held);
    });
    writeFlag(this.#state, 'swapped', !readFlag(this.#state, 'swapped'));
  }

  /** Runs f with the averages in the place of the weights, which come back, whatever happens; f may be asynchronous. */
  averageParameters<T>(f: () => T): T {
    this.#requireOwn('averageParameters');
    this.swap();
    let result: T;
    try {
      result = f();
    } catch (error) {
      this.swap();
      throw error;
    }
    if (!(result instanceof Promise)) {
      this.swap();
      return result;
    }
    return result.finally(() => this.swap()) as T;
  }

  #requireOwn(what: string): void {
    if (!readFlag(this.#state, 'swapped')) return;
    throw new ChainruleError(`${what}() while the averages are in the place of the weights`, {
      op: OP,
      hint: 'Call swap() once more first.',
    });
  }

  /** A copy. @throws ChainruleError while the averages are swapped. */
  stateDict(): MovingAverageState {
    this.#requireOwn('stateDict');
    return { updates: this.updates, averages: this.#averages.map((average) => average.detach()) };
  }

  /** @throws ChainruleError, ShapeError if the state is of other parameters; nothing is changed then. */
  loadStateDict(saved: MovingAverageState): void {
    const { updates, averages } = (saved ?? {}) as Partial<MovingAverageState>;
    if (typeof updates !== 'number' || !Array.isArray(averages) || averages.length !== this.#averages.length) {
      const given = Array.isArray(averages) ? String(averages.length) : 'no';
      throw new ChainruleError(`the state has ${given} averages, here there are ${this.#averages.length}`, {
        op: `${OP}.loadStateDict`,
      });
    }
    averages.forEach((x: Value, i) => {
      const { shape } = this.#averages[i]!;
      if (sameShape(x.shape, shape)) return;
      throw new ShapeError(`average ${i} is ${showShape(x.shape)}, the parameter ${showShape(shape)}`, {
        op: `${OP}.loadStateDict`,
        shapes: [x.shape, shape],
      });
    });
    averages.forEach((x: Value, i) => this.#averages[i]!.assign(x));
    this.#updates.assign(updates);
  }
}

function checkParameters(parameters: readonly Value[]): readonly Value[] {
  if (parameters.length === 0) {
    throw new OptionError('there are no parameters to average', { op: OP, option: 'parameters' });
  }
  const wrong = parameters.findIndex((p) => !isValue(p) || !p._isCell || !isFloat(p.dtype));
  if (wrong === -1) return parameters;
  throw new OptionError(`parameters[${wrong}] is no leaf of floats`, {
    op: OP,
    option: 'parameters',
    hint: 'Pass model.parameters().',
  });
}
