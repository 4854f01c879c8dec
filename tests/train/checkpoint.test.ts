/** Checkpoints: a run that goes on is the run that never ended, and the latest file loads whatever happens. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { DataError, manualSeed, OptionError, rand, randn, value, type Value } from 'chainrule';
import { TensorDataset, DataLoader } from 'chainrule/data';
import { crossEntropy, mseLoss } from 'chainrule/losses';
import { BatchNorm1d, Dropout, Linear, MLP, ReLU, Sequential, type AnyModule } from 'chainrule/nn';
import {
  Adam,
  CosineAnnealingLR,
  ExponentialMovingAverage,
  ReduceLROnPlateau,
  SGD,
  type Optimizer,
} from 'chainrule/optim';
import {
  bestCheckpoint,
  checkpoint,
  EarlyStopping,
  fit,
  lastCheckpoint,
  loadModel,
  TopKAccuracy,
  type Callback,
  type FitOptions,
  type History,
} from 'chainrule/train';

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

/** What there is to train, made anew as in a new process. */
interface Fresh {
  readonly model: AnyModule;
  readonly options: Omit<FitOptions, 'epochs'>;
}

type Make = () => Fresh;

const data = (): { x: Value; y: Value } => {
  manualSeed(11);
  const x = randn([30, 3], { dtype: 'float32' });
  return { x, y: x.square().sum(1, { keepDims: true }).detach() };
};

const network = (): Sequential =>
  new Sequential(new Linear(3, 8), new BatchNorm1d(8), new ReLU(), new Dropout(0.3), new Linear(8, 1));

const fresh = (
  optimizerOf: (model: AnyModule) => Optimizer,
  more: (o: Optimizer, m: AnyModule) => object = () => ({}),
): Make => {
  return () => {
    manualSeed(3);
    const model = network();
    const optimizer = optimizerOf(model);
    return { model, options: { loss: mseLoss, optimizer, batchSize: 8, progress: false, ...more(optimizer, model) } };
  };
};

const adam = fresh((model) => new Adam(model.parameters(), { lr: 0.02 }));

/** The numbers of a run and of what it leaves, but for how long it took. */
const outcome = ({ model, options }: Fresh, { epochs, batchLosses }: History): unknown => [
  epochs.map(({ seconds: _, ...record }) => record),
  batchLosses,
  Object.entries(model.stateDict()).map(([name, x]) => [name, x.toArray()]),
  JSON.stringify(options.optimizer.stateDict()),
  rand([3]).toArray(),
];

async function run(make: Make, epochs: number, ...callbacks: Callback[]): Promise<unknown> {
  const made = make();
  const all = [...(made.options.callbacks ?? []), ...callbacks];
  return outcome(made, await fit(made.model, data(), { ...made.options, epochs, callbacks: all }));
}

class Killed extends Error {}

/** Ends a run in the middle of an epoch, or at its end. */
const killing = (epoch: number, batch?: number): Callback => {
  let done = 0;
  const kill = (): never => {
    throw new Killed();
  };
  return {
    onEpochBegin: () => void (done = 0),
    onBatchEnd: (r) => (r.epoch === epoch && ++done === batch ? kill() : undefined),
    onEpochEnd: (r) => (r.epoch === epoch ? kill() : undefined),
  };
};

const names = (): string[] => readdirSync(directory).sort();

