/** Files as they come, and damaged ones: the error names the file and the place. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { arange, constant, DataError, manualSeed } from 'chainrule';
import { batches, moons, numericColumn, parseCsv, parseIdx, readCsv, readIdx } from 'chainrule/data';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'chainrule-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const idx = (shape: number[], bytes: number[], type = 8): Uint8Array =>
  Uint8Array.from([0, 0, type, shape.length, ...shape.flatMap((n) => [0, 0, n >> 8, n & 255]), ...bytes]);

describe('IDX', () => {
  test('bytes become int32 of the stated shape, packed or not', () => {
    const bytes = idx([2, 3], [1, 2, 3, 4, 5, 255]);
    writeFileSync(join(folder, 'a.idx'), bytes);
    writeFileSync(join(folder, 'a.idx.gz'), gzipSync(bytes));
    for (const name of ['a.idx', 'a.idx.gz']) {
      const x = readIdx(join(folder, name));
      expect([x.dtype, x.toArray()]).toEqual([
        'int32',
        [
          [1, 2, 3],
          [4, 5, 255],
        ],
      ]);
    }
  });

  test('big-endian floats and integers are read', () => {
    expect(parseIdx(idx([1], [0x3f, 0x80, 0, 0], 0x0d)).toArray()).toEqual([1]);
    expect(parseIdx(idx([1], [0xff, 0xff, 0xff, 0xfe], 0x0c)).toArray()).toEqual([-2]);
  });

  test.each([
    ['cut off in the data', idx([3, 2], [1, 2, 3]), /item 1 of 3 is incomplete.*needs 18 bytes, there are 15/],
    ['cut off in the header', idx([3, 2], []).subarray(0, 6), /cut off in the header/],
    ['too long', idx([1], [1, 2]), /too long/],
    ['another format', Uint8Array.from([80, 75, 3, 4]), /not an IDX file/],
    ['an unknown element type', idx([1], [1], 0x33), /0x33/],
  ])('a file that is %s is refused', (_, bytes, message) => {
    expect(() => parseIdx(bytes, 'digits.idx')).toThrow(DataError);
    expect(() => parseIdx(bytes, 'digits.idx')).toThrow(message);
    expect(() => parseIdx(bytes, 'digits.idx')).toThrow(/digits\.idx/);
  });

  test('a damaged gzip file and a missing one are named', () => {
    const path = join(folder, 'broken.gz');
    writeFileSync(path, gzipSync(idx([2], [1, 2])).subarray(0, 12));
    expect(() => readIdx(path)).toThrow(/broken\.gz is damaged/);
    expect(() => readIdx(join(folder, 'none.gz'))).toThrow(/cannot read .*none\.gz/);
  });
});

describe('CSV', () => {
  test('quotes, doubled quotes, line ends inside quotes, CRLF, a BOM', () => {
    const table = parseCsv('\uFEFFname,said\r\n"a, b","he said ""no"""\r\nc,"two\nlines"\r\n');
    expect(table.columns).toEqual(['name', 'said']);
    expect(table.rows).toEqual([
      ['a, b', 'he said "no"'],
      ['c', 'two\nlines'],
    ]);
    expect(table.lines).toEqual([2, 3]);
  });

  test('missing numbers are NaN', () => {
    expect(Array.from(numericColumn(parseCsv('x,y\n1,2\nNA,3\n'), 'x'))).toEqual([1, NaN]);
  });

  test.each([
    ['a short row', 'x,y\n1,2\n3\n', /table\.csv, line 3: 1 fields where the header has 2/],
    ['an open quote', 'x\n"abc\n', /line 2: a quoted field is never closed/],
    ['nothing at all', '', /is empty/],
  ])('%s is refused, with its line', (_, text, message) => {
    const path = join(folder, 'table.csv');
    writeFileSync(path, text);
    expect(() => readCsv(path)).toThrow(message);
  });

  test('a misspelt option and a delimiter of two characters are refused', () => {
    expect(() => parseCsv('x;y', { delimeter: ';' } as object)).toThrow(/parseCsv: unknown option "delimeter"/);
    expect(() => parseCsv('x;;y', { delimiter: ';;' })).toThrow(/parseCsv: the delimiter is one character.*";;"/);
  });

  test('text in a numeric column is refused, with its line; an unknown column with the known ones', () => {
    const table = parseCsv('x,y\n1,2\n3,many\n', {}, 'table.csv');
    expect(() => numericColumn(table, 'y')).toThrow(/table\.csv, line 3: column y holds "many"/);
    expect(() => numericColumn(table, 'z')).toThrow(/no column "z"; it has x, y/);
  });
});

describe('batches', () => {
  test('hold every row once, the same rows of each Value together', () => {
    manualSeed(3);
    const x = arange(7);
    const y = constant(Int32Array.from([0, 1, 2, 3, 4, 5, 6]));
    const seen: number[] = [];
    for (const [a, b] of batches([x, y], { batchSize: 3 })) {
      expect(Array.from(a!.data)).toEqual(Array.from(b!.data));
      seen.push(...a!.data);
    }
    expect(seen).not.toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(seen.sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  test('come in the same order for the same seed; the last may be dropped', () => {
    const run = (): number[] => {
      manualSeed(5);
      return [...batches([arange(10)], { batchSize: 4, dropLast: true })].flatMap(([x]) => Array.from(x!.data));
    };
    expect(run()).toEqual(run());
    expect(run()).toHaveLength(8);
  });

  test('refuse Values of different lengths', () => {
    expect(() => [...batches([arange(3), arange(4)], { batchSize: 2 })]).toThrow(/first axes differ: \[3\] and \[4\]/);
  });
});

test('moons: two classes in turn, repeatable by seed', () => {
  manualSeed(1);
  const first = moons(10, { noise: 0.1 });
  manualSeed(1);
  const second = moons(10, { noise: 0.1 });
  expect(first.x.toArray()).toEqual(second.x.toArray());
  expect(first.y.toArray()).toEqual([0, 1, 0, 1, 0, 1, 0, 1, 0, 1]);
});
