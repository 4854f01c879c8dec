/** `chainrule train`: the user's own data, and what is wrong with it. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { run } from '../../src/cli/run.ts';

let cwd: string;
beforeEach(() => (cwd = mkdtempSync(join(tmpdir(), 'chainrule-train-'))));
afterEach(() => rmSync(cwd, { recursive: true }));

async function train(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const code = await run(['train', ...args], { out: (text) => (out += text), err: (text) => (err += text), cwd });
  return { code, out, err };
}

const losses = (text: string): string[] => text.split('\n').filter((line) => line.startsWith('epoch'));

test('without data it learns two moons, and draws loss, network and boundary', async () => {
  const { code, out, err } = await train('--epochs', '2');
  expect([code, err]).toEqual([0, '']);
  expect(readdirSync(join(cwd, 'out')).sort()).toEqual(['boundary.svg', 'loss.svg', 'network.svg']);
  expect(readFileSync(join(cwd, 'out', 'network.svg'), 'utf8')).toMatch(/^<svg[\s\S]*<\/svg>\s*$/);
  expect(out).toMatch(/Test accuracy \d+\.\d %/);
});

test('two runs with one seed print the same losses; another seed others', async () => {
  const [a, b, c] = [
    await train('--epochs', '2', '--seed', '4'),
    await train('--epochs', '2', '--seed', '4'),
    await train('--epochs', '2', '--seed', '5'),
  ];
  expect(losses(a.out)).toEqual(losses(b.out));
  expect(losses(c.out)).not.toEqual(losses(a.out));
});

test('a table: classes from a named column, rows with missing numbers left out', async () => {
  const rows = Array.from(
    { length: 60 },
    (_, i) => `${i % 2 === 0 ? 'low' : 'high'},${i % 2 === 0 ? i / 100 : 5 + i / 100},${i === 7 ? 'NA' : 1}`,
  );
  writeFileSync(join(cwd, 'table.csv'), `kind,size,other\n${rows.join('\n')}\n`);
  const { code, out, err } = await train(
    '--data',
    'table.csv',
    '--target',
    'kind',
    '--epochs',
    '30',
    '--hidden',
    '8',
    '-o',
    'pictures',
  );
  expect([code, err]).toEqual([0, '']);
  expect(out).toContain('59 rows of');
  expect(out).toMatch(/Test accuracy 100\.0 %/);
  expect(existsSync(join(cwd, 'pictures', 'loss.svg'))).toBe(true);
});

test('a folder of images in IDX files', async () => {
  const idx = (shape: number[], bytes: number[]): Buffer =>
    gzipSync(Uint8Array.from([0, 0, 8, shape.length, ...shape.flatMap((n) => [0, 0, 0, n]), ...bytes]));
  const images = Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? [255, 0, 0, 0] : [0, 0, 0, 255])).flat();
  for (const part of ['train', 't10k']) {
    writeFileSync(join(cwd, `${part}-images-idx3-ubyte.gz`), idx([40, 2, 2], images));
    writeFileSync(
      join(cwd, `${part}-labels-idx1-ubyte.gz`),
      idx(
        [40],
        Array.from({ length: 40 }, (_, i) => i % 2),
      ),
    );
  }
  const { code, out } = await train(
    '--data',
    '.',
    '--epochs',
    '20',
    '--hidden',
    '8',
    '--batch-size',
    '8',
    '--lr',
    '0.05',
  );
  expect(code).toBe(0);
  expect(out).toMatch(/40 images of 4 pixels/);
  expect(out).toMatch(/Test accuracy 100\.0 %/);
});

describe('is refused with exit code 1, a message on standard error, and no picture', () => {
  const file = (name: string, text: string): void => writeFileSync(join(cwd, name), text);

  test.each<[string, () => void, string[], RegExp]>([
    ['data that is not there', () => undefined, ['--data', 'none.csv'], /there is no .*none\.csv/],
    ['a folder without images', () => file('a.txt', ''), ['--data', '.'], /no file like train.*it has a\.txt/],
    ['a damaged row', () => file('t.csv', 'x,kind\n1,a\n2\n'), ['--data', 't.csv'], /t\.csv, line 3: 1 fields/],
    [
      'an unknown target',
      () => file('t.csv', 'x,kind\n1,a\n2,b\n'),
      ['--data', 't.csv', '--target', 'sort'],
      /no column "sort"; it has x, kind/,
    ],
    [
      'a column that is no class',
      () => file('t.csv', 'x,y\n1,0.1\n2,0.2\n3,0.3\n4,0.5\n'),
      ['--data', 't.csv'],
      /4 different values in 4 rows/,
    ],
    [
      'a cut-off IDX file',
      () => ['images-idx3', 'labels-idx1'].forEach((name) => file(`train-${name}-ubyte`, '\0\0\u0008\u0003')),
      ['--data', '.'],
      /train-images-idx3-ubyte: cut off in the header/,
    ],
    ['a header alone', () => file('t.csv', 'x,kind\n'), ['--data', 't.csv'], /t.csv has a header and no rows/],
    ['an empty folder', () => mkdirSync(join(cwd, 'none')), ['--data', 'none'], /holds no file like .*; it is empty/],
    ['a width that is no number', () => undefined, ['--hidden', '8,x'], /--hidden takes whole numbers/],
    ['no epochs', () => undefined, ['--epochs', '0'], /epochs must be a whole number ≥ 1, got 0/],
    ['an unknown activation', () => undefined, ['--activation', 'rleu'], /unknown activation "rleu"/],
    ['an unknown option', () => undefined, ['--epoch', '3'], /--epoch/],
  ])('%s', async (_, prepare, args, message) => {
    prepare();
    const { code, err } = await train(...args);
    expect(code).toBe(1);
    expect(err).toMatch(message);
    expect(err).not.toMatch(/\n\s+at /);
    expect(existsSync(join(cwd, 'out', 'loss.svg'))).toBe(false);
  });

  test('a folder that cannot be made', async () => {
    file('out', 'a file in the way');
    const { code, err } = await train('--epochs', '1');
    expect([code, /cannot make the folder/.test(err)]).toEqual([1, true]);
    expect(readFileSync(join(cwd, 'out'), 'utf8')).toBe('a file in the way');
  });

  test('a picture that cannot be written is found before the training', async () => {
    mkdirSync(join(cwd, 'out', 'loss.svg'), { recursive: true });
    const { code, err, out } = await train('--epochs', '1');
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/cannot write out\/loss.svg: it is a folder/);
  });
});
