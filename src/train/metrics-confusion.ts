/** Which classes are taken for which. */
import { checkOptions, OptionError } from '../base/errors.ts';
import { constant } from '../value/create.ts';
import type { Value } from '../value/value.ts';
import { readBatch, type Numbers } from './metrics-input.ts';

export interface ConfusionOptions {
  /** How many classes there are; by default as many as there are scores, or as the largest class says. */
  readonly classes?: number;
  /** Shares of the true class (rows), of the predicted one (columns), or of all; by default counts. */
  readonly normalize?: 'true' | 'pred' | 'all';
  /** Scores of yes above it say yes; default 0.5 for probabilities, 0 for logits. */
  readonly threshold?: number;
  readonly ignoreIndex?: number;
}

const OP = 'confusionMatrix';

/** What is predicted and true, as classes. */
function classesOf(prediction: Numbers, target: Numbers, options: ConfusionOptions): [number[], number[], number] {
  const { ignoreIndex, threshold } = options;
  const batch = readBatch(OP, prediction, target, {
    multilabel: false,
    ...(ignoreIndex === undefined ? {} : { ignoreIndex }),
  });
  const actual = Array.from(batch.actual);
  if (batch.kind === 'classes') return [Array.from(batch.predicted), actual, batch.classes ?? 0];
  const scores = Array.from(batch.scores);
  const bound = threshold ?? (scores.some((x) => x < 0 || x > 1) ? 0 : 0.5);
  return [scores.map((x) => Number(x > bound)), actual, 2];
}

function checkClass(label: number, classes: number, what: string): void {
  if (Number.isInteger(label) && label >= 0 && label < classes) return;
  throw new OptionError(`${what} ${label} is no class of 0 … ${classes - 1}`, { op: OP, option: 'classes' });
}

/**
 * How often examples of each class (rows) are predicted to be of each (columns): int32 [classes, classes], or float64
 * shares. A share of nothing is 0.
 * https://scikit-learn.org/stable/modules/generated/sklearn.metrics.confusion_matrix.html
 * @throws OptionError for classes out of range, or an unknown option; ShapeError for shapes that do not go together.
 * @example confusionMatrix([0, 1, 1], [0, 1, 0]).toArray() // [ [ 1, 1 ], [ 0, 1 ] ]
 */
export function confusionMatrix(prediction: Numbers, target: Numbers, options: ConfusionOptions = {}): Value {
  checkOptions(OP, options, ['classes', 'normalize', 'threshold', 'ignoreIndex']);
  const { normalize } = options;
  if (normalize !== undefined && !['true', 'pred', 'all'].includes(normalize)) {
    throw new OptionError(`normalize is 'true', 'pred' or 'all', got ${JSON.stringify(normalize)}`, {
      op: OP,
      option: 'normalize',
    });
  }
  const [predicted, actual, known] = classesOf(prediction, target, options);
  const largest = [...predicted, ...actual].reduce((a, b) => Math.max(a, b), -1);
  const n = options.classes ?? Math.max(known, largest + 1);
  const counts = new Float64Array(n * n);
  actual.forEach((a, i) => {
    checkClass(a, n, 'target');
    checkClass(predicted[i]!, n, 'prediction');
    counts[a * n + predicted[i]!]!++;
  });
  if (normalize === undefined) return constant(Int32Array.from(counts), { shape: [n, n] });
  return constant(shares(counts, n, normalize), { shape: [n, n] });
}

function shares(counts: Float64Array, n: number, by: 'true' | 'pred' | 'all'): Float64Array {
  const groupOf = (i: number): number => (by === 'all' ? 0 : by === 'true' ? Math.floor(i / n) : i % n);
  const totals = new Float64Array(Math.max(1, n));
  counts.forEach((count, i) => {
    totals[groupOf(i)]! += count;
  });
  return counts.map((count, i) => (count === 0 ? 0 : count / totals[groupOf(i)]!));
}
