/** Optimizers walk the way that PyTorch's walk, and schedules set the rates that PyTorch's set, to 1e-9. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compile } from 'chainrule';
import { distanceOfRates, ratesOfOne, type GoldRates, type GoldSchedule } from './rates.ts';
import { distanceFrom, optimizers, type GoldWalk } from './walks.ts';

const read = (path: string): unknown => JSON.parse(readFileSync(join(__dirname, path), 'utf8'));
const compiled = (step: () => void): (() => void) => compile(step);

/** Options on the way, so that a failure says which. */
const described = <T extends { readonly options: unknown }>(cases: readonly T[]): [string, T][] =>
  cases.map((each) => [JSON.stringify(each.options), each]);

const walks = read('data/walks.json') as readonly (GoldWalk & { readonly name: string })[];

/** What came with PyTorch's other numbers; there is none for LBFGS. */
function goldOf(name: string): readonly GoldWalk[] {
  if (name === 'LBFGS') return [];
  return (read(`../gold/data/optim/${name}.json`) as { readonly cases: readonly GoldWalk[] }).cases;
}

describe.each(Object.keys(optimizers))('%s', (name) => {
  const gold = goldOf(name);
  const own = walks.filter((walk) => walk.name === name);

  test.each(described([...gold, ...own]))('%s', (_, walk) => {
    expect(distanceFrom(walk, optimizers[name]!)).toBeLessThanOrEqual(1e-9);
  });

  test('the same, compiled', () => {
    for (const walk of gold) expect(distanceFrom(walk, optimizers[name]!, compiled)).toBeLessThanOrEqual(1e-9);
  });
});

const rates = read('data/rates.json') as readonly GoldRates[];
const schedules = [...new Set(rates.map(({ name }) => name))];

describe.each(schedules)('%s, of two parameter groups', (schedule) => {
  test.each(described(rates.filter(({ name }) => name === schedule)))('%s', (_, run) => {
    expect(distanceOfRates(run)).toBeLessThanOrEqual(1e-9);
  });
});

const goldSchedules = schedules.filter((name) => !/Lambda|Multiplic|Constant|Plateau|Sequential|Chained/.test(name));

describe.each(goldSchedules)('%s', (name) => {
  const { cases } = read(`../gold/data/scheduler/${name}.json`) as { readonly cases: readonly GoldSchedule[] };

  test.each(described(cases))('%s', (_, run) => {
    expect(distanceOfRates(ratesOfOne(name, run))).toBeLessThanOrEqual(1e-9);
  });
});
