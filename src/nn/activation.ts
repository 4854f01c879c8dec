/** Activations by name, for layers that take one as an option. */
import { OptionError } from '../base/errors.ts';
import type { Value } from '../value/value.ts';

export type Activation = (x: Value) => Value;

/** Methods of Value that need no argument. */
const NAMES = [
  'relu',
  'relu6',
  'leakyRelu',
  'elu',
  'celu',
  'selu',
  'gelu',
  'silu',
  'mish',
  'softplus',
  'softsign',
  'tanh',
  'tanhshrink',
  'sigmoid',
  'logSigmoid',
  'hardtanh',
  'hardsigmoid',
  'hardswish',
  'hardshrink',
  'softshrink',
  'step',
  'softmax',
  'logSoftmax',
  'identity',
] as const;

export type ActivationName = (typeof NAMES)[number];

/** What an `activation` option takes: the name of an op with its defaults, or any function of a Value. */
export type ActivationOption = ActivationName | Activation;

const isName = (option: unknown): option is ActivationName => (NAMES as readonly unknown[]).includes(option);

/** @throws OptionError listing the names. */
export function activationOf(layer: string, given: ActivationOption, option: string = 'activation'): Activation {
  if (typeof given === 'function') return given;
  if (isName(given)) return (x) => (x[given] as (this: Value) => Value).call(x);
  throw new OptionError(`unknown activation ${JSON.stringify(given)}`, {
    op: layer,
    option,
    hint: `Use ${NAMES.join(', ')}, or a function.`,
  });
}
