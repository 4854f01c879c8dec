/** Which classes are taken for which. */
import { checkOptions, OptionError } from '../../base/errors.ts';
import { constant } from '../../value/create.ts';
import type { Value } from '../../value/value.ts';
import type { Metric } from './metric.ts';
import { readBatch, type ClassBatch, type LabelBatch, type Numbers } from './input.ts';

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

const OPTIONS = ['classes', 'normalize', 'threshold', 'ignoreIndex'];

/** Counts of pairs: of the true class and the predicted one. */
class Pairs {
  readonly #rows: number[][] = [];

  add(actual: number, predicted: number): void {
    while (this.#rows.length <= Math.max(actual, predicted)) this.#rows.push([]);
    const row = this.#rows[actual]!;
    row[predicted] = (row[predicted] ?? 0) + 1;
  }

  /** How many classes there are at least. */
  get size(): number {
    return this.#rows.length;
  }

  counts(n: number): Float64Array {
    return Float64Array.from({ length: n * n }, (_, i) => this.#rows[Math.floor(i / n)]?.[i % n] ?? 0);
  }
}

function checkClass(label: number, classes: number | undefined, what: string): void {
  if (Number.isInteger(label) && label >= 0 && label < (classes ?? Infinity)) return;
  const known = classes === undefined ? 'whole number ≥ 0' : `class of 0 … ${classes - 1}`;
  throw new OptionError(`${what} ${label} is no ${known}`, { op: OP, option: 'classes' });
}

/**
 * Gathers a confusion matrix over batches: `matrix` is what `confusionMatrix` gives of all of them. In a record it is the
 * share on its diagonal.
 * https://scikit-learn.org/stable/modules/generated/sklearn.metrics.confusion_matrix.html
 * @throws OptionError for classes out of range, or an unknown option; ShapeError for shapes that do not go together.
 * @example
 * const confusion = new ConfusionMatrix({ normalize: 'true' })
 * await evaluate(model, test, { metrics: [confusion] })
 * console.log(confusion.matrix)
 */
export class ConfusionMatrix implements Metric {
  readonly name: string = OP;
  readonly #options: ConfusionOptions;
  #pairs: Pairs = new Pairs();
  /** The same if scores of yes are logits, which a later batch may show. */
  #asLogits: Pairs = new Pairs();
  #sawLogits = false;
  #known = 0;

  constructor(options: ConfusionOptions = {}) {
    checkOptions(OP, options, OPTIONS);
    const { normalize } = options;
    if (normalize !== undefined && !['true', 'pred', 'all'].includes(normalize)) {
      throw new OptionError(`normalize is 'true', 'pred' or 'all', got ${JSON.stringify(normalize)}`, {
        op: OP,
        option: 'normalize',
      });
    }
    this.#options = options;
  }

  reset(): void {
    [this.#pairs, this.#asLogits, this.#sawLogits, this.#known] = [new Pairs(), new Pairs(), false, 0];
  }

  update(prediction: Numbers, target: Numbers): void {
    const { ignoreIndex } = this.#options;
    const reading = { multilabel: false, ...(ignoreIndex === undefined ? {} : { ignoreIndex }) };
    const batch = readBatch(OP, prediction, target, reading);
    if (batch.kind === 'classes') this.#addClasses(batch);
    else this.#addYes(batch);
  }

  #addClasses({ predicted, actual, classes }: ClassBatch): void {
    this.#known = Math.max(this.#known, classes ?? 0);
    for (let i = 0; i < actual.length; i++) {
      checkClass(actual[i]!, this.#options.classes, 'target');
      checkClass(predicted[i]!, this.#options.classes, 'prediction');
      this.#pairs.add(actual[i]!, predicted[i]!);
    }
  }

  #addYes({ scores, actual }: LabelBatch): void {
    this.#known = 2;
    const { threshold } = this.#options;
    for (let i = 0; i < actual.length; i++) {
      const score = scores[i]!;
      this.#pairs.add(actual[i]!, Number(score > (threshold ?? 0.5)));
      this.#asLogits.add(actual[i]!, Number(score > (threshold ?? 0)));
      this.#sawLogits ||= score < 0 || score > 1;
    }
  }

  /** Of all batches since the last reset: int32 counts [classes, classes], or float64 shares. */
  get matrix(): Value {
    const { classes, normalize } = this.#options;
    const pairs = this.#sawLogits ? this.#asLogits : this.#pairs;
    const n = classes ?? Math.max(this.#known, pairs.size);
    const counts = pairs.counts(n);
    if (normalize === undefined) return constant(Int32Array.from(counts), { shape: [n, n] });
    return constant(shares(counts, n, normalize), { shape: [n, n] });
  }

  /** The share on the diagonal: the accuracy. */
  result(): number {
    const pairs = this.#sawLogits ? this.#asLogits : this.#pairs;
    const n = pairs.size;
    const counts = pairs.counts(n);
    const right = counts.reduce((sum, count, i) => (i % (n + 1) === 0 ? sum + count : sum), 0);
    return right / counts.reduce((sum, count) => sum + count, 0);
  }
}

/**
 * How often examples of each class (rows) are predicted to be of each (columns): int32 [classes, classes], or float64
 * shares. A share of nothing is 0. Gathered over batches: `ConfusionMatrix`.
 * https://scikit-learn.org/stable/modules/generated/sklearn.metrics.confusion_matrix.html
 * @throws OptionError for classes out of range, or an unknown option; ShapeError for shapes that do not go together.
 * @example confusionMatrix([0, 1, 1], [0, 1, 0]).toArray() // [ [ 1, 1 ], [ 0, 1 ] ]
 */
export function confusionMatrix(prediction: Numbers, target: Numbers, options: ConfusionOptions = {}): Value {
  const metric = new ConfusionMatrix(options);
  metric.update(prediction, target);
  return metric.matrix;
}

function shares(counts: Float64Array, n: number, by: 'true' | 'pred' | 'all'): Float64Array {
  const groupOf = (i: number): number => (by === 'all' ? 0 : by === 'true' ? Math.floor(i / n) : i % n);
  const totals = new Float64Array(Math.max(1, n));
  counts.forEach((count, i) => {
    totals[groupOf(i)]! += count;
  });
  return counts.map((count, i) => (count === 0 ? 0 : count / totals[groupOf(i)]!));
}
