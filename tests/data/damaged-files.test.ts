/** Damaged files: cut off, with flipped bits, with bytes lost or added. A reader says which file, or reads what it holds. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { constant, DataError, isValue } from 'chainrule';
import {
  formatNpy,
  formatNpz,
  formatSafetensors,
  readCsv,
  readIdx,
  readJson,
  readNpy,
  readNpz,
  readSafetensors,
  streamCsv,
  streamJsonLines,
  streamLines,
} from 'chainrule/data';
import fc from 'fast-check';

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'chainrule-'))));
afterAll(() => rmSync(folder, { recursive: true }));

const x = constant([[1, 2.5, -3], [4, 5, 6]]); // prettier-ignore
const y = constant(Int32Array.of(1, 2, 3));
const idx = Uint8Array.from([0, 0, 8, 2, 0, 0, 0, 3, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6]);
const csv = Buffer.from('a,"b, c"\r\n1,2\n"x\ny","z ""w"""\nNA,\n');
const lines = Buffer.from('{"a": 1}\n\n[1, 2]\n');

const all = async (items: AsyncIterable<unknown>): Promise<unknown[]> => {
  const list: unknown[] = [];
  for await (const item of items) list.push(item);
  return list;
};

type Read = (path: string) => unknown;
const FILES: readonly (readonly [name: string, bytes: Uint8Array, read: Read])[] = [
  ['a.idx', idx, readIdx],
  ['a.idx.gz', gzipSync(idx), readIdx],
  ['a.npy', formatNpy(x), readNpy],
  ['a.npy.gz', gzipSync(formatNpy(y)), readNpy],
  ['stored.npz', formatNpz({ x, y }), readNpz],
  ['packed.npz', formatNpz({ x, y }, { compress: true }), readNpz],
  ['a.safetensors', formatSafetensors({ x, y }, { metadata: { epoch: '3' } }), readSafetensors],
  ['a.csv', csv, readCsv],
  ['a.csv.gz', gzipSync(csv), readCsv],
  ['a.json', Buffer.from('{"a": [1, 2, {"b": "c"}]}'), readJson],
  ['streamed.csv', csv, (path) => all(streamCsv(path))],
  ['streamed.csv.gz', gzipSync(csv), (path) => all(streamCsv(path))],
  ['a.jsonl', lines, (path) => all(streamJsonLines(path))],
  ['a.txt.gz', gzipSync(lines), (path) => all(streamLines(path))],
];

/** One thing that happens to a file. */
const damage = fc.tuple(fc.constantFrom('cut', 'flip', 'set', 'lose', 'add'), fc.nat(), fc.nat({ max: 255 }));

function damaged(bytes: Uint8Array, [kind, place, byte]: [string, number, number]): Uint8Array {
  const at = place % Math.max(1, bytes.length);
  const [head, tail] = [bytes.subarray(0, at), bytes.subarray(at + 1)];
  if (kind === 'cut') return head;
  if (kind === 'lose') return Uint8Array.from([...head, ...tail]);
  if (kind === 'add') return Uint8Array.from([...head, byte, ...bytes.subarray(at)]);
  return Uint8Array.from([...head, kind === 'flip' ? bytes[at]! ^ (1 << (byte & 7)) : byte, ...tail]);
}

/** How many bytes the Values in a result hold. */
function held(result: unknown): number {
  if (isValue(result)) return result.size * 8;
  return typeof result === 'object' && result !== null
    ? Object.values(result).reduce((sum: number, r) => sum + held(r), 0)
    : 0;
}

describe.each(FILES)('%s', (name, bytes, read) => {
  const write = (content: Uint8Array): string => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };

  test('reads as it is', async () => {
    await expect(Promise.resolve(read(write(bytes)))).resolves.toBeDefined();
  });

  test('damaged, gives a DataError with its name, or what it holds', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 3 }), async (list) => {
        const path = write(list.reduce(damaged, bytes));
        try {
          expect(held(await read(path))).toBeLessThan(20 * bytes.length);
        } catch (error) {
          if (!(error instanceof DataError)) throw error;
          expect(error.message).toContain(path);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('what has a checksum or a length is never read wrongly', () => {
  const tampered = (bytes: Uint8Array, at: number, bit: number): Uint8Array =>
    bytes.map((b, i) => (i === at ? b ^ (1 << bit) : b));

  test.each([
    ['stored', false],
    ['packed', true],
  ] as const)('npz, %s: any flipped bit', (name, compress) => {
    // prettier-ignore
    const bytes = formatNpz({ x, y }, { compress });
    const path = join(folder, `${name}.npz`);
    for (let at = 0; at < bytes.length; at++) {
      writeFileSync(path, tampered(bytes, at, at % 8));
      try {
        const read = readNpz(path);
        expect([Object.keys(read), read['x']!.toArray(), read['y']!.toArray()]).toEqual([['x', 'y'], x.toArray(), y.toArray()]); // prettier-ignore
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
      }
    }
  });

  test('a packed file that has lost its beginning is no text, and text in another encoding is no UTF-8', () => {
    const path = join(folder, 'b.csv.gz');
    writeFileSync(path, gzipSync(csv).subarray(1));
    expect(() => readCsv(path)).toThrow(/b\.csv\.gz is damaged: its name ends in \.gz, and it is no gzip file/);
    const latin = join(folder, 'latin.csv');
    writeFileSync(latin, Buffer.from('name\nJosé\n', 'latin1'));
    expect(() => readCsv(latin)).toThrow(/latin\.csv is no text in UTF-8[^]*windows-1252/);
  });

  test('a stream of bytes says so, too', async () => {
    await expect(all(streamCsv([Uint8Array.of(0xff, 0x2c)]))).rejects.toThrow(/the stream is no text in UTF-8/);
  });
});
