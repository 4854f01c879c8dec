/** The training loop: repeatable to the last bit, honest about failure. */
import { manualSeed, rand, value, type Value } from 'chainrule';
import { moons } from 'chainrule/data';
import { crossEntropy, mseLoss } from 'chainrule/losses';
import { BatchNorm1d, Dropout, Linear, MLP, ReLU, Sequential } from 'chainrule/nn';
import { Adam, SGD } from 'chainrule/optim';
import { accuracy, fit, predict, type FitOptions, type History } from 'chainrule/train';

interface Points {
  readonly x: Value;
  readonly y: Value;
}

async function learnMoons(seed: number, epochs: number): Promise<{ model: MLP; history: History; test: Points }> {
  manualSeed(seed);
  const [train, test] = [moons(300, { noise: 0.1 }), moons(300, { noise: 0.1 })];
  const model = new MLP([2, 32, 32, 2]);
  const optimizer = new Adam(model.parameters(), { lr: 0.01 });
  const options = { loss: crossEntropy, optimizer, epochs, batchSize: 32, schedule: (done: number) => 1 - done };
  return { model, history: await fit(model, train, options), test };
}

test('learns two moons to 99 %', async () => {
  const { model, history, test } = await learnMoons(0, 40);
  expect(history.epochs).toHaveLength(40);
  expect(history.stopped).toBeNull();
  expect(accuracy(predict(model, test.x), test.y)).toBeGreaterThanOrEqual(0.99);
});

test('two runs with one seed have the same losses, bit for bit; another seed has others', async () => {
  const losses = async (seed: number): Promise<readonly number[]> => (await learnMoons(seed, 3)).history.batchLosses;
  const [one, same, other] = [await losses(7), await losses(7), await losses(8)];
  expect(one).toEqual(same);
  expect(other).not.toEqual(one);
});

test('fits a line by least squares, in float64 where the model is', async () => {
  manualSeed(1);
  const model = new Linear(1, 1, { dtype: 'float64' });
  const x = value([[-1.1], [0], [1], [2]], { requiresGrad: false });
  const y = x.mul(3).sub(1);
  const optimizer = new SGD(model.parameters(), { lr: 0.2 });
  await fit(model, { x, y }, { loss: mseLoss, optimizer, epochs: 300, batchSize: 4 });
  expect(model.weight.item()).toBeCloseTo(3, 12);
  expect(model.bias!.item()).toBeCloseTo(-1, 12);
});

test('a record has loss, metrics, both on validation data, rate and time', async () => {
  manualSeed(2);
  const [train, validation] = [moons(40), moons(40)];
  const model = new MLP([2, 4, 2]);
  const mistakes = (prediction: Value, target: Value): Value => prediction.argmax(1).ne(target).sum();
  const { epochs } = await fit(model, train, {
    loss: crossEntropy,
    optimizer: new SGD(model.parameters(), { lr: 0.1 }),
    epochs: 2,
    metrics: ['accuracy', mistakes],
    validation,
  });
  const names = ['epoch', 'loss', 'accuracy', 'mistakes', 'valLoss', 'valAccuracy', 'valMistakes', 'lr', 'seconds'];
  expect(epochs.map((record) => Object.keys(record).sort())).toEqual([[...names].sort(), [...names].sort()]);
  expect(epochs[1]).toMatchObject({ epoch: 2, lr: 0.1 });
  const { x, y } = validation;
  expect(epochs[1]!['valAccuracy']).toBe(accuracy(predict(model, x), y));
  expect(epochs[1]!['valLoss']).toBeCloseTo(crossEntropy(predict(model, x), y).item(), 6);
});

describe('compiled', () => {
  /** What a run leaves, as text; 70 rows in batches of 32, so that the last batch is a smaller one. */
  async function outcome(options: Partial<FitOptions>): Promise<string> {
    manualSeed(5);
    const [train, test] = [moons(70, { noise: 0.1 }), moons(100, { noise: 0.1 })];
    const model = new Sequential(new Linear(2, 8), new BatchNorm1d(8), new ReLU(), new Dropout(0.2), new Linear(8, 2));
    const optimizer = new Adam(model.parameters(), { lr: 0.01 });
    const { epochs, batchLosses } = await fit(model, train, {
      loss: crossEntropy,
      optimizer,
      epochs: 2,
      batchSize: 32,
      metrics: ['accuracy'],
      validation: test,
      schedule: (done) => 1 - done,
      ...options,
    });
    const records = epochs.map(({ seconds: _, ...record }) => record);
    return JSON.stringify([records, batchLosses, model.stateDict(), optimizer.stateDict(), rand([1])]);
  }

  test.each<[string, Partial<FitOptions>]>([
    ['plain', {}],
    ['gradients clipped', { clipNorm: 0.1, clipValue: 0.05 }],
    ['gradients of two batches', { accumulate: 2 }],
  ])(
    'or not, one thread or two: the same losses, parameters, state and records, to the bit: %s',
    async (_, options) => {
      const eager = await outcome({ ...options, compile: false });
      for (const compile of [true, { threads: 1 }, { threads: 2 }])
        expect(await outcome({ ...options, compile })).toBe(eager);
      expect(await outcome(options)).toBe(eager);
    },
  );

  test('the code of model and loss runs while it is traced, not for every batch', async () => {
    const calls = async (epochs: number, compile: boolean): Promise<number> => {
      const loss = jest.fn(crossEntropy);
      await outcome({ loss, epochs, compile, validation: moons(2) });
      return loss.mock.calls.length;
    };
    // Validation's loss is computed op by op, once an epoch.
    expect((await calls(5, true)) - (await calls(2, true))).toBe(3);
    expect((await calls(5, false)) - (await calls(2, false))).toBe(3 * 4);
  });

  test('code that reads numbers is run op by op, which is said once', async () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => {});
    const loss = (p: Value, y: Value): Value => crossEntropy(p.sum().item() > 0 ? p.mul(1) : p, y);
    expect(await outcome({ loss })).toBe(await outcome({ loss, compile: false }));
    expect(warn.mock.calls.map(String)).toEqual([expect.stringMatching(/^fit runs op by op.*item/s)]);
    warn.mockRestore();
  });
});
