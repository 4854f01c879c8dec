/** Plain layers agree with PyTorch's: outputs and gradients, op by op and compiled. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compile } from 'chainrule';
import * as nn from 'chainrule/nn';
import { eagerly, runCase, type Runner } from '../gold/compare.ts';
import { embeddings } from '../gold/adapters/embeddings.ts';
import type { GoldFile } from '../gold/format.ts';
import { runModuleCase, type ModuleFile } from '../gold/modules.ts';

const compiled: Runner = (f) => compile(f) as unknown as typeof f;

const dtype = 'float64';
const build: Readonly<Record<string, (options: Record<string, number>) => nn.Module>> = {
  PReLU: (options) => new nn.PReLU({ numParameters: options['num_parameters'] ?? 1, dtype }),
  Bilinear: (options) =>
    new nn.Bilinear(options['in1_features']!, options['in2_features']!, options['out_features']!, {
      bias: (options['bias'] as unknown as boolean | undefined) ?? true,
      dtype,
    }),
};

const read = (folder: string, name: string): unknown =>
  JSON.parse(readFileSync(join(__dirname, '..', 'gold', 'data', folder, `${name}.json`), 'utf8'));

describe.each(Object.keys(build))('%s', (name) => {
  test.each((read('module', name) as ModuleFile).cases.map((gold, i) => [i, gold] as const))('case %i', (_, gold) => {
    for (const runner of [eagerly, compiled]) {
      const model = build[name]!(gold.options as Record<string, number>);
      expect(runModuleCase(model, gold, 1e-9, runner)).toBeNull();
    }
  });
});

describe.each(Object.keys(embeddings))('%s', (name) => {
  test.each((read('op', name) as GoldFile).cases.map((gold, i) => [i, gold] as const))('case %i', (_, gold) => {
    for (const runner of [eagerly, compiled]) expect(runCase(embeddings[name]!, gold, 1e-9, runner)).toBeNull();
  });
});
