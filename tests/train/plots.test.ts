/** Pictures: SVG in two themes, of what was handed in; what cannot be drawn is refused. */
import { crc32, inflateSync } from 'node:zlib';
import { constant, manualSeed, ones, rand, zeros, type Value } from 'chainrule';
import { blobs, moons } from 'chainrule/data';
import { crossEntropy } from 'chainrule/losses';
import { Conv2d, Linear, MLP, ReLU, Sequential, Sigmoid } from 'chainrule/nn';
import {
  plotConfusionMatrix,
  plotDecisionBoundary,
  plotFilters,
  plotHistograms,
  plotHistory,
  plotLearningRate,
  plotRocCurve,
  type PlotOptions,
} from 'chainrule/train';
import fc from 'fast-check';
import { pngOf, pngUrl } from '../../src/train/png.ts';

const warn = jest.spyOn(console, 'warn');

beforeEach(() => manualSeed(0));

// The plotter tells of specifications that contradict themselves.
afterEach(() => expect(warn).not.toHaveBeenCalled());

const svg = /^<svg[^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"[\s\S]*<\/svg>$/;

const history = {
  epochs: [1, 2, 3].map((epoch) => ({
    epoch,
    loss: 1 / epoch,
    valLoss: 1.1 / epoch,
    accuracy: 1 - 0.5 / epoch,
    valAccuracy: 1 - 0.6 / epoch,
    valley: epoch,
    lr: 0.1 / epoch,
    seconds: 1,
  })),
  batchLosses: [2, 1, 0.9, 0.5, 0.4, 0.3],
};

const matrix = [
  [8, 2],
  [0, 7],
];

const convolution = new Conv2d(1, 4, 3);
const perceptron = new MLP([2, 4, 2]);

const pictures: [string, (options: PlotOptions) => Promise<string>, RegExp][] = [
  ['plotHistory', (options) => plotHistory(history, options), />validation</],
  ['plotLearningRate', (options) => plotLearningRate(history, options), />learning rate</],
  ['plotConfusionMatrix', (options) => plotConfusionMatrix(matrix, options), />predicted</],
  ['plotFilters', (options) => plotFilters(convolution, options), /data:image\/png;base64/],
  ['plotHistograms', (options) => plotHistograms(perceptron, options), />layers\.1\.weight</],
  [
    'plotRocCurve',
    (options) => plotRocCurve(constant([0.1, 0.4, 0.35, 0.8]), constant([0, 0, 1, 1]), options),
    /area 0\.750/,
  ],
];

describe.each(pictures)('%s', (name, plot, content) => {
  test('is SVG in either theme', async () => {
    const [light, dark] = [await plot({ theme: 'light' }), await plot({ theme: 'dark' })];
    for (const text of [light, dark]) {
      expect(text).toMatch(svg);
      expect(text).toMatch(content);
    }
    expect([light.includes('#0d1117'), dark.includes('#0d1117')]).toEqual([false, true]);
    // Not toBe: a failure would print both.
    expect((await plot({})) === light).toBe(true);
  });

  test('knows its options', async () => {
    await expect(plot({ colour: 'red' } as never)).rejects.toThrow(`${name}: unknown option "colour"`);
    await expect(plot({ theme: 'blue' as never })).rejects.toThrow(/theme must be light or dark, got "blue"/);
  });
});

describe('the history', () => {
  test('has a panel for the loss and for each metric; what merely begins with val is a metric', async () => {
    const all = await plotHistory(history);
    for (const name of ['loss', 'accuracy', 'valley']) expect(all).toMatch(`>${name}<`);
    expect(all).not.toMatch(/>(valLoss|lr|seconds)</);
    const one = await plotHistory(history, { show: ['accuracy'] });
    expect(one).not.toMatch('>loss<');
  });

  test('without validation tells of training alone; epochs without a number are left out', async () => {
    const epochs = history.epochs.map(({ epoch, loss }) => ({ epoch, loss: epoch === 2 ? NaN : loss }));
    const text = await plotHistory({ epochs });
    expect([text.includes('>training<'), text.includes('>validation<'), text.includes('NaN')]).toEqual([
      true,
      false,
      false,
    ]);
  });

  test.each([
    [() => plotHistory({ epochs: [] }), /the history has no epochs/],
    [() => plotHistory(history, { show: ['f1'] }), /there is no curve "f1"\n.*loss, accuracy/],
    [() => plotLearningRate([]), /there are no learning rates/],
    [() => plotLearningRate([1], { scale: 'sqrt' as never }), /scale is linear or log/],
  ])('%# is refused', async (plot, message) => {
    await expect(plot()).rejects.toThrow(message);
  });
});

describe('the confusion matrix', () => {
  test('takes Values and names', async () => {
    const text = await plotConfusionMatrix(constant(matrix), { classes: ['cat', 'dog'] });
    for (const word of ['cat', 'dog', '8', '7']) expect(text).toMatch(`>${word}<`);
  });

  test.each([
    [zeros([2, 3]), {}, /square, \[classes, classes\], not \[2, 3\]/],
    [[[1, -1], [0, 1]], {}, /counts are numbers ≥ 0/], // prettier-ignore
    [matrix, { classes: ['a'] }, /1 names for 2 classes/],
    [matrix, { classes: ['a', 'a'] }, /each class needs a name of its own/],
  ])('%# is refused', async (given, options, message) => {
    await expect(plotConfusionMatrix(given, options)).rejects.toThrow(message);
  });
});

describe('filters', () => {
  const pictured = (text: string): number => text.split('data:image/png').length - 1;

  test('of convolutions and of linear layers on images, the first weight of a model', async () => {
    expect(pictured(await plotFilters(new Sequential(new ReLU(), new Conv2d(3, 10, 5))))).toBe(10);
    expect(pictured(await plotFilters(new Conv2d(8, 6, 3).weight))).toBe(6);
    expect(pictured(await plotFilters(new MLP([784, 100, 10]), { count: 12 }))).toBe(12);
    expect(pictured(await plotFilters(new Linear(12, 3), { shape: [3, 2, 2] }))).toBe(3);
    expect(pictured(await plotFilters(zeros([2, 1, 3, 3])))).toBe(2);
  });

  test.each([
    [() => plotFilters(new Linear(10, 3)), /filters of 10 elements are no images \[3, 3\]\n.*shape: \[height, width\]/],
    [() => plotFilters(new Linear(10, 3), { shape: [2, 4] }), /are no images \[2, 4\]/],
    [() => plotFilters(zeros([2, 3, 4])), /not \[2, 3, 4\]/],
    [() => plotFilters(new ReLU()), /ReLU has no weight with filters/],
    [() => plotFilters(new Linear(9, 1), { count: 0 }), /count must be a whole number ≥ 1/],
  ])('%# is refused', async (plot, message) => {
    await expect(plot()).rejects.toThrow(message);
  });

  test('a PNG holds its pixels, rows behind a filter byte, chunks with their checks', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 150 }), (width, height) => {
        const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 7) % 256);
        const bytes = Buffer.from(pngOf({ width, height, data }));
        expect(bytes.subarray(1, 4).toString()).toBe('PNG');
        const chunks = new Map<string, Buffer>();
        for (let at = 8; at < bytes.length;) {
          const length = bytes.readUInt32BE(at);
          const named = bytes.subarray(at + 4, at + 8 + length);
          expect(bytes.readUInt32BE(at + 8 + length)).toBe(crc32(named));
          chunks.set(named.subarray(0, 4).toString(), named.subarray(4));
          at += length + 12;
        }
        expect([chunks.get('IHDR')!.readUInt32BE(0), chunks.get('IHDR')!.readUInt32BE(4)]).toEqual([width, height]);
        const rows = inflateSync(chunks.get('IDAT')!);
        const pixels = Buffer.concat(
          Array.from({ length: height }, (_, i) => rows.subarray(i * (3 * width + 1) + 1, (i + 1) * (3 * width + 1))),
        );
        expect(pixels.equals(data)).toBe(true);
      }),
      { numRuns: 20 },
    );
    expect(pngUrl({ width: 1, height: 1, data: new Uint8Array(3) })).toMatch(/^data:image\/png;base64,iVBORw0KGgo/);
  });
});

