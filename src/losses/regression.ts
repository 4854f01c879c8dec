/** Losses between numbers: squares and magnitudes of errors, and of their logarithms. */
import { checkOptions } from '../base/errors.ts';
import { withScope } from '../value/recording.ts';
import type { Value } from '../value/value.ts';
import { asPrediction, fitTarget, fitTo } from './arguments.ts';
import { reduceLoss, reduceWeighted, type LossOptions } from './reduction.ts';

export interface RegressionOptions extends LossOptions {
  /** A factor for each element, of a shape that broadcasts to the prediction's; the mean divides by their sum. */
  readonly weight?: Value;
}

export const REGRESSION_OPTIONS: readonly string[] = ['reduction', 'weight'];

/** The losses of single elements, weighted and reduced, under a scope of the loss's name. */
export function regression(
  op: string,
  prediction: Value,
  target: Value,
  options: RegressionOptions,
  terms: (prediction: Value, target: Value) => Value,
): Value {
  return withScope(op, () => {
    const x = asPrediction(op, prediction);
    const losses = terms(x, fitTarget(op, x, target));
    if (options.weight === undefined) return reduceLoss(op, losses, options.reduction);
    return reduceWeighted(op, losses, fitTo(op, 'weight', options.weight, losses), options.reduction);
  });
}

const squaredError = (x: Value, t: Value): Value => x.sub(t).square();

/**
 * Mean squared error (MSE): (x − t)² of each element.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.mse_loss.html
 * @throws ShapeError where shapes differ.
 * @example mseLoss(value([1, 2]), constant([0, 2])) // 0.5
 */
export function mseLoss(prediction: Value, target: Value, options: RegressionOptions = {}): Value {
  checkOptions('mseLoss', options, REGRESSION_OPTIONS);
  return regression('mseLoss', prediction, target, options, squaredError);
}

/**
 * Mean absolute error (MAE): |x − t| of each element.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.l1_loss.html
 * @throws ShapeError where shapes differ.
 * @example l1Loss(value([1, 2]), constant([0, 2])) // 0.5
 */
export function l1Loss(prediction: Value, target: Value, options: RegressionOptions = {}): Value {
  checkOptions('l1Loss', options, REGRESSION_OPTIONS);
  return regression('l1Loss', prediction, target, options, (x, t) => x.sub(t).abs());
}

/** √x for x ≥ 0, with derivative 0 at 0: a perfect fit has the smallest error there is. */
function root(x: Value): Value {
  const some = x.ne(0);
  return x.where(some, 1).sqrt().where(some, 0);
}

/**
 * Root mean squared error (RMSE), in the unit of the target: the square root of `mseLoss` with the same options. Its
 * gradient at a perfect fit is 0.
 * https://en.wikipedia.org/wiki/Root_mean_square_deviation
 * @throws ShapeError where shapes differ.
 * @example rmseLoss(value([1, 2]), constant([0, 2])) // 0.7071
 */
export function rmseLoss(prediction: Value, target: Value, options: RegressionOptions = {}): Value {
  checkOptions('rmseLoss', options, REGRESSION_OPTIONS);
  return withScope('rmseLoss', () => root(regression('mseLoss', prediction, target, options, squaredError)));
}

/** So near to −1 logarithms of 1 + x end. */
const LEAST = -1 + 1e-7;

/**
 * Mean squared logarithmic error (MSLE): (log(1 + x) − log(1 + t))² of each element, which counts ratios rather than
 * differences. For counts, prices and the like; elements at or below −1 have no logarithm and count as −0.9999999.
 * https://lightning.ai/docs/torchmetrics/stable/regression/mean_squared_log_error.html
 * @throws ShapeError where shapes differ.
 * @example msleLoss(value([9]), constant([99])) // (log 10 − log 100)² = 5.3019
 */
export function msleLoss(prediction: Value, target: Value, options: RegressionOptions = {}): Value {
  checkOptions('msleLoss', options, REGRESSION_OPTIONS);
  const logarithm = (x: Value): Value => x.clamp(LEAST, null).log1p();
  return regression('msleLoss', prediction, target, options, (x, t) => squaredError(logarithm(x), logarithm(t)));
}
