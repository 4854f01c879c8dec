/** Cross-entropy of logits, and likelihoods of log-probabilities, against classes or probabilities. */
import { isFloat } from '../base/dtypes.ts';
import { checkOptions, showShape } from '../base/errors.ts';
import { sameShape } from '../base/shapes.ts';
import { lift } from '../value/lift.ts';
import { withScope } from '../value/recording.ts';
import type { Value } from '../value/value.ts';
import { asPrediction, numberOption } from './arguments.ts';
import {
  alongClasses,
  checkClasses,
  choose,
  classAxis,
  requireClassAxis,
  requireClasses,
  shapeOfClasses,
} from './classes.ts';
import { reduceLoss, type LossOptions } from './reduction.ts';

export interface NllOptions extends LossOptions {
  /** One factor for each class. The mean divides by the sum of the factors of the elements that count. */
  readonly weight?: Value;
  /** Elements with this class do not count; default −100. Class targets only. */
  readonly ignoreIndex?: number;
}

export interface CrossEntropyOptions extends NllOptions {
  /** 0 … 1: how much of the target is spread evenly over all classes. */
  readonly labelSmoothing?: number;
}

const NLL_OPTIONS = ['reduction', 'weight', 'ignoreIndex'];

/** −log p of each element's class, and `smoothing` of the mean of −log p over all classes. */
function ofClasses(
  op: string,
  logProbabilities: Value,
  classes: Value,
  options: NllOptions,
  smoothing: number = 0,
): Value {
  const axis = classAxis(logProbabilities);
  const ignored = options.ignoreIndex ?? -100;
  checkClasses(op, classes, logProbabilities.shape[axis]!, ignored);
  const { counts, pick } = choose(logProbabilities, classes.to('int32'), ignored);
  const weights =
    options.weight === undefined
      ? undefined
      : alongClasses(op, 'weight', options.weight, logProbabilities).broadcastTo(logProbabilities.shape);
  const weightOf = weights === undefined ? undefined : pick(weights);
  const likelihoods = pick(logProbabilities);
  const main = (weightOf === undefined ? likelihoods : likelihoods.mul(weightOf)).neg().where(counts, 0);
  const losses = smoothing === 0 ? main : smoothed(main, logProbabilities, weights, counts, smoothing);
  if ((options.reduction ?? 'mean') !== 'mean') return reduceLoss(op, losses, options.reduction);
  const divisor = weightOf === undefined ? counts.to(losses.dtype) : weightOf.where(counts, 0);
  return losses.sum().div(divisor.sum());
}

function smoothed(
  main: Value,
  logProbabilities: Value,
  weights: Value | undefined,
  counts: Value,
  smoothing: number,
): Value {
  const axis = classAxis(logProbabilities);
  const terms = weights === undefined ? logProbabilities : logProbabilities.mul(weights);
  const spread = terms.sum(axis).neg().where(counts, 0);
  return main.mul(1 - smoothing).add(spread.mul(smoothing / logProbabilities.shape[axis]!));
}

function ofProbabilities(logits: Value, targets: Value, options: CrossEntropyOptions, smoothing: number): Value {
  const axis = classAxis(logits);
  const classes = logits.shape[axis]!;
  const probabilities = smoothing === 0 ? targets : targets.mul(1 - smoothing).add(smoothing / classes);
  const terms = logits.logSoftmax(axis).mul(probabilities);
  const weighted =
    options.weight === undefined ? terms : terms.mul(alongClasses('crossEntropy', 'weight', options.weight, logits));
  const losses = weighted.sum(axis).neg();
  if ((options.reduction ?? 'mean') !== 'mean') return reduceLoss('crossEntropy', losses, options.reduction);
  // PyTorch divides by the number of elements, whatever the weights.
  return losses.sum().div(losses.size);
}

/**
 * Cross-entropy of logits [N, C, …] (or [C]) against int32 classes [N, …], or against probabilities of the logits'
 * shape. Stable for logits of any size.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cross_entropy.html
 * @throws ShapeError where targets do not fit; DataError for a class out of range.
 * @example crossEntropy(value([[2, 0, 0]]), constant([0], { dtype: 'int32' })) // 0.2395
 */
export function crossEntropy(logits: Value, targets: Value, options: CrossEntropyOptions = {}): Value {
  checkOptions('crossEntropy', options, [...NLL_OPTIONS, 'labelSmoothing']);
  const inside = (x: number): boolean => x >= 0 && x <= 1;
  const given = options.labelSmoothing ?? 0;
  const smoothing = numberOption('crossEntropy', 'labelSmoothing', given, inside, 'in 0 … 1');
  return withScope('crossEntropy', () => {
    const x = asPrediction('crossEntropy', logits);
    requireClassAxis('crossEntropy', 'logits', x);
    const t = lift(targets, 'crossEntropy');
    if (isFloat(t.dtype) && sameShape(t.shape, x.shape)) return ofProbabilities(x, t.to(x.dtype), options, smoothing);
    const hint = `Give int32 classes of shape ${showShape(shapeOfClasses(x))}, or float probabilities of shape ${showShape(x.shape)}.`;
    requireClasses('crossEntropy', 'logits', x, t, hint);
    return ofClasses('crossEntropy', x.logSoftmax(classAxis(x)), t, options, smoothing);
  });
}

/**
 * Negative log-likelihood: −log p of the class of each element, from log-probabilities [N, C, …] (or [C]), such as
 * `logSoftmax` gives, and int32 classes [N, …]. `crossEntropy` does both at once.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.nll_loss.html
 * @throws ShapeError where targets do not fit; DataError for a class out of range.
 * @example nllLoss(value([[2, 0, 0]]).logSoftmax(1), constant([0], { dtype: 'int32' })) // 0.2395
 */
export function nllLoss(logProbabilities: Value, targets: Value, options: NllOptions = {}): Value {
  checkOptions('nllLoss', options, NLL_OPTIONS);
  return withScope('nllLoss', () => {
    const x = asPrediction('nllLoss', logProbabilities);
    requireClassAxis('nllLoss', 'log-probabilities', x);
    const t = lift(targets, 'nllLoss');
    requireClasses('nllLoss', 'log-probabilities', x, t);
    return ofClasses('nllLoss', x, t, options);
  });
}
