/** compile: the same function, traced once; the same results, the same state afterwards, to the bit. */
import { compile, constant, noGrad, value, zeros, type Value } from 'chainrule';
import * as nn from 'chainrule/nn';
import * as optim from 'chainrule/optim';
import { crossEntropy } from 'chainrule/losses';

describe('a function without state', () => {
  test('gives what it gives eagerly, and is traced once', () => {
    let calls = 0;
    const f = compile((x: Value, y: Value) => {
      calls++;
      return x.mul(y).add(1).sum();
    });
    const xs = constant([1, 2, 3]);
    expect(f(xs, constant([4, 5, 6])).item()).toBe(35);
    expect(f(constant([0, 0, 0]), xs).item()).toBe(3);
    expect(calls).toBe(1);
  });
});

test('a training step', () => {
  const w = value([1, 2]);
  const x = constant([3, 4]);
  const step = compile(() => {
    const loss = w.mul(x).sum().square();
    w.zeroGrad();
    loss.backward();
    noGrad(() => w.assign(w.sub(w.grad!.mul(0.001))));
    return loss;
  });
  const v = value([1, 2]);
  const eager = (): Value => {
    const loss = v.mul(x).sum().square();
    v.zeroGrad();
    loss.backward();
    noGrad(() => v.assign(v.sub(v.grad!.mul(0.001))));
    return loss;
  };
  for (let i = 0; i < 4; i++) {
    expect(step().item()).toBe(eager().item());
    expect(w.toArray()).toEqual(v.toArray());
    expect(w.grad!.toArray()).toEqual(v.grad!.toArray());
  }
  expect(step.programs).toHaveLength(1);
  expect(step.explain()).toMatch(/a cell ← |← %/);
});

test('a model', () => {
  const model = new nn.MLP([4, 5, 3]);
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  const step = compile((x: Value, y: Value) => {
    const loss = crossEntropy(model.forward(x), y);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    return loss;
  });
  const x = zeros([2, 4]).add(1);
  const y = constant([0, 2], { dtype: 'int32' });
  const losses = [0, 1, 2].map(() => step(x, y).item());
  expect(losses[2]!).toBeLessThan(losses[0]!);
});