test('histograms show gradients where there are any, biases where they are asked for', async () => {
  const model = new MLP([2, 4, 2]);
  expect(await plotHistograms(model)).not.toMatch('gradient of');
  crossEntropy(model.forward(rand([8, 2])), constant([0, 1, 0, 1, 0, 1, 0, 1], { dtype: 'int32' })).backward();
  const text = await plotHistograms(model, { biases: true });
  expect(text).toMatch('gradient of layers.0.bias');
  model.layers.at(0)!.weight.assign(0);
  model.layers.at(1)!.weight.assign(NaN);
  const broken = await plotHistograms(model);
  expect([broken.includes('>NaN'), broken.includes('layers.1.weight (no finite numbers)')]).toEqual([false, true]);
  await expect(plotHistograms(new ReLU())).rejects.toThrow(/ReLU has no parameters/);
});

test('the area under the ROC curve is the share of pairs in the right order, ties by half', async () => {
  const pair = fc.tuple(fc.integer({ min: 0, max: 4 }), fc.boolean());
  await fc.assert(
    fc.asyncProperty(fc.array(pair, { minLength: 2, maxLength: 12 }), async (pairs) => {
      const [positive, negative] = [true, false].map((side) => pairs.filter(([, label]) => label === side));
      fc.pre(positive!.length > 0 && negative!.length > 0);
      const wins = positive!.flatMap(([p]) => negative!.map(([n]) => (p > n ? 1 : p === n ? 0.5 : 0)));
      const area = wins.reduce<number>((a, b) => a + b, 0) / wins.length;
      const [scores, labels] = [pairs.map(([s]) => s), pairs.map(([, label]) => Number(label))];
      const text = await plotRocCurve(constant(scores), constant(labels));
      expect(Number(/area (\d\.\d+)/.exec(text)![1])).toBeCloseTo(area, 2);
    }),
    { numRuns: 12 },
  );
  await expect(plotRocCurve(ones([3]), ones([3]))).rejects.toThrow(/all labels are alike/);
  await expect(plotRocCurve(ones([3]), ones([2]))).rejects.toThrow(/got \[3\] and \[2\]\n.*two logits/);
});

