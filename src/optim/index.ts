/** chainrule/optim: optimizers and learning-rate schedules. */
import '../value/install.ts';

export { GradientAccumulation, type GradientAccumulationOptions } from './accumulation.ts';
export { Adadelta, type AdadeltaOptions, type AdadeltaSettings } from './adadelta.ts';
export { Adagrad, type AdagradOptions, type AdagradSettings } from './adagrad.ts';
export { Adam, AdamW, type AdamOptions, type AdamSettings } from './adam.ts';
export { Adamax, type AdamaxOptions, type AdamaxSettings } from './adamax.ts';
export { clipGradNorm, clipGradValue, gradNorm, type NormOptions } from './clip.ts';
export {
  Group,
  type BaseSettings,
  type GroupState,
  type Hyperparameters,
  type ParameterGroup,
  type Settings,
} from './group.ts';
export { LBFGS, type LBFGSOptions, type LBFGSSettings, type LineSearchName } from './lbfgs.ts';
export { Lion, type LionOptions, type LionSettings } from './lion.ts';
export {
  ExponentialMovingAverage,
  type ExponentialMovingAverageOptions,
  type MovingAverageState,
} from './moving-average.ts';
export { NAdam, type NAdamOptions, type NAdamSettings } from './nadam.ts';
export { Optimizer, type GroupOptions, type Parameters } from './optimizer.ts';
export { RAdam, type RAdamOptions, type RAdamSettings } from './radam.ts';
// Under its name in PyTorch, and in the literature.
export { RMSprop, RMSprop as RMSProp, type RMSpropOptions, type RMSpropSettings } from './rmsprop.ts';
export { Rprop, type RpropOptions, type RpropSettings } from './rprop.ts';
export { flag, number, pair, type Bounds, type Rule, type Rules, type Setting } from './settings.ts';
export { SGD, type SGDOptions, type SGDSettings } from './sgd.ts';
export { Slots, type ParameterState } from './slots.ts';
export type { OptimizerState } from './state.ts';
export * from './schedules/index.ts';
