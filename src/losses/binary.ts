/** Cross-entropy of yes-or-no decisions, from probabilities or from logits. */
import { checkOptions } from '../base/errors.ts';
import { customGradient } from '../transform/custom.ts';
import { withScope } from '../value/recording.ts';
import type { Value } from '../value/value.ts';
import { asPrediction, checkElements, fitTarget, fitTo } from './arguments.ts';
import { reduceLoss, type LossOptions } from './reduction.ts';

export interface BinaryCrossEntropyOptions extends LossOptions {
  /** A factor for each element, of a shape that broadcasts to the prediction's. */
  readonly weight?: Value;
}

const isShare = (x: number): boolean => x >= 0 && x <= 1;

export const checkBinaryTargets = (op: string, target: Value): void =>
  checkElements(op, target, isShare, {
    what: 'target',
    is: 'is no probability of 0 … 1',
    hint: 'Binary targets are 0 (no) and 1 (yes), or probabilities between them.',
  });

/** log x, at least −100: a probability of 0 is no infinite loss. */
const limitedLog = (x: Value): Value => x.log().clamp(-100, null);
const limitedLogRest = (x: Value): Value => x.neg().log1p().clamp(-100, null);
const oneMinus = (x: Value): Value => x.neg().add(1);

/** PyTorch divides by no less than this (a float32), which keeps the gradient at probabilities of 0 and 1 finite. */
const LEAST_VARIANCE = Math.fround(1e-12);
const limitedVariance = (x: Value): Value => x.mul(oneMinus(x)).clamp(LEAST_VARIANCE, null);

/** ∂/∂x of the terms below, times g. As in PyTorch its own derivative keeps finite by 1e-12 added to x and to 1 − x. */
const slope: (g: Value, x: Value, t: Value) => Value = customGradient(
  (g: Value, x: Value, t: Value): Value => g.mul(x.sub(t)).div(limitedVariance(x)),
  (h: Value, _: Value, g: Value, x: Value, t: Value) => [
    h.mul(x.sub(t)).div(limitedVariance(x)),
    h
      .mul(g)
      .mul(x.square().sub(x.mul(t).mul(2)).add(t))
      .div(x.add(1e-12).mul(oneMinus(x).add(1e-12)).square()),
    h.mul(g).neg().div(limitedVariance(x)),
  ],
);

/** −t·log x − (1 − t)·log(1 − x), with PyTorch's limits and its gradient at the edges. */
export const binaryEntropyTerms: (x: Value, t: Value) => Value = customGradient(
  (x: Value, t: Value): Value =>
    t
      .sub(1)
      .mul(limitedLogRest(x))
      .sub(t.mul(limitedLog(x))),
  (g: Value, _: Value, x: Value, t: Value) => [slope(g, x, t), g.mul(limitedLogRest(x).sub(limitedLog(x)))],
);

function weightedBy(op: string, losses: Value, weight: Value | undefined): Value {
  return weight === undefined ? losses : losses.mul(fitTo(op, 'weight', weight, losses));
}

/**
 * Cross-entropy of probabilities in 0 … 1 against targets in 0 … 1: −t·log x − (1 − t)·log(1 − x). Logarithms are
 * limited to −100. What comes out of a last layer without sigmoid is better given to `binaryCrossEntropyWithLogits`.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy.html
 * @throws ShapeError where shapes differ; DataError for a number outside 0 … 1.
 * @example binaryCrossEntropy(value([0.9, 0.2]), constant([1, 0])) // 0.1643
 */
export function binaryCrossEntropy(prediction: Value, target: Value, options: BinaryCrossEntropyOptions = {}): Value {
  const name = 'binaryCrossEntropy';
  checkOptions(name, options, ['reduction', 'weight']);
  return withScope(name, () => {
    const x = asPrediction(name, prediction);
    const t = fitTarget(name, x, target);
    checkElements(name, x, (p) => !(p < 0 || p > 1), {
      what: 'prediction',
      is: 'is no probability of 0 … 1',
      hint: 'Apply sigmoid first, or give the logits to binaryCrossEntropyWithLogits.',
    });
    checkBinaryTargets(name, t);
    return reduceLoss(name, weightedBy(name, binaryEntropyTerms(x, t), options.weight), options.reduction);
  });
}

export interface BinaryCrossEntropyWithLogitsOptions extends BinaryCrossEntropyOptions {
  /** How often a positive target counts, of a shape that broadcasts to the logits' (mostly one for each class). */
  readonly posWeight?: Value;
}

/**
 * Cross-entropy of sigmoid(x) against targets in 0 … 1, from the logits x: stable for logits of any size.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy_with_logits.html
 * @throws ShapeError where shapes differ; DataError for a target outside 0 … 1.
 * @example binaryCrossEntropyWithLogits(value([2, -1]), constant([1, 0])) // 0.2201
 */
export function binaryCrossEntropyWithLogits(
  logits: Value,
  target: Value,
  options: BinaryCrossEntropyWithLogitsOptions = {},
): Value {
  const name = 'binaryCrossEntropyWithLogits';
  checkOptions(name, options, ['reduction', 'weight', 'posWeight']);
  return withScope(name, () => {
    const x = asPrediction(name, logits);
    const t = fitTarget(name, x, target);
    checkBinaryTargets(name, t);
    const { posWeight } = options;
    const yes = x.logSigmoid();
    const counted =
      posWeight === undefined ? yes : yes.mul(fitTo(name, 'posWeight', posWeight, x).sub(1).mul(t).add(1));
    return reduceLoss(name, weightedBy(name, oneMinus(t).mul(x).sub(counted), options.weight), options.reduction);
  });
}
