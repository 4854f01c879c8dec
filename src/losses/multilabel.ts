/** Losses where several classes may be true at once. */
import { checkOptions, ShapeError, showShape } from '../base/errors.ts';
import { isFloat } from '../base/dtypes.ts';
import { sameShape } from '../base/shapes.ts';
import { lift } from '../value/lift.ts';
import { withScope } from '../value/recording.ts';
import type { Value } from '../value/value.ts';
import { asPrediction, checkElements, fitTarget, fitTo } from './arguments.ts';
import { asRows } from './margins.ts';
import { reduceLoss, type LossOptions } from './reduction.ts';

/** Rows of classes, −1 behind the last. */
function checkLists(name: string, scores: Value, targets: Value): void {
  if (isFloat(targets.dtype) || !sameShape(scores.shape, targets.shape)) {
    throw new ShapeError(
      `scores ${showShape(scores.shape)} do not go with ${targets.dtype} targets ${showShape(targets.shape)}`,
      {
        op: name,
        shapes: [scores.shape, targets.shape],
        hint: 'Give an int32 list of classes for each row, filled up with −1 to the scores’ shape.',
      },
    );
  }
  const classes = scores.shape.at(-1) ?? 1;
  checkElements(name, targets, (label) => label >= -1 && label < classes, {
    what: 'target',
    is: `is no class of 0 … ${classes - 1}, nor −1 (the end of a list)`,
    hint: 'Lists of classes are filled up with −1.',
  });
}

/**
 * A hinge loss for several true classes: of scores [N, C] (or [C]) the sum over true classes t and others c of
 * max(1 − x[t] + x[c], 0), divided by C. Targets list the true classes of each row as int32, −1 behind the last.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.multilabel_margin_loss.html
 * @throws ShapeError where shapes differ; DataError for a class out of range.
 * @example multilabelMarginLoss(value([[0.1, 0.2, 0.4]]), constant([[2, -1, -1]], { dtype: 'int32' })) // 0.5
 */
export function multilabelMarginLoss(scores: Value, targets: Value, options: LossOptions = {}): Value {
  const name = 'multilabelMarginLoss';
  checkOptions(name, options, ['reduction']);
  return withScope(name, () => {
    const given = asPrediction(name, scores);
    const lists = lift(targets, name);
    checkLists(name, given, lists);
    const x = asRows(name, given);
    const t = lists.to('int32').reshape(x.shape);
    const classes = x.shape[1]!;
    const listed = t.lt(0).to('int32').cumsum(1).eq(0);
    const index = t.where(listed, 0);
    const isTrue = index.oneHot(classes).mul(listed.to('int32').unsqueeze(2)).sum(1).ne(0);
    // For each entry of a list, [N, C, 1], against each class, [N, 1, C].
    const missing = x.unsqueeze(1).sub(x.gather(1, index).unsqueeze(2)).add(1).relu();
    const counts = listed.unsqueeze(2).logicalAnd(isTrue.logicalNot().unsqueeze(1));
    const losses = missing.where(counts, 0).sum([1, 2]).div(classes);
    return reduceLoss(name, given.rank < 2 ? losses.squeeze(0) : losses, options.reduction);
  });
}

export interface MultilabelSoftMarginOptions extends LossOptions {
  /** A factor for each class, or of another shape that broadcasts to the scores'. */
  readonly weight?: Value;
}

/**
 * Binary cross-entropy of independent classes, averaged over the last axis: of scores [..., C] against targets 0 and 1 of
 * the same shape. Stable for scores of any size.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.multilabel_soft_margin_loss.html
 * @throws ShapeError where shapes differ, and for scalars.
 * @example multilabelSoftMarginLoss(value([[2, -1]]), constant([[1, 0]])) // 0.2201
 */
export function multilabelSoftMarginLoss(
  scores: Value,
  target: Value,
  options: MultilabelSoftMarginOptions = {},
): Value {
  const name = 'multilabelSoftMarginLoss';
  checkOptions(name, options, ['reduction', 'weight']);
  return withScope(name, () => {
    const x = asPrediction(name, scores);
    const t = fitTarget(name, x, target);
    if (x.rank === 0) throw new ShapeError('scores need a class axis, got a scalar', { op: name, shapes: [x.shape] });
    const yes = t.mul(x.logSigmoid());
    const terms = yes.add(t.neg().add(1).mul(x.neg().logSigmoid())).neg();
    const weighted = options.weight === undefined ? terms : terms.mul(fitTo(name, 'weight', options.weight, terms));
    return reduceLoss(name, weighted.mean(-1), options.reduction);
  });
}
