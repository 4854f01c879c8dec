/**
 * Run as a process of its own: does something many times over in one synchronous loop, in which no finalizer ever runs,
 * and tells how many bytes the process held soon after the start, and at most from then on.
 */
import { compile, constant, value, type Value } from '../../../src/index.ts';
import { crossEntropy } from '../../../src/losses/index.ts';
import { MLP } from '../../../src/nn/index.ts';
import { Adam } from '../../../src/optim/index.ts';

const [what = '', times = '1', threads] = process.argv.slice(2);
const options = threads === undefined ? {} : { threads: Number(threads) };

/** A model of one layer: half a megabyte with its gradients and what Adam remembers. */
const [WIDTH, CLASSES] = [512, 64];
/** Where several threads are allowed there is work for them. */
const BATCH: number = threads === undefined ? 128 : 16;
const newModel = (): MLP => new MLP([WIDTH, CLASSES]);

const images = (batch: number): Value => constant(new Float32Array(batch * WIDTH).fill(0.5), { shape: [batch, WIDTH] });
const labels = (batch: number): Value => constant(Int32Array.from({ length: batch }, (_, i) => i % 10));

function stepOf(model: MLP, optimizer: Adam): (x: Value, y: Value) => Value {
  const step = compile((x: Value, y: Value) => {
    const loss = crossEntropy(model.forward(x), y);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    return loss;
  }, options);
  return step;
}

const kept = newModel();
const keptOptimizer = new Adam(kept.parameters(), { lr: 1e-3 });
const keptStep = stepOf(kept, keptOptimizer);

/** What is done again and again. */
const works: Readonly<Record<string, (i: number) => void>> = {
  models() {
    const model = newModel();
    const step = stepOf(model, new Adam(model.parameters(), { lr: 1e-3 }));
    for (let k = 0; k < 2; k++) step(images(BATCH), labels(BATCH));
  },
  functions() {
    stepOf(kept, keptOptimizer)(images(2048), labels(2048));
  },
  optimizers() {
    stepOf(kept, new Adam(kept.parameters(), { lr: 1e-3 }))(images(2048), labels(2048));
  },
  shapes(i) {
    keptStep(images(1 + (i % 200)), labels(1 + (i % 200)));
  },
  steps() {
    keptStep(images(16), labels(16)).item();
  },
  large() {
    const w = value(new Float32Array(4 << 20));
    compile((x: Value) => w.assign(w.mul(x)), options)(2);
  },
};

const work = works[what]!;
const warm = Math.ceil(Number(times) / 20);
for (let i = 0; i < warm; i++) work(i);
const before = process.memoryUsage().rss;
let most = before;
for (let i = warm; i < Number(times); i++) {
  work(i);
  if (i % 16 === 0) most = Math.max(most, process.memoryUsage().rss);
}
console.log(JSON.stringify({ before, most, ...process.memoryUsage() }));
