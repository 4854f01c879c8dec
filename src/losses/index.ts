/** chainrule/losses: functions of (prediction, target, options). */
import '../value/install.ts';

export { crossEntropy, type CrossEntropyOptions } from './cross-entropy.ts';
export { type Reduction } from './reduction.ts';
export { mseLoss, type LossOptions } from './regression.ts';
