/** The share of examples that are right. */
import { checkOptions, OptionError } from '../../base/errors.ts';
import type { Metric } from './metric.ts';
import { readBatch, type Numbers } from './input.ts';
import { Tallies, type TallyOptions } from './tally.ts';

const OPTIONS = ['multilabel', 'ignoreIndex', 'threshold'];

/**
 * The share of examples whose class, or yes or no, is right; of several labels, all have to be. Scores [n, classes] or
 * [n, classes, …] go with classes [n, …], scores of yes [n] with 0 and 1, classes with classes.
 * https://scikit-learn.org/stable/modules/generated/sklearn.metrics.accuracy_score.html
 * @throws ShapeError for shapes that do not go together; OptionError for classes out of range.
 * @example await fit(model, data, { …, metrics: [new Accuracy({ ignoreIndex: 0 })] })
 */
export class Accuracy implements Metric {
  readonly name: string = 'accuracy';
  readonly #options: TallyOptions;
  #tallies: Tallies;

  constructor(options: TallyOptions = {}) {
    checkOptions('accuracy', options, OPTIONS);
    this.#options = options;
    this.#tallies = new Tallies('accuracy', options);
  }

  reset(): void {
    this.#tallies = new Tallies('accuracy', this.#options);
  }

  update(prediction: Numbers, target: Numbers): void {
    this.#tallies.add(prediction, target);
  }

  result(): number {
    const { right, total } = this.#tallies.tally;
    return total === 0 ? NaN : right / total;
  }

  stateDict(): unknown {
    return this.#tallies.state();
  }

  loadStateDict(state: unknown): void {
    this.#tallies.resume(state);
  }
}

/**
 * The share of examples that are right. See `Accuracy`.
 * @example accuracy(predict(model, test.x), test.y) // 0.97
 * @example accuracy([0, 2, 1], [0, 1, 1]) // 0.6666666666666666
 */
export function accuracy(prediction: Numbers, target: Numbers, options: TallyOptions = {}): number {
  const metric = new Accuracy(options);
  metric.update(prediction, target);
  return metric.result();
}

export interface TopKOptions {
  /** Default 5. */
  readonly k?: number;
  readonly ignoreIndex?: number;
}

/**
 * The share of examples whose class is among those with the k largest scores; of equal scores those of later classes are
 * taken first.
 * https://scikit-learn.org/stable/modules/generated/sklearn.metrics.top_k_accuracy_score.html
 * @throws OptionError unless k is a whole number ≥ 1, or for predictions that are no scores of classes.
 * @example await fit(model, data, { …, metrics: ['accuracy', new TopKAccuracy({ k: 3 })] })
 */
export class TopKAccuracy implements Metric {
  readonly name: string;
  readonly #k: number;
  readonly #options: { readonly ignoreIndex?: number };
  #hits = 0;
  #total = 0;

  constructor({ k = 5, ...rest }: TopKOptions = {}) {
    checkOptions('topKAccuracy', rest, ['k', 'ignoreIndex']);
    if (!Number.isInteger(k) || k < 1) {
      throw new OptionError(`k must be a whole number ≥ 1, got ${String(k)}`, { op: 'topKAccuracy', option: 'k' });
    }
    this.#k = k;
    this.#options = rest;
    this.name = `top${k}Accuracy`;
  }

  reset(): void {
    [this.#hits, this.#total] = [0, 0];
  }

  update(prediction: Numbers, target: Numbers): void {
    const batch = readBatch('topKAccuracy', prediction, target, this.#options);
    if (batch.kind !== 'classes' || batch.scores === null) {
      throw new OptionError('predictions must be scores of several classes', {
        op: 'topKAccuracy',
        hint: 'Scores [n, classes] go with classes [n].',
      });
    }
    const { scores, actual } = batch;
    const width = batch.classes!;
    for (let row = 0; row < actual.length; row++) {
      const own = scores[row * width + actual[row]!]!;
      let ahead = 0;
      for (let k = 0; k < width; k++) {
        const other = scores[row * width + k]!;
        if (other > own || (other === own && k > actual[row]!)) ahead++;
      }
      if (ahead < this.#k) this.#hits++;
    }
    this.#total += actual.length;
  }

  result(): number {
    return this.#total === 0 ? NaN : this.#hits / this.#total;
  }

  stateDict(): unknown {
    return [this.#hits, this.#total];
  }

  loadStateDict(state: unknown): void {
    [this.#hits, this.#total] = state as [number, number];
  }
}

/** The share of examples whose class is among the k likeliest. See `TopKAccuracy`. @example topKAccuracy(logits, labels, { k: 3 }) */
export function topKAccuracy(prediction: Numbers, target: Numbers, options: TopKOptions = {}): number {
  const metric = new TopKAccuracy(options);
  metric.update(prediction, target);
  return metric.result();
}
