/** What fit may be told: data of every kind, schedules, clipping, accumulation, averages, callbacks, signals. */
import { compile, manualSeed, rand, value, type Value } from 'chainrule';
import { DataLoader, Dataset, TensorDataset } from 'chainrule/data';
import { mseLoss } from 'chainrule/losses';
import { Linear, Module } from 'chainrule/nn';
import {
  clipGradNorm,
  ExponentialMovingAverage,
  GradientAccumulation,
  LBFGS,
  ReduceLROnPlateau,
  SGD,
  StepLR,
} from 'chainrule/optim';
import { EarlyStopping, fit, predict, type Callback, type FitOptions, type History, type TrainingData } from 'chainrule/train'; // prettier-ignore

interface Setting {
  readonly model: Linear;
  readonly optimizer: SGD;
  readonly x: Value;
  readonly y: Value;
}

/** A line through ten points; float64, so that another way to the same numbers gives the same. */
function line(): Setting {
  manualSeed(0);
  const model = new Linear(1, 1, { dtype: 'float64' });
  const x = rand([10, 1]);
  return { model, optimizer: new SGD(model.parameters(), { lr: 0.1 }), x, y: x.mul(2).add(1) };
}

const run = ({ model, optimizer }: Setting, data: TrainingData, options: Partial<FitOptions> = {}): Promise<History> =>
  fit(model, data, { loss: mseLoss, optimizer, epochs: 2, ...options });

/** Weights after training on the batches by hand. */
function byHand(after: (setting: Setting) => void = ({ optimizer }) => optimizer.step()): string {
  const setting = line();
  const { model, optimizer, x, y } = setting;
  for (let i = 0; i < 6; i++) {
    const at = [0, 4, 8][i % 3]!;
    const [bx, by] = [x.narrow(0, at, at === 8 ? 2 : 4), y.narrow(0, at, at === 8 ? 2 : 4)];
    optimizer.zeroGrad();
    mseLoss(model.forward(bx), by).backward();
    after(setting);
  }
  return JSON.stringify(model.stateDict());
}