describe('the decision boundary', () => {
  const classes = (text: string): string[] =>
    [...text.matchAll(/>(-?\d+)<\/text>/g)].map(([, label]) => label!).filter((label) => /^-?[0-9]$/.test(label));

  test('of several classes, and of one logit that tells two apart, whatever their labels', async () => {
    const { x, y } = blobs(60, { centers: 4 });
    expect(await plotDecisionBoundary(new MLP([2, 8, 4]), x, y)).toMatch(svg);
    const halves = moons(40);
    const one = new MLP([2, 8, 1]);
    const signed = await plotDecisionBoundary(one, halves.x, halves.y.mul(2).sub(1));
    expect(classes(signed.slice(signed.indexOf('role-legend-entry'))).slice(0, 2)).toEqual(['-1', '1']);
    const sure = new Sequential(one, new Sigmoid());
    const probabilities = await plotDecisionBoundary(sure, halves.x, halves.y, { output: 'probabilities' });
    expect(probabilities === (await plotDecisionBoundary(one, halves.x, halves.y))).toBe(true);
  });

  test.each([
    [(x: Value, y: Value) => plotDecisionBoundary(new MLP([2, 2]), x.narrow(1, 0, 1), y), /x must be \[n, 2\]/],
    [(x: Value, y: Value) => plotDecisionBoundary(new MLP([2, 2]), x, y.narrow(0, 0, 3)), /40 points and 3 labels/],
    [
      (x: Value, y: Value) => plotDecisionBoundary(new MLP([2, 2]), x, y, { output: 'scores' as never }),
      /output is one of logits, probabilities/,
    ],
  ])('%# is refused', async (plot, message) => {
    const { x, y } = moons(40);
    await expect(plot(x, y)).rejects.toThrow(message);
  });
});
