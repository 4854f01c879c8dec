/** Text that is read piece by piece: the same as read whole, wherever the pieces end. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { constant, DataError } from 'chainrule';
import {
  DataLoader,
  parseCsv,
  readJson,
  readLines,
  readText,
  streamCsv,
  streamJsonLines,
  streamLines,
} from 'chainrule/data';
import fc from 'fast-check';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'chainrule-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const all = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
};
const quoted = (field: string): string => `"${field.replaceAll('"', '""')}"`;
const cut = (bytes: Uint8Array, size: number): Uint8Array[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));

describe('CSV as a stream', () => {
  test('gives the rows that parseCsv gives, wherever the pieces end', async () => {
    const field = fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', '\r\n', 'é', '1'), maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(field, field), { maxLength: 8 }),
        fc.integer({ min: 1, max: 9 }),
        async (rows, size) => {
          const text = `x,y\r\n${rows.map((row) => row.map(quoted).join(',')).join('\n')}\n`;
          const streamed = await all(streamCsv(cut(new TextEncoder().encode(text), size)));
          const table = parseCsv(text);
          expect(streamed).toEqual(table.rows.map(([x, y]) => ({ x, y })));
        },
      ),
    );
  });

  test('a quote inside a field that does not start with one is a character like others', async () => {
    const plain = fc.string({ unit: fc.constantFrom('a', '"', ' '), maxLength: 4 }).map((s) => `x${s}`);
    await fc.assert(
      fc.asyncProperty(fc.array(plain, { minLength: 1 }), fc.integer({ min: 1, max: 9 }), async (fields, size) => {
        const text = `\uFEFF"x"\n${fields.join('\n')}`;
        const streamed = await all(streamCsv(cut(new TextEncoder().encode(text), size)));
        expect(streamed).toEqual(fields.map((x) => ({ x })));
      }),
    );
  });

  test('feeds a DataLoader from a file, packed or not', async () => {
    const path = join(folder, 'a.csv.gz');
    writeFileSync(path, gzipSync('x,y\n1,2\n3,4\n5,6\n'));
    const loader = new DataLoader(() => streamCsv(path), {
      batchSize: 2,
      collate: (rows) => constant(rows.map(({ x, y }) => [Number(x), Number(y)])),
    });
    for (let epoch = 0; epoch < 2; epoch++) {
      expect((await all(loader)).map((x) => x.toArray())).toEqual([
        [
          [1, 2],
          [3, 4],
        ],
        [[5, 6]],
      ]);
    }
  });

  test.each([
    ['a short row', 'x,y\n1,"2\n2"\n\n3\n', /table\.csv, line 5: 1 fields where the header has 2/],
    ['an open quote', 'x\n1\n"abc\n', /table\.csv, line 3: a quoted field is never closed/],
    ['nothing at all', '', /table\.csv is empty/],
  ])('%s is refused, with file and line', async (_, text, message) => {
    const path = join(folder, 'table.csv');
    writeFileSync(path, text);
    await expect(all(streamCsv(path))).rejects.toThrow(message);
  });

  test('a missing file is named', async () => {
    await expect(all(streamCsv(join(folder, 'none.csv')))).rejects.toThrow(/cannot read .*none\.csv/);
    await expect(all(streamCsv(join(folder, 'none.gz')))).rejects.toThrow(/cannot read .*none\.gz/);
  });
});

describe('text and JSON', () => {
  test('lines end in LF or CRLF; the last may lack its end', async () => {
    const path = join(folder, 'a.txt');
    writeFileSync(path, 'one\r\ntwo\n\nfour');
    expect(readText(path)).toHaveLength(14);
    expect(readLines(path)).toEqual(['one', 'two', '', 'four']);
    expect(await all(streamLines(path))).toEqual(['one', 'two', '', 'four']);
    expect(await all(streamLines(['on', 'e\r', '\ntwo', '\n']))).toEqual(['one', 'two']);
  });

  test('JSON whole and by line; what is none is refused with its line', async () => {
    const path = join(folder, 'a.json');
    writeFileSync(path, '[1, 2]');
    expect(readJson(path)).toEqual([1, 2]);
    expect(await all(streamJsonLines(['{"a":1}\n\n{"a"', ':2}\n']))).toEqual([{ a: 1 }, { a: 2 }]);
    writeFileSync(path, '[1,');
    expect(() => readJson(path)).toThrow(DataError);
    expect(() => readJson(path)).toThrow(/a\.json is no JSON/);
    await expect(all(streamJsonLines(['1\n', '{\n']))).rejects.toThrow(/line 2 is no JSON/);
  });
});
