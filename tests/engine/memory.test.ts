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
  test('may make, compile and drop functions of 32 MB each', async () => {
    expect(await growth('large', 100, 1)).toBeLessThan(400);
  });
});
