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
const MARGIN = ['margin', ...OLD, 'reduction'];

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
  'nn.functional.kl_div': loss('klDiv', 2, [...OLD, 'reduction', 'log_target']),
  'nn.functional.poisson_nll_loss': loss('poissonNllLoss', 2, ['log_input', 'full', 'size_average', 'eps']),
  'nn.functional.gaussian_nll_loss': loss('gaussianNllLoss', 3, ['full', 'eps', 'reduction']),
  'nn.functional.soft_margin_loss': loss('softMarginLoss', 2, [...OLD, 'reduction']),
  'nn.functional.multi_margin_loss': loss('multiMarginLoss', 2, ['p', 'margin', 'weight', ...OLD, 'reduction']),
  'nn.functional.multilabel_margin_loss': loss('multilabelMarginLoss', 2, [...OLD, 'reduction']),
  'nn.functional.multilabel_soft_margin_loss': loss('multilabelSoftMarginLoss', 2, ['weight', ...OLD, 'reduction']),
  'nn.functional.hinge_embedding_loss': loss('hingeEmbeddingLoss', 2, MARGIN),
  'nn.functional.margin_ranking_loss': loss('marginRankingLoss', 3, MARGIN),
  'nn.functional.cosine_embedding_loss': loss('cosineEmbeddingLoss', 3, MARGIN),
  'nn.functional.triplet_margin_loss': loss('tripletMarginLoss', 3, [
    'margin',
    'p',
    'eps',
    'swap',
    ...OLD,
    'reduction',
  ]),
  'nn.functional.triplet_margin_with_distance_loss': loss('tripletMarginWithDistanceLoss', 3),
};
