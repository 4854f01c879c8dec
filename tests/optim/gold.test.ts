/** Optimizers walk the way that PyTorch's walk: every step of the gold trajectories, to 1e-9, eagerly and compiled. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compile } from 'chainrule';
import { distanceFrom, optimizers, type GoldWalk } from './walks.ts';

describe.each(Object.keys(optimizers))('%s agrees with PyTorch', (name) => {
  const file = JSON.parse(readFileSync(join(__dirname, '../gold/data/optim', `${name}.json`), 'utf8')) as {
    cases: GoldWalk[];
  };

  test.each(file.cases.map((walk) => [JSON.stringify(walk.options), walk] as const))('with %s', (_, walk) => {
    expect(distanceFrom(walk, optimizers[name]!)).toBeLessThanOrEqual(1e-9);
    expect(distanceFrom(walk, optimizers[name]!, (step) => compile(step) as () => void)).toBeLessThanOrEqual(1e-9);
  });
});
