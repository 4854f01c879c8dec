/** Losses between numbers that do not follow the square: forgiving of outliers, of small errors, or lopsided. */
import { checkOptions } from '../base/errors.ts';
import { withScope } from '../value/recording.ts';
import type { Value } from '../value/value.ts';
import { asPrediction, fitTarget, fitTo, isNonNegative, isPositive, numberOption } from './arguments.ts';
import { regression, REGRESSION_OPTIONS, type RegressionOptions } from './regression.ts';
import { reduceLoss, type LossOptions } from './reduction.ts';

/**
 * ½d² up to |d| = delta, and straight on from there: c·(d − c/2), where c is d limited to ±delta. No branch and no |d|,
 * so that second derivatives are right at 0, too.
 */
function huber(d: Value, delta: number): Value {
  const c = d.clamp(-delta, delta);
  return c.mul(d.sub(c.mul(0.5)));
}

export interface HuberOptions extends RegressionOptions {
  /** Errors beyond it count linearly; default 1. */
  readonly delta?: number;
}

/**
 * Huber's loss: ½d² where |d| ≤ delta, else delta·(|d| − ½delta), of each error d = x − t. As in PyTorch the mean divides
 * by the number of elements also where there are weights.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.huber_loss.html
 * @throws ShapeError where shapes differ; OptionError unless delta > 0.
 * @example huberLoss(value([0, 3]), constant([0.5, 0]), { reduction: 'none' }) // [0.125, 2.5]
 */
export function huberLoss(prediction: Value, target: Value, options: HuberOptions = {}): Value {
  checkOptions('huberLoss', options, [...REGRESSION_OPTIONS, 'delta']);
  const delta = numberOption('huberLoss', 'delta', options.delta ?? 1, isPositive, 'a number > 0');
  return withScope('huberLoss', () => {
    const x = asPrediction('huberLoss', prediction);
    const losses = huber(x.sub(fitTarget('huberLoss', x, target)), delta);
    const { weight, reduction } = options;
    const weighted = weight === undefined ? losses : losses.mul(fitTo('huberLoss', 'weight', weight, losses));
    return reduceLoss('huberLoss', weighted, reduction);
  });
}

export interface SmoothL1Options extends LossOptions {
  /** Errors beyond it count linearly; 0 makes it `l1Loss`; default 1. */
  readonly beta?: number;
}

/**
 * Smooth L1: d²/(2·beta) where |d| < beta, else |d| − ½beta, of each error d = x − t; Huber's loss divided by beta.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.smooth_l1_loss.html
 * @throws ShapeError where shapes differ; OptionError unless beta ≥ 0.
 * @example smoothL1Loss(value([0, 3]), constant([0.5, 0]), { reduction: 'none' }) // [0.125, 2.5]
 */
export function smoothL1Loss(prediction: Value, target: Value, options: SmoothL1Options = {}): Value {
  checkOptions('smoothL1Loss', options, ['reduction', 'beta']);
  const beta = numberOption('smoothL1Loss', 'beta', options.beta ?? 1, isNonNegative, 'a number ≥ 0');
  return regression('smoothL1Loss', prediction, target, options, (x, t) =>
    beta === 0 ? x.sub(t).abs() : huber(x.sub(t), beta).div(beta),
  );
}

const LOG_2 = 0.6931471805599453;

/** log cosh d: for small d by sinh, which keeps their digits; else d + log(1 + e⁻²ᵈ) − log 2, which does not overflow. */
function logCosh(d: Value): Value {
  const small = d.abs().lt(1);
  const near = d.where(small, 0).mul(0.5).sinh().square().mul(2).log1p();
  const far = d.add(d.mul(-2).softplus({ threshold: Infinity })).sub(LOG_2);
  return near.where(small, far);
}

/**
 * The logarithm of the hyperbolic cosine of each error d = x − t: ½d² for small errors, |d| − log 2 for large ones, and
 * smooth throughout.
 * https://keras.io/api/losses/regression_losses/#logcosh-class
 * @throws ShapeError where shapes differ.
 * @example logCoshLoss(value([1]), constant([0])) // 0.4338
 */
export function logCoshLoss(prediction: Value, target: Value, options: RegressionOptions = {}): Value {
  checkOptions('logCoshLoss', options, REGRESSION_OPTIONS);
  return regression('logCoshLoss', prediction, target, options, (x, t) => logCosh(x.sub(t)));
}

export interface QuantileOptions extends RegressionOptions {
  /** In 0 … 1; default 0.5, the median, for which the loss is half of `l1Loss`. */
  readonly quantile?: number;
}

/**
 * The quantile (pinball) loss: q·(t − x) where the target lies above the prediction, (1 − q)·(x − t) where it lies
 * below. The prediction that minimises it is the q-quantile of the targets.
 * https://en.wikipedia.org/wiki/Quantile_regression
 * @throws ShapeError where shapes differ; OptionError unless 0 < quantile < 1.
 * @example quantileLoss(value([0, 2]), constant([1, 1]), { quantile: 0.9, reduction: 'none' }) // [0.9, 0.1]
 */
export function quantileLoss(prediction: Value, target: Value, options: QuantileOptions = {}): Value {
  checkOptions('quantileLoss', options, [...REGRESSION_OPTIONS, 'quantile']);
  const inside = (q: number): boolean => q > 0 && q < 1;
  const q = numberOption('quantileLoss', 'quantile', options.quantile ?? 0.5, inside, 'between 0 and 1');
  return regression('quantileLoss', prediction, target, options, (x, t) => {
    const missing = t.sub(x);
    return missing.mul(q).maximum(missing.mul(q - 1));
  });
}

export interface EpsilonInsensitiveOptions extends RegressionOptions {
  /** Errors up to it cost nothing; default 0.1. */
  readonly epsilon?: number;
}

/**
 * The ε-insensitive loss of support vector regression: max(|x − t| − epsilon, 0) of each element.
 * https://scikit-learn.org/stable/modules/svm.html#svr
 * @throws ShapeError where shapes differ; OptionError unless epsilon ≥ 0.
 * @example epsilonInsensitiveLoss(value([0, 3]), constant([0.05, 1]), { reduction: 'none' }) // [0, 1.9]
 */
export function epsilonInsensitiveLoss(
  prediction: Value,
  target: Value,
  options: EpsilonInsensitiveOptions = {},
): Value {
  checkOptions('epsilonInsensitiveLoss', options, [...REGRESSION_OPTIONS, 'epsilon']);
  const name = 'epsilonInsensitiveLoss';
  const epsilon = numberOption(name, 'epsilon', options.epsilon ?? 0.1, isNonNegative, 'a number ≥ 0');
  return regression(name, prediction, target, options, (x, t) => x.sub(t).abs().sub(epsilon).relu());
}
