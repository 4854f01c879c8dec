/** predict and evaluate: every row once, in order, in evaluation mode, compiled or not. */
import { constant, manualSeed, rand, zeros, type Value } from 'chainrule';
import { DataLoader, moons, TensorDataset } from 'chainrule/data';
import { crossEntropy } from 'chainrule/losses';
import { Dropout, Linear, MLP, Module, Sequential } from 'chainrule/nn';
import { accuracy, evaluate, predict, type TrainingData } from 'chainrule/train';

class Sum extends Module<[x: Value, y: Value], { readonly sum: Value; readonly difference: Value }> {
  override forward(x: Value, y: Value): { sum: Value; difference: Value } {
    return { sum: x.add(y), difference: x.sub(y) };
  }
}

describe('predict', () => {
  test('gives a row for each example, in order, without recording, and leaves the mode alone', () => {
    const model = new Sequential(new Linear(2, 3), new Dropout(0.5));
    model.at(1)!.eval();
    const x = constant(Array.from({ length: 1100 }, (_, i) => [i / 1100, 1]));
    const predicted = predict(model, x);
    expect(predicted.shape).toEqual([1100, 3]);
    expect(predicted.requiresGrad).toBe(false);
    expect([model.training, model.at(1)!.training]).toEqual([true, false]);
    expect(predicted.toArray()).toEqual(model.at(0)!.forward(x).toArray());
  });

  test('does not depend on being compiled, nor on how often, nor on the size of batches', () => {
    const model = new MLP([2, 4, 3]);
    const x = rand([1100, 2]);
    const eager = JSON.stringify(predict(model, x, { compile: false }));
    for (let i = 0; i < 2; i++) expect(JSON.stringify(predict(model, x))).toBe(eager);
    expect(JSON.stringify(predict(model, x, { batchSize: 100 }))).toBe(eager);
    expect(() => predict(model, x, { batch: 3 } as never)).toThrow(/unknown option "batch"/);
  });

  test('sees that a layer has been replaced, a number changed, the model moved', () => {
    class Net extends Module {
      head: Linear = new Linear(2, 2);
      factor = 1;
      override forward(x: Value): Value {
        return this.head.forward(x).mul(this.factor);
      }
    }
    const model = new Net();
    const x = rand([600, 2]);
    const changes = [
      () => undefined,
      () => void (model.head = new Linear(2, 2)),
      () => void (model.factor = 2),
      () => void model.to('float64'),
      () => void model.head.loadStateDict(new Linear(2, 2).stateDict()),
    ];
    for (const change of changes) {
      change();
      expect(predict(model, x).toArray()).toEqual(predict(model, x, { compile: false }).toArray());
    }
  });

  test('takes several inputs, one of several results, and data behind a promise', async () => {
    const [a, b] = [rand([5, 2]), rand([5, 2])];
    const forward = (model: Sum, [x, y]: readonly [Value, Value]): Value => model.forward(x, y).difference;
    const predicted = predict(new Sum(), [a, b], { forward, batchSize: 2 });
    expect(predicted.allClose(a.sub(b), { rtol: 1e-6 })).toBe(true);
    expect(() => predict(new Sum(), [a, b])).toThrow(/of several results choose one/i);
    const model = new Linear(2, 1);
    const loader = new DataLoader(new TensorDataset(a, b), { batchSize: 2 });
    expect((await predict(model, loader)).toArray()).toEqual(predict(model, a).toArray());
    const inputs = (): Value[] => [a.narrow(0, 0, 3), a.narrow(0, 3, 2)];
    expect((await predict(model, inputs as unknown as TrainingData)).toArray()).toEqual(predict(model, a).toArray());
  });

  test('of no rows is refused', () => {
    expect(() => predict(new Linear(2, 1), zeros([0, 2]))).toThrow(/predict: there are no rows/);
  });
});

describe('evaluate', () => {
  test('measures loss and metrics over all batches, weighted by their examples', async () => {
    manualSeed(3);
    const { x, y } = moons(100, { noise: 0.1 });
    const model = new MLP([2, 8, 2]);
    const found = await evaluate(model, { x, y }, { loss: crossEntropy, metrics: ['accuracy'], batchSize: 30 });
    const logits = predict(model, x);
    expect(found['loss']).toBeCloseTo(crossEntropy(logits, y).item(), 6);
    expect(found['accuracy']).toBe(accuracy(logits, y));
    const batches = [
      [x.narrow(0, 0, 90), y.narrow(0, 0, 90)],
      { x: x.narrow(0, 90, 10), y: y.narrow(0, 90, 10) },
    ] as const;
    expect((await evaluate(model, batches, { loss: crossEntropy }))['loss']).toBeCloseTo(found['loss']!, 6);
  });

  test('of nothing is refused', async () => {
    const { x, y } = moons(10);
    await expect(evaluate(new Linear(2, 2), { x, y }, {})).rejects.toThrow(/evaluate: there is nothing to measure/);
    await expect(evaluate(new Linear(2, 2), { x, y }, { metrics: ['acuracy'] })).rejects.toThrow(
      /there is no metric "acuracy"\n {2}Known names: accuracy/,
    );
  });
});
