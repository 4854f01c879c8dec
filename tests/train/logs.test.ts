/** Logs: every epoch once, also of runs that were broken off. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError, manualSeed, OptionError, randn, type Value } from 'chainrule';
import { readCsv } from 'chainrule/data';
import { mseLoss } from 'chainrule/losses';
import { Linear } from 'chainrule/nn';
import { SGD } from 'chainrule/optim';
import { checkpoint, csvLog, fit, jsonLog, type Callback, type History, type MetricLike } from 'chainrule/train';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'chainrule-logs-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const file = (name: string): string => join(folder, name);
const text = (name: string): string => readFileSync(file(name), 'utf8');

function run(epochs: number, callbacks: Callback[], metrics: MetricLike[] = []): Promise<History> {
  manualSeed(2);
  const model = new Linear(2, 1);
  const x = randn([12, 2], { dtype: 'float32' });
  const y: Value = x.sum(1, { keepDims: true }).detach();
  const optimizer = new SGD(model.parameters(), { lr: 0.1 });
  return fit(
    model,
    { x, y },
    {
      ...{ loss: mseLoss, optimizer, epochs, metrics, callbacks, progress: false, batchSize: 4 },
      validation: { x, y },
    },
  );
}

const breaking = (epoch: number): Callback => ({
  onEpochEnd: (r) => {
    if (r.epoch === epoch) throw new Error('broken off');
  },
});

describe('csvLog', () => {
  test('writes a row for each epoch, under the names of its numbers', async () => {
    const { epochs } = await run(3, [csvLog(file('a.csv'))]);
    const { columns, rows } = readCsv(file('a.csv'));
    expect(columns).toEqual(Object.keys(epochs[0]!));
    expect(columns).toEqual(expect.arrayContaining(['epoch', 'loss', 'valLoss', 'lr', 'seconds']));
    expect(rows.map((row) => row.map(Number))).toEqual(epochs.map((record) => Object.values(record)));
  });

  test('has each epoch once, in order, where a run was broken off behind its last checkpoint', async () => {
    const directory = file('run');
    const { epochs: straight } = await run(5, []);
    // The third epoch is in the log, and in no checkpoint.
    await expect(
      run(5, [csvLog(file('a.csv')), checkpoint({ directory, every: 2, keepBest: 0 }), breaking(3)]),
    ).rejects.toThrow('broken off');
    expect(readCsv(file('a.csv')).rows).toHaveLength(3);
    await run(5, [csvLog(file('a.csv')), checkpoint({ directory, every: 2, resume: true })]);
    const { columns, rows } = readCsv(file('a.csv'));
    const [epoch, loss] = [columns.indexOf('epoch'), columns.indexOf('loss')];
    expect(rows.map((row) => [Number(row[epoch]), Number(row[loss])])).toEqual(straight.map((r) => [r.epoch, r.loss]));
  });

  test('takes another delimiter, and quotes what has it in its name', async () => {
    await run(
      1,
      [csvLog(file('a.csv'), { delimiter: ';' })],
      [{ name: 'a;"b"', reset() {}, update() {}, result: () => NaN }],
    );
    expect(text('a.csv').split('\n')[0]).toContain(';"a;""b""";');
    expect(readCsv(file('a.csv'), { delimiter: ';' }).columns).toContain('a;"b"');
  });

  test('refuses what is no delimiter, and a file that cannot be written', async () => {
    expect(() => csvLog('a.csv', { delimiter: ', ' })).toThrow(OptionError);
    expect(() => csvLog('')).toThrow(OptionError);
    await expect(run(1, [csvLog(join(folder, 'none', 'a.csv'))])).rejects.toThrow(DataError);
    await expect(run(1, [csvLog(join(folder, 'none', 'a.csv'))])).rejects.toThrow(/none.*a\.csv/);
  });
});

describe('jsonLog', () => {
  test('writes an object for each epoch, one a line', async () => {
    const { epochs } = await run(2, [jsonLog(file('a.jsonl'))]);
    expect(
      text('a.jsonl')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual(epochs);
  });

  test('a run that does not go on with another writes the file anew', async () => {
    writeFileSync(file('a.jsonl'), '{"epoch":1}\n{"epo');
    await run(1, [jsonLog(file('a.jsonl'))]);
    expect(text('a.jsonl').split('\n')).toHaveLength(2);
  });
});