class Pairs extends Dataset<{ x: Value; y: Value }> {
  readonly length: number = 10;
  readonly #setting: Setting;
  constructor(setting: Setting) {
    super();
    this.#setting = setting;
  }
  get(i: number): { x: Value; y: Value } {
    return { x: this.#setting.x.at(i), y: this.#setting.y.at(i) };
  }
}

const batchesOf = ({ x, y }: Setting): [Value, Value][] =>
  [0, 4, 8].map((at) => [x.narrow(0, at, at === 8 ? 2 : 4), y.narrow(0, at, at === 8 ? 2 : 4)]);

async function* later<T>(items: readonly T[]): AsyncGenerator<T> {
  for (const item of items) yield await Promise.resolve(item);
}

describe('data', () => {
  const inOrder = { batchSize: 4, shuffle: false };
  test.each<[string, (setting: Setting) => TrainingData, Partial<FitOptions>]>([
    ['{ x, y }', ({ x, y }) => ({ x, y }), inOrder],
    ['[x, y]', ({ x, y }) => [x, y], inOrder],
    ['a TensorDataset', ({ x, y }) => new TensorDataset(x, y), inOrder],
    ['a Dataset of one’s own', (setting) => new Pairs(setting), inOrder],
    ['a DataLoader', (s) => new DataLoader(new Pairs(s), { batchSize: 4, dtype: 'float64' }), {}],
    ['a list of batches', batchesOf, {}],
    ['batches as objects', (setting) => batchesOf(setting).map(([x, y]) => ({ x, y })), {}],
    ['a function that gives batches', (setting) => () => batchesOf(setting), {}],
    ['a function that gives batches later', (setting) => () => later(batchesOf(setting)), {}],
  ])('%s gives the numbers of the loop written by hand', async (_, data, options) => {
    const setting = line();
    await run(setting, data(setting), options);
    expect(JSON.stringify(setting.model.stateDict())).toBe(byHand());
  });

  test('of several inputs and one of several results', async () => {
    class Both extends Module<[a: Value, b: Value], { readonly sum: Value; readonly rest: Value }> {
      readonly inner = new Linear(1, 1);
      override forward(a: Value, b: Value): { sum: Value; rest: Value } {
        return { sum: this.inner.forward(a).add(b), rest: b };
      }
    }
    const model = new Both();
    const x = [rand([8, 1]), rand([8, 1])];
    const optimizer = new SGD(model.parameters(), { lr: 0.1 });
    const loss = ({ sum }: { sum: Value }, target: Value): Value => mseLoss(sum, target);
    const plain = await fit(model, { x, y: x[0]! }, { loss, optimizer, epochs: 2 });
    expect(plain.epochs[1]!.loss).toBeLessThan(plain.epochs[0]!.loss);
    const forward = (m: Both, { a, b }: { a: Value; b: Value }): Value => m.forward(a, b).sum;
    const named = [{ x: { a: x[0], b: x[1] }, y: x[0] }];
    await expect(fit(model, named, { loss: mseLoss, optimizer, epochs: 1 })).rejects.toThrow(
      /x of a batch is object.*forward/s,
    );
    expect((await fit(model, named, { loss: mseLoss, optimizer, epochs: 1, forward })).batchLosses).toHaveLength(1);
  });
});

describe('updates', () => {
  const inOrder = { batchSize: 4, shuffle: false };

  test('with clipped gradients are those of clipGradNorm', async () => {
    const setting = line();
    await run(setting, setting, { ...inOrder, clipNorm: 0.5 });
    const hand = byHand(({ model, optimizer }) => {
      clipGradNorm(model.parameters(), 0.5);
      optimizer.step();
    });
    expect(JSON.stringify(setting.model.stateDict())).toBe(hand);
  });

  test('from several batches are those of GradientAccumulation; the last of an epoch is from what there is', async () => {
    const setting = line();
    await run(setting, setting, { ...inOrder, accumulate: 2 });
    const { model, optimizer, ...rest } = line();
    const accumulation = new GradientAccumulation(optimizer, { batches: 2 });
    for (let epoch = 0; epoch < 2; epoch++) {
      for (const [x, y] of batchesOf({ model, optimizer, ...rest })) {
        mseLoss(model.forward(x), y).backward();
        accumulation.step();
      }
      accumulation.flush();
    }
    expect(setting.optimizer.steps).toBe(4);
    expect(JSON.stringify(setting.model.stateDict())).toBe(JSON.stringify(model.stateDict()));
  });

  test('take the weights into a moving average, with which validation is measured', async () => {
    const setting = line();
    const ema = new ExponentialMovingAverage(setting.model.parameters(), { decay: 0.9 });
    const { epochs } = await run(setting, setting, { ...inOrder, ema, validation: setting });
    expect(ema.updates).toBe(6);
    const measured = ema.averageParameters(() => mseLoss(predict(setting.model, setting.x), setting.y).item());
    expect(epochs[1]!['valLoss']).toBeCloseTo(measured, 12);
    expect(epochs[1]!['valLoss']).not.toBeCloseTo(mseLoss(predict(setting.model, setting.x), setting.y).item(), 6);
  });

  test('of L-BFGS evaluate a batch several times', async () => {
    const setting = line();
    const optimizer = new LBFGS(setting.model.parameters(), { lineSearchFn: 'strongWolfe' });
    const { epochs } = await run(setting, setting, { optimizer, batchSize: 10, epochs: 3 });
    expect(epochs[2]!.loss).toBeLessThan(1e-9);
  });
});

describe('schedules', () => {
  const rates = ({ epochs }: History): number[] => epochs.map(({ lr }) => lr);

  test('move on after each epoch, or each batch', async () => {
    const one = line();
    const epochly = await run(one, one, {
      epochs: 4,
      schedule: new StepLR(one.optimizer, { stepSize: 2, gamma: 0.5 }),
    });
    expect(rates(epochly)).toEqual([0.1, 0.1, 0.05, 0.05]);
    const two = line();
    const scheduler = new StepLR(two.optimizer, { stepSize: 1, gamma: 0.5 });
    await run(two, two, { batchSize: 5, schedule: { scheduler, every: 'batch' } });
    expect(two.optimizer.lr).toBe(0.1 / 16);
  });

  test('follow a number of the record', async () => {
    const setting = line();
    const scheduler = new ReduceLROnPlateau(setting.optimizer, { patience: 0, factor: 0.5, threshold: 0.9 });
    const history = await run(setting, setting, {
      epochs: 4,
      schedule: { scheduler, monitor: 'valLoss' },
      validation: setting,
    });
    expect(rates(history)[3]).toBeLessThan(0.1);
    expect(history.epochs.map((record) => record['valLoss'])).toContain(scheduler.best);
  });

  test('may be functions of the share that is done; rates of groups keep their proportion', async () => {
    const { model, x, y } = line();
    const groups = [{ params: [model.weight], lr: 0.1 }, { params: [model.bias!], lr: 0.2 }]; // prettier-ignore
    const optimizer = new SGD(groups, { lr: 1 });
    const seen: number[] = [];
    const onBatchEnd = (): void => void seen.push(optimizer.paramGroups.at(-1)!.lr);
    const schedule = (done: number): number => 1 - done;
    await fit(
      model,
      { x, y },
      { loss: mseLoss, optimizer, epochs: 2, batchSize: 5, schedule, callbacks: [{ onBatchEnd }] },
    );
    [0.15, 0.1, 0.05, 0.05].forEach((rate, i) => expect(seen[i]).toBeCloseTo(rate, 12));
  });

  test('that cannot be are refused', async () => {
    const setting = line();
    const plateau = new ReduceLROnPlateau(setting.optimizer);
    await expect(run(setting, setting, { schedule: 3 as never })).rejects.toThrow(
      /a schedule is one of chainrule\/optim/,
    );
    await expect(run(setting, setting, { schedule: { scheduler: plateau, every: 'batch' } })).rejects.toThrow(
      /every: 'batch'/,
    );
    const stream = (): Iterable<readonly [Value, Value]> => batchesOf(setting).values();
    await expect(run(setting, stream, { schedule: (done) => done })).rejects.toThrow(/needs to know how many/);
  });
});

describe('callbacks', () => {
  test('hear of everything in order, and what they return is awaited', async () => {
    const setting = line();
    const heard: string[] = [];
    const callback: Callback = {
      onTrainBegin: () => void heard.push('begin'),
      onEpochBegin: async ({ epoch }) => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        heard.push(`epoch ${epoch}`);
      },
      onBatchEnd: async ({ step, lastLoss }) => {
        await Promise.resolve();
        heard.push(`batch ${step} ${lastLoss > 0}`);
      },
      onEpochEnd: (_, { epoch, loss }) => void heard.push(`record ${epoch} ${loss > 0}`),
      onTrainEnd: ({ history }) => void heard.push(`end ${history.epochs.length}`),
    };
    await run(setting, setting, { batchSize: 5, callbacks: [callback] });
    const epoch = (e: number): string[] => [`epoch ${e}`, `batch ${2 * e - 1} true`, `batch ${2 * e} true`, `record ${e} true`]; // prettier-ignore
    expect(heard).toEqual(['begin', ...epoch(1), ...epoch(2), 'end 2']);
  });

  test('may stop a run after the batch, or after the epoch', async () => {
    const within = line();
    const stopsWithin = { onBatchEnd: (r: { stop(reason: string): void }) => r.stop('enough') };
    const broken = await run(within, within, { batchSize: 5, callbacks: [stopsWithin] });
    expect([broken.stopped, broken.batchLosses.length, broken.epochs.length]).toEqual(['enough', 1, 0]);
    const after = line();
    const ended = await run(after, after, { callbacks: [{ onEpochEnd: (r) => r.stop('good') }] });
    expect([ended.stopped, ended.epochs.length]).toEqual(['good', 1]);
  });

  test('and signals end it cleanly', async () => {
    const setting = line();
    const controller = new AbortController();
    const onBatchEnd = ({ step }: { readonly step: number }): void => void (step === 3 && controller.abort('late'));
    const history = await run(setting, setting, {
      batchSize: 2,
      signal: controller.signal,
      callbacks: [{ onBatchEnd }],
    });
    expect([history.stopped, history.batchLosses.length]).toEqual(['late', 3]);
    expect(setting.optimizer.steps).toBe(3);
    expect((await run(setting, setting, { signal: AbortSignal.abort() })).batchLosses).toHaveLength(0);
  });

  test('other work has its turn meanwhile', async () => {
    const setting = line();
    let turns = 0;
    const timer = setInterval(() => turns++, 5);
    const slow = (p: Value, y: Value): Value => {
      const until = performance.now() + 2;
      while (performance.now() < until);
      return mseLoss(p, y);
    };
    await run(setting, setting, { batchSize: 1, epochs: 6, compile: false, loss: slow });
    clearInterval(timer);
    expect(turns).toBeGreaterThan(1);
  });
});

