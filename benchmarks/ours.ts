/** This library as a contender: `node ours.mjs compiled|eager threads precision`. */
import { compile, constant, value, type Value } from 'chainrule';
import { crossEntropy } from 'chainrule/losses';
import {
  Conv2d,
  Flatten,
  Linear,
  MaxPool2d,
  MLP,
  ReLU,
  Sequential,
  TransformerEncoderLayer,
  type Module,
} from 'chainrule/nn';
import { Adam, SGD, type Optimizer } from 'chainrule/optim';
import { epochs } from './epochs.ts';
import { contend, type Input, type Inputs, type Task, type WorkOptions } from './peers/contender.mjs';

const [, , mode, threads, precision] = process.argv;

type Step = (...xs: Value[]) => Value;
const options = {
  threads: Number(threads),
  precision: precision === 'fast' ? 'fast' : 'default',
} as const;

/** A step in the way of running that this process is for. */
const wrap = (f: Step): Step => (mode === 'eager' ? f : compile(f, options));

const fixed = ({ data, shape }: Input): Value => constant(data, { shape });
const cell = ({ data, shape }: Input): Value => value(data, { shape, requiresGrad: true });

/** [in, out] as the contest gives it, to [out, in] as Linear keeps it; and back. */
const turned = (x: Value): Value => constant(x.detach().transpose(0, 1).clone());

/** Steps whose result is one number, which the caller looks at. */
const readsNumber = (run: () => Value, read: Task<Value>['read']): Task<Value> => ({
  run,
  read,
  finish: (y) => y.item(),
});

function product({ a, b }: Inputs, { transposed }: WorkOptions): Task<Value> {
  const [x, y] = [fixed(a!), fixed(b!)];
  const turn = (v: Value, letter: string): Value => (letter === 't' ? v.transpose(0, 1) : v);
  const [first, second] = String(transposed);
  const f = wrap((x, y) => turn(x, first!).matmul(turn(y, second!)));
  return { run: () => f(x, y), read: (c) => ({ c: c.data }), finish: () => undefined };
}

/** Steps on one batch. */
function training(model: Module, optimizer: Optimizer, x: Input, y: Input): Task<Value> {
  const step = wrap((images, labels) => {
    const loss = crossEntropy(model.forward(images), labels);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    return loss;
  });
  const [images, labels] = [fixed(x), fixed(y)];
  return readsNumber(
    () => step(images, labels),
    (loss) => ({ loss: loss.data }),
  );
}

function mlp({ x, y, ...start }: Inputs, { optimizer: name, layers, lr }: WorkOptions): Task<Value> {
  const widths = Array.from({ length: Number(layers) }, (_, i) => start[`w${i}`]!.shape[0]!);
  const model = new MLP([...widths, start[`b${Number(layers) - 1}`]!.shape[0]!]);
  const state = widths.flatMap((_, i): [string, Value][] => [
    [`layers.${i}.weight`, turned(fixed(start[`w${i}`]!))],
    [`layers.${i}.bias`, fixed(start[`b${i}`]!)],
  ]);
  model.loadStateDict(Object.fromEntries(state));
  return training(model, new (name === 'sgd' ? SGD : Adam)(model.parameters(), { lr: Number(lr) }), x!, y!);
}

function cnn({ x, y, ...start }: Inputs, { lr }: WorkOptions): Task<Value> {
  const model = new Sequential(
    new Conv2d(1, 16, 3, { padding: 1 }),
    new ReLU(),
    new MaxPool2d(2),
    new Conv2d(16, 32, 3, { padding: 1 }),
    new ReLU(),
    new MaxPool2d(2),
    new Flatten(),
    new Linear(32 * 7 * 7, 64),
    new ReLU(),
    new Linear(64, 10),
  );
  model.loadStateDict(Object.fromEntries(Object.entries(start).map(([name, input]) => [name, fixed(input)])));
  return training(model, new Adam(model.parameters(), { lr: Number(lr) }), x!, y!);
}

function conv(inputs: Inputs): Task<Value> {
  const [x, w, dy] = [cell(inputs['x']!), cell(inputs['w']!), fixed(inputs['dy']!)];
  const step = wrap((dy) => {
    x.zeroGrad();
    w.zeroGrad();
    const y = x.conv2d(w, { padding: 1 });
    y.backward({ gradient: dy });
    return y.detach();
  });
  const read = (y: Value): ReturnType<Task<Value>['read']> => ({ y: y.data, dx: x.grad!.data, dw: w.grad!.data });
  return { run: () => step(dy), read, finish: () => undefined };
}

