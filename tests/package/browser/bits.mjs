// Run by Node and by a browser: a line for each computation, with a hash of its result's bits. No NaN: its payload is free.
import * as chainrule from 'chainrule';
import { parseCsv } from 'chainrule/data';
import { toSvg } from 'chainrule/graph';
import { crossEntropy } from 'chainrule/losses';
import { Embedding, GRU, LayerNorm, Linear, MLP, Module, Sequential, TransformerEncoderLayer } from 'chainrule/nn';
import * as optim from 'chainrule/optim';
import { checkGradients } from 'chainrule/testing';
import { accuracy, fit, modelFromBytes, modelToBytes, predict } from 'chainrule/train';

const { compile, constant, grad, hessian, linspace, manualSeed, randn, value, vmap } = chainrule;
const dtypes = ['float64', 'float32'];
const elementary = [
  'exp',
  'expm1',
  'log',
  'log1p',
  'sin',
  'cos',
  'tan',
  'atan',
  'sinh',
  'tanh',
  'sigmoid',
  'erf',
  'lgamma',
];

const normal = (shape, dtype) => randn(shape).to(dtype);

function* computations() {
  for (const dtype of dtypes) {
    const x = linspace(0.001, 9, 1001).to(dtype);
    for (const name of elementary) yield [`${name} ${dtype}`, () => x[name]()];
    yield [`pow ${dtype}`, () => x.pow(x.sin())];
    yield [`randn ${dtype}`, () => normal([1000], dtype)];
    yield [`matmul 64×64 ${dtype}`, () => normal([64, 64], dtype).matmul(normal([64, 64], dtype))];
    yield [`conv2d ${dtype}`, () => normal([2, 3, 9, 9], dtype).conv2d(normal([4, 3, 3, 3], dtype), { padding: 1 })];
    yield [`sum ${dtype}`, () => normal([10007], dtype).sum()];
    yield [`grad of softmax ${dtype}`, () => grad((z) => z.softmax(0).square().sum())(normal([100], dtype))];
    yield [`vmap of grad ${dtype}`, () => vmap(grad((z) => z.sin().mul(z.exp())))(normal([50], dtype))];
    yield [`inverse ${dtype}`, () => normal([8, 8], dtype).inv()];
  }
  yield ['hessian', () => hessian((p) => p.tanh().sum().square())(value([0.1, 0.2, 0.3]))];
  yield ['a network, trained', train];
}

function train() {
  const x = randn([32, 2]).to('float32');
  const y = constant(Int32Array.from({ length: 32 }, (_, i) => i % 2));
  const model = new MLP([2, 16, 2], { activation: 'tanh' });
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.05 });
  let loss;
  for (let step = 0; step < 10; step++) {
    loss = crossEntropy(model.forward(x), y);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
  }
  accuracy(predict(model, x), y);
  return loss;
}

/** The last state of a GRU for each sequence. */
class Summary extends Module {
  constructor(width) {
    super(width);
    this.gru = new GRU(width, width, { batchFirst: true });
  }

  forward(x) {
    return this.gru.forward(x).hidden.squeeze(0);
  }
}

/** Losses of a run of `fit`, and predictions of the model after it was saved to bytes and loaded. */
async function fitted() {
  const x = constant(
    Int32Array.from({ length: 40 * 6 }, (_, i) => (i * i) % 11),
    { shape: [40, 6] },
  );
  const y = constant(Int32Array.from({ length: 40 }, (_, i) => i % 3));
  const block = new TransformerEncoderLayer(8, 2, { dimFeedforward: 16, batchFirst: true });
  const model = new Sequential(new Embedding(11, 8), block, new Summary(8), new LayerNorm(8), new Linear(8, 3));
  const optimizer = new optim.AdamW(model.parameters(), { lr: 0.02 });
  const { batchLosses } = await fit(model, [x, y], {
    loss: crossEntropy,
    optimizer,
    epochs: 3,
    batchSize: 16,
    progress: false,
  });
  const classes = { Summary }; // by names of their own: bundlers shorten those of the code
  const loaded = modelFromBytes(modelToBytes(model, { classes }), { classes }).model;
  return [...batchLosses, ...predict(loaded, x).data];
}

async function hashOf(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

const bytesOf = ({ data }) => new Uint8Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength));

async function picture() {
  const x = value([0.5, -1], { label: 'x' });
  const y = x.sin().sum().tanh().named('y');
  return toSvg(y, { colorBy: 'gradient', partials: 'both' });
}

/** The numbers of results, cells and gradients; all NaNs are one. */
function* numbersOf(result, cells) {
  for (const x of [...result, ...cells, ...cells.flatMap((cell) => cell.grad ?? [])])
    for (const number of x.data) yield Number.isNaN(number) ? NaN : number;
}

/** All calls of a random program, compiled; in two threads where memory can be shared. */
function runProgram(make) {
  manualSeed(20);
  const { f, calls, cells } = make(chainrule, optim);
  const run = compile(f, { threads: 2 });
  return Float64Array.from(calls.flatMap((call) => [...numbersOf(run(...call), cells)]));
}

async function randomBits(programs) {
  const lines = [];
  for (const [i, make] of programs.entries())
    lines.push([`random program ${i}`, await hashOf(new Uint8Array(runProgram(make).buffer))]);
  return lines;
}

/** `[name, hash]` of each computation, those of random programs among them. */
export async function bits(programs) {
  manualSeed(7);
  const lines = [];
  for (const [name, compute] of computations()) lines.push([name, await hashOf(bytesOf(compute()))]);
  lines.push(['fit, saved and loaded', await hashOf(new Uint8Array(Float64Array.from(await fitted()).buffer))]);
  lines.push(['a picture', await hashOf(new TextEncoder().encode(await picture()))]);
  checkGradients((x) => x.sin(), [value(1)]);
  lines.push(['parseCsv', JSON.stringify(parseCsv('a,b\n1,2\n'))]);
  return [...lines, ...(await randomBits(programs))];
}
