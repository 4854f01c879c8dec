/** diagnose: every illness is found in a model that truly has it, a healthy model has none, and looking changes nothing. */
import { compile, constant, manualSeed, rand, randint, randn, type Value } from 'chainrule';
import { crossEntropy, mseLoss } from 'chainrule/losses';
import {
  BatchNorm2d,
  Conv2d,
  Dropout,
  Flatten,
  Linear,
  LSTM,
  MLP,
  Module,
  ReLU,
  Sequential,
  TransformerEncoderLayer,
  type MLPOptions,
} from 'chainrule/nn';
import { Adam, LBFGS, RMSprop, SGD } from 'chainrule/optim';
import { diagnose, type Diagnosis } from 'chainrule/train';

beforeEach(() => manualSeed(0));

interface Batch {
  readonly x: Value;
  readonly y: Value;
}

const batch = (): Batch => ({ x: randn([64, 20]), y: randint(0, 5, [64]) });
const network = (options: MLPOptions = {}): MLP => new MLP([20, 64, 64, 5], options);
const scaled = (leaf: Value, factor: number): Value => leaf.assign(leaf.mul(factor));
const kinds = ({ findings }: Diagnosis): string[] => findings.map(({ kind }) => kind);
const loss = crossEntropy;

const convolutional = (): Sequential =>
  new Sequential(
    new Conv2d(1, 8, 3),
    new BatchNorm2d(8),
    new ReLU(),
    new Flatten(),
    new Dropout(0.5),
    new Linear(8 * 36, 5),
  );

describe('a healthy model has no findings', () => {
  test.each(['relu', 'tanh', 'gelu', 'silu', 'elu'] as const)('a perceptron with %s', (activation) => {
    const model = network({ activation });
    expect(diagnose(model, batch(), { loss, optimizer: new Adam(model.parameters()) }).findings).toEqual([]);
  });

  test('a convolutional network with batch normalisation and dropout', () => {
    const model = convolutional();
    const { y } = batch();
    const optimizer = new SGD(model.parameters(), { lr: 0.01 });
    expect(diagnose(model, [rand([64, 1, 8, 8]), y], { loss, optimizer }).findings).toEqual([]);
  });

  test('recurrent layers and attention, whose results `forward` chooses from', () => {
    const [x, y] = [randn([32, 12, 8]), randint(0, 5, [32])];
    class Reader extends Module {
      readonly rnn = new LSTM(8, 32, { batchFirst: true });
      readonly attend = new TransformerEncoderLayer(32, 4, { dimFeedforward: 64, batchFirst: true });
      readonly out = new Linear(32, 5);
      override forward(text: Value): Value {
        return this.out.forward(this.attend.forward(this.rnn.forward(text).output).mean(1));
      }
    }
    const model = new Reader();
    const optimizer = new Adam(model.parameters());
    expect(diagnose(model, [x, y], { loss, optimizer }).findings).toEqual([]);
    const forward = (lstm: LSTM, text: Value): Value => lstm.forward(text).output.index(':', -1);
    expect(diagnose(new LSTM(8, 5, { batchFirst: true }), { x, y }, { loss, forward }).findings).toEqual([]);
  });

  test('a regression', () => {
    const { x } = batch();
    const model = new MLP([20, 32, 1]);
    expect(diagnose(model, { x, y: x.sum(1, { keepDims: true }) }, { loss: mseLoss }).findings).toEqual([]);
  });
});

