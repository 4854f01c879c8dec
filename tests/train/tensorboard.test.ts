/** Event files: frames, checksums and messages as TensorBoard reads them. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { constant, DataError, manualSeed, OptionError, rand, randn, ShapeError, zeros } from 'chainrule';
import { mseLoss } from 'chainrule/losses';
import { Linear } from 'chainrule/nn';
import { SGD } from 'chainrule/optim';
import { checkpoint, fit, SummaryWriter, tensorBoard, type Callback, type History } from 'chainrule/train';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'chainrule-board-'))));
afterEach(() => rmSync(folder, { recursive: true }));

/** The contents of a message by field: numbers, or bytes. */
type Fields = Record<number, (number | Buffer)[]>;

function parse(message: Buffer): Fields {
  const fields: Fields = {};
  let at = 0;
  const varint = (): number => {
    let [n, scale] = [0, 1];
    for (;;) {
      const byte = message[at++]!;
      n += (byte & 127) * scale;
      if (byte < 128) return n;
      scale *= 128;
    }
  };
  const content: Record<number, () => number | Buffer> = {
    0: varint,
    1: () => message.readDoubleLE((at += 8) - 8),
    2: () => {
      const length = varint();
      return message.subarray(at, (at += length));
    },
    5: () => message.readFloatLE((at += 4) - 4),
  };
  while (at < message.length) {
    const key = varint();
    (fields[key >> 3] ??= []).push(content[key & 7]!());
  }
  return fields;
}

/** By the definition, bit by bit; masked. */
function checksum(bytes: Buffer): number {
  let c = 0xffffffff;
  for (const byte of bytes) {
    c ^= byte;
    for (let k = 0; k < 8; k++) c = (c & 1) === 1 ? 0x82f63b78 ^ (c >>> 1) : c >>> 1;
  }
  c = ~c >>> 0;
  return (((c >>> 15) | (c << 17)) + 0xa282ead8) >>> 0;
}

function eventsIn(path: string): Fields[] {
  const bytes = readFileSync(path);
  const events: Fields[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = Number(bytes.readBigUInt64LE(at));
    expect(bytes.readUInt32LE(at + 8)).toBe(checksum(bytes.subarray(at, at + 8)));
    const content = bytes.subarray(at + 12, at + 12 + length);
    expect(bytes.readUInt32LE(at + 12 + length)).toBe(checksum(content));
    events.push(parse(content));
    at += length + 16;
  }
  return events;
}

interface Told {
  readonly tag: string;
  readonly step: number;
  readonly value: Fields;
}

const summaries = (path: string): Told[] =>
  eventsIn(path).flatMap((event) =>
    (event[5] ?? []).map((summary) => {
      const value = parse(parse(summary as Buffer)[1]![0] as Buffer);
      return { tag: String(value[1]![0]), step: (event[2]?.[0] as number | undefined) ?? 0, value };
    }),
  );

const doubles = (packed: number | Buffer): number[] =>
  Array.from({ length: (packed as Buffer).length / 8 }, (_, i) => (packed as Buffer).readDoubleLE(8 * i));

const fileIn = (part: string, i = 0): string => join(folder, part, readdirSync(join(folder, part)).sort()[i]!);

