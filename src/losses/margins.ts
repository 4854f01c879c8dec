/** Losses of scores that ask for a margin: what is right by a margin costs nothing, or little. */
import { checkOptions, OptionError, ShapeError, showShape } from '../base/errors.ts';
import { lift } from '../value/lift.ts';
import { withScope } from '../value/recording.ts';
import type { Value } from '../value/value.ts';
import { asPrediction, checkElements, fitTarget, isAnyNumber, numberOption } from './arguments.ts';
import { alongClasses, checkClasses } from './classes.ts';
import { reduceLoss, type LossOptions } from './reduction.ts';

// Two classes, −1 and 1 --------------------------------------------------------------------------------------------

export function checkSigns(op: string, target: Value): void {
  checkElements(op, target, (label) => label === 1 || label === -1, {
    what: 'target',
    is: 'is neither −1 nor 1',
    hint: 'Labels 0 and 1 become −1 and 1 by t.mul(2).sub(1).',
  });
}

export interface HingeOptions extends LossOptions {
  /** Default 1. */
  readonly margin?: number;
}

/** max(margin − t·x, 0). */
function shortfall(name: string, prediction: Value, target: Value, margin: number | undefined): Value {
  const x = asPrediction(name, prediction);
  const t = fitTarget(name, x, target);
  checkSigns(name, t);
  const needed = numberOption(name, 'margin', margin ?? 1, isAnyNumber, 'a number');
  return t.mul(x).neg().add(needed).relu();
}

/**
 * The hinge loss of linear support vector machines: max(margin − t·x, 0) of scores x and targets −1 and 1.
 * https://en.wikipedia.org/wiki/Hinge_loss
 * @throws ShapeError where shapes differ; DataError for a target that is neither −1 nor 1.
 * @example hingeLoss(value([0.5, 2]), constant([1, -1]), { reduction: 'none' }) // [0.5, 3]
 */
export function hingeLoss(scores: Value, target: Value, options: HingeOptions = {}): Value {
  checkOptions('hingeLoss', options, ['reduction', 'margin']);
  return withScope('hingeLoss', () =>
    reduceLoss('hingeLoss', shortfall('hingeLoss', scores, target, options.margin), options.reduction),
  );
}

/**
 * The squared hinge loss: max(margin − t·x, 0)² of scores x and targets −1 and 1. Unlike `hingeLoss` it has no kink.
 * https://en.wikipedia.org/wiki/Hinge_loss
 * @throws ShapeError where shapes differ; DataError for a target that is neither −1 nor 1.
 * @example squaredHingeLoss(value([0.5, 2]), constant([1, -1]), { reduction: 'none' }) // [0.25, 9]
 */
export function squaredHingeLoss(scores: Value, target: Value, options: HingeOptions = {}): Value {
  checkOptions('squaredHingeLoss', options, ['reduction', 'margin']);
  return withScope('squaredHingeLoss', () => {
    const losses = shortfall('squaredHingeLoss', scores, target, options.margin).square();
    return reduceLoss('squaredHingeLoss', losses, options.reduction);
  });
}

/**
 * The logistic loss log(1 + e^(−t·x)) of scores x and targets −1 and 1, a soft margin. Stable for scores of any size.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.soft_margin_loss.html
 * @throws ShapeError where shapes differ.
 * @example softMarginLoss(value([0.5, 2]), constant([1, -1])) // 1.3005
 */
export function softMarginLoss(scores: Value, target: Value, options: LossOptions = {}): Value {
  checkOptions('softMarginLoss', options, ['reduction']);
  return withScope('softMarginLoss', () => {
    const x = asPrediction('softMarginLoss', scores);
    const losses = fitTarget('softMarginLoss', x, target).mul(x).logSigmoid().neg();
    return reduceLoss('softMarginLoss', losses, options.reduction);
  });
}

// Several classes --------------------------------------------------------------------------------------------------

export interface MultiMarginOptions extends LossOptions {
  /** 1 (default) or 2: the power of what is missing. */
  readonly p?: 1 | 2;
  /** Default 1. */
  readonly margin?: number;
  /** One factor for each class, for the elements whose class it is. */
  readonly weight?: Value;
}

/** Scores as [N, C]: a vector is one row, a scalar a row of one class. */
export function asRows(name: string, scores: Value): Value {
  if (scores.rank === 2) return scores;
  if (scores.rank < 2) return scores.reshape([1, scores.size]);
  throw new ShapeError(`scores are [N, C] or [C], got ${showShape(scores.shape)}`, {
    op: name,
    shapes: [scores.shape],
  });
}

/**
 * The hinge loss of several classes: the mean over classes c of max(margin − x[t] + x[c], 0)ᵖ, where c ≠ t, of scores
 * [N, C] (or [C]) and int32 classes [N] (or []).
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.multi_margin_loss.html
 * @throws ShapeError where targets do not fit; DataError for a class out of range; OptionError unless p is 1 or 2.
 * @example multiMarginLoss(value([[0.1, 0.2, 0.4]]), constant([2], { dtype: 'int32' })) // 0.5
 */
export function multiMarginLoss(scores: Value, targets: Value, options: MultiMarginOptions = {}): Value {
  const name = 'multiMarginLoss';
  checkOptions(name, options, ['reduction', 'p', 'margin', 'weight']);
  const { p = 1, weight, reduction } = options;
  if (p !== 1 && p !== 2) throw new OptionError(`p must be 1 or 2, got ${String(p)}`, { op: name, option: 'p' });
  const margin = numberOption(name, 'margin', options.margin ?? 1, isAnyNumber, 'a number');
  return withScope(name, () => {
    const x = asRows(name, asPrediction(name, scores));
    const t = rowsOfClasses(name, x, lift(targets, name));
    const [rows, classes] = x.shape as [number, number];
    const index = t.reshape([rows, 1]);
    const missing = x.sub(x.gather(1, index)).add(margin).relu();
    const powers = (p === 2 ? missing.square() : missing).where(index.oneHot(classes).reshape(x.shape).eq(0), 0);
    const losses = powers.sum(1).div(classes);
    const weighted =
      weight === undefined
        ? losses
        : losses.mul(alongClasses(name, 'weight', weight, x).broadcastTo(x.shape).gather(1, index).squeeze(1));
    return reduceLoss(name, lift(scores, name).rank < 2 ? weighted.squeeze(0) : weighted, reduction);
  });
}

/** Classes [N] of scores [N, C]; a scalar for one row. */
function rowsOfClasses(name: string, scores: Value, targets: Value): Value {
  const [rows, classes] = scores.shape as [number, number];
  if (targets.dtype === 'float64' || targets.dtype === 'float32' || targets.size !== rows || targets.rank > 1) {
    throw new ShapeError(
      `scores ${showShape(scores.shape)} do not go with ${targets.dtype} targets ${showShape(targets.shape)}`,
      { op: name, shapes: [scores.shape, targets.shape], hint: `Give int32 classes of shape [${rows}].` },
    );
  }
  checkClasses(name, targets, classes);
  return targets.to('int32').reshape([rows]);
}