function block(inputs: Inputs, { width, heads }: WorkOptions): Task<Value> {
  const model = new TransformerEncoderLayer(Number(width), Number(heads), {
    dimFeedforward: 4 * Number(width),
    dropout: 0,
    activation: 'gelu',
    batchFirst: true,
    normFirst: true,
  });
  const weight = (name: string): Value => turned(fixed(inputs[name]!));
  const bias = (name: string): Value => fixed(inputs[name]!);
  model.loadStateDict({
    'norm1.weight': bias('gain1'),
    'norm1.bias': bias('shift1'),
    'self_attn.in_proj_weight': weight('qkv'),
    'self_attn.in_proj_bias': bias('qkvBias'),
    'self_attn.out_proj.weight': weight('out'),
    'self_attn.out_proj.bias': bias('outBias'),
    'norm2.weight': bias('gain2'),
    'norm2.bias': bias('shift2'),
    'linear1.weight': weight('up'),
    'linear1.bias': bias('upBias'),
    'linear2.weight': weight('down'),
    'linear2.bias': bias('downBias'),
  });
  const [x, dy] = [cell(inputs['x']!), fixed(inputs['dy']!)];
  const step = wrap((dy) => {
    x.zeroGrad();
    model.zeroGrad();
    const y = model.forward(x, { isCausal: true });
    y.backward({ gradient: dy });
    return y.detach();
  });
  const read = (y: Value): ReturnType<Task<Value>['read']> => ({
    y: y.data,
    dx: x.grad!.data,
    qkv: turned(model.selfAttn.inProjWeight!.grad!).data,
    down: turned(model.linear2.weight.grad!).data,
    gain1: model.norm1.weight!.grad!.data,
  });
  return { run: () => step(dy), read, finish: () => undefined };
}

function tanh(inputs: Inputs): Task<Value> {
  const [x, w, b] = [fixed(inputs['x']!), fixed(inputs['w']!), fixed(inputs['b']!)];
  const f = wrap((x, w, b) => x.mul(w).add(b).tanh());
  return { run: () => f(x, w, b), read: (y) => ({ y: y.data }), finish: () => undefined };
}

const leaves = ({ data }: Input): Value[] => Array.from(data, (x) => value(x));
const gradients = (of: readonly Value[]): number[] => of.map((leaf) => leaf.grad!.item());

function scalars(inputs: Inputs, options: WorkOptions): Task<Value> {
  const [w, b, start] = [leaves(inputs['weights']!), leaves(inputs['biases']!), leaves(inputs['x']!)];
  const [width, layers] = [Number(options['width']), Number(options['layers'])];
  const all = [...w, ...b, ...start];
  const step = wrap(() => {
    for (const leaf of all) leaf.zeroGrad();
    let x = start;
    for (let l = 0; l < layers; l++) {
      x = x.map((_, j) => {
        let sum = b[l * width + j]!;
        for (let i = 0; i < width; i++) sum = sum.add(w[(l * width + j) * width + i]!.mul(x[i]!));
        return sum.tanh();
      });
    }
    const y = x.reduce((a, c) => a.add(c));
    y.backward();
    return y.detach();
  });
  return readsNumber(
    () => step(),
    (y) => ({ y: [y.item()], dx: gradients(start), dw: gradients(w) }),
  );
}

function expression(inputs: Inputs, { nodes }: WorkOptions): Task<Value> {
  const xs = leaves(inputs['x']!);
  const step = wrap(() => {
    for (const leaf of xs) leaf.zeroGrad();
    let y = xs[0]!;
    for (let i = 1; i <= Number(nodes); i++) {
      const a = xs[(i * 7) % xs.length]!;
      y = i % 8 === 0 ? y.tanh() : i % 2 === 0 ? y.mul(a) : y.add(a);
    }
    y.backward();
    return y.detach();
  });
  return readsNumber(
    () => step(),
    (y) => ({ y: [y.item()], dx: gradients(xs) }),
  );
}

function small(inputs: Inputs): Task<Value> {
  const [x, y] = [fixed(inputs['x']!), fixed(inputs['y']!)];
  const f = wrap((x, y) => x.add(y));
  return { run: () => f(x, y), read: (z) => ({ z: z.data }), finish: () => undefined };
}

void contend({
  product,
  mlp,
  conv,
  cnn,
  block,
  tanh,
  scalars,
  expression,
  small,
  epochs: (inputs: Inputs, work: WorkOptions) => epochs(inputs, work, mode === 'eager' ? false : options),
});