describe('an illness is found', () => {
  test('gradients vanish in a deep sigmoid network', () => {
    const model = new MLP([20, ...new Array<number>(8).fill(32), 5], { activation: 'sigmoid' });
    const diagnosis = diagnose(model, batch(), { loss });
    expect(kinds(diagnosis)).toEqual(['vanishingGradients']);
    expect(diagnosis.findings[0]!.where).toBe('layers.0 Linear');
    const gradients = diagnosis.layers.map(({ gradient }) => gradient!);
    expect([...gradients].sort((a, b) => a - b)).toEqual(gradients);
  });

  test('gradients explode after a huge initialisation, and the loss is far above guessing', () => {
    const model = network();
    model.parameters().forEach((p) => scaled(p, 50));
    const diagnosis = diagnose(model, batch(), { loss });
    expect(kinds(diagnosis)).toEqual(['explodingGradients', 'initialLoss']);
    expect(diagnosis.baseline).toMatchObject({ classes: 5 });
    expect(diagnosis.findings[1]!.message).toMatch(/a guess among 5 classes \(ln 5\) would have 1\.61/);
  });

  test('units that never fire', () => {
    const model = network();
    model.layers.at(1)!.bias!.assign(-100);
    const diagnosis = diagnose(model, batch(), { loss });
    expect(kinds(diagnosis)).toEqual(['zeroGradients', 'deadUnits']);
    expect(diagnosis.activations).toMatchObject([
      { op: 'relu', layer: 'layers.0 Linear', units: 64, dead: 0 },
      { op: 'relu', layer: 'layers.1 Linear', units: 64, dead: 64 },
    ]);
  });

  test('dead units are counted by channel after a convolution', () => {
    const model = convolutional();
    const conv = model.at(1) as BatchNorm2d;
    conv.bias!.assign(constant([-50, 0, 0, -50, 0, 0, 0, 0]));
    const { activations } = diagnose(model, [rand([64, 1, 8, 8]), batch().y], { loss });
    expect(activations).toMatchObject([{ units: 8, dead: 2, examples: 64 * 36 }]);
  });

  test.each(['tanh', 'sigmoid'] as const)('%s units on their flat ends', (activation) => {
    const model = network({ activation });
    scaled(model.layers.at(0)!.weight, 100);
    const diagnosis = diagnose(model, batch(), { loss });
    expect(kinds(diagnosis)).toEqual(['saturatedUnits']);
    expect(diagnosis.activations[0]!.saturated).toBeGreaterThan(0.9);
    expect(diagnosis.activations[1]!.saturated).toBeLessThan(0.1);
  });

  test.each([
    [1, 'largeUpdates'],
    [1e-9, 'smallUpdates'],
  ])('a learning rate of %d', (lr, kind) => {
    const model = network();
    expect(kinds(diagnose(model, batch(), { loss, optimizer: new Adam(model.parameters(), { lr }) }))).toEqual([kind]);
  });

  test('weights that are all the same', () => {
    const model = network();
    model.layers.at(1)!.weight.assign(0.1);
    const diagnosis = diagnose(model, batch(), { loss });
    expect(diagnosis.findings).toMatchObject([{ kind: 'symmetricWeights', where: 'layers.1.weight' }]);
  });

  test('parameters that the loss does not depend on, and that the optimizer does not have', () => {
    class Forgetful extends Module {
      readonly used = new Linear(20, 5);
      readonly forgotten = new Linear(20, 5);
      override forward(x: Value): Value {
        return this.used.forward(x);
      }
    }
    const model = new Forgetful();
    const diagnosis = diagnose(model, batch(), { loss, optimizer: new SGD(model.used.parameters(), { lr: 0.1 }) });
    expect(diagnosis.findings.map(({ kind, where }) => [kind, where])).toEqual([
      ['unusedParameters', 'forgotten.weight'],
      ['notOptimized', 'optimizer'],
    ]);
    expect(diagnosis.findings[1]!.message).toMatch(/does not have forgotten\.weight, forgotten\.bias$/);
  });

  test('frozen parameters are no illness', () => {
    const model = network();
    model.layers.at(0)!.freeze();
    const diagnosis = diagnose(model, batch(), { loss, optimizer: new Adam(model.layers.at(2)!.parameters()) });
    expect(kinds(diagnosis)).toEqual(['notOptimized']);
    expect(String(diagnosis)).toMatch(/layers\.0 Linear \(frozen\)/);
  });

  test('an input out of scale names its column', () => {
    const { x, y } = batch();
    const columns = constant(Array.from({ length: 20 }, (_, i) => (i === 7 ? 4000 : 1)));
    const diagnosis = diagnose(network(), [x.mul(columns), y], { loss });
    expect(kinds(diagnosis)).toContain('unscaledInput');
    expect(String(diagnosis)).toMatch(/numbers of column 7 of the input are about \d+/);
  });

  test('NaN in the input, in a parameter, and made by an op, whose name and layer are told', () => {
    const { x, y } = batch();
    const of = (model: Module, x: Value): Diagnosis => diagnose(model, [x, y], { loss });
    expect(of(network(), x.div(0).mul(0)).findings).toMatchObject([{ kind: 'notFinite', where: 'input' }]);
    const broken = network();
    broken.layers.at(1)!.bias!.assign(NaN);
    expect(of(broken, x).findings).toMatchObject([{ kind: 'notFinite', where: 'layers.1.bias' }]);
    const rooted = of(network({ activation: (h) => h.sqrt() }), x);
    expect(rooted.findings).toHaveLength(1);
    expect(rooted.findings[0]).toMatchObject({ kind: 'notFinite', where: 'layers.1 Linear' });
    expect(rooted.findings[0]!.message).toMatch(/the loss is NaN; the first NaN was made by sqrt in MLP/);
    const infiniteSlope = of(network({ activation: (h) => h.mul(0).sqrt() }), x);
    expect(infiniteSlope.findings[0]!.message).toMatch(/the gradients of layers\.0\.weight.* are NaN or infinite/);
  });
});

