/** chainrule/optim: optimizers and learning-rate schedules. */
import '../value/install.ts';

export { Adam, AdamW, type AdamOptions, type AdamSettings } from './adam.ts';
export {
  Group,
  type BaseSettings,
  type GroupState,
  type Hyperparameters,
  type ParameterGroup,
  type Settings,
} from './group.ts';
export { Optimizer, type GroupOptions, type Parameters } from './optimizer.ts';
export { flag, number, pair, type Bounds, type Rule, type Rules, type Setting } from './settings.ts';
export { SGD, type SGDOptions, type SGDSettings } from './sgd.ts';
export { Slots, type ParameterState } from './slots.ts';
export type { OptimizerState } from './state.ts';
