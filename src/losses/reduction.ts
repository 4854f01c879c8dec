/** What losses do with the losses of single elements. */
import { OptionError } from '../base/errors.ts';
import type { Value } from '../value/value.ts';

export type Reduction = 'mean' | 'sum' | 'none';

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
      throw new OptionError(`unknown reduction ${JSON.stringify(reduction)}`, {
        op,
        option: 'reduction',
        hint: "Use 'mean', 'sum' or 'none'.",
      });
  }
}
