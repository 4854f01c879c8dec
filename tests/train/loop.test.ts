/** The mini-batch loop: repeatable to the last bit, honest about failure. */
import { AnomalyError, constant, detectAnomaly, manualSeed, rand, value, zeros, type Value } from 'chainrule';
import { moons } from 'chainrule/data';
import { crossEntropy, mseLoss } from 'chainrule/losses';
import { Linear, MLP } from 'chainrule/nn';
import { Adam, SGD } from 'chainrule/optim';
import {
  accuracy,
  plotDecisionBoundary,
  plotLoss,
  predict,
  silent,
  trainModel,
  type History,
  type TrainOptions,
} from 'chainrule/train';

function learnMoons(seed: number, epochs: number): { model: MLP; history: History; test: { x: Value; y: Value } } {
  manualSeed(seed);
  const [train, test] = [moons(300, { noise: 0.1 }), moons(300, { noise: 0.1 })];
  const model = new MLP([2, 32, 32, 2]);
  const optimizer = new Adam(model.parameters(), { lr: 0.01 });
  const history = trainModel(model, train, {
    loss: crossEntropy,
    optimizer,
    epochs,
    batchSize: 32,
    schedule: (done) => 1 - done,
  });
  return { model, history, test };
}

test('learns two moons to 99 %', () => {
  const { model, history, test } = learnMoons(0, 40);
  expect(history.epochs).toHaveLength(40);
  expect(accuracy(model, test.x, test.y)).toBeGreaterThanOrEqual(0.99);
});

test('two runs with one seed have the same losses, bit for bit; another seed has others', () => {
  const losses = (seed: number): readonly number[] => learnMoons(seed, 3).history.batchLosses;
  expect(losses(7)).toEqual(losses(7));
  expect(losses(8)).not.toEqual(losses(7));
});

test('fits a line by least squares', () => {
  manualSeed(1);
  const model = new Linear(1, 1, { dtype: 'float64' });
  const x = value([[-1], [0], [1], [2]], { requiresGrad: false });
  const y = x.mul(3).sub(1);
  trainModel(
    model,
    { x, y },
    { loss: mseLoss, optimizer: new SGD(model.parameters(), { lr: 0.2 }), epochs: 200, batchSize: 4 },
  );
  expect(model.weight.item()).toBeCloseTo(3, 6);
  expect(model.bias!.item()).toBeCloseTo(-1, 6);
});

test('predicts every row once, in order, without recording', () => {
  const model = new MLP([2, 4, 3]);
  const x = constant(Array.from({ length: 1100 }, (_, i) => [i / 1100, 1]));
  const parts = predict(model, x);
  expect(parts.reduce((n, p) => n + p.shape[0]!, 0)).toBe(1100);
  expect(parts.every((p) => !p.requiresGrad)).toBe(true);
  expect(model.training).toBe(true);
});

