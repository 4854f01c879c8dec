/** Small and middling tensors, eagerly. */
import { constant, grad, value, type Value } from 'chainrule';
import { crossEntropy } from 'chainrule/losses';
import { MLP } from 'chainrule/nn';
import { SGD } from 'chainrule/optim';

const waves = (n: number, shift: number): Value =>
  value(
    Float64Array.from({ length: n }, (_, i) => Math.sin(i + shift)),
    { requiresGrad: true },
  );

/** How often the functions below do their work in one call. */
export const REPEATS = 1000;

export function smallAdds(): () => void {
  const [a, b] = [waves(16, 1), waves(16, 2)];
  return () => {
    for (let i = 0; i < REPEATS; i++) a.add(b);
  };
}

export function smallGradients(): () => void {
  const [a, b] = [waves(16, 1), waves(16, 2)];
  const gradient = grad((x: Value) => {
    let y = x;
    for (let i = 0; i < 10; i++) y = y.add(b).mul(b);
    return y.sum();
  });
  return () => {
    for (let i = 0; i < REPEATS; i++) gradient(a);
  };
}

/** A training step of an MLP 784-256-128-10 on 64 examples. */
export function trainingStep(): () => void {
  const model = new MLP([784, 256, 128, 10]);
  const optimizer = new SGD(model.parameters(), { lr: 0.01 });
  const x = constant(
    Float32Array.from({ length: 64 * 784 }, (_, i) => Math.sin(i)),
    { shape: [64, 784] },
  );
  const y = constant(Int32Array.from({ length: 64 }, (_, i) => i % 10));
  return () => {
    optimizer.zeroGrad();
    crossEntropy(model.forward(x), y).backward();
    optimizer.step();
  };
}

export interface Residency {
  readonly peakMegabytes: number;
  readonly seconds: number;
}

/** 100,000 results of 10⁴ elements, dropped without any disposal: how much stays resident. */
export function residency(): Residency {
  const [x, w, b] = [waves(10000, 1), waves(10000, 2), waves(10000, 3)];
  const start = process.hrtime.bigint();
  let peak = 0;
  for (let i = 0; i < 100000; i++) {
    x.mul(w).add(b).tanh();
    if (i % 500 === 0) peak = Math.max(peak, process.memoryUsage().rss);
  }
  return { peakMegabytes: peak / 1e6, seconds: Number(process.hrtime.bigint() - start) / 1e9 };
}
