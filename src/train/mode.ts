/** Training and evaluation mode for a while. */
import type { AnyModule } from '../nn/module.ts';

/** Puts the model in a mode; gives what brings every module back to the mode that it had. */
export function inMode(model: AnyModule, training: boolean): () => void {
  const before = [...model.namedModules()].map(([, module]) => [module, module.training] as const);
  model.train(training);
  return () => {
    for (const [module, mode] of before) module.training = mode;
  };
}

/** Float64 if the model computes in it. */
export const dtypeOf = (model: AnyModule): 'float32' | 'float64' =>
  model.parameters().some(({ dtype }) => dtype === 'float64') ? 'float64' : 'float32';
