/** Half waves of a cosine. */
import { checkOptions } from '../../base/errors.ts';
import type { Optimizer } from '../optimizer.ts';
import { checkNumber, checkWhole } from '../settings.ts';
import { cosineWave } from './numbers.ts';
import { LRScheduler } from './scheduler.ts';

export interface CosineAnnealingLROptions {
  /** How many epochs the rate falls: PyTorch's T_max. */
  readonly TMax: number;
  /** Where it falls to; default 0. */
  readonly etaMin?: number;
  readonly lastEpoch?: number;
}

/** @internal The option under the name that camel case would give it, too. */
export function renamed<O extends object>(options: O, names: Readonly<Record<string, string>>): O {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) return options;
  return Object.fromEntries(Object.entries(options).map(([name, x]) => [names[name] ?? name, x as unknown])) as O;
}

/**
 * The rate falls along half a cosine wave, from its start to etaMin in TMax epochs; then it rises again. Loshchilov and
 * Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017.
 * https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingLR.html
 * @example new CosineAnnealingLR(optimizer, { TMax: epochs })
 */
export class CosineAnnealingLR extends LRScheduler<{ readonly TMax: number; readonly etaMin: number }> {
  constructor(optimizer: Optimizer, options: CosineAnnealingLROptions) {
    const given = renamed(options, { tMax: 'TMax' });
    checkOptions('CosineAnnealingLR', given, ['TMax', 'etaMin', 'lastEpoch']);
    const { TMax, etaMin = 0, lastEpoch } = given ?? {};
    checkWhole('CosineAnnealingLR', 'TMax', TMax, 1);
    checkNumber('CosineAnnealingLR', 'etaMin', etaMin);
    super(optimizer, { TMax, etaMin }, lastEpoch);
  }

  protected override rates(): readonly number[] {
    const { TMax, etaMin } = this.options;
    const [rates, epoch] = [this.currentRates(), this.lastEpoch];
    if (this.isInitial) return rates;
    if ((epoch - 1 - TMax) % (2 * TMax) === 0) {
      // The rate before was etaMin: nothing to multiply.
      const rise = (2 - cosineWave(1 / TMax)) / 2;
      return rates.map((lr, i) => lr + (this.baseLrs[i]! - etaMin) * rise);
    }
    const factor = cosineWave(epoch / TMax) / cosineWave((epoch - 1) / TMax);
    return rates.map((lr) => factor * (lr - etaMin) + etaMin);
  }

  protected override closedForm(): readonly number[] {
    const { TMax, etaMin } = this.options;
    const height = cosineWave(this.lastEpoch / TMax) / 2;
    return this.baseLrs.map((lr) => etaMin + (lr - etaMin) * height);
  }
}
