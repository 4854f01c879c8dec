/** What tests of saved models look at. */
import type { AnyModule } from 'chainrule/nn';

/** Every number of a model, by name and dtype. */
export const numbers = (model: AnyModule): unknown =>
  Object.entries(model.stateDict()).map(([name, x]) => [name, x.dtype, x.toArray()]);

/** What f throws. */
export function thrown(f: () => unknown): Error {
  try {
    f();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}
