/** What losses do with the losses of single elements. */
import { OptionError } from '../base/errors.ts';
import type { Value } from '../value/value.ts';

export type Reduction = 'mean' | 'sum' | 'none';

export interface LossOptions {
  /** Default mean. */
  readonly reduction?: Reduction;
}

/** @throws OptionError for anything but the known reductions. */
export function unknownReduction(op: string, reduction: unknown, known: readonly string[]): never {
  const names = known.map((name) => `'${name}'`);
  throw new OptionError(`unknown reduction ${JSON.stringify(reduction)}`, {
    op,
    option: 'reduction',
    hint: `Use ${names.slice(0, -1).join(', ')} or ${names.at(-1)}.`,
  });
}

/** @throws OptionError for anything but mean, sum and none. */
export function reduceLoss(op: string, losses: Value, reduction: Reduction = 'mean'): Value {
  switch (reduction) {
    case 'mean':
      return losses.mean();
    case 'sum':
      return losses.sum();
    case 'none':
      return losses;
    default:
      return unknownReduction(op, reduction, ['mean', 'sum', 'none']);
  }
}

/** The same with a weight for each element; the mean divides by the sum of the weights. */
export function reduceWeighted(op: string, losses: Value, weight: Value, reduction: Reduction = 'mean'): Value {
  const weighted = losses.mul(weight);
  return reduction === 'mean' ? weighted.sum().div(weight.sum()) : reduceLoss(op, weighted, reduction);
}
