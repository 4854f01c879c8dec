/** Hits and misses by class, over as many batches as there are. */
import { OptionError } from '../../base/errors.ts';
import { readBatch, type ClassBatch, type LabelBatch, type ReadOptions } from './input.ts';

/** Counts by class; for several labels at once, by label. */
export interface Tally {
  readonly kind: 'classes' | 'binary' | 'multilabel';
  /** Predicted and true. */
  readonly hits: readonly number[];
  readonly predicted: readonly number[];
  readonly actual: readonly number[];
  /** Examples that are right in everything. */
  readonly right: number;
  readonly total: number;
}

export interface TallyOptions extends ReadOptions {
  /**
   * Scores above it say yes. By default 0.5 for probabilities and 0 for logits, which are told apart by numbers outside
   * [0, 1] in any of the batches.
   */
  readonly threshold?: number;
}

class Counter {
  readonly hits: number[] = [];
  readonly predicted: number[] = [];
  readonly actual: number[] = [];
  right = 0;
  total = 0;

  reserve(width: number): void {
    while (this.hits.length < width) for (const list of [this.hits, this.predicted, this.actual]) list.push(0);
  }

  /** One more example, or label of one. */
  note(at: number, isPredicted: boolean, isActual: boolean): void {
    if (isPredicted) this.predicted[at]!++;
    if (isActual) this.actual[at]!++;
    if (isPredicted && isActual) this.hits[at]!++;
  }

  addClasses({ predicted, actual, classes }: ClassBatch): void {
    this.reserve(classes ?? 0);
    for (let i = 0; i < actual.length; i++) {
      const [p, a] = [predicted[i]!, actual[i]!];
      if (classes === null) this.reserve(Math.max(p, a) + 1);
      this.note(p, true, p === a);
      if (p !== a) this.note(a, false, true);
      if (p === a) this.right++;
    }
    this.total += actual.length;
  }

  /** Yes or no: classes 0 and 1. */
  addBinary({ scores, actual }: LabelBatch, threshold: number): void {
    this.reserve(2);
    for (let i = 0; i < actual.length; i++) {
      const [p, a] = [scores[i]! > threshold ? 1 : 0, actual[i]!];
      this.note(p, true, p === a);
      if (p !== a) this.note(a, false, true);
      if (p === a) this.right++;
    }
    this.total += actual.length;
  }

  addLabels({ scores, actual, labels }: LabelBatch, threshold: number): void {
    this.reserve(labels);
    for (let row = 0; row < actual.length / labels; row++) {
      let isRight = true;
      for (let k = 0; k < labels; k++) {
        const [p, a] = [scores[row * labels + k]! > threshold, actual[row * labels + k] === 1];
        this.note(k, p, a);
        isRight &&= p === a;
      }
      if (isRight) this.right++;
      this.total++;
    }
  }

  add(batch: ClassBatch | LabelBatch, threshold: number): void {
    if (batch.kind === 'classes') this.addClasses(batch);
    else if (batch.kind === 'binary') this.addBinary(batch, threshold);
    else this.addLabels(batch, threshold);
  }
}

const isOutside = (x: number): boolean => x < 0 || x > 1;

/**
 * Counts hits and misses. Whether scores of yes are probabilities or logits may show in the last batch only: until then
 * both are counted.
 */
export class Tallies {
  readonly #op: string;
  readonly #options: TallyOptions;
  #kind: Tally['kind'] | null = null;
  #asProbabilities = new Counter();
  #asLogits = new Counter();
  #sawLogits = false;

  constructor(op: string, options: TallyOptions) {
    this.#op = op;
    this.#options = options;
    const { threshold } = options;
    if (threshold === undefined || Number.isFinite(threshold)) return;
    throw new OptionError(`threshold must be a number, got ${String(threshold)}`, { op, option: 'threshold' });
  }

  add(prediction: unknown, target: unknown): void {
    const batch = readBatch(this.#op, prediction, target, this.#options);
    if (this.#kind !== null && this.#kind !== batch.kind) {
      throw new OptionError(`batches of ${this.#kind} and of ${batch.kind} predictions do not add up`, {
        op: this.#op,
      });
    }
    this.#kind = batch.kind;
    const { threshold } = this.#options;
    this.#asProbabilities.add(batch, threshold ?? 0.5);
    if (batch.kind === 'classes' || threshold !== undefined || batch.isDecided) return;
    this.#asLogits.add(batch, 0);
    this.#sawLogits ||= Array.prototype.some.call(batch.scores, isOutside);
  }

  /** Plain data. */
  state(): unknown {
    const [asProbabilities, asLogits] = [this.#asProbabilities, this.#asLogits].map((counter) => ({ ...counter }));
    return { kind: this.#kind, asProbabilities, asLogits, sawLogits: this.#sawLogits };
  }

  resume(state: unknown): void {
    const { kind, asProbabilities, asLogits, sawLogits } = state as {
      readonly kind: Tally['kind'] | null;
      readonly asProbabilities: Counter;
      readonly asLogits: Counter;
      readonly sawLogits: boolean;
    };
    this.#kind = kind;
    this.#asProbabilities = Object.assign(new Counter(), asProbabilities);
    this.#asLogits = Object.assign(new Counter(), asLogits);
    this.#sawLogits = sawLogits;
  }

  get tally(): Tally {
    const { hits, predicted, actual, right, total } = this.#sawLogits ? this.#asLogits : this.#asProbabilities;
    return { kind: this.#kind ?? 'classes', hits, predicted, actual, right, total };
  }
}
