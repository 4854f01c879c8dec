/** The range test: finds a rate that trains, and leaves everything as it was. */
import { constant, manualSeed, rand, randn, type Value } from 'chainrule';
import { DataLoader, moons, TensorDataset } from 'chainrule/data';
import { crossEntropy, mseLoss } from 'chainrule/losses';
import { BatchNorm1d, Dropout, Linear, MLP, ReLU, Sequential } from 'chainrule/nn';
import { Adam, SGD } from 'chainrule/optim';
import { findLearningRate, fit } from 'chainrule/train';

beforeEach(() => manualSeed(0));

const data = (): { x: Value; y: Value } => moons(200, { noise: 0.1 });

const noisy = (): Sequential =>
  new Sequential(new Linear(2, 16), new BatchNorm1d(16), new ReLU(), new Dropout(0.2), new Linear(16, 2));

test('the suggested rate trains, and lies below the one at which the loss diverges', async () => {
  const model = new MLP([2, 32, 2]);
  const { x, y } = data();
  const optimizer = new SGD(model.parameters(), { lr: 1e-9 });
  const found = await findLearningRate(model, { x, y }, { loss: crossEntropy, optimizer, to: 1000 });
  expect(found.rates[0]).toBe(1e-6);
  expect(found.diverged).toBeGreaterThan(1);
  expect(found.suggestion).toBeGreaterThan(0.01);
  expect(found.suggestion).toBeLessThan(found.diverged!);
  expect(String(found)).toMatch(/^rates 1\.0e-6 … .*the loss falls fastest at .*, and diverges at /);
  optimizer.lr = found.suggestion!;
  const { epochs } = await fit(model, { x, y }, { loss: crossEntropy, optimizer, epochs: 30, progress: false });
  expect(epochs.at(-1)!.loss).toBeLessThan(0.3);
});

test('rates grow by one factor; each has the loss before its update', async () => {
  const model = new Linear(1, 1, { dtype: 'float64' });
  const x = constant([[1], [2]]);
  const optimizer = new SGD(model.parameters(), { lr: 0.1 });
  const before = mseLoss(model.forward(x), x).item();
  const options = { loss: mseLoss, optimizer, from: 1e-4, to: 1, batches: 9, batchSize: 2 };
  const { rates, losses, smoothed } = await findLearningRate(model, { x, y: x }, options);
  expect(rates.map((rate) => rate.toExponential(3))).toEqual(
    [-4, -3.5, -3, -2.5, -2, -1.5, -1, -0.5, 0].slice(0, rates.length).map((e) => (10 ** e).toExponential(3)),
  );
  expect(losses[0]).toBeCloseTo(before, 12);
  expect(smoothed).toHaveLength(losses.length);
});

test('model, optimizer, groups, loader and random numbers are as they were, to the bit', async () => {
  const model = noisy();
  const [first, ...rest] = model.parameters();
  const optimizer = new Adam([{ params: [first!], lr: 0.02 }, { params: rest }], { lr: 0.01 });
  const { x, y } = data();
  const loader = new DataLoader(new TensorDataset(x, y), { batchSize: 50, shuffle: true });
  await fit(model, loader, { loss: crossEntropy, optimizer, epochs: 1, progress: false });
  model.eval();
  const all = (): string => JSON.stringify([model.stateDict(), optimizer.stateDict(), loader.epoch, model.training]);
  const before = all();
  const next = (): unknown => rand([1]).item();
  manualSeed(7);
  const number = next();
  for (const source of [loader, { x, y }, [[x, y]]] as const) {
    manualSeed(7);
    await findLearningRate(model, source, { loss: crossEntropy, optimizer, batches: 12 });
    expect(all() === before).toBe(true);
    expect(next()).toBe(number);
  }
});

test('an optimizer that has not made a step yet remembers nothing', async () => {
  const model = noisy();
  const optimizer = new Adam(model.parameters());
  const before = JSON.stringify([optimizer.stateDict(), model.stateDict()]);
  await findLearningRate(model, data(), { loss: crossEntropy, optimizer, batches: 8 });
  expect(JSON.stringify([optimizer.stateDict(), model.stateDict()]) === before).toBe(true);
  // And a run from here is as if nothing had been tried.
  const run = async (tried: boolean): Promise<readonly number[]> => {
    manualSeed(3);
    const [net, { x, y }] = [noisy(), data()];
    const adam = new Adam(net.parameters(), { lr: 0.01 });
    const options = { loss: crossEntropy, optimizer: adam };
    if (tried) await findLearningRate(net, { x, y }, { ...options, batches: 8 });
    return (await fit(net, { x, y }, { ...options, epochs: 2, progress: false })).batchLosses;
  };
  expect(await run(true)).toEqual(await run(false));
});

test('compiled or not, the same losses', async () => {
  const model = noisy();
  const { x, y } = data();
  const losses = (compile: boolean): Promise<readonly number[]> => {
    manualSeed(1);
    const optimizer = new SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
    return findLearningRate(model, { x, y }, { loss: crossEntropy, optimizer, batches: 15, compile }).then(
      (found) => found.losses,
    );
  };
  expect(await losses(true)).toEqual(await losses(false));
});

test('a loss that does not fall has no suggestion, and says so', async () => {
  const model = new Linear(2, 1);
  const optimizer = new SGD(model.parameters(), { lr: 1 });
  const options = { loss: mseLoss, optimizer, from: 1e-12, to: 1e-10, batches: 10 };
  const found = await findLearningRate(model, { x: randn([64, 2]), y: randn([64, 1]) }, options);
  expect([found.suggestion, found.diverged]).toEqual([null, null]);
  expect(String(found)).toMatch(/the loss never fell: look at the model with diagnose/);
  expect(await found.plot()).toMatch(/^<svg/);
});

test('the plot marks the suggestion', async () => {
  const model = new MLP([2, 32, 2]);
  const options = { loss: crossEntropy, optimizer: new Adam(model.parameters()) };
  const found = await findLearningRate(model, data(), options);
  for (const theme of ['light', 'dark'] as const) {
    expect(await found.plot({ theme })).toMatch(`steepest at ${found.suggestion!.toExponential(1)}`);
  }
});

test.each([
  [{ from: 1, to: 0.1 }, /rates go from a number > 0 to a larger one, got 1 and 0\.1/],
  [{ batches: 2 }, /batches must be a whole number ≥ 5/],
  [{ loss: 'mse' }, /loss must be a function/],
  [{ optimizer: {} }, /optimizer must be an optimizer/],
  [{ rate: 1 }, /unknown option "rate"/],
])('%j is refused', async (wrong, message) => {
  const model = new Linear(2, 2);
  const options = { loss: crossEntropy, optimizer: new SGD(model.parameters(), { lr: 1 }), ...wrong };
  await expect(findLearningRate(model, data(), options as never)).rejects.toThrow(message);
});

test('numbers that are broken from the start, and iterators that end, are named', async () => {
  const model = new Linear(1, 1);
  const options = { loss: mseLoss, optimizer: new SGD(model.parameters(), { lr: 1 }) };
  const x = constant([[NaN]]);
  await expect(findLearningRate(model, { x, y: x }, options)).rejects.toThrow(
    /the very first batch is not finite\n.*diagnose/,
  );
  const once = [[constant([[1]]), constant([[1]])] as const][Symbol.iterator]();
  await expect(findLearningRate(model, once as never, options)).rejects.toThrow(/the data gave no more batches/);
});
