/** How surprised a model of sequences is. */
import { checkOptions, OptionError } from '../../base/errors.ts';
import { crossEntropy } from '../../losses/index.ts';
import { constant } from '../../value/create.ts';
import { noGrad } from '../../value/recording.ts';
import type { Metric } from './metric.ts';
import { readBatch, type Numbers } from './input.ts';

export interface PerplexityOptions {
  /** Targets that do not count: padding. */
  readonly ignoreIndex?: number;
}

const OP = 'perplexity';

/**
 * exp of the mean cross-entropy of logits [n, classes] (or PyTorch's [n, classes, …], or [n, …, classes]) and classes
 * [n, …]: among how many equally likely classes the model hesitates.
 * https://lightning.ai/docs/torchmetrics/stable/text/perplexity.html
 * @throws OptionError for predictions that are no scores of classes; ShapeError for shapes that do not go together.
 * @example await fit(model, data, { …, metrics: ['perplexity'] })
 */
export class Perplexity implements Metric {
  readonly name: string = OP;
  readonly #options: PerplexityOptions;
  #sum = 0;
  #count = 0;

  constructor(options: PerplexityOptions = {}) {
    checkOptions(OP, options, ['ignoreIndex']);
    this.#options = options;
  }

  reset(): void {
    [this.#sum, this.#count] = [0, 0];
  }

  update(prediction: Numbers, target: Numbers): void {
    const batch = readBatch(OP, prediction, target, this.#options);
    if (batch.kind !== 'classes' || batch.scores === null) {
      throw new OptionError('predictions must be logits of several classes', {
        op: OP,
        hint: 'Logits [n, classes] go with classes [n].',
      });
    }
    const { actual, classes } = batch;
    if (actual.length === 0) return;
    const logits = constant(Float64Array.from(batch.scores), { shape: [actual.length, classes!] });
    const surprise = noGrad(() => crossEntropy(logits, constant(Int32Array.from(actual)), { reduction: 'sum' }));
    this.#sum += surprise.item();
    this.#count += actual.length;
  }

  result(): number {
    return this.#count === 0
      ? NaN
      : constant(this.#sum / this.#count)
          .exp()
          .item();
  }

  stateDict(): unknown {
    return [this.#sum, this.#count];
  }

  loadStateDict(state: unknown): void {
    [this.#sum, this.#count] = state as [number, number];
  }
}

/** exp of the mean cross-entropy. See `Perplexity`. @example perplexity(logits, labels) */
export function perplexity(prediction: Numbers, target: Numbers, options: PerplexityOptions = {}): number {
  const metric = new Perplexity(options);
  metric.update(prediction, target);
  return metric.result();
}
