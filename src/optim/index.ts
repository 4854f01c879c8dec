/** chainrule/optim: optimizers. */
import '../value/install.ts';

export { Adam, type AdamOptions } from './adam.ts';
export { Optimizer, type OptimizerState } from './optimizer.ts';
export { Slots, type ParameterState } from './slots.ts';
export { SGD, type SGDOptions } from './sgd.ts';