describe('compiled', () => {
  /** What a run leaves, as text; 70 rows in batches of 32, so that the last batch is a smaller one. */
  function outcome(options: Partial<TrainOptions>): string {
    manualSeed(5);
    const [train, test] = [moons(70, { noise: 0.1 }), moons(600, { noise: 0.1 })];
    const model = new MLP([2, 8, 2]);
    const optimizer = new Adam(model.parameters(), { lr: 0.01 });
    const history = trainModel(model, train, {
      loss: crossEntropy,
      optimizer,
      epochs: 2,
      batchSize: 32,
      validation: test,
      schedule: (done) => 1 - done,
      ...options,
    });
    const shares = [accuracy(model, test.x, test.y), accuracy(model, test.x, test.y, { compile: false })];
    return JSON.stringify([history, model.stateDict(), optimizer.stateDict(), shares, rand([1])]);
  }

  test('or not, one thread or two: the same losses, parameters, state and accuracy, to the bit', () => {
    const eager = outcome({ compile: false });
    for (const compile of [true, { threads: 1 }, { threads: 2 }]) expect(outcome({ compile })).toBe(eager);
    expect(outcome({})).toBe(eager);
  });

  test('the code of model and loss runs while it is traced, not for every batch', () => {
    const calls = (epochs: number, compile: boolean): number => {
      const loss = jest.fn(crossEntropy);
      outcome({ loss, epochs, compile });
      return loss.mock.calls.length;
    };
    expect(calls(5, true)).toBe(calls(2, true));
    expect(calls(5, false)).toBe(5 * 3);
  });

  test('code that reads numbers is run op by op, which is said once', () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => {});
    const loss = (p: Value, y: Value): Value => crossEntropy(p.sum().item() > 0 ? p.mul(1) : p, y);
    expect(outcome({ loss })).toBe(outcome({ loss, compile: false }));
    expect(warn.mock.calls.map(String)).toEqual([expect.stringMatching(/^trainModel runs op by op.*item/s)]);
    warn.mockRestore();
  });

  test('under detectAnomaly every op is watched', () => {
    const model = new Linear(1, 1);
    const data = { x: constant([[-1]]), y: constant([[0]]) };
    const options = { optimizer: new SGD(model.parameters(), { lr: 0.1 }), epochs: 1, batchSize: 1 };
    const loss = (p: Value): Value => p.square().add(1).neg().sqrt().sum();
    expect(() => detectAnomaly(() => trainModel(model, data, { ...options, loss }))).toThrow(AnomalyError);
  });

  test('predictions do not depend on it, nor on how often', () => {
    const model = new MLP([2, 4, 3]);
    const x = rand([1100, 2]);
    const eager = JSON.stringify(predict(model, x, { compile: false }));
    for (let i = 0; i < 2; i++) expect(JSON.stringify(predict(model, x))).toBe(eager);
    expect(() => predict(model, x, { batch: 3 } as never)).toThrow(/unknown option "batch"/);
  });
});

test('a loss that is no number stops the run, with epoch and batch; parameters stay, progress is told', () => {
  const model = new Linear(1, 1);
  const before = model.weight.item();
  const x = constant([[1], [Infinity]]);
  const stop = jest.fn();
  const optimizer = new SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
  const run = (compile: boolean) => (): unknown =>
    trainModel(
      model,
      { x, y: constant([[0], [0]]) },
      {
        loss: mseLoss,
        optimizer,
        epochs: 1,
        batchSize: 2,
        progress: { ...silent, stop },
        compile,
      },
    );
  for (const compile of [true, false]) {
    expect(run(compile)).toThrow(/the loss became (NaN|Infinity) in epoch 1, batch 1/);
    expect([model.weight.item(), model.weight.grad, optimizer.steps]).toEqual([before, null, 0]);
  }
  expect(stop).toHaveBeenCalledTimes(2);
});

test('a run that would train nothing is refused', () => {
  const model = new Linear(1, 1);
  const optimizer = new SGD(model.parameters(), { lr: 0.1 });
  const run = (rows: number, epochs: number) => (): unknown =>
    trainModel(model, { x: zeros([rows, 1]), y: zeros([rows, 1]) }, { loss: mseLoss, optimizer, epochs, batchSize: 2 });
  expect(run(2, NaN)).toThrow(/trainModel: epochs must be a whole number ≥ 0, got NaN/);
  expect(run(0, 1)).toThrow(/trainModel: there are no rows to train on: x is \[0, 1\]/);
});

describe('plots', () => {
  const svg = /^<svg[^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"[\s\S]*<\/svg>$/;

  test('the loss curve and the decision boundary are SVG', async () => {
    const { model, history, test: { x, y } } = learnMoons(0, 2); // prettier-ignore
    expect(await plotLoss(history)).toMatch(svg);
    const boundary = await plotDecisionBoundary(model, x, y);
    expect(boundary).toMatch(svg);
    expect(boundary).toContain('Decision boundary');
  });
});
