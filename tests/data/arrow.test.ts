/** Arrow tables: columns as numbers and text, whatever they are encoded as; files, whole and damaged. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import {
  Bool,
  DateDay,
  Dictionary,
  Float32,
  Float64,
  Int32,
  Int64,
  Int8,
  makeData,
  Null,
  Table,
  tableFromArrays,
  tableToIPC,
  TimestampMicrosecond,
  Utf8,
  Vector,
  vectorFromArray,
} from 'apache-arrow';
import { constant, DataError, type Value } from 'chainrule';
import { DataLoader, fromArrow, LabelEncoder, readArrow, TensorDataset } from 'chainrule/data';
import fc from 'fast-check';

const noon = Date.UTC(2026, 10, 20, 12);
const table = new Table({
  count: vectorFromArray([1, -2, 3], new Int8()),
  big: vectorFromArray([1n, 2n ** 40n, 3n], new Int64()),
  mass: vectorFromArray([0.5, null, 2.5], new Float64()),
  short: vectorFromArray([0.5, 1, 2], new Float32()),
  species: vectorFromArray(['ant', 'bee', 'ant'], new Dictionary(new Utf8(), new Int32())),
  island: vectorFromArray(['a', null, 'b'], new Utf8()),
  alive: vectorFromArray([true, false, true], new Bool()),
  seen: vectorFromArray([new Date(noon), new Date(0), null], new TimestampMicrosecond()),
  none: new Vector([makeData({ type: new Null(), length: 3 })]),
  day: vectorFromArray([new Date(86400000), new Date(0), new Date(0)], new DateDay()),
});

const show = (x: Value): unknown => [x.dtype, x.toArray()];

describe('columns', () => {
  const columns = fromArrow(table);

  test('are numbers, NaN where there is none; moments are milliseconds, booleans 0 and 1', () => {
    const numbers = (name: string): number[] => Array.from(columns.numbers(name));
    expect(numbers('mass')).toEqual([0.5, NaN, 2.5]);
    expect(numbers('big')).toEqual([1, 1099511627776, 3]);
    expect(numbers('seen')).toEqual([noon, 0, NaN]);
    expect(numbers('day')).toEqual([86400000, 0, 0]);
    expect(numbers('none')).toEqual([NaN, NaN, NaN]);
    expect(numbers('alive')).toEqual([1, 0, 1]);
    expect([columns.length, columns.columns[4]]).toEqual([3, 'species']);
  });

  test('are text, dictionary-encoded or not', () => {
    expect(columns.texts('species')).toEqual(['ant', 'bee', 'ant']);
    expect(columns.texts('island', '?')).toEqual(['a', '?', 'b']);
  });

  test('are Values: whole numbers int32 where nothing is missing and all fit, booleans bool, else float64', () => {
    expect(show(columns.value('count'))).toEqual(['int32', [1, -2, 3]]);
    expect(show(columns.value('alive'))).toEqual(['bool', [true, false, true]]);
    expect(columns.value('big').dtype).toBe('float64');
    expect(columns.value('short').dtype).toBe('float64');
    expect(show(columns.values(['count', 'short']))).toEqual(['float64', [[1, 0.5], [-2, 1], [3, 2]]]); // prettier-ignore
  });

  test('feed a DataLoader', () => {
    const labels = new LabelEncoder().fitTransform(columns.texts('species'));
    const data = new TensorDataset(columns.values(['count', 'short']), labels);
    const [[x, y]] = [...new DataLoader(data, { batchSize: 3 })] as [[Value, Value]];
    expect([x.shape, x.dtype, y.toArray()]).toEqual([[3, 2], 'float32', [0, 1, 0]]);
  });

  test('of several batches are one; a table without rows has its columns', () => {
    const doubled = fromArrow(table.concat(table));
    expect(Array.from(doubled.numbers('count'))).toEqual([1, -2, 3, 1, -2, 3]);
    expect(fromArrow(table.slice(1, 1)).values(['count', 'mass']).shape).toEqual([0, 2]);
  });

  test.each([
    [() => columns.numbers('weight'), /no column "weight"; it has count, big, mass/],
    [
      () => columns.numbers('species'),
      /column species is Dictionary<.*> and holds "ant" in row 0, not a number[^]*LabelEncoder/,
    ],
    [() => columns.texts('island'), /column island has nothing in row 1[^]*texts\(column, ''\)/],
    [
      () => fromArrow(new Table({ x: vectorFromArray([2n ** 60n]) })),
      /9223372036854775808|1152921504606846976, a 64-bit/,
    ],
    [
      () => fromArrow(new Table({ x: vectorFromArray([[1], [2]]) })),
      /column x is List<.*> and holds values that are neither/,
    ],
  ])('what is asked for wrongly is refused: %#', (act, message) => {
    expect(act).toThrow(DataError);
    expect(act).toThrow(message);
  });
});

describe('files', () => {
  let folder: string;
  beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'chainrule-'))));
  afterAll(() => rmSync(folder, { recursive: true }));
  const write = (bytes: Uint8Array, name = 'a.arrow'): string => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return path;
  };

  test.each(['file', 'stream'] as const)('of the %s format are read, packed or not', async (format) => {
    const bytes = tableToIPC(table, format);
    for (const path of [write(bytes), write(gzipSync(bytes), 'a.arrow.gz')]) {
      const columns = await readArrow(path);
      expect(Array.from(columns.numbers('mass'))).toEqual([0.5, NaN, 2.5]);
      expect(columns.texts('species')).toEqual(['ant', 'bee', 'ant']);
    }
  });

  test.each(['file', 'stream'] as const)(
    'of the %s format, damaged, give a DataError with their name, or what they hold',
    async (format) => {
      const small = tableFromArrays({ x: Float64Array.of(1, 2), name: ['a', 'b'] });
      const bytes = tableToIPC(small, format);
      const at = fc.nat({ max: bytes.length - 1 });
      await fc.assert(
        fc.asyncProperty(fc.boolean(), at, fc.integer({ min: 1, max: 255 }), async (cut, place, change) => {
          const path = write(cut ? bytes.subarray(0, place) : bytes.map((b, i) => (i === place ? b ^ change : b)));
          try {
            const columns = await readArrow(path);
            expect(columns.length).toBeLessThan(1000);
          } catch (error) {
            if (!(error instanceof DataError)) throw error;
            expect(error.message).toContain(path);
          }
        }),
        { numRuns: 80 },
      );
    },
  );

  test('of which one length is wrong are refused, not filled up with nulls', async () => {
    const bytes = tableToIPC(tableFromArrays({ x: Float64Array.of(1, 2), y: Float64Array.of(3, 4) }), 'stream');
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let refused = 0;
    // Wherever a 2 stands as a number of rows, one of 8 bytes, say 3.
    for (let at = 0; at + 8 <= bytes.length; at += 4) {
      if (view.getBigInt64(at, true) !== 2n) continue;
      view.setBigInt64(at, 3n, true);
      await expect(readArrow(write(bytes))).rejects.toThrow(DataError);
      view.setBigInt64(at, 2n, true);
      refused++;
    }
    expect(refused).toBeGreaterThanOrEqual(3);
  });

  test('that are none, or cut off, are refused', async () => {
    await expect(readArrow(write(new Uint8Array(0)))).rejects.toThrow(/a\.arrow is damaged, or no Arrow file/);
    await expect(readArrow(write(tableToIPC(table, 'file').subarray(0, -3)))).rejects.toThrow(
      /a\.arrow is damaged.*cut off/,
    );
    await expect(readArrow(join(folder, 'none.arrow'))).rejects.toThrow(/cannot read .*none\.arrow/);
  });
});

test('anything that looks like a table will do', () => {
  const fields = [{ name: 'x', type: { typeId: 3, toString: () => 'Float64' } }];
  const like = { numRows: 2, schema: { fields }, getChildAt: () => [1, 2] };
  expect(fromArrow(like).value('x').toArray()).toEqual(constant([1, 2]).toArray());
  expect(() => fromArrow({ ...like, numRows: 3 })).toThrow(/2 rows where the table has 3/);
  expect(() => fromArrow({ ...like, schema: { fields: [...fields, ...fields] } })).toThrow(/two columns "x"/);
});