describe('the curves', () => {
  const epochs = (train: (t: number) => number, validation?: (t: number) => number, n = 30): Diagnosis => {
    const records = Array.from({ length: n }, (_, i) => ({
      epoch: i + 1,
      loss: train(i / n),
      ...(validation === undefined ? {} : { valLoss: validation(i / n) }),
    }));
    const model = network();
    return diagnose(model, batch(), { loss, history: { epochs: records, batchLosses: [1.6] } });
  };
  const falling =
    (to: number) =>
    (t: number): number =>
      to + (1.6 - to) / (1 + 200 * t * t);

  test.each([
    ['good fit', epochs.bind(null, falling(0.1), falling(0.13)), []],
    ['good fit', epochs.bind(null, falling(0.1)), []],
    ['overfitting', epochs.bind(null, falling(0.01), (t: number) => 0.5 + 2 * (t - 0.3) * (t - 0.3)), ['overfitting']],
    ['overfitting', epochs.bind(null, falling(0.01), falling(0.7)), ['overfitting']],
    ['underfitting', epochs.bind(null, falling(1.3), falling(1.35)), ['underfitting']],
    [
      'unfinished',
      epochs.bind(
        null,
        (t: number) => 1.6 - t,
        (t: number) => 1.6 - t,
      ),
      ['unfinished'],
    ],
    ['diverging', epochs.bind(null, (t: number) => 1 + 10 * t * t), ['diverging']],
    ['diverging', epochs.bind(null, (t: number) => (t > 0.5 ? NaN : 1)), ['diverging']],
    ['unsteady', epochs.bind(null, (t: number) => 0.5 - 0.2 * t + 0.3 * (Math.round(t * 30) % 2)), ['unsteady']],
    ['too short', epochs.bind(null, falling(0.1), undefined, 2), []],
  ])('%s (%#)', (verdict, run, found) => {
    const diagnosis = run();
    expect([diagnosis.curves, kinds(diagnosis)]).toEqual([verdict, found]);
    expect(String(diagnosis)).toMatch(`Curves: ${verdict}.`);
  });
});

describe('looking changes nothing', () => {
  test('parameters, buffers, gradients, modes, optimizer and random numbers stay, to the bit', () => {
    const model = convolutional();
    const optimizer = new Adam(model.parameters(), { lr: 0.01 });
    const [x, y] = [rand([64, 1, 8, 8]), batch().y];
    crossEntropy(model.forward(x), y).backward();
    optimizer.step();
    model.at(1)!.eval();
    const all = (): string =>
      JSON.stringify([
        model.stateDict(),
        model.parameters().map((p) => p.grad),
        optimizer.stateDict(),
        [...model.namedModules()].map(([, module]) => module.training),
      ]);
    const before = all();
    const next = (): unknown => rand([2]).toArray();
    manualSeed(3);
    const expected = next();
    manualSeed(3);
    const first = String(diagnose(model, { x, y }, { loss, optimizer }));
    expect(all()).toBe(before);
    expect(String(diagnose(model, { x, y }, { loss, optimizer }))).toBe(first);
    expect(next()).toEqual(expected);
  });

  test.each([Adam, RMSprop, LBFGS])('an optimizer that has not made a step yet remembers nothing (%#)', (Class) => {
    const model = network();
    const optimizer = new Class(model.parameters(), { lr: 0.01 });
    const before = JSON.stringify(optimizer.stateDict());
    diagnose(model, batch(), { loss, optimizer });
    expect(JSON.stringify(optimizer.stateDict()) === before).toBe(true);
  });

  test('a compiled step is not compiled again', () => {
    const model = convolutional();
    const optimizer = new Adam(model.parameters());
    const step = compile((x: Value, y: Value) => {
      const l = crossEntropy(model.forward(x), y);
      optimizer.zeroGrad();
      l.backward();
      optimizer.step();
      return l;
    });
    const [x, y] = [rand([64, 1, 8, 8]), batch().y];
    for (let i = 0; i < 3; i++) step(x, y);
    const programs = step.programs.length;
    diagnose(model, { x, y }, { loss, optimizer });
    step(x, y);
    expect(step.programs).toHaveLength(programs);
  });

  test('also when the loss throws', () => {
    const model = network();
    const failing = (): Value => {
      throw new Error('no loss');
    };
    model.eval();
    expect(() => diagnose(model, batch(), { loss: failing })).toThrow('no loss');
    expect(model.training).toBe(false);
    expect(model.parameters().every((p) => p.grad === null)).toBe(true);
  });
});

test('it prints tables of layers and activations, and what to try', () => {
  const model = network();
  const text = String(diagnose(model, batch(), { loss, optimizer: new Adam(model.parameters()) }));
  expect(text).toMatch(/^Loss 1\.6\d* on 64 examples; a guess among 5 classes \(ln 5\): 1\.61\. Norm of the gradient/);
  expect(text).toMatch(
    /Layer +Output +Gradient +Weights +Their gradient +Update\n─+\nlayers\.0 Linear .* ± .* 10\^-\d/,
  );
  expect(text).toMatch(/relu +layers\.0 Linear +64 +\d+ +–/);
  expect(text).toMatch(/Nothing found\.$/);
});

test.each([
  [() => diagnose({} as never, batch(), { loss }), /the model must be a Module, got object/],
  [() => diagnose(network(), batch(), {} as never), /loss must be a function of prediction and target/],
  [() => diagnose(network(), [1, 2] as never, { loss }), /a batch holds no Value\n.*\[x, y\] or \{ x, y \}/],
  [() => diagnose(network(), batch(), { loss, history: [] as never }), /history must be what fit returns/],
  [() => diagnose(network(), batch(), { loss, optimiser: 1 } as never), /unknown option "optimiser"/],
  [() => diagnose(network(), batch(), { loss: (p) => p }), /the loss must be one number, got \[64, 5\]/],
])('bad arguments are refused (%#)', (call, message) => {
  expect(call).toThrow(message);
});
