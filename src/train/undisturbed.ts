/** Trying something on a model, and leaving it as it was. */
import { generatorState, restoreGenerator } from '../base/random.ts';
import type { AnyModule } from '../nn/module.ts';
import type { Optimizer } from '../optim/optimizer.ts';
import type { Value } from '../value/value.ts';

/** Notes what a try may change: parameters, buffers, gradients, modes, the optimizer, the random numbers. Gives what undoes it. */
export function remember(model: AnyModule, optimizer?: Optimizer): () => void {
  const leaves = new Set<Value>([
    ...model.parameters(),
    ...model.namedBuffers().map(([, buffer]) => buffer),
    ...(optimizer?.parameters ?? []),
  ]);
  const contents = [...leaves].map((leaf) => [leaf, leaf.detach(), leaf.grad] as const);
  const modes = [...model.namedModules()].map(([, module]) => [module, module.training] as const);
  const [random, state] = [generatorState(), optimizer?.stateDict()];
  return () => {
    for (const [leaf, content, gradient] of contents) {
      leaf.assign(content);
      leaf.grad = gradient;
    }
    for (const [module, training] of modes) module.training = training;
    if (state !== undefined) optimizer!._rewind(state);
    restoreGenerator(random);
  };
}

/**
 * Runs f, and then makes everything as it was: parameters, buffers, gradients, modes, the optimizer and the random numbers,
 * to the bit, also after an error.
 */
export function undisturbed<T>(model: AnyModule, optimizer: Optimizer | undefined, f: () => T): T {
  const restore = remember(model, optimizer);
  try {
    return f();
  } finally {
    restore();
  }
}

/** The same for what takes its time. */
export async function undisturbedAsync<T>(
  model: AnyModule,
  optimizer: Optimizer | undefined,
  f: () => Promise<T>,
): Promise<T> {
  const restore = remember(model, optimizer);
  try {
    return await f();
  } finally {
    restore();
  }
}
