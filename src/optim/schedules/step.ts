/** Schedules that change the rate now and then. */
import { checkOptions, OptionError } from '../../base/errors.ts';
import type { Optimizer } from '../optimizer.ts';
import { checkNumber, checkWhole } from '../settings.ts';
import { power } from './numbers.ts';
import { LRScheduler } from './scheduler.ts';

export interface StepLROptions {
  /** How many epochs a rate lasts. */
  readonly stepSize: number;
  /** Default 0.1. */
  readonly gamma?: number;
  readonly lastEpoch?: number;
}

/**
 * The rate times gamma after every `stepSize` epochs.
 * https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.StepLR.html
 * @example new StepLR(optimizer, { stepSize: 30, gamma: 0.1 })
 */
export class StepLR extends LRScheduler<{ readonly stepSize: number; readonly gamma: number }> {
  constructor(optimizer: Optimizer, options: StepLROptions) {
    checkOptions('StepLR', options, ['stepSize', 'gamma', 'lastEpoch']);
    const { stepSize, gamma = 0.1, lastEpoch } = options ?? {};
    checkWhole('StepLR', 'stepSize', stepSize, 1);
    checkNumber('StepLR', 'gamma', gamma);
    super(optimizer, { stepSize, gamma }, lastEpoch);
  }

  protected override rates(): readonly number[] {
    const { stepSize, gamma } = this.options;
    const rates = this.currentRates();
    return this.lastEpoch === 0 || this.lastEpoch % stepSize !== 0 ? rates : rates.map((lr) => lr * gamma);
  }

  protected override closedForm(): readonly number[] {
    const { stepSize, gamma } = this.options;
    return this.baseLrs.map((lr) => lr * power(gamma, Math.floor(this.lastEpoch / stepSize)));
  }
}

export interface MultiStepLROptions {
  /** The epochs at which the rate changes. */
  readonly milestones: readonly number[];
  /** Default 0.1. */
  readonly gamma?: number;
  readonly lastEpoch?: number;
}

/**
 * The rate times gamma at each of some epochs.
 * https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiStepLR.html
 * @example new MultiStepLR(optimizer, { milestones: [30, 80], gamma: 0.1 })
 */
export class MultiStepLR extends LRScheduler<{ readonly milestones: readonly number[]; readonly gamma: number }> {
  constructor(optimizer: Optimizer, options: MultiStepLROptions) {
    checkOptions('MultiStepLR', options, ['milestones', 'gamma', 'lastEpoch']);
    const { milestones, gamma = 0.1, lastEpoch } = options ?? {};
    if (!Array.isArray(milestones)) {
      throw new OptionError(`milestones must be a list of epochs, got ${typeof milestones}`, {
        op: 'MultiStepLR',
        option: 'milestones',
      });
    }
    milestones.forEach((epoch, i) => checkWhole('MultiStepLR', `milestones[${i}]`, epoch, 0));
    checkNumber('MultiStepLR', 'gamma', gamma);
    super(optimizer, { milestones: [...(milestones as readonly number[])], gamma }, lastEpoch);
  }

  private factor(isReached: (milestone: number) => boolean): number {
    return power(this.options.gamma, this.options.milestones.filter(isReached).length);
  }

  protected override rates(): readonly number[] {
    const factor = this.factor((milestone) => milestone === this.lastEpoch);
    return this.currentRates().map((lr) => lr * factor);
  }

  protected override closedForm(): readonly number[] {
    const factor = this.factor((milestone) => milestone <= this.lastEpoch);
    return this.baseLrs.map((lr) => lr * factor);
  }
}
