/** Layers of images and features agree with PyTorch's: outputs, gradients, running statistics. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compile } from 'chainrule';
import * as nn from 'chainrule/nn';
import { eagerly, type Runner } from '../gold/compare.ts';
import { runModuleCase, type ModuleFile } from '../gold/modules.ts';

const compiled: Runner = (f) => compile(f) as unknown as typeof f;

const dtype = 'float64';

/** PyTorch's positional arguments; the rest are options of ours. */
interface Sizes {
  readonly in_channels: number;
  readonly out_channels: number;
  readonly kernel_size: number;
  readonly num_features: number;
  readonly num_groups: number;
  readonly num_channels: number;
  readonly normalized_shape: number;
}

const build: Readonly<Record<string, (options: Sizes) => nn.Module>> = {
  Conv2d: ({ in_channels, out_channels, kernel_size, ...rest }) =>
    new nn.Conv2d(in_channels, out_channels, kernel_size, { ...rest, dtype }),
  ConvTranspose2d: ({ in_channels, out_channels, kernel_size, ...rest }) =>
    new nn.ConvTranspose2d(in_channels, out_channels, kernel_size, { ...rest, dtype }),
  BatchNorm1d: ({ num_features, ...rest }) => new nn.BatchNorm1d(num_features, { ...rest, dtype }),
  BatchNorm2d: ({ num_features, ...rest }) => new nn.BatchNorm2d(num_features, { ...rest, dtype }),
  GroupNorm: ({ num_groups, num_channels, ...rest }) => new nn.GroupNorm(num_groups, num_channels, { ...rest, dtype }),
  LayerNorm: ({ normalized_shape, ...rest }) => new nn.LayerNorm(normalized_shape, { ...rest, dtype }),
};

const fileOf = (name: string): ModuleFile =>
  JSON.parse(readFileSync(join(__dirname, '..', 'gold', 'data', 'module', `${name}.json`), 'utf8')) as ModuleFile;

describe.each(Object.keys(build))('%s', (name) => {
  test.each(fileOf(name).cases.map((gold, i) => [i, gold.mode, gold] as const))(
    'case %i, %s, op by op and compiled',
    (_, __, gold) => {
      for (const runner of [eagerly, compiled])
        expect(runModuleCase(build[name]!(gold.options as never), gold, 1e-9, runner)).toBeNull();
    },
  );
});
