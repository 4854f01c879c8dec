/** What a bundler takes along: `npm run size` weighs it, this tells where it comes from. */
import { resolve } from 'node:path';
import { build } from 'esbuild';
import * as chainrule from 'chainrule';

const root = resolve(__dirname, '../..');

/** The rooms that a page which imports these names has code of. */
async function roomsOf(...names: readonly string[]): Promise<ReadonlySet<string>> {
  const { metafile } = await build({
    stdin: { contents: `export { ${names.join(', ')} } from './src/index.ts';`, resolveDir: root },
    absWorkingDir: root,
    bundle: true,
    minify: true,
    format: 'esm',
    write: false,
    metafile: true,
  });
  const [bundle] = Object.values(metafile.outputs);
  const files = Object.entries(bundle!.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  return new Set(files.flatMap(([file]) => /^src\/(\w+)\//.exec(file)?.[1] ?? []));
}

const others = Object.keys(chainrule).filter((name) => name !== 'compile');

test('whoever imports no compile has nothing of the engine', async () => {
  const rooms = await roomsOf(...others);
  expect(rooms).toContain('transform');
  expect(rooms).not.toContain('engine');
  expect(await roomsOf('compile')).toContain('engine');
});

test('the core has nothing of the rooms behind subpaths', async () => {
  const rooms = await roomsOf(...others, 'compile');
  for (const room of ['graph', 'testing', 'nn', 'losses', 'optim', 'data', 'train', 'cli']) {
    expect(rooms).not.toContain(room);
  }
});
