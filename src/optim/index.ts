/** chainrule/optim: optimizers. */
import '../value/install.ts';

export { Adam, type AdamOptions } from './adam.ts';
export { Optimizer, type OptimizerState, type ParameterState } from './optimizer.ts';
export { SGD, type SGDOptions } from './sgd.ts';
