/** Losses. */
import { crossEntropy, mseLoss } from 'chainrule/losses';
import type { Adapter } from '../compare.ts';
import { adapt, optionsOf, type Kwargs } from './call.ts';

export const losses: Readonly<Record<string, Adapter>> = {
  'nn.functional.cross_entropy': adapt(([x, y], kwargs: Kwargs) => crossEntropy(x, y, optionsOf(kwargs))),
  'nn.functional.mse_loss': adapt(([x, y], kwargs: Kwargs) => mseLoss(x, y, optionsOf(kwargs))),
};
