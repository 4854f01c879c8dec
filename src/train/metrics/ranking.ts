/** How well scores put the positive before the negative, whatever the threshold. */
import { checkOptions, OptionError } from '../../base/errors.ts';
import { constant } from '../../value/create.ts';
import type { Metric } from './metric.ts';
import { meanOf } from './averages.ts';
import { readBatch, type ClassBatch, type LabelBatch, type Numbers } from './input.ts';

export interface RankingOptions {
  /** `macro` (default): the mean over classes or labels; `weighted`: weighted by how often they occur; `none`: a list. */
  readonly average?: 'macro' | 'weighted' | 'none';
}

/** The positive and the negative of one question, with their scores. */
interface Ranking {
  readonly scores: Float64Array;
  readonly isPositive: Uint8Array;
}

/** Positions by falling score. */
function falling({ scores }: Ranking): Int32Array {
  return Int32Array.from(scores, (_, i) => i).sort((a, b) => scores[b]! - scores[a]!);
}

/** Walks the thresholds from the highest score down: true and false positives so far, once for equal scores. */
function walk(ranking: Ranking, visit: (positives: number, negatives: number) => void): void {
  const order = falling(ranking);
  let [positives, negatives] = [0, 0];
  order.forEach((at, i) => {
    if (ranking.isPositive[at] === 1) positives++;
    else negatives++;
    const next = order[i + 1];
    if (next === undefined || ranking.scores[next] !== ranking.scores[at]) visit(positives, negatives);
  });
}

const positivesOf = ({ isPositive }: Ranking): number => isPositive.reduce((sum, x) => sum + x, 0);

/** The area under the curve of true over false positives; NaN where one of the two is missing. */
function areaUnder(ranking: Ranking): number {
  let [area, tp, fp] = [0, 0, 0];
  walk(ranking, (positives, negatives) => {
    area += ((negatives - fp) * (positives + tp)) / 2;
    [tp, fp] = [positives, negatives];
  });
  return area / (tp * fp);
}

/** The sum of precisions, weighted by the recall that each adds; 0 without positives. */
function precisionOver(ranking: Ranking): number {
  const all = positivesOf(ranking);
  if (all === 0) return 0;
  let [sum, before] = [0, 0];
  walk(ranking, (positives, negatives) => {
    sum += ((positives - before) / all) * (positives / (positives + negatives));
    before = positives;
  });
  return sum;
}

type Batch = ClassBatch | LabelBatch;

const widthOf = (op: string, batch: Batch): number => {
  if (batch.kind !== 'classes') return batch.labels;
  if (batch.scores !== null) return batch.classes!;
  throw new OptionError('predictions must be scores, not classes', { op, hint: 'Give probabilities or logits.' });
};

/** Whether rows are probabilities of classes; logits become such. */
function asProbabilities(scores: Float64Array, width: number): ArrayLike<number> {
  let isDistribution = true;
  for (let row = 0; row < scores.length / width && isDistribution; row++) {
    let sum = 0;
    for (let k = 0; k < width; k++) {
      const x = scores[row * width + k]!;
      isDistribution &&= x >= 0 && x <= 1;
      sum += x;
    }
    isDistribution &&= Math.abs(sum - 1) < 1e-3;
  }
  return isDistribution ? scores : constant(scores, { shape: [scores.length / width, width] }).softmax(1).data;
}

/** One question for each class or label; two classes are one question. */
function questions(batches: readonly Batch[], op: string): Ranking[] {
  const first = batches[0];
  if (first === undefined) return [];
  const width = widthOf(op, first);
  const joined = Float64Array.from(batches.flatMap((batch) => Array.from((batch as LabelBatch).scores)));
  const actual = batches.flatMap((batch) => Array.from(batch.actual));
  const rows = joined.length / width;
  const ranking = (score: (row: number) => number, isPositive: (row: number) => boolean): Ranking => ({
    scores: Float64Array.from({ length: rows }, (_, row) => score(row)),
    isPositive: Uint8Array.from({ length: rows }, (_, row) => Number(isPositive(row))),
  });
  if (first.kind !== 'classes') {
    const at = (row: number, k: number): number => row * width + k;
    const one = (k: number): Ranking => ranking((r) => joined[at(r, k)]!, (r) => actual[at(r, k)] === 1); // prettier-ignore
    return Array.from({ length: width }, (_, k) => one(k));
  }
  if (width === 2)
    return [
      ranking(
        (row) => joined[2 * row + 1]! - joined[2 * row]!,
        (row) => actual[row] === 1,
      ),
    ];
  const scores = asProbabilities(joined, width);
  const one = (k: number): Ranking => ranking((row) => scores[row * width + k]!, (row) => actual[row] === k); // prettier-ignore
  return Array.from({ length: width }, (_, k) => one(k));
}