describe('early stopping', () => {
  /** A run whose validation loss is what we say. */
  async function stopped(
    losses: readonly number[],
    options: object,
  ): Promise<{ history: History; weights: number[]; end: number }> {
    const setting = line();
    const weights: number[] = [];
    let at = 0;
    const told = (): number => losses[at++]!;
    const remember = { onEpochEnd: () => void weights.push(setting.model.weight.item()) };
    const callbacks = [remember, new EarlyStopping({ monitor: 'told', mode: 'min', ...options })];
    const metrics = [told];
    const history = await run(setting, [[setting.x, setting.y]], { epochs: losses.length, metrics, callbacks });
    return { history, weights, end: setting.model.weight.item() };
  }

  test('waits for so many epochs without improvement', async () => {
    const { history } = await stopped([5, 4, 4.5, 4.2, 3, 3.5, 3.4, 3.3, 1, 1], { patience: 3 });
    expect(history.epochs).toHaveLength(8);
    expect(history.stopped).toBe('told has not improved for 3 epochs; best was 3 in epoch 5');
    expect((await stopped([5, 5, 1], {})).history.epochs).toHaveLength(2);
    expect((await stopped([3, 2, 1], {})).history.stopped).toBeNull();
  });

  test('takes small changes, NaN and the wrong direction for none', async () => {
    expect((await stopped([5, 4.95, 4.9, 1], { patience: 2, minDelta: 0.2 })).history.epochs).toHaveLength(3);
    expect((await stopped([NaN, NaN, 1], { patience: 2 })).history.stopped).toMatch(/it was never a number/);
    expect((await stopped([1, 2, 3, 4], { mode: 'max' })).history.stopped).toBeNull();
  });

  test('wants a baseline beaten, and may start late', async () => {
    expect((await stopped([5, 4, 3, 1], { patience: 2, baseline: 2 })).history.epochs).toHaveLength(2);
    expect((await stopped([5, 6, 7, 4, 3], { patience: 1, startFromEpoch: 3 })).history.stopped).toBeNull();
  });

  test('brings the best weights back, also where the run ends by itself', async () => {
    const early = await stopped([5, 3, 4, 4, 4], { patience: 2, restoreBestWeights: true });
    expect(early.end).toBe(early.weights[1]);
    const whole = await stopped([5, 3, 4], { patience: 9, restoreBestWeights: true });
    expect(whole.end).toBe(whole.weights[1]);
    const without = await stopped([5, 3, 4], { patience: 9 });
    expect(without.end).toBe(without.weights[2]);
  });

  test('refuses what cannot be', () => {
    expect(() => new EarlyStopping({ patience: -1 })).toThrow(/patience must be a whole number ≥ 0, got -1/);
    expect(() => new EarlyStopping({ mode: 'up' as never })).toThrow(/mode is 'auto', 'min' or 'max', got "up"/);
    expect(() => new EarlyStopping({ waits: 1 } as never)).toThrow(/unknown option "waits"/);
  });
});

