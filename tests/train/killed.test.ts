/** A process that is killed, again and again, while it trains and saves. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(__dirname, '../..');
const tsNode = join(root, 'node_modules/ts-node/dist/bin.js');
const EPOCHS = 100;

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'chainrule-killed-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly signal: string | null;
  /** The epochs that it told. */
  readonly epochs: readonly number[];
  readonly last: string;
}

/** Runs the program; kills it so many milliseconds after it has told of an epoch. */
function trained(directory: string, killAt = Infinity, delay = 0): Promise<Ended> {
  const child = spawn(process.execPath, [tsNode, 'tests/train/killed-run.ts', directory, String(EPOCHS)], {
    cwd: root,
  });
  let text = '';
  let errors = '';
  child.stderr.on('data', (part: Buffer) => (errors += part.toString()));
  child.stdout.on('data', (part: Buffer) => {
    text += part.toString();
    if (text.includes(`epoch ${killAt}\n`)) setTimeout(() => child.kill('SIGKILL'), delay);
  });
  return new Promise((done, failed) => {
    child.on('close', (code, signal) => {
      if (code !== 0 && signal === null) return failed(new Error(errors));
      const lines = text.trim().split('\n');
      const epochs = lines.flatMap((line) => (line.startsWith('epoch ') ? [Number(line.slice(6))] : []));
      done({ signal, epochs, last: lines.at(-1)! });
    });
  });
}

test('ends as one that was left alone, to the last bit', async () => {
  const straight = await trained('');
  let at = 0;
  for (const [epoch, delay] of [
    [3, 0],
    [20, 1],
    [40, 3],
  ] as const) {
    const { signal, epochs } = await trained(folder, epoch, delay);
    expect(signal).toBe('SIGKILL');
    // At most the epoch under way is trained again.
    expect(epochs[0]! - at).toBeLessThanOrEqual(1);
    at = epochs.at(-1)!;
  }
  const { last, epochs } = await trained(folder);
  expect(epochs[0]).toBeGreaterThanOrEqual(40);
  expect(last).toBe(straight.last);
  expect(JSON.parse(last)).toHaveProperty('batchLosses.length', EPOCHS * 5);
});
