/** What a step changes, so that it can be undone. */
import { generatorState, restoreGenerator } from '../base/random.ts';
import type { AnyModule } from '../nn/module.ts';
import type { Optimizer } from '../optim/optimizer.ts';
import type { Value } from '../value/value.ts';

/**
 * Remembers gradients, buffers and the random position; gives what brings them back. Contents are shared, not copied. A
 * compiled step, which writes all or nothing, needs none of this.
 */
export function snapshot(model: AnyModule, optimizer: Optimizer): () => void {
  const leaves = new Set<Value>([...model.parameters(), ...optimizer.parameters]);
  const grads = [...leaves].map((leaf) => [leaf, leaf.grad] as const);
  const buffers = model.namedBuffers().map(([, buffer]) => [buffer, buffer.detach()] as const);
  const generator = generatorState();
  return () => {
    for (const [leaf, grad] of grads) leaf.grad = grad;
    for (const [buffer, before] of buffers) buffer.assign(before);
    restoreGenerator(generator);
  };
}

/** The same with parameters and the state of the optimizer: for steps that look at several points. */
export function fullSnapshot(model: AnyModule, optimizer: Optimizer): () => void {
  const restore = snapshot(model, optimizer);
  const parameters = optimizer.parameters.map((p) => [p, p.detach()] as const);
  const state = optimizer.stateDict();
  return () => {
    for (const [p, before] of parameters) p.assign(before);
    optimizer.loadStateDict(state);
    restore();
  };
}
