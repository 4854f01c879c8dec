/** Every loss, as a function of its prediction: ordinary ones, and ones as large as an untrained model's. */
import { constant, value, type Value } from 'chainrule';
import * as losses from 'chainrule/losses';

export interface LossSample {
  readonly name: keyof typeof losses;
  /** The loss of a prediction against a fixed target. */
  readonly call: (prediction: Value, options?: object) => Value;
  readonly at: Value;
  /** Elements of ±1000. */
  readonly huge: Value;
}

const ints = (data: readonly (number | readonly number[])[]): Value => constant(data as number[][], { dtype: 'int32' });

const X = value([[0.3, -1.2, 0.7], [1.4, 0.6, -0.2]]); // prettier-ignore
const T = constant([[0.1, 0.4, -0.9], [2.1, -0.5, 0.3]]); // prettier-ignore
const HUGE = value([[1000, -1000, 0], [-1000, 1000, 1000]]); // prettier-ignore
const SIGNS = constant([[1, -1, 1], [1, 1, -1]]); // prettier-ignore
const BITS = constant([[1, 0, 1], [0, 1, 0]]); // prettier-ignore
const CLASSES = ints([2, 0]);

const numbers = (
  name: LossSample['name'],
  call: (x: Value, t: Value, options?: object) => Value,
  target: Value = T,
): LossSample => ({ name, call: (x, options) => call(x, target, options), at: X, huge: HUGE });

const withTarget = (sample: LossSample, call: (x: Value, options?: object) => Value): LossSample => ({
  ...sample,
  call,
});

const logProbabilities = (x: Value): Value => x.logSoftmax(1);

const [LABELS, PAIRS] = [ints([[2, -1, -1], [0, 1, -1]]), constant([1, -1])]; // prettier-ignore

export const samples: readonly LossSample[] = [
  numbers('mseLoss', losses.mseLoss),
  numbers('l1Loss', losses.l1Loss),
  numbers('maeLoss', losses.maeLoss),
  numbers('rmseLoss', losses.rmseLoss),
  { ...numbers('msleLoss', losses.msleLoss), at: value([[0.3, 1.2, 0.7], [1.4, 0.6, 9]]) }, // prettier-ignore
  numbers('huberLoss', (x, t, options) => losses.huberLoss(x, t, { delta: 0.5, ...options })),
  numbers('smoothL1Loss', (x, t, options) => losses.smoothL1Loss(x, t, { beta: 0.5, ...options })),
  numbers('logCoshLoss', losses.logCoshLoss),
  numbers('quantileLoss', (x, t, options) => losses.quantileLoss(x, t, { quantile: 0.9, ...options })),
  numbers('epsilonInsensitiveLoss', losses.epsilonInsensitiveLoss),
  {
    ...numbers('binaryCrossEntropy', losses.binaryCrossEntropy, BITS),
    at: value([[0.3, 0.2, 0.7], [0.4, 0.6, 0.9]]), // prettier-ignore
    // There are no probabilities of ±1000: these are what becomes of such logits.
    huge: value([[1, 0, 0.5], [0, 1, 1]]), // prettier-ignore
  },
  numbers('binaryCrossEntropyWithLogits', losses.binaryCrossEntropyWithLogits, BITS),
  numbers('crossEntropy', losses.crossEntropy, CLASSES),
  withTarget(numbers('crossEntropy', losses.crossEntropy), (x, options) =>
    losses.crossEntropy(x, T.softmax(1), { labelSmoothing: 0.1, weight: constant([1, 2, 3]), ...options }),
  ),
  withTarget(numbers('nllLoss', losses.nllLoss), (x, options) => losses.nllLoss(logProbabilities(x), CLASSES, options)),
  withTarget(numbers('klDiv', losses.klDiv), (x, options) => losses.klDiv(logProbabilities(x), T.softmax(1), options)),
  withTarget(numbers('klDiv', losses.klDiv), (x, options) =>
    losses.klDiv(logProbabilities(x), T.logSoftmax(1), { logTarget: true, ...options }),
  ),
  numbers('focalLoss', (x, t, options) => losses.focalLoss(x, t, { alpha: 0.25, ...options }), BITS),
  numbers('focalLoss', (x, t, options) => losses.focalLoss(x, t, { gamma: 0.5, ...options }), CLASSES),
  numbers('poissonNllLoss', (x, t, options) => losses.poissonNllLoss(x, t, { full: true, ...options }), T.abs()),
  numbers('gaussianNllLoss', (x, t, options) => losses.gaussianNllLoss(x, t, constant([0.5, 2]), options)),
  numbers('hingeLoss', losses.hingeLoss, SIGNS),
  numbers('squaredHingeLoss', losses.squaredHingeLoss, SIGNS),
  numbers('softMarginLoss', losses.softMarginLoss, SIGNS),
  numbers('multiMarginLoss', losses.multiMarginLoss, CLASSES),
  numbers('multiMarginLoss', (x, t, options) => losses.multiMarginLoss(x, t, { p: 2, ...options }), CLASSES),
  numbers('multilabelMarginLoss', losses.multilabelMarginLoss, LABELS),
  numbers('multilabelSoftMarginLoss', losses.multilabelSoftMarginLoss, BITS),
  numbers('marginRankingLoss', (x, t, options) => losses.marginRankingLoss(x, t, SIGNS, { margin: 0.5, ...options })),
  numbers('hingeEmbeddingLoss', losses.hingeEmbeddingLoss, SIGNS),
  numbers('cosineEmbeddingLoss', (x, t, options) => losses.cosineEmbeddingLoss(x, t, PAIRS, options)),
  numbers('contrastiveLoss', (x, t, options) =>
    losses.contrastiveLoss(x, t, constant([1, 0]), { margin: 5, ...options }),
  ),
  numbers('tripletMarginLoss', (x, t, options) => losses.tripletMarginLoss(x, t, T.neg(), { swap: true, ...options })),
  numbers('tripletMarginWithDistanceLoss', (x, t, options) =>
    losses.tripletMarginWithDistanceLoss(x, t, T.neg(), {
      distanceFunction: (a, b) => a.sub(b).abs().sum(-1),
      ...options,
    }),
  ),
  withTarget(numbers('ctcLoss', losses.ctcLoss as never), (x, options) =>
    losses.ctcLoss(x.reshape([2, 1, 3]).logSoftmax(2), ints([[2]]), [2], [1], options),
  ),
];
