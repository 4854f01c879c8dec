/** Numbers that are not finite: nothing is changed, and the error says which op made them, in which module. */
import { AnomalyError, constant, manualSeed, rand, value, type Value } from 'chainrule';
import { mseLoss } from 'chainrule/losses';
import { BatchNorm1d, Dropout, Linear, Module, Sequential } from 'chainrule/nn';
import { Adam, LBFGS, SGD } from 'chainrule/optim';
import { fit, TrainingAnomalyError, type FitOptions } from 'chainrule/train';

/** NaN for negative x; an infinite derivative at 0. */
class Root extends Module {
  override forward(x: Value): Value {
    return x.sqrt();
  }
}

class Net extends Module {
  readonly body = new Sequential(new Linear(1, 1, { bias: false }), new Root());
  override forward(x: Value): Value {
    return this.body.forward(x);
  }
}

async function failure(run: Promise<unknown>): Promise<TrainingAnomalyError> {
  const error: unknown = await run.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(TrainingAnomalyError);
  return error as TrainingAnomalyError;
}

function net(weight: number): Net {
  const model = new Net();
  model.namedParameters()[0]![1].assign(value([[weight]]));
  return model;
}

const y = constant([[1], [1]]);

describe.each([true, false])('compile: %s', (compile) => {
  const options = (model: Module): FitOptions => ({
    loss: mseLoss,
    optimizer: new SGD(model.parameters(), { lr: 0.1, momentum: 0.9 }),
    epochs: 1,
    batchSize: 2,
    compile,
  });

  test('an op of the forward pass is named, with its module, epoch and batch', async () => {
    const model = net(-1);
    const error = await failure(fit(model, { x: constant([[1], [2]]), y }, options(model)));
    expect(error).toMatchObject({ epoch: 1, batch: 1, modulePath: 'body.1 (Root)', code: 'TRAINING_ANOMALY' });
    expect(error.message).toMatch(
      /^fit: the loss or a gradient became NaN in epoch 1, batch 1; model and optimizer are as they were before it\n {2}in body\.1 \(Root\): sqrt: NaN at element 0 of sqrt \[2, 1\]/,
    );
    expect(error.cause).toBeInstanceOf(AnomalyError);
  });

  test('so is one of the backward pass, of a loss that is finite', async () => {
    const model = net(1);
    const error = await failure(fit(model, { x: constant([[0], [0]]), y }, options(model)));
    expect(error).toMatchObject({ modulePath: 'body.1 (Root)' });
    expect(error.message).toMatch(/in the backward pass of sqrt/);
  });

  test('numbers that were wrong before are named as such', async () => {
    const model = net(1);
    const inData = await failure(fit(model, { x: constant([[1], [NaN]]), y }, { ...options(model), shuffle: false }));
    expect(inData.message).toMatch(/x of the batch holds NaN \(row 1\)/);
    const spoilt = net(Infinity);
    const inModel = await failure(fit(spoilt, { x: constant([[1], [1]]), y }, options(spoilt)));
    expect(inModel.message).toMatch(/body\.0\.weight holds Infinity/);
  });

  test('parameters, gradients, optimizer, buffers and random numbers are as before the batch', async () => {
    const run = async (bad: boolean): Promise<string> => {
      manualSeed(3);
      const model = new Sequential(new Linear(2, 4), new BatchNorm1d(4), new Dropout(0.5), new Linear(4, 1));
      const optimizer = new Adam(model.parameters(), { lr: 0.01 });
      const rows = rand([bad ? 6 : 4, 2]);
      const x = constant(
        rows.data.map((v, i) => (i >= 8 ? Infinity : v)),
        { shape: rows.shape },
      );
      if (bad) rand([1]);
      manualSeed(4);
      const data = {
        x,
        y: constant(
          rows.data.filter((_, i) => i % 2 === 0),
          { shape: [rows.shape[0], 1] },
        ),
      };
      const training = fit(model, data, { loss: mseLoss, optimizer, epochs: 1, batchSize: 2, shuffle: false, compile });
      if (bad) await failure(training);
      else await training;
      const grads = model.parameters().map((p) => p.grad);
      return JSON.stringify([model.stateDict(), optimizer.stateDict(), grads, rand([1])]);
    };
    expect(await run(true)).toBe(await run(false));
  });

  test('gradients of several batches that go beyond the dtype are found before the update', async () => {
    const model = new Linear(1, 1, { bias: false });
    model.weight.assign(value([[1]]));
    const steep = (p: Value): Value => p.mul(1e20).mul(2e18).sum();
    const optimizer = new SGD(model.parameters(), { lr: 1e-30 });
    const training = fit(model, { x: constant([[1], [1]]), y }, { ...options(model), loss: steep, optimizer, batchSize: 1, accumulate: 2 }); // prettier-ignore
    expect((await failure(training)).message).toMatch(/Infinity at element 0 of add/);
    expect([model.weight.item(), optimizer.steps]).toEqual([1, 0]);
  });

  test('callbacks hear of the end; L-BFGS goes back, too', async () => {
    const model = net(1);
    const onTrainEnd = jest.fn();
    const optimizer = new LBFGS(model.parameters(), { lr: 1 });
    const x = constant([[0], [1]]);
    await failure(fit(model, { x, y }, { ...options(model), optimizer, callbacks: [{ onTrainEnd }] }));
    expect(onTrainEnd).toHaveBeenCalledTimes(1);
    expect(model.parameters()[0]!.item()).toBe(1);
    expect(optimizer.steps).toBe(0);
  });
});
