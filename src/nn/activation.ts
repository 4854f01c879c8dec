/** Activations by name, for layers that take one as an option. */
import { OptionError } from '../base/errors.ts';
import type { Value } from '../value/value.ts';

export type Activation = (x: Value) => Value;

/** What an `activation` option takes: a name, or any function of a Value. */
export type ActivationOption =
  'relu' | 'tanh' | 'sigmoid' | 'gelu' | 'silu' | 'elu' | 'softplus' | 'identity' | Activation;

const NAMED: Readonly<Record<string, Activation>> = {
  relu: (x) => x.relu(),
  tanh: (x) => x.tanh(),
  sigmoid: (x) => x.sigmoid(),
  gelu: (x) => x.gelu(),
  silu: (x) => x.silu(),
  elu: (x) => x.elu(),
  softplus: (x) => x.softplus(),
  identity: (x) => x,
};

/** @throws OptionError listing the names. */
export function activationOf(layer: string, option: ActivationOption): Activation {
  if (typeof option === 'function') return option;
  if (Object.hasOwn(NAMED, option)) return NAMED[option]!;
  throw new OptionError(`unknown activation ${JSON.stringify(option)}`, {
    op: layer,
    option: 'activation',
    hint: `Use ${Object.keys(NAMED).join(', ')}, or a function.`,
  });
}
