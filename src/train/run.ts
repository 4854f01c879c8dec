/** A run: where it stands, and what callbacks may ask of it. */
import { ChainruleError } from '../base/errors.ts';
import { generatorState, restoreGenerator } from '../base/random.ts';
import type { AnyModule } from '../nn/module.ts';
import type { ExponentialMovingAverage } from '../optim/moving-average.ts';
import type { Optimizer } from '../optim/optimizer.ts';
import type { Callback, EpochRecord, History, Run, RunState, WithinEpoch } from './callback.ts';
import type { Feed } from './feed.ts';
import type { Metrics } from './metrics/metric.ts';

/** What a run is of. */
export interface RunSubject {
  readonly model: AnyModule;
  readonly optimizer: Optimizer;
  readonly ema: ExponentialMovingAverage | null;
  readonly feed: Feed;
  readonly epochs: number;
  readonly callbacks: readonly Callback[];
  /** An update is made from so many batches. */
  readonly accumulate: number;
  readonly metrics: Metrics;
}

/** The names under which the states of callbacks are kept; of two that are called the same, the second has its position. */
function namesOf(callbacks: readonly Callback[]): string[] {
  const taken = new Set<string>();
  return callbacks.map(({ name = '' }, i) => {
    const key = name === '' || taken.has(name) ? `${name}${i}` : name;
    taken.add(key);
    return key;
  });
}

const NOTHING = { batches: 0, sum: 0, seen: 0 };

export class TrainingRun implements Run {
  readonly model: AnyModule;
  readonly optimizer: Optimizer;
  readonly ema: ExponentialMovingAverage | null;
  readonly epochs: number;
  readonly batches: number | null;
  readonly callbacks: readonly Callback[];
  epoch: number = 0;
  step: number = 0;
  lastLoss: number = NaN;
  readonly #feed: Feed;
  #records: EpochRecord[] = [];
  #losses: number[] = [];
  #stopped: string | null = null;
  #isUnderWay = false;
  readonly #accumulate: number;
  readonly #metrics: Metrics;
  /** Of the epoch under way. */
  #within: Pick<WithinEpoch, 'batches' | 'sum' | 'seen'> = NOTHING;
  /** Where the epoch that comes first was broken off. */
  #from: WithinEpoch | null = null;

  constructor({ model, optimizer, ema, feed, epochs, callbacks, accumulate, metrics }: RunSubject) {
    this.model = model;
    this.optimizer = optimizer;
    this.ema = ema;
    this.epochs = epochs;
    this.batches = feed.length;
    this.callbacks = callbacks.toSorted((a, b) => Number(a.isLast ?? false) - Number(b.isLast ?? false));
    this.#feed = feed;
    this.#accumulate = accumulate;
    this.#metrics = metrics;
  }

  get loader(): Iterable<unknown> | AsyncIterable<unknown> {
    return this.#feed.source;
  }

  /** As it is now; its lists grow. */
  get history(): History {
    return { epochs: this.#records, batchLosses: this.#losses, stopped: this.#stopped };
  }

  get isStopped(): boolean {
    return this.#stopped !== null;
  }

  stop(reason: string): void {
    this.#stopped ??= reason;
  }

  get done(): number {
    return this.#within.batches;
  }

  get isSettled(): boolean {
    return this.done % this.#accumulate === 0;
  }

  /** The mean loss of the epoch under way, over its examples. */
  get meanLoss(): number {
    return this.#within.sum / this.#within.seen;
  }

  /** An epoch begins, and metrics with it. How many of its batches have been learnt by the run that this one goes on with. */
  beginEpoch(): number {
    const { batches = 0, sum = 0, seen = 0 } = this.#from ?? {};
    this.#within = { batches, sum, seen };
    this.#metrics.reset();
    this.#metrics.resume(this.#from?.metrics ?? {});
    return batches;
  }

  /** Those batches have been passed over, whatever random numbers that took. */
  skipped(): void {
    if (this.#from !== null) restoreGenerator(this.#from.generator);
    this.#from = null;
  }

  /** One more batch is over. */
  note(loss: number, rows: number): void {
    this.lastLoss = loss;
    this.#losses.push(loss);
    this.step++;
    const { batches, sum, seen } = this.#within;
    this.#within = { batches: batches + 1, sum: sum + loss * rows, seen: seen + rows };
  }

  record(record: EpochRecord): void {
    this.#records.push(record);
    this.#within = NOTHING;
  }

  /** From here on nothing is resumed. */
  begin(): void {
    this.#isUnderWay = true;
  }

  state(): RunState {
    const { loader } = this.#feed;
    const names = namesOf(this.callbacks);
    const isWithin = this.done > 0;
    return {
      epoch: this.#records.at(-1)?.epoch ?? 0,
      within: isWithin ? { ...this.#within, metrics: this.#metrics.state(), generator: generatorState() } : null,
      step: this.step,
      history: { epochs: [...this.#records], batchLosses: [...this.#losses], stopped: null },
      // The walk under way is the one to be taken again.
      loader: loader === null ? null : { seed: loader.seed, epoch: loader.epoch - Number(isWithin) },
      callbacks: Object.fromEntries(
        this.callbacks.flatMap((callback, i) =>
          callback.stateDict === undefined ? [] : [[names[i]!, callback.stateDict()]],
        ),
      ),
    };
  }

  #resumeLoader(saved: RunState['loader']): void {
    const { loader } = this.#feed;
    if (loader === null || saved === null) return;
    loader.seed = saved.seed;
    loader.epoch = saved.epoch;
  }

  resume(state: RunState): void {
    if (this.#isUnderWay) {
      throw new ChainruleError('the run is under way', { op: 'resume', hint: 'Call it in onTrainBegin.' });
    }
    this.#resumeLoader(state.loader);
    this.epoch = state.epoch;
    this.step = state.step;
    this.#records = [...state.history.epochs];
    this.#losses = [...state.history.batchLosses];
    this.lastLoss = this.#losses.at(-1) ?? NaN;
    this.#from = state.within;
    const names = namesOf(this.callbacks);
    this.callbacks.forEach((callback, i) => {
      const name = names[i]!;
      if (Object.hasOwn(state.callbacks, name)) callback.loadStateDict?.(state.callbacks[name]);
    });
  }
}
