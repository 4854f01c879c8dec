/* eslint-disable @typescript-eslint/no-unsafe-return -- see call.ts */
/** Losses. */
import * as chainrule from 'chainrule/losses';
import type { Adapter } from '../compare.ts';
import { adapt, named, optionsOf, type Kwargs, type Loose } from './call.ts';

/** `f(…operands, options)`: what PyTorch gives beyond the operands becomes options, in the order of its signature. */
const loss = (name: keyof typeof chainrule, operands: number, signature: readonly string[] = []): Adapter =>
  adapt((args, kwargs: Kwargs) => {
    const f = chainrule[name] as (...args: Loose[]) => Loose;
    return f(...args.slice(0, operands), optionsOf(named(args.slice(operands), signature, kwargs)));
  });

/** What every loss of PyTorch takes between its own options. */
const OLD = ['size_average', 'reduce'];

const CROSS_ENTROPY = ['weight', 'size_average', 'ignore_index', 'reduce', 'reduction', 'label_smoothing'];

export const losses: Readonly<Record<string, Adapter>> = {
  'nn.functional.cross_entropy': loss('crossEntropy', 2, CROSS_ENTROPY),
  'nn.functional.nll_loss': loss('nllLoss', 2, CROSS_ENTROPY),
  'nn.functional.binary_cross_entropy': loss('binaryCrossEntropy', 2, ['weight', ...OLD, 'reduction']),
  'nn.functional.binary_cross_entropy_with_logits': loss('binaryCrossEntropyWithLogits', 2, [
    'weight',
    ...OLD,
    'reduction',
    'pos_weight',
  ]),
  'nn.functional.mse_loss': loss('mseLoss', 2, [...OLD, 'reduction', 'weight']),
  'nn.functional.l1_loss': loss('l1Loss', 2, [...OLD, 'reduction', 'weight']),
  'nn.functional.huber_loss': loss('huberLoss', 2, ['reduction', 'delta', 'weight']),
  'nn.functional.smooth_l1_loss': loss('smoothL1Loss', 2, [...OLD, 'reduction', 'beta']),
};