/** What both measures share. They hold all scores of an epoch. */
abstract class RankingMetric implements Metric {
  readonly name: string;
  readonly #measure: (ranking: Ranking) => number;
  readonly #average: 'macro' | 'weighted' | 'none';
  #batches: Batch[] = [];

  constructor(name: string, measure: (ranking: Ranking) => number, options: RankingOptions) {
    checkOptions(name, options, ['average']);
    const { average = 'macro' } = options;
    if (!['macro', 'weighted', 'none'].includes(average)) {
      const hint = 'Known averages: macro, weighted, none.';
      throw new OptionError(`there is no average ${JSON.stringify(average)}`, { op: name, option: 'average', hint });
    }
    this.name = name;
    this.#measure = measure;
    this.#average = average;
  }

  reset(): void {
    this.#batches = [];
  }

  update(prediction: Numbers, target: Numbers): void {
    const batch = readBatch(this.name, prediction, target, {});
    widthOf(this.name, batch);
    // Values may be overwritten by the next batch: what is kept is a copy.
    this.#batches.push({ ...batch, actual: Array.from(batch.actual), scores: Array.from(batch.scores!) });
  }

  /** One number, or with `average: 'none'` one for each class. */
  results(): number | number[] {
    const rankings = questions(this.#batches, this.name);
    if (rankings.length === 0) return NaN;
    const found = rankings.map(this.#measure);
    if (found.length === 1) return found[0]!;
    if (this.#average === 'none') return found;
    const weights = this.#average === 'weighted' ? rankings.map(positivesOf) : found.map(() => 1);
    // A class that does not occur has no curve: the mean says so.
    return found.some(Number.isNaN) ? NaN : meanOf(found, weights);
  }

  stateDict(): unknown {
    return this.#batches;
  }

  loadStateDict(state: unknown): void {
    this.#batches = [...(state as readonly Batch[])];
  }

  result(): number {
    const found = this.results();
    if (typeof found === 'number') return found;
    throw new OptionError("average 'none' is a number for each class, a record holds one", {
      op: this.name,
      option: 'average',
      hint: 'Ask for results(), or choose an average.',
    });
  }
}

/**
 * The area under the ROC curve: how often a positive example has a higher score than a negative one. Several classes one
 * against the rest, by their probabilities. NaN where a class does not occur.
 * https://scikit-learn.org/stable/modules/generated/sklearn.metrics.roc_auc_score.html
 * @throws OptionError for predictions that are no scores, or an unknown average.
 * @example await fit(model, data, { …, metrics: ['rocAuc'] })
 */
export class RocAuc extends RankingMetric {
  constructor(options: RankingOptions = {}) {
    super('rocAuc', areaUnder, options);
  }
}

/**
 * Average precision: the area under the curve of precision over recall, as a sum over thresholds.
 * https://scikit-learn.org/stable/modules/generated/sklearn.metrics.average_precision_score.html
 * @throws OptionError for predictions that are no scores, or an unknown average.
 * @example await fit(model, data, { …, metrics: ['averagePrecision'] })
 */
export class AveragePrecision extends RankingMetric {
  constructor(options: RankingOptions = {}) {
    super('averagePrecision', precisionOver, options);
  }
}

type Averaged<O> = O extends { readonly average: 'none' } ? number | number[] : number;

/** The area under the ROC curve. See `RocAuc`. @example rocAuc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]) // 0.75 */
export function rocAuc<O extends RankingOptions>(prediction: Numbers, target: Numbers, options?: O): Averaged<O> {
  const metric = new RocAuc(options);
  metric.update(prediction, target);
  return metric.results() as Averaged<O>;
}

/** Average precision. See `AveragePrecision`. @example averagePrecision([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]) // 0.83… */
export function averagePrecision<O extends RankingOptions>(
  prediction: Numbers,
  target: Numbers,
  options?: O,
): Averaged<O> {
  const metric = new AveragePrecision(options);
  metric.update(prediction, target);
  return metric.results() as Averaged<O>;
}
