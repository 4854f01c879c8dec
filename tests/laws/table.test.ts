import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ops } from './table.ts';

const folder = resolve(__dirname, '..');
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
  (path) => path.endsWith('.test.ts') && !path.startsWith('laws'),
);
const tests = files.map((path) => readFileSync(resolve(folder, path), 'utf8')).join('\n');

test('every op has samples that the laws are run on', () => {
  expect(ops.filter(({ record }) => record.samples.length === 0).map(({ record }) => record.name)).toEqual([]);
});

test('names are not taken twice', () => {
  const names = ops.map(({ record }) => record.name);
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
});

// Laws cannot say which function an op is: 2·exp(x) keeps them all. Numbers from outside do.
test('every op is held against PyTorch, or against numbers in a test of its own', () => {
  const isTested = (name: string): boolean => new RegExp(`(^|[^\\w])${name}\\(`).test(tests);
  const unknown = ops.filter(({ record }) => record.gold.length === 0 && !isTested(record.name));
  expect(unknown.map(({ record }) => record.name)).toEqual([]);
});
