/** Metrics: scikit-learn's numbers, whatever the batches; logits, probabilities and classes told apart. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { constant, isValue, type Value } from 'chainrule';
import * as train from 'chainrule/train';
import {
  accuracy,
  Accuracy,
  confusionMatrix,
  ConfusionMatrix,
  F1Score,
  perplexity,
  precision,
  Precision,
  R2,
  rocAuc,
  RocAuc,
  TopKAccuracy,
  type Metric,
} from 'chainrule/train';

/** Made by scikit-learn 1.9.1 from random numbers; NaN is null. */
interface Case {
  readonly metric: string;
  readonly prediction: number[];
  readonly target: number[];
  readonly options: Record<string, unknown>;
  readonly expected: unknown;
}

const file = process.env['CHAINRULE_METRICS'] ?? join(__dirname, 'metrics-sklearn.json');
const cases = JSON.parse(readFileSync(file, 'utf8')) as Case[];

const CLASSES: Readonly<Record<string, new (options?: object) => Metric>> = {
  accuracy: train.Accuracy,
  topKAccuracy: train.TopKAccuracy,
  precision: train.Precision,
  recall: train.Recall,
  f1: train.F1Score,
  rocAuc: train.RocAuc,
  averagePrecision: train.AveragePrecision,
  perplexity: train.Perplexity,
  r2: train.R2,
  mae: train.MeanAbsoluteError,
  mse: train.MeanSquaredError,
  rmse: train.RootMeanSquaredError,
};

const flat = (x: unknown): number[] =>
  isValue(x) ? Array.from(x.data) : ([x].flat(Infinity).map((n) => n ?? NaN) as number[]);

function expectClose(got: unknown, expected: unknown): void {
  const [ours, theirs] = [flat(got), flat(expected)];
  expect(ours).toHaveLength(theirs.length);
  ours.forEach((x, i) => (Number.isNaN(theirs[i]) ? expect(x).toBeNaN() : expect(x).toBeCloseTo(theirs[i]!, 12)));
}

const optionsOf = ({ options }: Case): Record<string, unknown> =>
  'zeroDivision' in options && options['zeroDivision'] === null ? { ...options, zeroDivision: NaN } : options;

describe('as scikit-learn has them', () => {
  test.each([...new Set(cases.map(({ metric }) => metric))])('%s of whole arrays', (name) => {
    const own = cases.filter(({ metric }) => metric === name);
    const f = (train as unknown as Record<string, (p: unknown, t: unknown, o: unknown) => unknown>)[name]!;
    for (const each of own) expectClose(f(each.prediction, each.target, optionsOf(each)), each.expected);
  });

  test.each(Object.keys(CLASSES))('%s batch by batch, of Values', (name) => {
    const own = cases.filter(({ metric, options }) => metric === name && options['average'] !== 'none');
    for (const each of own) {
      const options = optionsOf(each);
      const metric = new CLASSES[name]!(...(Object.keys(options).length === 0 ? [] : [options]));
      const rows = each.target.length;
      const part = (xs: number[], from: number, to: number): Value => constant(xs.slice(from, to));
      for (const [from, to] of [
        [0, 3],
        [0, 2],
        [2, rows],
      ] as const) {
        // prettier-ignore
        // What came before the reset is forgotten.
        if (to === 2) metric.reset();
        const wholes = [each.prediction, each.target].map((xs) => xs.flat().every(Number.isInteger));
        const [p, t] = [part(each.prediction, from, to), part(each.target, from, to)];
        metric.update((wholes[0] ? p.to('int32') : p) as never, (wholes[1] ? t.to('int32') : t) as never);
      }
      expectClose(metric.result(), each.expected);
    }
  });
});

