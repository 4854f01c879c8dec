import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contest, firstCalls, type Entry, type Outcome } from '../../benchmarks/contest.ts';
import { small } from '../../benchmarks/works.ts';

const work = small(16);
const folder = mkdtempSync(join(tmpdir(), 'chainrule-contest-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const pretender = (manner: string): Entry => ({
  name: manner,
  work,
  starter: { command: process.execPath, args: [join(__dirname, 'pretender.mjs'), manner] },
});

const options = { rounds: 3, warmup: 5, round: 1, clock: 'time' } as const;

describe('a contest', () => {
  let outcomes: Outcome[];
  beforeAll(async () => {
    const entries = ['wrong', 'honest', 'unable', 'mortal'].map(pretender);
    const second: Entry = { ...pretender('honest'), name: 'honest too' };
    const nobody: Entry = { name: 'nobody', work, starter: { command: join(folder, 'nowhere'), args: [] } };
    outcomes = await contest([...entries, second, nobody], folder, options);
  }, 30_000);

  const of = (name: string): Outcome => outcomes.find((outcome) => outcome.name === name)!;

  test('times every round of those who can', () => {
    expect(of('honest').times).toHaveLength(3);
    expect(of('honest').times.every((t) => t > 0)).toBe(true);
    expect(of('honest')).not.toHaveProperty('cannot');
  });

  test('finds out whose numbers are not those of the most', () => {
    expect(of('honest')).not.toHaveProperty('differs');
    expect(of('honest too')).not.toHaveProperty('differs');
    expect(of('wrong').differs).toMatch(/^z differs by \d/);
  });

  test('goes on without those who cannot, and says why', () => {
    expect(of('unable')).toMatchObject({ times: [], cannot: 'no vectors here' });
    expect(of('mortal').cannot).toBe('ended within prepare');
    expect(of('nobody').cannot).toMatch(/ENOENT/);
  });
});

test('a first call is measured in a process of its own each time', async () => {
  const [outcome] = await firstCalls([pretender('honest')], folder, { rounds: 2, clock: 'processor' });
  expect(outcome!.times).toHaveLength(2);
}, 30_000);
