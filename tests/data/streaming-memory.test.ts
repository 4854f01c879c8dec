/** A CSV that is larger than the heap: rows come and go. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

const root = resolve(__dirname, '../..');
let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'chainrule-'))));
afterAll(() => rmSync(folder, { recursive: true }));

/** Its rows alone would take more than 60 MB. */
const program = `
  import { DataLoader, streamCsv } from './src/data/index.ts';
  async function* text() {
    yield 'x,y,name\\n';
    for (let i = 0; i < 300000; i++) yield i + ',' + (i % 7) + ',"row ' + i + ', quoted"\\n';
  }
  const collate = (rows) => rows.map((row) => Number(row.y));
  let [count, sum] = [0, 0];
  for await (const batch of new DataLoader(() => streamCsv(text()), { batchSize: 256, shuffle: true, collate })) {
    count += batch.length;
    for (const y of batch) sum += y;
  }
  console.log(count, sum);
`;

test('300,000 rows stream through a heap of 16 MB, shuffled and in batches', async () => {
  const outfile = join(folder, 'stream.mjs');
  await build({
    stdin: { contents: program, resolveDir: root, loader: 'ts' },
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['apache-arrow'],
    outfile,
  });
  const output = execFileSync(process.execPath, ['--max-old-space-size=16', outfile], { encoding: 'utf8' });
  expect(output.trim()).toBe('300000 899997');
});
