/** A run that goes on is the run that never ended. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { manualSeed, rand, value, type Value } from 'chainrule';
import { compose, DataLoader, flipVertical, noise, TensorDataset } from 'chainrule/data';
import { crossEntropy, mseLoss } from 'chainrule/losses';
import { Linear } from 'chainrule/nn';
import { Adam, CosineAnnealingLR, ExponentialMovingAverage, ReduceLROnPlateau, SGD } from 'chainrule/optim';
import { checkpoint, EarlyStopping, fit, lastCheckpoint, TopKAccuracy, type Callback } from 'chainrule/train';
import { adam, data, fresh, Killed, killing, outcome, run, tiny, type Fresh, type Make } from './broken-runs.ts';

let directory: string;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'chainrule-resume-'))));
afterEach(() => rmSync(directory, { recursive: true }));

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

  test('with random changes of the images that it learns from', async () => {
    const go = async (...callbacks: Callback[]): Promise<unknown> => {
      const made = fresh((model) => new Adam(model.parameters()))();
      manualSeed(5);
      const [x, y] = [rand([20, 1, 3, 1], { dtype: 'float32' }), rand([20, 1], { dtype: 'float32' })];
      const augment = compose(flipVertical(), noise(0.1));
      const loader = new DataLoader(new TensorDataset(x, y), {
        batchSize: 6,
        shuffle: true,
        transform: ([images, targets], draws) => [augment(images, draws).flatten(1), targets] as const,
      });
      const { batchSize: _, ...options } = made.options;
      return outcome(made, await fit(made.model, loader, { ...options, epochs: 3, callbacks }));
    };
    const straight = await go();
    await expect(go(checkpoint({ directory, everyBatches: 2 }), killing(2, 4))).rejects.toThrow(Killed);
    expect(basename(lastCheckpoint(directory)!)).toBe('epoch-0001-batch-000002.safetensors');
    expect(await go(checkpoint({ directory, everyBatches: 2, resume: true }))).toEqual(straight);
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