describe('SummaryWriter', () => {
  test('begins with the version, and keeps what it is told', () => {
    const writer = new SummaryWriter(folder);
    writer.addScalar('loss', 0.25, 3).addScalar('loss', constant(-1e6), 300).addScalar('rate', NaN, 70000).flush();
    expect(writer.path).toMatch(/events\.out\.tfevents\.\d{10}\./);
    const [first] = eventsIn(writer.path);
    expect(String(first![3]![0])).toBe('brain.Event:2');
    expect(Math.abs((first![1]![0] as number) - Date.now() / 1000)).toBeLessThan(60);
    expect(summaries(writer.path).map(({ tag, step, value }) => [tag, step, value[2]![0]])).toEqual([
      ['loss', 3, 0.25],
      ['loss', 300, -1e6],
      ['rate', 70000, NaN],
    ]);
  });

  test('tells how numbers are distributed', () => {
    manualSeed(1);
    const writer = new SummaryWriter(folder);
    const x = randn([1000]);
    writer
      .addHistogram('w', x, 1)
      .addHistogram('same', [2, 2, NaN], 1)
      .addHistogram('none', [NaN, Infinity], 1)
      .flush();
    const [w, same, ...rest] = summaries(writer.path).map(({ value }) => parse(value[5]![0] as Buffer));
    expect(rest).toEqual([]);
    const data = Array.from(x.data);
    expect([w![1], w![2], w![3]].flat()).toEqual([Math.min(...data), Math.max(...data), 1000]);
    expect(w![4]![0]).toBeCloseTo(
      data.reduce((a, b) => a + b),
      9,
    );
    const [limits, counts] = [doubles(w![6]![0]!), doubles(w![7]![0]!)];
    expect([limits.length, counts.reduce((a, b) => a + b), limits.at(-1)]).toEqual([
      counts.length,
      1000,
      Math.max(...data),
    ]);
    limits.forEach((limit, i) => {
      const below = counts.slice(0, i + 1).reduce((a, b) => a + b);
      expect(Math.abs(below - data.filter((v) => v <= limit).length)).toBeLessThanOrEqual(1);
    });
    expect([same![3]![0], doubles(same![6]![0]!), doubles(same![7]![0]!)]).toEqual([2, [2], [2]]);
  });

  test('draws pictures', () => {
    const writer = new SummaryWriter(folder);
    writer
      .addImage(
        'grey',
        [
          [0, 0.5, 2],
          [1, -1, 0.2],
        ],
        1,
      )
      .addImage('colour', rand([3, 4, 5]), 2)
      .flush();
    const [grey, colour] = summaries(writer.path).map(({ value }) => parse(value[4]![0] as Buffer));
    expect([grey![1], grey![2], grey![3]].flat()).toEqual([2, 3, 1]);
    expect([colour![1], colour![2], colour![3]].flat()).toEqual([4, 5, 3]);
    const png = grey![4]![0] as Buffer;
    const at = png.indexOf('IDAT');
    const rows = inflateSync(png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4)));
    expect([...rows]).toEqual([0, 0, 128, 255, 0, 255, 0, 51]);
    expect(() => writer.addImage('x', zeros([5, 4, 4]), 1)).toThrow(ShapeError);
    expect(() => writer.addImage('x', zeros([4]), 1)).toThrow(/takes \[height, width\].*got \[4\]/);
  });

  test('refuses steps that are none, and folders that cannot be', () => {
    const writer = new SummaryWriter(folder);
    for (const step of [-1, 0.5, NaN]) expect(() => writer.addScalar('x', 1, step)).toThrow(OptionError);
    expect(() => new SummaryWriter(writer.path)).toThrow(DataError);
  });

  test('two of one folder have a file each', () => {
    expect(new SummaryWriter(folder).path).not.toBe(new SummaryWriter(folder).path);
  });
});

describe('tensorBoard', () => {
  function run(epochs: number, ...callbacks: Callback[]): Promise<History> {
    manualSeed(2);
    const model = new Linear(2, 1);
    const x = randn([12, 2], { dtype: 'float32' });
    const y = x.sum(1, { keepDims: true }).detach();
    const optimizer = new SGD(model.parameters(), { lr: 0.1 });
    return fit(
      model,
      { x, y },
      {
        ...{ loss: mseLoss, optimizer, epochs, callbacks, progress: false, batchSize: 4 },
        validation: { x, y },
      },
    );
  }

  const scalars = (path: string, tag: string): [number, number][] =>
    summaries(path).flatMap((s) => (s.tag === tag ? [[s.step, s.value[2]![0] as number]] : []));

  test('shows epochs, validation beside them, and histograms', async () => {
    const { epochs } = await run(2, tensorBoard({ directory: folder }));
    expect(readdirSync(folder).sort()).toEqual(['train', 'validation']);
    expect(scalars(fileIn('train'), 'loss')).toEqual(epochs.map((r) => [r.epoch, Math.fround(r.loss)]));
    expect(scalars(fileIn('validation'), 'loss')).toEqual(epochs.map((r) => [r.epoch, Math.fround(r['valLoss']!)]));
    expect([...new Set(summaries(fileIn('train')).map(({ tag }) => tag))].sort()).toEqual([
      'gradients/bias',
      'gradients/weight',
      'loss',
      'lr',
      'seconds',
      'weights/bias',
      'weights/weight',
    ]);
  });

  test('shows batches, and no histograms, if asked for', async () => {
    const { batchLosses } = await run(2, tensorBoard({ directory: folder, everyBatches: 2, histograms: 0 }));
    expect(scalars(fileIn('batches'), 'loss')).toEqual(
      [2, 4, 6].map((step) => [step, Math.fround(batchLosses[step - 1]!)]),
    );
    expect(summaries(fileIn('train')).some(({ tag }) => tag.includes('/'))).toBe(false);
  });

  test('a run that is resumed says from where on earlier files are void', async () => {
    const directory = join(folder, 'checkpoints');
    const board = (): Callback => tensorBoard({ directory: folder, everyBatches: 1 });
    await run(2, board(), checkpoint({ directory }));
    await run(4, board(), checkpoint({ directory, resume: true }));
    const starts = (part: string): number[] =>
      readdirSync(join(folder, part)).flatMap((_, i) =>
        eventsIn(fileIn(part, i)).flatMap((e) => (e[7] === undefined ? [] : [e[2]![0] as number])),
      );
    expect([starts('train'), starts('validation'), starts('batches')]).toEqual([[3], [3], [7]]);
  });

  test.each<[object, RegExp]>([
    [{}, /directory must be a path/],
    [{ directory: 'x', histograms: -1 }, /histograms must be/],
    [{ directory: 'x', logDir: 'y' }, /unknown option "logDir"/],
  ])('options %j are refused', (options, message) => {
    expect(() => tensorBoard(options as never)).toThrow(message);
  });
});
