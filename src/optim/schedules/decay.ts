/** Schedules that lower the rate at each epoch. */
import { checkOptions } from '../../base/errors.ts';
import type { Optimizer } from '../optimizer.ts';
import { checkFlag, checkNumber, checkWhole } from '../settings.ts';
import { power } from './numbers.ts';
import { LRScheduler } from './scheduler.ts';

export interface ExponentialLROptions {
  readonly gamma: number;
  readonly lastEpoch?: number;
}

/**
 * The rate times gamma after each epoch.
 * https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ExponentialLR.html
 * @example new ExponentialLR(optimizer, { gamma: 0.95 })
 */
export class ExponentialLR extends LRScheduler<{ readonly gamma: number }> {
  constructor(optimizer: Optimizer, options: ExponentialLROptions) {
    checkOptions('ExponentialLR', options, ['gamma', 'lastEpoch']);
    const { gamma, lastEpoch } = options ?? {};
    super(optimizer, { gamma: checkNumber('ExponentialLR', 'gamma', gamma) }, lastEpoch);
  }

  protected override rates(): readonly number[] {
    const rates = this.currentRates();
    return this.isInitial ? rates : rates.map((lr) => lr * this.options.gamma);
  }

  protected override closedForm(): readonly number[] {
    return this.baseLrs.map((lr) => lr * power(this.options.gamma, this.lastEpoch));
  }
}

export interface PolynomialLROptions {
  /** After so many epochs the rate is 0; default 5. */
  readonly totalIters?: number;
  /** Default 1: a straight line. */
  readonly power?: number;
  readonly lastEpoch?: number;
}

/**
 * lr·(1 − t/totalIters)^power.
 * https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.PolynomialLR.html
 * @example new PolynomialLR(optimizer, { totalIters: 100, power: 2 })
 */
export class PolynomialLR extends LRScheduler<{ readonly totalIters: number; readonly power: number }> {
  constructor(optimizer: Optimizer, options: PolynomialLROptions = {}) {
    checkOptions('PolynomialLR', options, ['totalIters', 'power', 'lastEpoch']);
    const { totalIters = 5, power: exponent = 1, lastEpoch } = options;
    checkWhole('PolynomialLR', 'totalIters', totalIters, 1);
    checkNumber('PolynomialLR', 'power', exponent);
    super(optimizer, { totalIters, power: exponent }, lastEpoch);
  }

  protected override rates(): readonly number[] {
    const { totalIters, power: exponent } = this.options;
    const rates = this.currentRates();
    if (this.isInitial || this.lastEpoch > totalIters) return rates;
    const share = (1 - this.lastEpoch / totalIters) / (1 - (this.lastEpoch - 1) / totalIters);
    const factor = power(share, exponent);
    return rates.map((lr) => lr * factor);
  }

  protected override closedForm(): readonly number[] {
    const { totalIters, power: exponent } = this.options;
    const factor = power(1 - Math.min(totalIters, this.lastEpoch) / totalIters, exponent);
    return this.baseLrs.map((lr) => lr * factor);
  }
}

export interface InverseTimeDecayOptions {
  /** k. */
  readonly decayRate: number;
  /** The unit of time, in epochs; default 1. */
  readonly decaySteps?: number;
  /** Count whole units only. */
  readonly staircase?: boolean;
  readonly lastEpoch?: number;
}

/**
 * lr / (1 + k·t): the schedule for which stochastic gradient descent provably converges (Robbins and Monro, 1951).
 * https://www.tensorflow.org/api_docs/python/tf/keras/optimizers/schedules/InverseTimeDecay
 * @example new InverseTimeDecay(optimizer, { decayRate: 0.5 })
 */
export class InverseTimeDecay extends LRScheduler<Required<Omit<InverseTimeDecayOptions, 'lastEpoch'>>> {
  constructor(optimizer: Optimizer, options: InverseTimeDecayOptions) {
    checkOptions('InverseTimeDecay', options, ['decayRate', 'decaySteps', 'staircase', 'lastEpoch']);
    const { decayRate, decaySteps = 1, staircase = false, lastEpoch } = options ?? {};
    checkNumber('InverseTimeDecay', 'decayRate', decayRate);
    checkWhole('InverseTimeDecay', 'decaySteps', decaySteps, 1);
    checkFlag('InverseTimeDecay', 'staircase', staircase);
    super(optimizer, { decayRate, decaySteps, staircase }, lastEpoch);
  }

  private divisorAt(epoch: number): number {
    const { decayRate, decaySteps, staircase } = this.options;
    const time = epoch / decaySteps;
    return 1 + decayRate * (staircase ? Math.floor(time) : time);
  }

  protected override rates(): readonly number[] {
    if (this.isInitial) return this.currentRates();
    const factor = this.divisorAt(this.lastEpoch - 1) / this.divisorAt(this.lastEpoch);
    return this.currentRates().map((lr) => lr * factor);
  }

  protected override closedForm(): readonly number[] {
    return this.baseLrs.map((lr) => lr / this.divisorAt(this.lastEpoch));
  }
}
