/** chainrule/losses: functions of (prediction, target, options). */
import '../value/install.ts';

export {
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  type BinaryCrossEntropyOptions,
  type BinaryCrossEntropyWithLogitsOptions,
} from './binary.ts';
export { crossEntropy, nllLoss, type CrossEntropyOptions, type NllOptions } from './cross-entropy.ts';
export { ctcLoss, type CtcOptions, type Lengths } from './ctc.ts';
export { klDiv, type KlDivOptions } from './divergence.ts';
export {
  contrastiveLoss,
  cosineEmbeddingLoss,
  hingeEmbeddingLoss,
  marginRankingLoss,
  tripletMarginLoss,
  tripletMarginWithDistanceLoss,
  type ContrastiveOptions,
  type MarginOptions,
  type TripletMarginOptions,
  type TripletMarginWithDistanceOptions,
} from './embeddings.ts';
export { focalLoss, type FocalOptions } from './focal.ts';
export { jacobianPenalty, type JacobianPenaltyOptions } from './jacobian-penalty.ts';
export { gaussianNllLoss, poissonNllLoss, type GaussianNllOptions, type PoissonNllOptions } from './likelihoods.ts';
export {
  hingeLoss,
  multiMarginLoss,
  softMarginLoss,
  squaredHingeLoss,
  type HingeOptions,
  type MultiMarginOptions,
} from './margins.ts';
export { multilabelMarginLoss, multilabelSoftMarginLoss, type MultilabelSoftMarginOptions } from './multilabel.ts';
export {
  activityPenalty,
  elasticNetPenalty,
  l1Penalty,
  l2Penalty,
  type ActivityOptions,
  type ElasticNetOptions,
  type Penalised,
} from './penalties.ts';
export { type LossOptions, type Reduction } from './reduction.ts';
export { l1Loss, l1Loss as maeLoss, mseLoss, msleLoss, rmseLoss, type RegressionOptions } from './regression.ts';
export {
  epsilonInsensitiveLoss,
  huberLoss,
  logCoshLoss,
  quantileLoss,
  smoothL1Loss,
  type EpsilonInsensitiveOptions,
  type HuberOptions,
  type QuantileOptions,
  type SmoothL1Options,
} from './regression-robust.ts';