test('an iterator that is walked a second time is refused', async () => {
  const { model, optimizer, ...rest } = line();
  const once = batchesOf({ model, optimizer, ...rest }).values();
  await expect(run({ model, optimizer, ...rest }, once)).rejects.toThrow(
    /no more batches in epoch 2.*give a function/s,
  );
});

test('so is a second run of the same model at the same time', async () => {
  const setting = line();
  const first = run(setting, () => later(batchesOf(setting)));
  await expect(run(setting, setting)).rejects.toThrow(/being trained by another call\n {2}await fit/);
  await first;
});

test('what loss and metrics are given has types, unless it is said otherwise', async () => {
  const setting = line();
  const { epochs } = await fit(setting.model, setting, {
    loss: (prediction, target) => prediction.sub(target).square().mean(),
    metrics: [function off(prediction, target) {
      return prediction.sub(target).abs().max();
    }], // prettier-ignore
    forward: (model, x) => model.forward(x.mul(1)),
    optimizer: setting.optimizer,
    epochs: 1,
  });
  expect(epochs[0]!['off']).toBeGreaterThan(0);
});

test('models that want batches of one size get them before the first step, too', async () => {
  class Fixed extends Module {
    readonly inner = new Linear(1, 1);
    override forward(x: Value): Value {
      return this.inner.forward(x.reshape([5, 1]));
    }
  }
  const { x, y } = line();
  const model = new Fixed();
  const loader = new DataLoader(new TensorDataset(x, y), { batchSize: 5 });
  const optimizer = new SGD(model.parameters(), { lr: 0.1 });
  expect((await fit(model, loader, { loss: mseLoss, optimizer, epochs: 1 })).batchLosses).toHaveLength(2);
});

test('a model is left in the mode that it was in', async () => {
  const setting = line();
  const seen: boolean[] = [];
  const remember = { onEpochEnd: () => void seen.push(setting.model.training) };
  setting.model.eval();
  await run(setting, setting, { callbacks: [remember], validation: setting });
  expect([...seen, setting.model.training]).toEqual([true, true, false]);
});

test('a compiled function around nothing of it: fit compiles itself', async () => {
  const setting = line();
  const forward = compile((x: Value) => setting.model.forward(x));
  await run(setting, setting);
  expect(forward(value([[1]])).item()).toBe(setting.model.forward(value([[1]])).item());
});