describe('a run that is broken off and goes on is the run that never ended', () => {
  const makes: readonly (readonly [string, Make])[] = [
    ['Adam, dropout, batch norm, shuffled', adam],
    [
      'SGD with momentum and a schedule',
      fresh(
        (model) => new SGD(model.parameters(), { lr: 0.05, momentum: 0.9, nesterov: true }),
        (optimizer) => ({ schedule: new CosineAnnealingLR(optimizer, { TMax: 10 }) }),
      ),
    ],
    [
      'a plateau schedule and early stopping',
      fresh(
        (model) => new Adam(model.parameters(), { lr: 0.05 }),
        (optimizer) => ({
          schedule: new ReduceLROnPlateau(optimizer, { patience: 0, factor: 0.5 }),
          callbacks: [new EarlyStopping({ monitor: 'loss', patience: 2, restoreBestWeights: true })],
        }),
      ),
    ],
    [
      'a moving average, accumulation, clipping',
      fresh(
        (model) => new Adam(model.parameters()),
        (_, model) => ({ ema: new ExponentialMovingAverage(model.parameters()), accumulate: 3, clipNorm: 1 }),
      ),
    ],
    [
      'a function of the share that is done',
      fresh(
        (model) => new SGD(model.parameters(), { lr: 0.05 }),
        () => ({ schedule: (done: number) => 1 - done }),
      ),
    ],
    [
      'op by op',
      fresh(
        (model) => new Adam(model.parameters()),
        () => ({ compile: false }),
      ),
    ],
  ];

  test.each(makes)('%s', async (_, make) => {
    const straight = await run(make, 10);
    // Before the others, so that its being last is what makes it right.
    const first = make();
    const begun = fit(first.model, data(), {
      ...first.options,
      epochs: 10,
      callbacks: [checkpoint({ directory }), ...(first.options.callbacks ?? []), killing(5, 2)],
    });
    await expect(begun).rejects.toThrow(Killed);
    const resumed = await run(make, 10, checkpoint({ directory, resume: true }));
    expect(resumed).toEqual(straight);
  });

  test('as often as it happens, wherever', async () => {
    const straight = await run(adam, 6);
    const broken: [number, number?][] = [[1, 1], [2, 4], [2], [3, 1], [5]];
    for (const [epoch, batch] of broken) {
      await expect(run(adam, 6, checkpoint({ directory, resume: true }), killing(epoch, batch))).rejects.toThrow(
        Killed,
      );
    }
    expect(await run(adam, 6, checkpoint({ directory, resume: true }))).toEqual(straight);
  });

  test('also with a loader of its own seed, and one that is not asked to save each epoch', async () => {
    const make = (): Fresh => adam();
    const loaderOf = (): DataLoader<unknown, unknown> => {
      const { x, y } = data();
      return new DataLoader(new TensorDataset(x, y), { batchSize: 7, shuffle: true }) as never;
    };
    const go = async (...callbacks: Callback[]): Promise<unknown> => {
      const loader = loaderOf();
      const {
        model,
        options: { batchSize: _, ...options },
      } = make();
      return outcome({ model, options }, await fit(model, loader as never, { ...options, epochs: 7, callbacks }));
    };
    const straight = await go();
    await expect(go(checkpoint({ directory, every: 3, keepBest: 0 }), killing(5, 1))).rejects.toThrow(Killed);
    expect(names()).toEqual(['epoch-0003.safetensors']);
    expect(await go(checkpoint({ directory, every: 3, resume: true }))).toEqual(straight);
  });

  test('from within an epoch, between two updates', async () => {
    const make = fresh(
      (model) => new Adam(model.parameters()),
      (optimizer) => ({
        accumulate: 2,
        schedule: { scheduler: new CosineAnnealingLR(optimizer, { TMax: 24 }), every: 'batch' as const },
        batchSize: 5,
        metrics: ['mae', 'r2', (p: Value, t: Value) => p.sub(t).abs().amax().item()],
      }),
    );
    const straight = await run(make, 4);
    const files: string[] = [];
    for (const [epoch, batch] of [
      [1, 3],
      [2, 3],
      [3, 6],
      [4, 5],
    ] as const) {
      const callbacks = [checkpoint({ directory, everyBatches: 1, keepBest: 0, resume: true }), killing(epoch, batch)];
      await expect(run(make, 4, ...callbacks)).rejects.toThrow(Killed);
      files.push(basename(lastCheckpoint(directory)!));
    }
    expect(files).toEqual([
      'epoch-0000-batch-000002.safetensors',
      'epoch-0001-batch-000002.safetensors',
      'epoch-0002-batch-000004.safetensors',
      'epoch-0003-batch-000004.safetensors',
    ]);
    expect(await run(make, 4, checkpoint({ directory, everyBatches: 1, resume: true }))).toEqual(straight);
  });

  test('from where it was stopped, by a callback or a signal', async () => {
    const straight = await run(adam, 4);
    const stopping: Callback = { onBatchEnd: (r) => (r.epoch === 2 && r.done === 3 ? r.stop('enough') : undefined) };
    await run(adam, 4, stopping, checkpoint({ directory, resume: true }));
    expect(basename(lastCheckpoint(directory)!)).toBe('epoch-0001-batch-000003.safetensors');
    const controller = new AbortController();
    const made = adam();
    await fit(made.model, data(), {
      ...made.options,
      epochs: 4,
      signal: controller.signal,
      callbacks: [
        { onBatchEnd: (r) => (r.epoch === 3 && r.done === 2 ? controller.abort() : undefined) },
        checkpoint({ directory, resume: true }),
      ],
    });
    expect(basename(lastCheckpoint(directory)!)).toBe('epoch-0002-batch-000002.safetensors');
    expect(await run(adam, 4, checkpoint({ directory, resume: true }))).toEqual(straight);
  });

  test('from within an epoch with what metrics of classes have gathered', async () => {
    const make: Make = () => {
      manualSeed(3);
      const model = new Linear(3, 3);
      const metrics = ['accuracy', 'f1', 'precision', 'recall', 'rocAuc', 'perplexity', new TopKAccuracy({ k: 2 })];
      const optimizer = new SGD(model.parameters(), { lr: 0.1 });
      return { model, options: { loss: crossEntropy, optimizer, progress: false, metrics, batchSize: 6 } };
    };
    const go = async (...callbacks: Callback[]): Promise<unknown> => {
      const made = make();
      const { x } = data();
      const y = x.argmax(1).to('int32').detach();
      return outcome(made, await fit(made.model, { x, y }, { ...made.options, epochs: 3, callbacks }));
    };
    const straight = await go();
    await expect(go(checkpoint({ directory, everyBatches: 2 }), killing(2, 4))).rejects.toThrow(Killed);
    expect(basename(lastCheckpoint(directory)!)).toBe('epoch-0001-batch-000003.safetensors');
    expect(await go(checkpoint({ directory, everyBatches: 2, resume: true }))).toEqual(straight);
  });

  test('from within an epoch of data that come behind promises', async () => {
    const examples = (): Promise<[Value, Value]>[] => {
      const { x, y } = data();
      return x.unbind().map((row, i) => Promise.resolve([row, y.at(i)]));
    };
    const go = async (...callbacks: Callback[]): Promise<unknown> => {
      const made = adam();
      const { batchSize: _, ...options } = made.options;
      const loader = new DataLoader(examples(), { batchSize: 8, shuffle: true });
      return outcome(made, await fit(made.model, loader as never, { ...options, epochs: 3, callbacks }));
    };
    const straight = await go();
    await expect(go(checkpoint({ directory, everyBatches: 3 }), killing(2, 4))).rejects.toThrow(Killed);
    expect(basename(lastCheckpoint(directory)!)).toBe('epoch-0001-batch-000002.safetensors');
    expect(await go(checkpoint({ directory, everyBatches: 3, resume: true }))).toEqual(straight);
  });

  test('two callbacks of one name keep states of their own', async () => {
    const stoppers = (): EarlyStopping[] => [
      new EarlyStopping({ monitor: 'loss', patience: 3, minDelta: 1000 }),
      new EarlyStopping({ monitor: 'seconds', mode: 'max', patience: 99 }),
    ];
    const straight = (await run(adam, 9, ...stoppers())) as [unknown[]];
    expect(straight[0].length).toBeLessThan(9);
    const cut = straight[0].length - 1;
    await run(adam, cut, ...stoppers(), checkpoint({ directory }));
    const resumed = (await run(adam, 9, ...stoppers(), checkpoint({ directory, resume: true }))) as [unknown[]];
    expect(resumed[0]).toHaveLength(straight[0].length);
  });

  test('a run that was over is over: more epochs go on with it', async () => {
    const straight = await run(adam, 5);
    await run(adam, 3, checkpoint({ directory }));
    const again = await run(adam, 3, checkpoint({ directory, resume: true }));
    expect((again as [unknown[]])[0]).toHaveLength(3);
    expect(await run(adam, 5, checkpoint({ directory, resume: true }))).toEqual(straight);
  });

  test('callbacks remember plain data, typed arrays and Values', async () => {
    const plain = { n: [NaN, -0], list: Float64Array.of(1, NaN), ids: Int32Array.of(3), none: null };
    const remembering: Callback & { loaded?: typeof plain & { x: Value } } = {
      name: 'mine',
      stateDict: () => ({ ...plain, x: value([[1, 2]]) }),
      loadStateDict(state) {
        this.loaded = state as never;
      },
    };
    await run(tiny([]), 1, remembering, checkpoint({ directory }));
    await run(tiny([]), 2, remembering, checkpoint({ directory, resume: true }));
    const { x, ...rest } = remembering.loaded!;
    expect(rest).toEqual(plain);
    expect(x.toArray()).toEqual([[1, 2]]);
    const wrong: Callback = { ...remembering, stateDict: () => ({ when: new Date(0) }) };
    await expect(run(tiny([]), 2, wrong, checkpoint({ directory, overwrite: true }))).rejects.toThrow(
      /callbacks\.mine\.when is a Date/,
    );
  });

  test("parameters that are the optimizer's alone come back, too", async () => {
    const make: Make = () => {
      manualSeed(3);
      const model = new Linear(3, 1);
      const scale = value(1, { dtype: 'float32' });
      const optimizer = new SGD([...model.parameters(), scale], { lr: 0.01 });
      const loss = (p: Value, t: Value): Value => mseLoss(p.mul(scale), t);
      return { model, options: { loss, optimizer, progress: false, metrics: [] } };
    };
    const straight = await run(make, 4);
    await run(make, 2, checkpoint({ directory }));
    expect(await run(make, 4, checkpoint({ directory, resume: true }))).toEqual(straight);
  });
});

/** A run whose epochs have these losses, as far as checkpoints can see. */
const losing = (losses: readonly number[]): FitOptions['metrics'] => {
  let epoch = -1;
  return [{ name: 'score', reset: () => void epoch++, update: () => undefined, result: () => losses[epoch] ?? NaN }];
};

const tiny =
  (metrics: FitOptions['metrics']): Make =>
  () => {
    manualSeed(1);
    const model = new Linear(3, 1);
    const optimizer = new SGD(model.parameters(), { lr: 0.001 });
    return { model, options: { loss: mseLoss, optimizer, progress: false, metrics: metrics ?? [], batchSize: 30 } };
  };

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
