/* eslint-disable @typescript-eslint/no-unsafe-return -- see call.ts */
/** Normalisation by statistics. */
import type { Adapter } from '../compare.ts';
import { adapt, fn, named, optionsOf, withOptions, type Kwargs } from './call.ts';

const channels = (name: string, signature: readonly string[]): Adapter =>
  adapt(([x, ...rest], kwargs: Kwargs) => fn(name)(x, optionsOf(named(rest, signature, kwargs))));

const RUNNING = ['running_mean', 'running_var', 'weight', 'bias'];

export const normalisation: Readonly<Record<string, Adapter>> = {
  'nn.functional.batch_norm': channels('batchNorm', [...RUNNING, 'training', 'momentum', 'eps']),
  'nn.functional.instance_norm': channels('instanceNorm', [...RUNNING, 'use_input_stats', 'momentum', 'eps']),
  'nn.functional.layer_norm': withOptions(
    'layerNorm',
    ['normalized_shape', 'weight', 'bias', 'eps'],
    ['normalized_shape'],
  ),
  'nn.functional.rms_norm': withOptions('rmsNorm', ['normalized_shape', 'weight', 'eps'], ['normalized_shape']),
  'nn.functional.group_norm': withOptions('groupNorm', ['num_groups', 'weight', 'bias', 'eps'], ['num_groups']),
  'nn.functional.local_response_norm': withOptions('localResponseNorm', ['size', 'alpha', 'beta', 'k'], ['size']),
};
