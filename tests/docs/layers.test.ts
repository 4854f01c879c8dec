import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as nn from 'chainrule/nn';

test('docs/nn.md names every layer', () => {
  const page = readFileSync(join(__dirname, '../../docs/nn.md'), 'utf8');
  const isLayer = (x: unknown): boolean => typeof x === 'function' && x.prototype instanceof nn.Module;
  const layers = Object.entries(nn).flatMap(([name, x]) => (isLayer(x) ? [name] : []));
  expect(layers.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});
