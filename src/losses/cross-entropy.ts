/** Cross-entropy of logits against classes or probabilities. */
import { isFloat } from '../base/dtypes.ts';
import { checkOptions, DataError, OptionError, ShapeError, showShapes } from '../base/errors.ts';
import { sameShape } from '../base/shapes.ts';
import { withScope } from '../value/recording.ts';
import { arrayOf, isTraced, type Value } from '../value/value.ts';
import { reduceLoss, type Reduction } from './reduction.ts';

export interface CrossEntropyOptions {
  /** Default mean: over the classes' weights of the elements that count. */
  readonly reduction?: Reduction;
  /** One factor for each class. */
  readonly weight?: Value;
  /** Elements with this class do not count; default −100. Class targets only. */
  readonly ignoreIndex?: number;
  /** 0 … 1: how much of the target is spread evenly over all classes. */
  readonly labelSmoothing?: number;
}

const OPTIONS = ['reduction', 'weight', 'ignoreIndex', 'labelSmoothing'];

/** The class axis: the second, or the only one. */
const classAxis = (logits: Value): number => (logits.rank === 1 ? 0 : 1);

/** @throws DataError naming the first class out of range; traced targets are checked when they are gathered. */
function checkClasses(targets: Value, classes: number, ignored: number): void {
  if (isTraced(targets)) return;
  const data = targets.rank === 0 ? targets.data : arrayOf(targets);
  const at = data.findIndex((label) => (label < 0 || label >= classes) && label !== ignored);
  if (at < 0) return;
  throw new DataError(`target ${data[at]} at position ${at} is no class of 0 … ${classes - 1}`, {
    op: 'crossEntropy',
    hint: 'Labels count from 0; is the last layer as wide as there are classes?',
  });
}

/** Weights along the class axis, shaped to broadcast against the logits. */
function alongClasses(weight: Value, logits: Value): Value {
  const axis = classAxis(logits);
  if (weight.rank !== 1 || weight.shape[0] !== logits.shape[axis]) {
    throw new ShapeError(`weight has shape ${showShapes([weight.shape])}, the logits ${logits.shape[axis]} classes`, {
      op: 'crossEntropy',
      option: 'weight',
    });
  }
  return weight.to(logits.dtype).reshape(logits.shape.map((n, i) => (i === axis ? n : 1)));
}

function ofProbabilities(logits: Value, targets: Value, options: CrossEntropyOptions): Value {
  const axis = classAxis(logits);
  const classes = logits.shape[axis]!;
  const smoothing = options.labelSmoothing ?? 0;
  const probabilities = smoothing === 0 ? targets : targets.mul(1 - smoothing).add(smoothing / classes);
  const terms = logits.logSoftmax(axis).mul(probabilities);
  const weighted = options.weight === undefined ? terms : terms.mul(alongClasses(options.weight, logits));
  const losses = weighted.sum(axis).neg();
  if ((options.reduction ?? 'mean') !== 'mean') return reduceLoss('crossEntropy', losses, options.reduction);
  // PyTorch divides by the number of elements, whatever the weights.
  return losses.sum().div(losses.size);
}

function ofClasses(logits: Value, targets: Value, options: CrossEntropyOptions): Value {
  const axis = classAxis(logits);
  const classes = logits.shape[axis]!;
  const ignored = options.ignoreIndex ?? -100;
  const smoothing = options.labelSmoothing ?? 0;
  checkClasses(targets, classes, ignored);
  const counts = targets.ne(ignored);
  const safe = targets.where(counts, 0);
  const index = safe.unsqueeze(axis);
  const logProbabilities = logits.logSoftmax(axis);
  const pick = (x: Value): Value => x.gather(axis, index).squeeze(axis);
  const classWeight =
    options.weight === undefined ? undefined : alongClasses(options.weight, logits).broadcastTo(logits.shape);
  const weightOf = classWeight === undefined ? undefined : pick(classWeight);
  const main = weightOf === undefined ? pick(logProbabilities).neg() : pick(logProbabilities).mul(weightOf).neg();
  const losses = main.where(counts, 0);
  const spread = smoothing === 0 ? undefined : smoothed(logProbabilities, classWeight, axis).where(counts, 0);
  const total = spread === undefined ? losses : losses.mul(1 - smoothing).add(spread.mul(smoothing / classes));
  if ((options.reduction ?? 'mean') !== 'mean') return reduceLoss('crossEntropy', total, options.reduction);
  const divisor = weightOf === undefined ? counts.to(logits.dtype) : weightOf.where(counts, 0);
  return total.sum().div(divisor.sum());
}

const smoothed = (logProbabilities: Value, classWeight: Value | undefined, axis: number): Value =>
  (classWeight === undefined ? logProbabilities : logProbabilities.mul(classWeight)).sum(axis).neg();

/**
 * Cross-entropy of logits [N, C, …] (or [C]) against int32 classes [N, …], or against probabilities of the logits'
 * shape. Stable for logits of any size.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cross_entropy.html
 * @throws ShapeError where targets do not fit; DataError for a class out of range.
 * @example crossEntropy(value([[2, 0, 0]]), constant([0], { dtype: 'int32' }))
 */
export function crossEntropy(logits: Value, targets: Value, options: CrossEntropyOptions = {}): Value {
  checkOptions('crossEntropy', options, OPTIONS);
  const smoothing = options.labelSmoothing ?? 0;
  if (!(smoothing >= 0 && smoothing <= 1)) {
    throw new OptionError(`labelSmoothing lies in 0 … 1, got ${String(smoothing)}`, {
      op: 'crossEntropy',
      option: 'labelSmoothing',
    });
  }
  if (logits.rank === 0)
    throw new ShapeError('logits need a class axis, got a scalar', { op: 'crossEntropy', shapes: [logits.shape] });
  const probabilities = isFloat(targets.dtype) && sameShape(targets.shape, logits.shape);
  const expected = logits.shape.filter((_, i) => i !== classAxis(logits));
  if (!probabilities && (isFloat(targets.dtype) || !sameShape(targets.shape, expected))) {
    throw new ShapeError(
      `logits ${showShapes([logits.shape])} do not go with ${targets.dtype} targets ${showShapes([targets.shape])}`,
      {
        op: 'crossEntropy',
        shapes: [logits.shape, targets.shape],
        hint: `Give int32 classes of shape ${showShapes([expected])}, or float probabilities of shape ${showShapes([logits.shape])}.`,
      },
    );
  }
  return withScope('crossEntropy', () =>
    probabilities
      ? ofProbabilities(logits, targets.to(logits.dtype), options)
      : ofClasses(logits, targets.to('int32'), options),
  );
}
