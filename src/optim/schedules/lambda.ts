/** Schedules by a function of the epoch. */
import { checkOptions, OptionError } from '../../base/errors.ts';
import type { Optimizer } from '../optimizer.ts';
import { LRScheduler } from './scheduler.ts';

/** A factor by the number of epochs that are over. */
export type EpochFunction = (epoch: number) => number;

export interface LambdaLROptions {
  /** One for all groups, or one for each. */
  readonly lrLambda: EpochFunction | readonly EpochFunction[];
  readonly lastEpoch?: number;
}

type Lambdas = EpochFunction | readonly EpochFunction[] | LambdaLROptions;

const isOptions = (given: Lambdas): given is LambdaLROptions =>
  typeof given === 'object' && given !== null && !Array.isArray(given);

/** @throws OptionError unless there is a function for each group. */
function lambdasOf(op: string, optimizer: Optimizer, given: Lambdas): readonly EpochFunction[] {
  if (isOptions(given)) checkOptions(op, given, ['lrLambda', 'lastEpoch']);
  const lambdas = isOptions(given) ? given.lrLambda : given;
  const groups = optimizer?.paramGroups?.length ?? 1;
  const list = Array.isArray(lambdas) ? (lambdas as readonly EpochFunction[]) : Array<unknown>(groups).fill(lambdas);
  if (list.length !== groups) {
    throw new OptionError(`there are ${list.length} functions for ${groups} parameter groups`, {
      op,
      option: 'lrLambda',
    });
  }
  list.forEach((f: unknown) => {
    if (typeof f === 'function') return;
    throw new OptionError(`lrLambda must be a function of the epoch, got ${f === null ? 'null' : typeof f}`, {
      op,
      option: 'lrLambda',
      hint: `Write new ${op}(optimizer, (epoch) => 0.95).`,
    });
  });
  return list as readonly EpochFunction[];
}

const lastEpochOf = (given: Lambdas): number => (isOptions(given) ? (given.lastEpoch ?? -1) : -1);

/**
 * The initial rate times a function of the epoch.
 * https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LambdaLR.html
 * @example new LambdaLR(optimizer, (epoch) => 1 / (1 + epoch))
 */
export class LambdaLR extends LRScheduler<readonly EpochFunction[]> {
  constructor(optimizer: Optimizer, lrLambda: Lambdas) {
    super(optimizer, lambdasOf('LambdaLR', optimizer, lrLambda), lastEpochOf(lrLambda));
  }

  protected override rates(): readonly number[] {
    return this.baseLrs.map((lr, i) => lr * this.options[i]!(this.lastEpoch));
  }
}

/**
 * The rate of the epoch before times a function of the epoch, from epoch 1 on.
 * https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiplicativeLR.html
 * @example new MultiplicativeLR(optimizer, () => 0.95)
 */
export class MultiplicativeLR extends LRScheduler<readonly EpochFunction[]> {
  constructor(optimizer: Optimizer, lrLambda: Lambdas) {
    super(optimizer, lambdasOf('MultiplicativeLR', optimizer, lrLambda), lastEpochOf(lrLambda));
  }

  protected override rates(): readonly number[] {
    if (this.isInitial) return this.currentRates();
    return this.currentRates().map((lr, i) => lr * this.options[i]!(this.lastEpoch));
  }
}
