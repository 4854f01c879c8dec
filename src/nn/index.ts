/** chainrule/nn: layers and models. */
import '../value/install.ts';

export { type Activation, type ActivationName, type ActivationOption } from './activation.ts';
export { ModuleList, Sequential, type Link } from './containers.ts';
export { Linear, type LinearOptions } from './linear.ts';
export { MLP, type MLPOptions } from './mlp.ts';
export {
  Module,
  type AnyModule,
  type ForwardHook,
  type ForwardPreHook,
  type LoadedState,
  type LoadStateOptions,
  type StateDict,
} from './module.ts';
export * from './attention-layers.ts';
export * from './image-layers.ts';
export * from './plain-layers.ts';
export * from './recurrent-layers.ts';
