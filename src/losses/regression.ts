/** Losses between numbers. */
import { checkOptions, ShapeError, showShapes } from '../base/errors.ts';
import { sameShape } from '../base/shapes.ts';
import { withScope } from '../value/recording.ts';
import type { Value } from '../value/value.ts';
import { reduceLoss, type Reduction } from './reduction.ts';

export interface LossOptions {
  /** Default mean. */
  readonly reduction?: Reduction;
}

/** The target in the prediction's dtype. @throws ShapeError where shapes differ: broadcasting would hide a mistake. */
export function fitTarget(op: string, prediction: Value, target: Value): Value {
  if (!sameShape(prediction.shape, target.shape)) {
    throw new ShapeError(`prediction and target have shapes ${showShapes([prediction.shape, target.shape])}`, {
      op,
      shapes: [prediction.shape, target.shape],
      hint: 'They must be equal; reshape one of them.',
    });
  }
  return target.dtype === prediction.dtype ? target : target.to(prediction.dtype);
}

/**
 * Mean squared error. https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.mse_loss.html
 * @throws ShapeError where shapes differ.
 * @example mseLoss(value([1, 2]), constant([0, 2])) // 0.5
 */
export function mseLoss(prediction: Value, target: Value, options?: LossOptions): Value {
  checkOptions('mseLoss', options, ['reduction']);
  return withScope('mseLoss', () =>
    reduceLoss('mseLoss', prediction.sub(fitTarget('mseLoss', prediction, target)).square(), options?.reduction),
  );
}
