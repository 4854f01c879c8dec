/** What fit refuses before the first step, with the model as it was. */
import { constant, rand, type Value } from 'chainrule';
import { DataLoader, moons, TensorDataset } from 'chainrule/data';
import { crossEntropy } from 'chainrule/losses';
import { MLP } from 'chainrule/nn';
import { SGD } from 'chainrule/optim';
import { EarlyStopping, fit, type FitOptions, type TrainingData } from 'chainrule/train';

describe('before the first step', () => {
  const { x, y } = moons(20);
  async function refused(data: TrainingData, options: Partial<FitOptions> = {}): Promise<string> {
    const model = new MLP([2, 4, 2]);
    const optimizer = new SGD(model.parameters(), { lr: 0.1 });
    const before = JSON.stringify(model.stateDict());
    const message: unknown = await fit(model, data, { loss: crossEntropy, optimizer, epochs: 1, ...options }).then(
      () => 'not refused',
      (error: unknown) => (error as Error).message,
    );
    expect(JSON.stringify(model.stateDict())).toBe(before);
    return String(message);
  }

  test('labels out of range are named with their row, in training and validation data', async () => {
    const labels = Array.from(y.data);
    labels[13] = 2;
    const wrong = constant(Int32Array.from(labels));
    expect(await refused({ x, y: wrong })).toMatch(
      /row 13 of the data has a label that does not go with predictions \[n, 2\].*target 2 .*is no class of 0 … 1/s,
    );
    expect(await refused(new TensorDataset(x, wrong))).toMatch(/row 13 of the data/);
    expect(await refused({ x, y }, { validation: { x, y: wrong } })).toMatch(/row 13 of the validation data/);
    const ignoring = (p: Value, t: Value): Value => crossEntropy(p, t, { ignoreIndex: -100 });
    labels[13] = -100;
    expect(await refused({ x, y: constant(Int32Array.from(labels)) }, { loss: ignoring, epochs: 0 })).toBe(
      'not refused',
    );
    labels[12] = -1;
    expect(await refused({ x, y: constant(Int32Array.from(labels)) }, { loss: ignoring })).toMatch(/row 12/);
  });

  test('empty data, and shapes that do not fit', async () => {
    expect(await refused({ x: x.narrow(0, 0, 0), y: y.narrow(0, 0, 0) })).toMatch(/^fit: there are no rows/);
    expect(await refused([])).toMatch(/the data gave no batches/);
    expect(await refused({ x, y: y.narrow(0, 0, 10) })).toMatch(/first axes differ/);
    expect(await refused({ x: rand([20, 3]), y })).toMatch(/Linear: takes a last axis of 2, got \[20, 3\]/);
    expect(await refused({ x, y }, { validation: { x: rand([20, 3]), y } })).toMatch(
      /Linear: takes a last axis of 2, got \[20, 3\]/,
    );
    expect(await refused({ x, y: y.to('float32') })).toMatch(/crossEntropy/);
    expect(await refused({ x: [[1]] as never, y })).toMatch(/x and y must be Values.*constant/s);
    expect(await refused(new MLP([2, 2]) as never)).toMatch(/cannot walk an object.*Give \{ x, y \}/s);
    expect(await refused([{ image: x, label: y }] as never)).toMatch(/neither \[x, y\] nor \{ x, y \}/);
  });

  test('a monitor that there will not be: the names that there are', async () => {
    const callbacks = [new EarlyStopping({ monitor: 'valAccuracy' })];
    const message = await refused({ x, y }, { callbacks, metrics: ['accuracy'] });
    expect(message).toMatch(
      /earlyStopping follows "valAccuracy", which epochs do not have; they have loss, accuracy, lr, seconds\n {2}Give validation data/,
    );
  });

  test.each([true, false])('a label out of range in a stream, when its batch comes; compile: %s', async (compile) => {
    const batch = (...labels: number[]): readonly [Value, Value] => [rand([2, 2]), constant(Int32Array.from(labels))];
    const model = new MLP([2, 2]);
    const optimizer = new SGD(model.parameters(), { lr: 0.1 });
    const options = { loss: crossEntropy, optimizer, epochs: 1, compile };
    await expect(fit(model, [batch(0, 1), batch(0, 2)], options)).rejects.toThrow(/target 2 .*is no class of 0 … 1/s);
    expect(optimizer.steps).toBe(1);
  });

  test('impossible options', async () => {
    expect(await refused({ x, y }, { epochs: NaN })).toMatch(/epochs must be a whole number ≥ 0, got NaN/);
    expect(await refused({ x, y }, { batchSize: 0 })).toMatch(/batchSize must be a whole number ≥ 1, got 0/);
    expect(await refused({ x, y }, { metrics: ['acc'] })).toMatch(
      /there is no metric "acc"\n {2}Known names: accuracy, /,
    );
    expect(await refused({ x, y }, { metrics: ['f1', 'f1'] })).toMatch(/two numbers of a record would be called "f1"/);
    expect(await refused({ x, y }, { loss: 'mse' as never })).toMatch(/loss must be a function, got string/);
    expect(await refused({ x, y }, { loss: (p) => p })).toMatch(/loss must return one number, got a Value \[20, 2\]/);
    expect(await refused({ x, y }, { clipNorm: -1 })).toMatch(/clipNorm must be a number ≥ 0, got -1/);
    expect(await refused({ x, y }, { patience: 3 } as never)).toMatch(
      /unknown option "patience".*Known options: loss, /s,
    );
    expect(await refused([[x, y]], { batchSize: 3 })).toMatch(/batchSize is of no use where data come as an iterable/);
    expect(await refused(new DataLoader(new TensorDataset(x, y)), { shuffle: true })).toMatch(/shuffle is of no use/);
  });
});
