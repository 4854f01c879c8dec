/** A rate that follows what is measured. */
import { checkOptions, OptionError } from '../../base/errors.ts';
import { isValue, type Value } from '../../value/value.ts';
import type { Optimizer } from '../optimizer.ts';
import { checkNumber, checkWhole } from '../settings.ts';
import { perGroup, type PerGroup } from './numbers.ts';
import { checkKeys, checkRates, refused, requireOptimizer, type SchedulerState } from './scheduler.ts';

export interface ReduceLROnPlateauOptions {
  /** Whether the measure should fall or rise; default `min`. */
  readonly mode?: 'min' | 'max';
  /** What rates are multiplied by; below 1, default 0.1. */
  readonly factor?: number;
  /** So many epochs without improvement are borne; default 10. */
  readonly patience?: number;
  /** What counts as improvement; default 1e-4. */
  readonly threshold?: number;
  /** Whether the threshold is a share of the best so far, or a difference; default `rel`. */
  readonly thresholdMode?: 'rel' | 'abs';
  /** Epochs of grace after a reduction; default 0. */
  readonly cooldown?: number;
  /** Default 0. */
  readonly minLr?: PerGroup;
  /** Smaller reductions are not made; default 1e-8. */
  readonly eps?: number;
}

const OP = 'ReduceLROnPlateau';

const OPTIONS = ['mode', 'factor', 'patience', 'threshold', 'thresholdMode', 'cooldown', 'minLr', 'eps'];

interface Settled extends Required<Omit<ReduceLROnPlateauOptions, 'minLr'>> {
  readonly minLr: readonly number[];
}

function checkChoice<T extends string>(option: string, x: T, choices: readonly T[]): T {
  if (choices.includes(x)) return x;
  throw new OptionError(`${option} is ${choices.join(' or ')}, got ${JSON.stringify(x)}`, { op: OP, option });
}

function settled(optimizer: Optimizer, options: ReduceLROnPlateauOptions): Settled {
  checkOptions(OP, options, OPTIONS);
  requireOptimizer(OP, optimizer);
  const { mode = 'min', thresholdMode = 'rel', factor = 0.1, patience = 10, threshold = 1e-4 } = options;
  const { cooldown = 0, minLr = 0, eps = 1e-8 } = options;
  return {
    mode: checkChoice('mode', mode, ['min', 'max']),
    thresholdMode: checkChoice('thresholdMode', thresholdMode, ['rel', 'abs']),
    factor: checkNumber(OP, 'factor', factor, { below: 1 }),
    patience: checkWhole(OP, 'patience', patience, 0),
    threshold: checkNumber(OP, 'threshold', threshold),
    cooldown: checkWhole(OP, 'cooldown', cooldown, 0),
    minLr: perGroup(OP, 'minLr', minLr, optimizer),
    eps: checkNumber(OP, 'eps', eps),
  };
}

interface Progress {
  readonly epoch: number;
  readonly best: number;
  readonly badEpochs: number;
  readonly cooldown: number;
}

/**
 * Lowers the rates when a measure (a validation loss) has not improved for some epochs.
 * https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ReduceLROnPlateau.html
 * @example
 * const scheduler = new ReduceLROnPlateau(optimizer, { factor: 0.5, patience: 3 })
 * scheduler.step(validationLoss)
 */
export class ReduceLROnPlateau {
  readonly optimizer: Optimizer;
  readonly #options: Settled;
  #progress: Progress;
  #lastLr: readonly number[];

  constructor(optimizer: Optimizer, options: ReduceLROnPlateauOptions = {}) {
    this.#options = settled(optimizer, options);
    this.optimizer = optimizer;
    this.#progress = { epoch: 0, best: this.#worst, badEpochs: 0, cooldown: 0 };
    this.#lastLr = this.#rates();
  }

  get #worst(): number {
    return this.#options.mode === 'min' ? Infinity : -Infinity;
  }

  #rates(): readonly number[] {
    return this.optimizer.paramGroups.map((group) => group.lr);
  }

  /** How many epochs are over. */
  get lastEpoch(): number {
    return this.#progress.epoch;
  }

  /** The best measure so far. */
  get best(): number {
    return this.#progress.best;
  }

  /** An epoch is over, with this measure. @throws OptionError unless it is a number. */
  step(metric: number | Value): void {
    const measured: unknown = isValue(metric) ? metric.item() : metric;
    if (typeof measured !== 'number') {
      throw new OptionError(`step takes the measure of the epoch, got ${typeof measured}`, {
        op: OP,
        option: 'metric',
        hint: 'Write scheduler.step(validationLoss).',
      });
    }
    const { patience, cooldown } = this.#options;
    const before = this.#progress;
    const better = this.#isBetter(measured, before.best);
    // In the epochs of grace nothing counts as bad.
    const bad = better || before.cooldown > 0 ? 0 : before.badEpochs + 1;
    const isOver = bad > patience;
    if (isOver) this.#reduce();
    this.#progress = {
      epoch: before.epoch + 1,
      best: better ? measured : before.best,
      badEpochs: isOver ? 0 : bad,
      cooldown: isOver ? cooldown : Math.max(0, before.cooldown - 1),
    };
    this.#lastLr = this.#rates();
  }

  #isBetter(x: number, best: number): boolean {
    const { mode, threshold, thresholdMode } = this.#options;
    const sign = mode === 'min' ? -1 : 1;
    const bound = thresholdMode === 'rel' ? best * (1 + sign * threshold) : best + sign * threshold;
    return mode === 'min' ? x < bound : x > bound;
  }

  #reduce(): void {
    const { factor, minLr, eps } = this.#options;
    this.optimizer.paramGroups.forEach((group, i) => {
      const lr = Math.max(group.lr * factor, minLr[i] ?? 0);
      if (group.lr - lr > eps) group.lr = lr;
    });
  }

  /** The rates in force, one for each parameter group. */
  getLastLr(): readonly number[] {
    return this.#lastLr;
  }

  /** Plain data; a best that is infinite is null, as in JSON. */
  stateDict(): SchedulerState {
    const { best } = this.#progress;
    return { ...this.#progress, best: Number.isFinite(best) ? best : null, lastLr: [...this.#lastLr] };
  }

  /** @throws ChainruleError if the state is of another schedule, or of other groups; nothing is changed then. */
  loadStateDict(saved: SchedulerState): void {
    const { best, lastLr, ...rest } = checkKeys(OP, saved, Object.keys(this.stateDict()));
    for (const [name, x] of Object.entries(rest)) if (typeof x !== 'number') throw refused(OP, `${name} is no number`);
    if (best !== null && typeof best !== 'number') throw refused(OP, 'best is no number');
    const rates = checkRates(OP, 'lastLr', lastLr, this.optimizer.paramGroups.length);
    this.#progress = { ...(rest as Omit<Record<keyof Progress, number>, 'best'>), best: best ?? this.#worst };
    this.#lastLr = rates;
  }
}
