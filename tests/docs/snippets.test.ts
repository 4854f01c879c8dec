import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { documents, runSnippet, snippetsOf } from './snippets.ts';

const here = process.cwd();
let folder: string;

// A snippet may write files.
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'chainrule-docs-'));
  process.chdir(folder);
});

afterAll(() => {
  process.chdir(here);
  rmSync(folder, { recursive: true, force: true });
});

describe.each(documents())('%s', (document) => {
  const snippets = snippetsOf(document);
  const run = snippets.filter(({ ignored }) => ignored === undefined);

  test('a snippet that is not run says why', () => {
    expect(snippets.filter(({ ignored }) => ignored === '')).toEqual([]);
  });

  if (run.length > 0) {
    test.each(run)('line $line runs and prints what it promises', async ({ code }) => {
      const lines = await runSnippet(code, require);
      expect(lines.map(({ printed }) => printed)).toEqual(lines.map(({ promised }) => promised));
    });
  }
});
