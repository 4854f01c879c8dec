/** Ending a run that no longer improves. */
import { checkOptions, OptionError } from '../base/errors.ts';
import type { StateDict } from '../nn/module.ts';
import type { MovingAverageState } from '../optim/moving-average.ts';
import type { Callback, EpochRecord, Run } from './callback.ts';

export interface EarlyStoppingOptions {
  /** A number of the epoch's record; default `valLoss`. */
  readonly monitor?: string;
  /** The run ends after so many epochs without improvement; default 0, which ends it at the first, as 1 does. */
  readonly patience?: number;
  /** A change that is not larger is no improvement; default 0. */
  readonly minDelta?: number;
  /** Whether the number should fall or rise; `auto` (default) lets it rise unless it is a loss or an error. */
  readonly mode?: 'auto' | 'min' | 'max';
  /** The first epochs have to be better than this. */
  readonly baseline?: number;
  /** Whether the weights of the best epoch come back at the end, however the run ends; default false. */
  readonly restoreBestWeights?: boolean;
  /** So many first epochs do not count; default 0. */
  readonly startFromEpoch?: number;
}

interface Best {
  readonly value: number;
  readonly epoch: number;
  readonly weights: StateDict | null;
  readonly averages: MovingAverageState | null;
}

interface Saved {
  readonly best: Best | null;
  readonly wait: number;
}

const OPTIONS = ['monitor', 'patience', 'minDelta', 'mode', 'baseline', 'restoreBestWeights', 'startFromEpoch'];

/** Names of numbers that should fall. */
const FALLING = /loss|error|mae|mse|perplexity|lr$|seconds/i;

/** Whether a number should fall or rise, by its name. */
export const directionOf = (monitor: string, mode: 'auto' | 'min' | 'max'): 'min' | 'max' =>
  mode !== 'auto' ? mode : FALLING.test(monitor) ? 'min' : 'max';

function checkNumber(option: string, x: unknown, least: number, isWhole: boolean): number {
  if (typeof x === 'number' && x >= least && (!isWhole || Number.isInteger(x)) && Number.isFinite(x)) return x;
  throw new OptionError(`${option} must be a ${isWhole ? 'whole ' : ''}number ≥ ${least}, got ${String(x)}`, {
    op: 'EarlyStopping',
    option,
  });
}

/**
 * Ends the run when a number of the epochs' records has not improved for `patience` epochs. An epoch whose number is NaN
 * is no improvement. With a moving average (`ema`), the averages of the best epoch come back with the weights.
 * https://keras.io/api/callbacks/early_stopping/
 * @throws OptionError for an impossible option; `fit` refuses a monitor that there will not be.
 * @example await fit(model, data, { …, validation, callbacks: [new EarlyStopping({ patience: 5, restoreBestWeights: true })] })
 */
export class EarlyStopping implements Callback {
  readonly name: string = 'earlyStopping';
  readonly monitor: string;
  readonly #patience: number;
  readonly #minDelta: number;
  readonly #mode: 'min' | 'max';
  readonly #baseline: number | null;
  readonly #restores: boolean;
  readonly #startFrom: number;
  #best: Best | null = null;
  #wait = 0;

  constructor(options: EarlyStoppingOptions = {}) {
    checkOptions('EarlyStopping', options, OPTIONS);
    const { monitor = 'valLoss', patience = 0, minDelta = 0, mode = 'auto', baseline = null } = options;
    if (!['auto', 'min', 'max'].includes(mode)) {
      throw new OptionError(`mode is 'auto', 'min' or 'max', got ${JSON.stringify(mode)}`, {
        op: 'EarlyStopping',
        option: 'mode',
      });
    }
    this.monitor = monitor;
    this.#patience = checkNumber('patience', patience, 0, true);
    this.#minDelta = checkNumber('minDelta', minDelta, 0, false);
    this.#mode = directionOf(monitor, mode);
    this.#baseline = baseline === null ? null : checkNumber('baseline', baseline, -Number.MAX_VALUE, false);
    this.#restores = options.restoreBestWeights ?? false;
    this.#startFrom = checkNumber('startFromEpoch', options.startFromEpoch ?? 0, 0, true);
  }

  /** The best number so far; null before the first epoch. */
  get best(): number | null {
    return this.#best?.value ?? null;
  }

  /** The epoch that had it. */
  get bestEpoch(): number | null {
    return this.#best?.epoch ?? null;
  }

  #isBetter(x: number, than: number | null): boolean {
    if (Number.isNaN(x)) return false;
    if (than === null) return true;
    return this.#mode === 'min' ? x < than - this.#minDelta : x > than + this.#minDelta;
  }

  onTrainBegin(run: Run): void {
    // A run of its own starts anew; one that is resumed has had its state loaded.
    if (run.epoch > 0) return;
    this.#best = null;
    this.#wait = 0;
  }

  onEpochEnd(run: Run, record: EpochRecord): void {
    if (record.epoch <= this.#startFrom) return;
    const x = record[this.monitor]!;
    this.#wait++;
    if (this.#isBetter(x, this.#best?.value ?? null)) {
      this.#best = this.#bestOf(run, record.epoch, x);
      if (this.#isBetter(x, this.#baseline)) this.#wait = 0;
    }
    if (this.#wait < Math.max(1, this.#patience)) return;
    const best =
      this.#best === null ? 'it was never a number' : `best was ${this.#best.value} in epoch ${this.#best.epoch}`;
    run.stop(`${this.monitor} has not improved for ${this.#wait} epoch${this.#wait === 1 ? '' : 's'}; ${best}`);
  }

  #bestOf({ model, ema }: Run, epoch: number, value: number): Best {
    if (!this.#restores) return { value, epoch, weights: null, averages: null };
    return { value, epoch, weights: model.stateDict(), averages: ema?.stateDict() ?? null };
  }

  onTrainEnd({ model, ema }: Run): void {
    const { weights = null, averages = null } = this.#best ?? {};
    if (!this.#restores || weights === null) return;
    model.loadStateDict(weights);
    if (averages !== null) ema?.loadStateDict(averages);
  }

  stateDict(): Saved {
    return { best: this.#best, wait: this.#wait };
  }

  loadStateDict(state: unknown): void {
    const { best, wait } = state as Saved;
    this.#best = best;
    this.#wait = wait;
  }
}
