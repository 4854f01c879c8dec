/** Negative log-likelihoods of counts (Poisson) and of numbers with a spread of their own (Gauss). */
import { checkOptions } from '../base/errors.ts';
import { sameShape } from '../base/shapes.ts';
import { customGradient } from '../transform/custom.ts';
import { withScope } from '../value/recording.ts';
import type { Value } from '../value/value.ts';
import { asPrediction, castLike, checkElements, fitTarget, fitTo, isPositive, numberOption } from './arguments.ts';
import { reduceLoss, type LossOptions } from './reduction.ts';

// Poisson ----------------------------------------------------------------------------------------------------------

export interface PoissonNllOptions extends LossOptions {
  /** Whether the prediction is the logarithm of the rate; default true. */
  readonly logInput?: boolean;
  /** Adds Stirling's approximation of log t! for t > 1, which does not depend on the prediction; default false. */
  readonly full?: boolean;
  /** Added to rates before their logarithm is taken; default 1e-8. */
  readonly eps?: number;
}

const TWO_PI = 6.283185307179586;

/** log t! ≈ t·log t − t + ½·log(2πt) for t > 1, else 0. */
function stirling(t: Value): Value {
  const large = t.gt(1);
  const n = t.where(large, 2);
  return n.mul(n.log()).sub(n).add(n.mul(TWO_PI).log().mul(0.5)).where(large, 0);
}

/**
 * Negative log-likelihood of counts t under Poisson's distribution: eˣ − t·x for the logarithm x of the rate, or
 * x − t·log(x + eps) for the rate itself (`logInput: false`).
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.poisson_nll_loss.html
 * @throws ShapeError where shapes differ; DataError for a rate below 0; OptionError unless eps > 0.
 * @example poissonNllLoss(value([0]), constant([2])) // 1
 */
export function poissonNllLoss(prediction: Value, target: Value, options: PoissonNllOptions = {}): Value {
  const name = 'poissonNllLoss';
  checkOptions(name, options, ['reduction', 'logInput', 'full', 'eps']);
  const { logInput = true, full = false, reduction } = options;
  const eps = numberOption(name, 'eps', options.eps ?? 1e-8, isPositive, 'a number > 0');
  return withScope(name, () => {
    const x = asPrediction(name, prediction);
    const t = fitTarget(name, x, target);
    if (!logInput) {
      checkElements(name, x, (rate) => !(rate < 0), {
        what: 'prediction',
        is: 'is no rate',
        hint: 'Rates are ≥ 0; for a prediction of their logarithm set { logInput: true }.',
      });
    }
    const losses = logInput ? x.exp().sub(t.mul(x)) : x.sub(t.mul(x.add(eps).log()));
    return reduceLoss(name, full ? losses.add(stirling(t)) : losses, reduction);
  });
}

// Gauss ------------------------------------------------------------------------------------------------------------

export interface GaussianNllOptions extends LossOptions {
  /** Adds ½·log 2π, which does not depend on the prediction; default false. */
  readonly full?: boolean;
  /** Smaller variances count as this; default 1e-6. */
  readonly eps?: number;
}

const HALF_LOG_TWO_PI = 0.9189385332046727;

/** The variance at each element: of the prediction's shape, without its last axis, or of a shape that broadcasts. */
function fitVariance(name: string, variance: Value | number, x: Value): Value {
  const given = castLike(name, variance as Value, x);
  checkElements(name, given, (v) => !(v < 0), {
    what: 'variance',
    is: 'is negative',
    hint: 'Let the model give its logarithm, and take exp; or use softplus.',
  });
  const perRow = given.rank > 0 && sameShape(given.shape, x.shape.slice(0, -1));
  return fitTo(name, 'variance', perRow ? given.unsqueeze(-1) : given, x);
}

/** max(v, eps), whose gradient passes also below eps: a variance that is too small must be able to grow. */
const atLeast = (v: Value, eps: number): Value =>
  customGradient(
    (x: Value): Value => x.clamp(eps, null),
    (g: Value) => [g],
  )(v);

/**
 * Negative log-likelihood of numbers t under normal distributions with mean x and a variance each:
 * ½·(log v + (x − t)²/v).
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.gaussian_nll_loss.html
 * @param variance a number, or of the prediction's shape, of that without the last axis, or of one that broadcasts to it
 * @throws ShapeError where shapes do not fit; DataError for a negative variance; OptionError unless eps > 0.
 * @example gaussianNllLoss(value([1, 2]), constant([0, 2]), value([1, 4])) // 0.5966
 */
export function gaussianNllLoss(
  prediction: Value,
  target: Value,
  variance: Value | number,
  options: GaussianNllOptions = {},
): Value {
  const name = 'gaussianNllLoss';
  checkOptions(name, options, ['reduction', 'full', 'eps']);
  const eps = numberOption(name, 'eps', options.eps ?? 1e-6, isPositive, 'a number > 0');
  return withScope(name, () => {
    const x = asPrediction(name, prediction);
    const t = fitTo(name, 'target', target, x);
    const v = atLeast(fitVariance(name, variance, x), eps);
    const losses = v.log().add(x.sub(t).square().div(v)).mul(0.5);
    return reduceLoss(name, options.full === true ? losses.add(HALF_LOG_TWO_PI) : losses, options.reduction);
  });
}