describe('what predictions are', () => {
  test('scores of yes are logits as soon as one lies outside [0, 1], even in a later batch', () => {
    const metric = new Accuracy();
    metric.update([0.2, 0.7], [1, 1]);
    expect(metric.result()).toBe(0.5);
    metric.update([-3.5], [0]);
    expect(metric.result()).toBe(1);
    expect(accuracy([0.2, 0.7], [1, 1], { threshold: 0.1 })).toBe(1);
  });

  test('classes lie on the second axis, as in PyTorch, or on the last', () => {
    const scores = [[[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]]]; // prettier-ignore
    const target = constant([[1, 0, 0]]).to('int32');
    expect(accuracy(constant(scores), target)).toBeCloseTo(2 / 3, 12);
    expect(accuracy(constant(scores).permute([0, 2, 1]), target)).toBeCloseTo(2 / 3, 12);
    expect(perplexity(constant(scores), target)).toBeCloseTo(
      perplexity(constant(scores).permute([0, 2, 1]), target),
      12,
    );
  });

  test('one-hot targets are classes if it is said that they are no labels', () => {
    const [p, t] = [[[0.2, 0.8], [0.9, 0.1]], [[0, 1], [1, 0]]]; // prettier-ignore
    expect(accuracy(p, t, { multilabel: false })).toBe(1);
  });

  test('an ignored class does not count', () => {
    const logits = [[0.5, 2], [1.5, 0], [1.5, 0]]; // prettier-ignore
    expect(accuracy(logits, [1, 0, -100], { ignoreIndex: -100 })).toBe(1);
    expect(perplexity(logits, [1, 0, -100], { ignoreIndex: -100 })).toBe(perplexity(logits.slice(0, 2), [1, 0]));
  });

  test('of nothing is NaN, and so is the ROC of one class', () => {
    for (const metric of [new Accuracy(), new Precision(), new F1Score(), new RocAuc(), new R2()]) {
      expect(metric.result()).toBeNaN();
    }
    expect(rocAuc([0.1, 0.7], [1, 1])).toBeNaN();
  });
});

test('a confusion matrix is gathered over batches', () => {
  const own = cases.filter(({ metric }) => metric === 'confusionMatrix');
  for (const { prediction, target, options, expected } of own) {
    const confusion = new ConfusionMatrix(options);
    const [cut, rows] = [2, target.length];
    for (const [from, to] of [[0, cut], [cut, rows]] as const) confusion.update(prediction.slice(from, to), target.slice(from, to)); // prettier-ignore
    expectClose(confusion.matrix, expected);
    expect(confusion.result()).toBeCloseTo(accuracy(prediction, target), 12);
  }
  const binary = new ConfusionMatrix();
  binary.update([0.2, 0.7], [0, 1]);
  expect(binary.matrix.toArray()).toEqual([[1, 0], [0, 1]]); // prettier-ignore
  binary.update([-2.5], [0]);
  expect(binary.matrix.toArray()).toEqual([[1, 1], [0, 1]]); // prettier-ignore
});

test('classes are counted where there are more than were seen', () => {
  expect(confusionMatrix([0, 1], [1, 1], { classes: 3 }).shape).toEqual([3, 3]);
  expect(confusionMatrix([[0.1, 0.2, 0.7]], [1]).dtype).toBe('int32');
});

test('what does not fit is refused, with its name', () => {
  expect(() => accuracy([[0.1, 0.9]], [2])).toThrow(/accuracy: target 2 at position 0 is no class of 0 … 1/);
  expect(() => accuracy([0.1, 0.9, 0.3], [1, 0])).toThrow(/accuracy: predictions \[3\] do not go with targets \[2\]/);
  expect(() => precision([0, 1, 2], [0, 1, 2], { average: 'binary' })).toThrow(/average 'binary' is for two classes/);
  expect(() => precision([0], [0], { average: 'mean' as never })).toThrow(/there is no average "mean"/);
  expect(() => new Precision({ average: 'none' }).result()).toThrow(/is a number for each class.*Ask for results\(\)/s);
  expect(() => new TopKAccuracy({ k: 0 })).toThrow(/k must be a whole number ≥ 1, got 0/);
  expect(() => accuracy({ output: 1, hidden: 2 } as never, [0])).toThrow(/prediction is an object of output, hidden/);
  expect(() => rocAuc([0, 1], [0, 1])).toThrow(/must be scores, not classes/);
  expect(() => train.mse([1, 2], [[1, 2]])).toThrow(/mse: predictions \[2\] do not go with targets \[1, 2\]/);
  expect(() => confusionMatrix([0, 5], [0, 1], { classes: 2 })).toThrow(/prediction 5 is no class of 0 … 1/);
});
