import { readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { show, type NotebookPicture } from 'chainrule/graph';
import { classic } from './graphs.ts';

describe('show', () => {
  test('writes a file and gives its path', async () => {
    const path = (await show(classic().e, { partials: true })) as string;
    expect(readFileSync(path, 'utf8')).toMatch(/^<\?xml[^]*<svg[^]*<\/svg>\s*$/);
    rmSync(dirname(path), { recursive: true });
  });

  test('gives notebooks a picture with its MIME types', async () => {
    const picture = await show(classic().e, { target: 'notebook' });
    const display = (picture as unknown as Record<symbol, () => Record<string, string>>)[Symbol.for('Jupyter.display')];
    expect(display!.call(picture)['image/svg+xml']).toContain('<svg');
    expect((picture as NotebookPicture).toString()).not.toContain('<svg');
  });

  test('refuses what it does not know', async () => {
    await expect(show(classic().e, { target: 'printer' as never })).rejects.toThrow(/target must be/);
    await expect(show(classic().e, { open: 1 as never })).rejects.toThrow(/open must be/);
    await expect(show(classic().e, { opne: true } as never)).rejects.toThrow(/unknown option "opne"/);
  });
});
