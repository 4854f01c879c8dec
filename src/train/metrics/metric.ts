/** What is measured of predictions, batch by batch. */
import { OptionError } from '../../base/errors.ts';
import { isValue, type Value } from '../../value/value.ts';

/**
 * A measure that is gathered over batches, so that it is exact for data larger than memory.
 * @example
 * const negatives: Metric = {
 *   name: 'negatives',
 *   reset() { this.count = 0 },
 *   update(prediction) { this.count += prediction.lt(0).sum().item() },
 *   result() { return this.count },
 * }
 */
export interface Metric {
  /** What it is called in records. */
  readonly name: string;
  /** Forgets all batches. */
  reset(): void;
  /** One more batch: what the model gave, and what it should have given. */
  update(prediction: never, target: never): void;
  /** Of all batches since the last reset; NaN of none. */
  result(): number;
  /** What it has gathered since the last reset, as plain data: for checkpoints within an epoch. */
  stateDict?(): unknown;
  loadStateDict?(state: unknown): void;
}

/** A measure of one batch; of several, the mean is taken, weighted by their examples. */
export type MetricFunction<P = Value, T = Value> = (prediction: P, target: T) => unknown;

/** A metric by its name, itself, or as a function of a batch. */
export type MetricLike<P = Value, T = Value> = string | Metric | MetricFunction<P, T>;

/** Names of records that are taken. */
const TAKEN = ['epoch', 'loss', 'lr', 'seconds'];

/** The mean of a function over batches. */
function meanOf(f: MetricFunction<never, never>, name: string): Metric & { rows: number } {
  let [sum, seen] = [0, 0];
  return {
    name,
    rows: 0,
    reset() {
      [sum, seen] = [0, 0];
    },
    update(prediction, target) {
      const got: unknown = f(prediction, target);
      const x = isValue(got) && got.size === 1 ? got.item() : got;
      if (typeof x !== 'number') {
        throw new OptionError(
          `the metric ${name} must return a number, got ${isValue(got) ? String(got) : typeof got}`,
          {
            op: 'metrics',
            option: name,
          },
        );
      }
      sum += x * this.rows;
      seen += this.rows;
    },
    result: () => (seen === 0 ? NaN : sum / seen),
    stateDict: () => [sum, seen],
    loadStateDict: (state) => {
      [sum, seen] = state as [number, number];
    },
  };
}

const isMetric = (x: unknown): x is Metric => {
  const { name, reset, update, result } = (x ?? {}) as Partial<Metric>;
  return typeof name === 'string' && [reset, update, result].every((method) => typeof method === 'function');
};

/** What makes a metric of a name; null for names that it does not know. */
export type MetricMaker = (name: string) => Metric | null;

function metricOf(op: string, given: unknown, position: number, make: MetricMaker, known: readonly string[]): Metric {
  if (typeof given === 'function') {
    const f = given as MetricFunction<never, never>;
    return meanOf(f, f.name === '' ? `metric${position + 1}` : f.name);
  }
  if (isMetric(given)) return given;
  const made = typeof given === 'string' ? make(given) : null;
  if (made !== null) return made;
  throw new OptionError(`there is no metric ${typeof given === 'string' ? JSON.stringify(given) : String(given)}`, {
    op,
    option: 'metrics',
    hint: `Known names: ${known.join(', ')}; or give a function (prediction, target) => number, or a Metric.`,
  });
}

/** Several metrics over the same batches. */
export class Metrics {
  readonly #metrics: readonly Metric[];

  /** @throws OptionError for unknown names, and for two that are called the same. */
  constructor(op: string, given: readonly unknown[], make: MetricMaker, known: readonly string[]) {
    if (!Array.isArray(given)) {
      throw new OptionError(`metrics is a list, got ${typeof given}`, {
        op,
        option: 'metrics',
        hint: "metrics: ['accuracy']",
      });
    }
    this.#metrics = given.map((each, i) => metricOf(op, each, i, make, known));
    const names = [...TAKEN, ...this.names];
    const twice = this.names.find((name, i) => names.indexOf(name) !== i + TAKEN.length);
    if (twice === undefined) return;
    throw new OptionError(`two numbers of a record would be called ${JSON.stringify(twice)}`, {
      op,
      option: 'metrics',
      hint: 'Give one of them another name.',
    });
  }

  get names(): readonly string[] {
    return this.#metrics.map(({ name }) => name);
  }

  get isEmpty(): boolean {
    return this.#metrics.length === 0;
  }

  reset(): void {
    for (const metric of this.#metrics) metric.reset();
  }

  update(prediction: unknown, target: unknown, rows: number): void {
    for (const metric of this.#metrics) {
      if ('rows' in metric) (metric as { rows: number }).rows = rows;
      metric.update(prediction as never, target as never);
    }
  }

  /** What those that can say so have gathered, by name. */
  state(): Readonly<Record<string, unknown>> {
    const able = this.#metrics.filter((metric) => 'stateDict' in metric);
    return Object.fromEntries(able.map((metric) => [metric.name, metric.stateDict?.()]));
  }

  resume(state: Readonly<Record<string, unknown>>): void {
    for (const metric of this.#metrics) {
      if (Object.hasOwn(state, metric.name)) metric.loadStateDict?.(state[metric.name]);
    }
  }

  results(): Record<string, number> {
    return Object.fromEntries(this.#metrics.map((metric) => [metric.name, metric.result()]));
  }
}
