/** What compiled functions hold is given back, in loops that never yield, too. */
import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

jest.setTimeout(600_000);

const MEGABYTE = 2 ** 20;

interface Measure {
  readonly before: number;
  readonly most: number;
}

/** Does the work in a process of its own; by how many megabytes that one grew after it had warmed up. */
async function growth(work: string, times: number, threads?: number): Promise<number> {
  const root = resolve(__dirname, '../..');
  const script = [join(root, 'node_modules/ts-node/dist/bin.js'), 'tests/engine/memory/process.ts'];
  const args = [work, String(times), ...(threads === undefined ? [] : [String(threads)])];
  const { stdout } = await promisify(execFile)(process.execPath, [...script, ...args], { cwd: root });
  const { before, most } = JSON.parse(stdout) as Measure;
  return (most - before) / MEGABYTE;
}

describe('a loop that never yields', () => {
  test.each<[string, string, number, number | undefined]>([
    ['models, each with a compiled training step', 'models', 1000, 1],
    ['the same with threads', 'models', 300, undefined],
    ['functions of 32 MB each', 'large', 100, 1],
    ['compiled functions of a model that stays', 'functions', 150, 1],
    ['optimizers of a model that stays', 'optimizers', 150, 1],
  ])('makes, runs and drops %s', async (_, work, times, threads) => {
    expect(await growth(work, times, threads)).toBeLessThan(400);
  });

  test('calls one compiled function with ever other shapes', async () => {
    expect(await growth('shapes', 150, 1)).toBeLessThan(400);
  });

  test('takes 10,000 training steps', async () => {
    expect(await growth('steps', 10_000, 1)).toBeLessThan(100);
  });
});
