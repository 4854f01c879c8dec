/** Modules made once more. */
import { OptionError } from '../base/errors.ts';
import { isFloat } from '../base/dtypes.ts';
import type { ParameterDType } from './arguments.ts';
import { Module, type AnyModule } from './module.ts';

/**
 * A module of the same class and configuration, with parameters and buffers of its own that start with the same numbers.
 * @throws OptionError for something that is no module.
 */
export function copyOf<M>(by: string, option: string, given: M): M {
  if (!(given instanceof Module)) {
    throw new OptionError(`${option} is no Module but ${typeof given}`, { op: by, option, hint: 'Use new …().' });
  }
  const module: AnyModule = given;
  const Class = module.constructor as new (...config: readonly unknown[]) => AnyModule;
  const copy = new Class(...module.configuration);
  const saved = module.stateDict();
  const float = Object.values(saved).find(({ dtype }) => isFloat(dtype));
  if (float !== undefined) copy.to(float.dtype as ParameterDType);
  copy.loadStateDict(saved);
  copy.train(module.training);
  const own = new Map(copy.namedParameters());
  for (const [name, { requiresGrad }] of module.namedParameters()) own.get(name)!.requiresGrad = requiresGrad;
  return copy as M;
}
