/** chainrule/losses: functions of (prediction, target, options). */
import '../value/install.ts';

export { crossEntropy, type CrossEntropyOptions } from './cross-entropy.ts';
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
