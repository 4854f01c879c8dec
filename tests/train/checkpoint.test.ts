/** Folders of checkpoints: what is kept, and that the latest file loads whatever happens. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { DataError, manualSeed, OptionError, randn } from 'chainrule';
import { mseLoss } from 'chainrule/losses';
import { Linear, MLP } from 'chainrule/nn';
import { ExponentialMovingAverage, SGD } from 'chainrule/optim';
import { bestCheckpoint, checkpoint, fit, lastCheckpoint, loadModel } from 'chainrule/train';
import { adam, data, Killed, losing, run, tiny, type Make } from './broken-runs.ts';

let directory: string;
let warned: jest.SpyInstance;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'chainrule-checkpoints-'));
  warned = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
});
afterEach(() => {
  warned.mockRestore();
  rmSync(directory, { recursive: true });
});

const names = (): string[] => readdirSync(directory).sort();

const epochsOf = (): number[] => names().map((name) => Number(/^epoch-(\d+)\.safetensors$/.exec(name)?.[1] ?? NaN));

describe('what is kept', () => {
  test('the latest and the best', async () => {
    const scores = [1, 5, 3, 9, 2, 4];
    const callback = checkpoint({ directory, keepLast: 2, keepBest: 2, monitor: 'score' });
    expect([callback.last, callback.best]).toEqual([null, null]);
    await run(tiny(losing(scores)), 6, callback);
    expect(epochsOf()).toEqual([2, 4, 5, 6]);
    expect([callback.last, callback.best].map((path) => basename(path!))).toEqual([
      'epoch-0006.safetensors',
      'epoch-0004.safetensors',
    ]);
    expect([lastCheckpoint(directory), bestCheckpoint(directory)]).toEqual([callback.last, callback.best]);
  });

  test('the best, whichever epochs are saved otherwise; NaN is never good', async () => {
    await run(
      tiny(losing([NaN, 4, 2, NaN, 3])),
      5,
      checkpoint({ directory, every: 10, monitor: 'score', mode: 'min' }),
    );
    expect(epochsOf()).toEqual([3, 5]);
  });

  test('the least loss by default, of validation data if there are any', async () => {
    const callback = checkpoint({ directory, keepLast: 1, keepBest: 1 });
    await run(adam, 4, callback);
    const { x, y } = data();
    const { model, options } = adam();
    const history = await fit(
      model,
      { x, y },
      {
        ...options,
        epochs: 5,
        validation: { x, y },
        callbacks: [checkpoint({ directory, overwrite: true })],
      },
    );
    const best = [...history.epochs].sort((a, b) => a['valLoss']! - b['valLoss']!)[0]!.epoch;
    expect(bestCheckpoint(directory)).toBe(join(directory, `epoch-000${best}.safetensors`));
  });

  test('each is a model, too, with its preprocessing', async () => {
    const made = adam();
    const callback = checkpoint({ directory, preprocessing: { note: 'as it is' } });
    await fit(made.model, data(), { ...made.options, epochs: 2, callbacks: [callback] });
    const { model, preprocessing } = loadModel(callback.last!);
    expect(Object.keys(model.stateDict())).toEqual(Object.keys(made.model.stateDict()));
    expect(Object.values(model.stateDict()).map((x) => x.toArray())).toEqual(
      Object.values(made.model.stateDict()).map((x) => x.toArray()),
    );
    expect(preprocessing).toEqual({ note: 'as it is' });
  });

  test('with a moving average it holds that, too', async () => {
    const made = adam();
    const ema = new ExponentialMovingAverage(made.model.parameters(), { decay: 0.5 });
    const callback = checkpoint({ directory });
    await fit(made.model, data(), { ...made.options, ema, epochs: 2, callbacks: [callback] });
    const loaded = (averages: boolean): unknown =>
      loadModel(callback.last!, { averages })
        .model.parameters()
        .map((p) => p.toArray());
    expect(loaded(false)).toEqual(made.model.parameters().map((p) => p.toArray()));
    expect(loaded(true)).toEqual(ema.averages.map((p) => p.toArray()));
    expect(loaded(true)).not.toEqual(loaded(false));
    await run(tiny([]), 1, checkpoint({ directory, overwrite: true }));
    expect(() => loadModel(lastCheckpoint(directory)!, { averages: true })).toThrow(
      /epoch-0001\.safetensors holds no moving average/,
    );
  });

  test('a model with a function in it goes on, too; only its configuration is not in the file', async () => {
    const make: Make = () => {
      manualSeed(3);
      const model = new MLP([3, 4, 1], { activation: (x) => x.sin() });
      return {
        model,
        options: { loss: mseLoss, optimizer: new SGD(model.parameters(), { lr: 0.01 }), progress: false },
      };
    };
    const straight = await run(make, 4);
    await run(make, 2, checkpoint({ directory }));
    expect(() => loadModel(lastCheckpoint(directory)!)).toThrow(/epoch-0002.*configuration could not be saved/);
    expect(await run(make, 4, checkpoint({ directory, resume: true }))).toEqual(straight);
  });

  test('nothing of an empty or missing folder', () => {
    expect([lastCheckpoint(directory), bestCheckpoint(join(directory, 'none'))]).toEqual([null, null]);
  });
});

describe('a folder with checkpoints of another run', () => {
  beforeEach(() => run(tiny([]), 3, checkpoint({ directory, keepLast: 3 })));

  test('is refused, with the ways out, and nothing is lost', async () => {
    const before = names();
    const error = await run(tiny([]), 1, checkpoint({ directory })).catch((e: unknown) => e as Error);
    expect(error).toBeInstanceOf(OptionError);
    expect((error as Error).message).toMatch(/epoch-0003[\s\S]*resume: true[\s\S]*overwrite: true/);
    expect(names()).toEqual(before);
  });

  test('is emptied if asked for', async () => {
    await run(tiny([]), 1, checkpoint({ directory, overwrite: true }));
    expect(epochsOf()).toEqual([1]);
  });

  test('is gone on with from an earlier file, if asked for: later ones are set aside', async () => {
    const straight = await run(tiny([]), 3);
    const from = join(directory, 'epoch-0001.safetensors');
    expect(await run(tiny([]), 3, checkpoint({ directory, resume: from, keepLast: 3 }))).toEqual(straight);
    expect(names()).toEqual([
      'epoch-0001.safetensors',
      'epoch-0002.safetensors',
      'epoch-0002.safetensors.abandoned',
      'epoch-0003.safetensors',
      'epoch-0003.safetensors.abandoned',
    ]);
  });

  test('of another model or optimizer is refused with the name of the file', async () => {
    const other: Make = () => {
      const model = new Linear(4, 1);
      return { model, options: { ...tiny([])().options, optimizer: new SGD(model.parameters(), { lr: 1 }) } };
    };
    const { model, options } = other();
    const x = randn([5, 4]);
    const fitted = fit(
      model,
      { x, y: x.sum(1, { keepDims: true }).detach() },
      {
        ...options,
        epochs: 4,
        callbacks: [checkpoint({ directory, resume: true })],
      },
    );
    await expect(fitted).rejects.toThrow(/epoch-0003\.safetensors is of another run: .*weight is \[1, 4\] here/);
  });
});

describe('files that are no good', () => {
  beforeEach(() => run(tiny([]), 3, checkpoint({ directory, keepLast: 3 })));

  const path = (epoch: number): string => join(directory, `epoch-000${epoch}.safetensors`);

  test.each<[string, (path: string) => void]>([
    ['cut off', (file) => truncateSync(file, 1000)],
    ['empty', (file) => writeFileSync(file, '')],
    [
      'changed',
      (file) =>
        writeFileSync(
          file,
          readFileSync(file).map((byte, i) => (i === 1200 ? byte ^ 1 : byte)),
        ),
    ],
    ['of something else', (file) => writeFileSync(file, 'not a checkpoint at all')],
  ])('%s: the one before is taken, with a warning that names the file', async (_, damage) => {
    const straight = await run(tiny([]), 4);
    damage(path(3));
    expect(await run(tiny([]), 4, checkpoint({ directory, resume: true, keepLast: 3 }))).toEqual(straight);
    expect(warned).toHaveBeenCalledTimes(1);
    expect(warned).toHaveBeenCalledWith(expect.stringContaining(path(3)));
    expect(names()).toContain('epoch-0003.safetensors.damaged');
    expect(names()).toContain('epoch-0003.safetensors');
  });

  test('if none is good the run does not begin anew without a word', async () => {
    for (const epoch of [1, 2, 3]) truncateSync(path(epoch), 500);
    await expect(run(tiny([]), 4, checkpoint({ directory, resume: true }))).rejects.toThrow(/none of the checkpoints/);
    expect(names()).toHaveLength(3);
  });

  test('given by its path, it is an error', async () => {
    truncateSync(path(2), 500);
    const resumed = run(tiny([]), 4, checkpoint({ directory, resume: path(2) }));
    await expect(resumed).rejects.toThrow(DataError);
    await expect(resumed).rejects.toThrow(/epoch-0002/);
  });
});

describe('an interruption between any two operations on files', () => {
  type Fs = Record<string, (...args: unknown[]) => unknown>;
  const fs = process.getBuiltinModule('node:fs') as unknown as Fs;
  const writing = ['writeFileSync', 'renameSync', 'rmSync', 'openSync', 'fsyncSync', 'closeSync', 'mkdirSync'];

  /** From the n-th operation on nothing reaches the disk; a write at that moment gets half of it there. */
  function diesAt(n: number): { readonly restore: () => void; readonly count: () => number } {
    let count = 0;
    const spies = writing.map((name) => {
      const original = fs[name]!;
      return jest.spyOn(fs, name).mockImplementation((...args: unknown[]) => {
        if (++count < n) return original(...args);
        if (count === n && name === 'writeFileSync') {
          const bytes = args[1] as Uint8Array;
          original(args[0], bytes.subarray(0, bytes.length >> 1));
        }
        throw new Killed();
      });
    });
    return { restore: () => spies.forEach((spy) => spy.mockRestore()), count: () => count };
  }

  test('leaves a folder from which the run goes on to the same end', async () => {
    const straight = await run(tiny([]), 4);
    const all = diesAt(Infinity);
    await run(tiny([]), 4, checkpoint({ directory, keepBest: 0 }));
    all.restore();
    const operations = all.count();
    expect(operations).toBeGreaterThan(20);
    let isThere = false;
    for (let n = 1; n <= operations; n++) {
      rmSync(directory, { recursive: true });
      const dying = diesAt(n);
      await run(tiny([]), 4, checkpoint({ directory, keepBest: 0 })).catch(() => undefined);
      dying.restore();
      // Once there is a file, there always is one.
      expect(isThere && lastCheckpoint(directory) === null).toBe(false);
      isThere = lastCheckpoint(directory) !== null;
      expect(await run(tiny([]), 4, checkpoint({ directory, keepBest: 0, resume: true }))).toEqual(straight);
      expect(epochsOf()).toEqual([4]);
    }
    expect(isThere).toBe(true);
    expect(warned).not.toHaveBeenCalled();
  });
});

test.each<[object, RegExp]>([
  [{}, /directory must be a path/],
  [{ directory: 'x', every: 0 }, /every must be/],
  [{ directory: 'x', keepLast: 0 }, /keepLast must be/],
  [{ directory: 'x', keepBest: -1 }, /keepBest must be/],
  [{ directory: 'x', mode: 'up' }, /mode is 'auto', 'min' or 'max', got "up"/],
  [{ directory: 'x', resume: 3 }, /resume is true, false or a path/],
  [{ directory: 'x', folder: 'y' }, /unknown option "folder"/],
])('options %j are refused', (options, message) => {
  expect(() => checkpoint(options as never)).toThrow(OptionError);
  expect(() => checkpoint(options as never)).toThrow(message);
});
