/** Schedules for the first epochs. */
import { checkOptions, OptionError } from '../../base/errors.ts';
import type { Optimizer } from '../optimizer.ts';
import { checkNumber, checkWhole } from '../settings.ts';
import { LRScheduler } from './scheduler.ts';

export interface ConstantLROptions {
  /** Default 1/3. */
  readonly factor?: number;
  /** For so many epochs; default 5. */
  readonly totalIters?: number;
  readonly lastEpoch?: number;
}

/**
 * The rate times a factor during the first epochs.
 * https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ConstantLR.html
 * @example new ConstantLR(optimizer, { factor: 0.5, totalIters: 4 })
 */
export class ConstantLR extends LRScheduler<Required<Omit<ConstantLROptions, 'lastEpoch'>>> {
  constructor(optimizer: Optimizer, options: ConstantLROptions = {}) {
    checkOptions('ConstantLR', options, ['factor', 'totalIters', 'lastEpoch']);
    const { factor = 1 / 3, totalIters = 5, lastEpoch } = options;
    checkNumber('ConstantLR', 'factor', factor, { max: 1 });
    checkWhole('ConstantLR', 'totalIters', totalIters, 0);
    super(optimizer, { factor, totalIters }, lastEpoch);
  }

  protected override rates(): readonly number[] {
    const { factor, totalIters } = this.options;
    const rates = this.currentRates();
    if (this.lastEpoch === 0) return rates.map((lr) => lr * factor);
    return this.lastEpoch === totalIters ? rates.map((lr) => lr * (1 / factor)) : rates;
  }

  protected override closedForm(): readonly number[] {
    const { factor, totalIters } = this.options;
    return this.baseLrs.map((lr) => lr * (this.lastEpoch >= totalIters ? 1 : factor));
  }
}

export interface LinearLROptions {
  /** Above 0; default 1/3. */
  readonly startFactor?: number;
  /** Default 1. */
  readonly endFactor?: number;
  /** How many epochs it takes; default 5. */
  readonly totalIters?: number;
  readonly lastEpoch?: number;
}

/**
 * The rate times a factor that goes from `startFactor` to `endFactor` in a straight line: warm-up.
 * https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LinearLR.html
 * @example new LinearLR(optimizer, { startFactor: 0.01, totalIters: 500 })
 */
export class LinearLR extends LRScheduler<Required<Omit<LinearLROptions, 'lastEpoch'>>> {
  constructor(optimizer: Optimizer, options: LinearLROptions = {}) {
    checkOptions('LinearLR', options, ['startFactor', 'endFactor', 'totalIters', 'lastEpoch']);
    const { startFactor = 1 / 3, endFactor = 1, totalIters = 5, lastEpoch } = options;
    checkNumber('LinearLR', 'startFactor', startFactor, { max: 1 });
    if (startFactor === 0) {
      throw new OptionError('startFactor must be above 0: later factors are multiples of it', {
        op: 'LinearLR',
        option: 'startFactor',
        hint: 'Use a small one, such as 1e-3.',
      });
    }
    checkNumber('LinearLR', 'endFactor', endFactor, { max: 1 });
    checkWhole('LinearLR', 'totalIters', totalIters, 1);
    super(optimizer, { startFactor, endFactor, totalIters }, lastEpoch);
  }

  protected override rates(): readonly number[] {
    const { startFactor: start, endFactor: end, totalIters } = this.options;
    const rates = this.currentRates();
    if (this.lastEpoch === 0) return rates.map((lr) => lr * start);
    if (this.isInitial || this.lastEpoch > totalIters) return rates;
    const growth = 1 + (end - start) / (totalIters * start + (this.lastEpoch - 1) * (end - start));
    return rates.map((lr) => lr * growth);
  }

  protected override closedForm(): readonly number[] {
    const { startFactor: start, endFactor: end, totalIters } = this.options;
    const factor = start + ((end - start) * Math.min(totalIters, this.lastEpoch)) / totalIters;
    return this.baseLrs.map((lr) => lr * factor);
  }
}
