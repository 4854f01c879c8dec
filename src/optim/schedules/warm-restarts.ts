/** Falling along a cosine, again and again. */
import { checkOptions } from '../../base/errors.ts';
import type { Optimizer } from '../optimizer.ts';
import { checkNumber, checkWhole } from '../settings.ts';
import { renamed } from './cosine.ts';
import { cosineWave } from './numbers.ts';
import { LRScheduler } from './scheduler.ts';

export interface CosineAnnealingWarmRestartsOptions {
  /** How many epochs the first run lasts: PyTorch's T_0. */
  readonly T0: number;
  /** How many times longer each run is than the one before: PyTorch's T_mult; default 1. */
  readonly TMult?: number;
  /** Where rates fall to; default 0. */
  readonly etaMin?: number;
  readonly lastEpoch?: number;
}

type Settled = Required<Omit<CosineAnnealingWarmRestartsOptions, 'lastEpoch'>>;

/**
 * The rate falls along half a cosine wave, jumps back, and falls again. `step(epoch + batch / batches)` sets it within
 * epochs. Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017.
 * https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingWarmRestarts.html
 * @example new CosineAnnealingWarmRestarts(optimizer, { T0: 10, TMult: 2 })
 */
export class CosineAnnealingWarmRestarts extends LRScheduler<Settled> {
  constructor(optimizer: Optimizer, options: CosineAnnealingWarmRestartsOptions) {
    const op = 'CosineAnnealingWarmRestarts';
    const given = renamed(options, { t0: 'T0', tMult: 'TMult' });
    checkOptions(op, given, ['T0', 'TMult', 'etaMin', 'lastEpoch']);
    const { T0, TMult = 1, etaMin = 0, lastEpoch } = given ?? {};
    checkWhole(op, 'T0', T0, 1);
    checkWhole(op, 'TMult', TMult, 1);
    checkNumber(op, 'etaMin', etaMin);
    super(optimizer, { T0, TMult, etaMin }, lastEpoch);
  }

  protected override checkEpoch(epoch: number): number {
    return checkNumber(this.constructor.name, 'epoch', epoch);
  }

  /** The share of the present run that is over. */
  private share(): number {
    const { T0, TMult } = this.options;
    if (TMult === 1) return (this.position % T0) / T0;
    let [since, length] = [this.position, T0];
    while (since >= length) [since, length] = [since - length, length * TMult];
    return since / length;
  }

  protected override rates(): readonly number[] {
    const height = cosineWave(this.share()) / 2;
    return this.baseLrs.map((lr) => this.options.etaMin + (lr - this.options.etaMin) * height);
  }
}
