/** Precision, recall and their harmonic mean. */
import { checkOptions, OptionError } from '../../base/errors.ts';
import type { Metric } from './metric.ts';
import { averaged, averageFor, AVERAGES, type Average, type Shares } from './averages.ts';
import type { Numbers } from './input.ts';
import { Tallies, type TallyOptions } from './tally.ts';

export interface PrecisionOptions extends TallyOptions {
  /**
   * `binary`: of class 1; `macro`, `micro`, `weighted` over classes; `none`: a list, by class. Default: `binary` for two
   * classes, else `macro`.
   */
  readonly average?: Average;
  /** What a share of nothing is: 0 (default), 1, or NaN, which averages leave out. */
  readonly zeroDivision?: number;
}

const OPTIONS = ['average', 'zeroDivision', 'multilabel', 'ignoreIndex', 'threshold'];

const PRECISION: Shares = { above: ({ hits }, k) => hits[k]!, below: ({ predicted }, k) => predicted[k]! };

const RECALL: Shares = { above: ({ hits }, k) => hits[k]!, below: ({ actual }, k) => actual[k]! };

const F1: Shares = {
  above: ({ hits }, k) => 2 * hits[k]!,
  below: ({ predicted, actual }, k) => predicted[k]! + actual[k]!,
};

/** What the three share. */
abstract class Share implements Metric {
  readonly name: string;
  readonly #shares: Shares;
  readonly #options: PrecisionOptions;
  #tallies: Tallies;

  constructor(name: string, shares: Shares, options: PrecisionOptions) {
    checkOptions(name, options, OPTIONS);
    const { average, zeroDivision = 0 } = options;
    if (average !== undefined && !AVERAGES.includes(average)) {
      const hint = `Known averages: ${AVERAGES.join(', ')}.`;
      throw new OptionError(`there is no average ${JSON.stringify(average)}`, { op: name, option: 'average', hint });
    }
    if (zeroDivision !== 0 && zeroDivision !== 1 && !Number.isNaN(zeroDivision)) {
      const message = `zeroDivision is 0, 1 or NaN, got ${String(zeroDivision)}`;
      throw new OptionError(message, { op: name, option: 'zeroDivision' });
    }
    this.name = name;
    this.#shares = shares;
    this.#options = options;
    this.#tallies = new Tallies(name, options);
  }

  reset(): void {
    this.#tallies = new Tallies(this.name, this.#options);
  }

  update(prediction: Numbers, target: Numbers): void {
    this.#tallies.add(prediction, target);
  }

  #averaged(): number | number[] {
    const { tally } = this.#tallies;
    const average = averageFor(this.name, this.#options.average, tally);
    return averaged(tally, this.#shares, average, this.#options.zeroDivision ?? 0);
  }

  /** @throws OptionError for `average: 'none'`, which is no number: see `results`. */
  result(): number {
    const found = this.#averaged();
    if (typeof found === 'number') return found;
    throw new OptionError("average 'none' is a number for each class, a record holds one", {
      op: this.name,
      option: 'average',
      hint: 'Ask for results(), or choose an average.',
    });
  }

  /** One number, or with `average: 'none'` one for each class that occurs. */
  results(): number | number[] {
    return this.#averaged();
  }

  stateDict(): unknown {
    return this.#tallies.state();
  }

  loadStateDict(state: unknown): void {
    this.#tallies.resume(state);
  }
}

/**
 * The share of those called a class that are of it.
 * https://scikit-learn.org/stable/modules/generated/sklearn.metrics.precision_score.html
 * @throws OptionError for an unknown average; ShapeError for shapes that do not go together.
 * @example await fit(model, data, { …, metrics: [new Precision({ average: 'weighted' })] })
 */
export class Precision extends Share {
  constructor(options: PrecisionOptions = {}) {
    super('precision', PRECISION, options);
  }
}

/**
 * The share of those of a class that are called it.
 * https://scikit-learn.org/stable/modules/generated/sklearn.metrics.recall_score.html
 * @throws OptionError for an unknown average; ShapeError for shapes that do not go together.
 * @example await fit(model, data, { …, metrics: [new Recall({ average: 'macro' })] })
 */
export class Recall extends Share {
  constructor(options: PrecisionOptions = {}) {
    super('recall', RECALL, options);
  }
}

/**
 * The harmonic mean of precision and recall.
 * https://scikit-learn.org/stable/modules/generated/sklearn.metrics.f1_score.html
 * @throws OptionError for an unknown average; ShapeError for shapes that do not go together.
 * @example await fit(model, data, { …, metrics: ['accuracy', 'f1'] })
 */
export class F1Score extends Share {
  constructor(options: PrecisionOptions = {}) {
    super('f1', F1, options);
  }
}

/** By class, or in one number. */
type Averaged<O> = O extends { readonly average: 'none' } ? number[] : number;

function whole<O extends PrecisionOptions>(metric: Share, prediction: Numbers, target: Numbers): Averaged<O> {
  metric.update(prediction, target);
  return metric.results() as Averaged<O>;
}

/** The share of those called a class that are of it. See `Precision`. @example precision(logits, labels, { average: 'macro' }) */
export const precision = <O extends PrecisionOptions>(prediction: Numbers, target: Numbers, options?: O): Averaged<O> =>
  whole(new Precision(options), prediction, target);

/** The share of those of a class that are called it. See `Recall`. @example recall([0, 1, 1], [0, 1, 0]) // 1 */
export const recall = <O extends PrecisionOptions>(prediction: Numbers, target: Numbers, options?: O): Averaged<O> =>
  whole(new Recall(options), prediction, target);

/** The harmonic mean of precision and recall. See `F1Score`. @example f1(logits, labels, { average: 'none' }) // by class */
export const f1 = <O extends PrecisionOptions>(prediction: Numbers, target: Numbers, options?: O): Averaged<O> =>
  whole(new F1Score(options), prediction, target);
