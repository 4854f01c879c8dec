/** chainrule/nn: layers and models. */
import '../value/install.ts';

export { type Activation, type ActivationOption } from './activation.ts';
export { ModuleList, Sequential } from './containers.ts';
export { Linear, type LinearOptions } from './linear.ts';
export { MLP, type MLPOptions } from './mlp.ts';
export { Module, type StateDict } from './module.ts';
