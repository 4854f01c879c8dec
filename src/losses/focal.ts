/** Focal loss: cross-entropy that cares little for what is right already. */
import { checkOptions, OptionError, ShapeError } from '../base/errors.ts';
import { sameShape } from '../base/shapes.ts';
import { lift } from '../value/lift.ts';
import { withScope } from '../value/recording.ts';
import { isValue, type Value } from '../value/value.ts';
import { asPrediction, isNonNegative, numberOption } from './arguments.ts';
import { checkBinaryTargets } from './binary.ts';
import { alongClasses, checkClasses, choose, classAxis, requireClassAxis, requireClasses } from './classes.ts';
import { reduceLoss, type LossOptions } from './reduction.ts';

export interface FocalOptions extends LossOptions {
  /** The larger, the less easy examples count; 0 makes it cross-entropy; default 2. */
  readonly gamma?: number;
  /**
   * Balances classes; by default all count the same. For yes-or-no targets a number in 0 … 1: the weight of positives,
   * and 1 − alpha that of negatives. For class targets a Value with one factor for each class.
   */
  readonly alpha?: number | Value;
  /** Elements with this class do not count; default −100. Class targets only. */
  readonly ignoreIndex?: number;
}

/** x·(1 − p)^γ from log(1 − p): no power of 0, whose derivative would be infinite. */
const modulated = (x: Value, logRest: Value, gamma: number): Value =>
  gamma === 0 ? x : x.mul(logRest.mul(gamma).exp());

/** Of independent decisions. */
function ofDecisions(x: Value, t: Value, gamma: number, alpha: FocalOptions['alpha']): Value {
  checkBinaryTargets('focalLoss', t);
  const [logYes, logNo] = [x.logSigmoid(), x.neg().logSigmoid()];
  const inside = (a: number): boolean => a >= 0 && a <= 1;
  if (isValue(alpha)) {
    throw new OptionError('alpha is one number for targets of the logits’ shape, got a Value', {
      op: 'focalLoss',
      option: 'alpha',
      hint: 'One factor for each class goes with int32 class targets.',
    });
  }
  const [a, b] =
    alpha === undefined ? [1, 1] : [numberOption('focalLoss', 'alpha', alpha, inside, 'in 0 … 1'), 1 - alpha];
  return modulated(logYes, logNo, gamma)
    .mul(t.mul(-a))
    .add(modulated(logNo, logYes, gamma).mul(t.sub(1).mul(b)));
}

/** Of one class among several. */
function ofClasses(logits: Value, classes: Value, gamma: number, options: FocalOptions): Value {
  const { alpha, ignoreIndex = -100, reduction } = options;
  requireClasses('focalLoss', 'logits', logits, classes);
  const axis = classAxis(logits);
  const count = logits.shape[axis]!;
  if (count < 2) {
    throw new ShapeError(`class targets need two classes or more, got ${count}`, {
      op: 'focalLoss',
      shapes: [logits.shape, classes.shape],
      hint: 'For yes-or-no decisions give targets of the logits’ shape.',
    });
  }
  checkClasses('focalLoss', classes, count, ignoreIndex);
  const index = classes.to('int32');
  const { counts, pick } = choose(logits, index, ignoreIndex);
  const logProbabilities = logits.logSoftmax(axis);
  const isOther = index.where(counts, 0).oneHot(count).eq(0).movedim(-1, axis);
  const logRest = logProbabilities.where(isOther, -Infinity).logSumExp(axis);
  const losses = modulated(pick(logProbabilities), logRest, gamma).neg();
  const weighted = alpha === undefined ? losses : losses.mul(weightOf(alpha, logits, pick));
  const counted = weighted.where(counts, 0);
  if ((reduction ?? 'mean') !== 'mean') return reduceLoss('focalLoss', counted, reduction);
  return counted.sum().div(counts.to(counted.dtype).sum());
}

function weightOf(alpha: number | Value, logits: Value, pick: (x: Value) => Value): Value {
  if (isValue(alpha)) return pick(alongClasses('focalLoss', 'alpha', alpha, logits).broadcastTo(logits.shape));
  throw new OptionError(`alpha is a Value with one factor for each class, got ${String(alpha)}`, {
    op: 'focalLoss',
    option: 'alpha',
  });
}

/**
 * Focal loss −(1 − p)^gamma·log p, p being the probability of what is true. Targets of the logits' shape are independent
 * yes-or-no decisions in 0 … 1, by sigmoid; int32 classes [N, …] go with logits [N, C, …] (or [C]), by softmax. Stable
 * for logits of any size. The mean is over the elements that count.
 * Lin et al., Focal Loss for Dense Object Detection, https://arxiv.org/abs/1708.02002 (gamma 2, alpha 0.25)
 * @throws ShapeError where targets do not fit; DataError for a label out of range.
 * @example focalLoss(value([2, -1]), constant([1, 0]), { gamma: 2 }) // 0.0122
 */
export function focalLoss(logits: Value, target: Value, options: FocalOptions = {}): Value {
  checkOptions('focalLoss', options, ['reduction', 'gamma', 'alpha', 'ignoreIndex']);
  const gamma = numberOption('focalLoss', 'gamma', options.gamma ?? 2, isNonNegative, 'a number ≥ 0');
  return withScope('focalLoss', () => {
    const x = asPrediction('focalLoss', logits);
    const t = lift(target, 'focalLoss');
    if (sameShape(t.shape, x.shape))
      return reduceLoss('focalLoss', ofDecisions(x, t.to(x.dtype), gamma, options.alpha), options.reduction);
    requireClassAxis('focalLoss', 'logits', x);
    return ofClasses(x, t, gamma, options);
  });
}
