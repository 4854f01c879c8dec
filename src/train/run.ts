/** A run: where it stands, and what callbacks may ask of it. */
import { ChainruleError } from '../base/errors.ts';
import type { AnyModule } from '../nn/module.ts';
import type { ExponentialMovingAverage } from '../optim/moving-average.ts';
import type { Optimizer } from '../optim/optimizer.ts';
import type { Callback, EpochRecord, History, Run, RunState } from './callback.ts';
import type { Feed } from './feed.ts';

/** What a run is of. */
export interface RunSubject {
  readonly model: AnyModule;
  readonly optimizer: Optimizer;
  readonly ema: ExponentialMovingAverage | null;
  readonly feed: Feed;
  readonly epochs: number;
  readonly callbacks: readonly Callback[];
}

/** The name under which a callback's state is kept. */
const nameOf = ({ name }: Callback, position: number): string => name ?? String(position);

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

  constructor({ model, optimizer, ema, feed, epochs, callbacks }: RunSubject) {
    this.model = model;
    this.optimizer = optimizer;
    this.ema = ema;
    this.epochs = epochs;
    this.batches = feed.length;
    this.callbacks = callbacks.toSorted((a, b) => Number(a.isLast ?? false) - Number(b.isLast ?? false));
    this.#feed = feed;
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

  /** One more batch is over. */
  note(loss: number): void {
    this.lastLoss = loss;
    this.#losses.push(loss);
    this.step++;
  }

  record(record: EpochRecord): void {
    this.#records.push(record);
  }

  /** From here on nothing is resumed. */
  begin(): void {
    this.#isUnderWay = true;
  }

  state(): RunState {
    const { loader } = this.#feed;
    const remembering = this.callbacks.map((callback, i) => [nameOf(callback, i), callback] as const);
    return {
      epoch: this.#records.at(-1)?.epoch ?? 0,
      step: this.step,
      history: { epochs: [...this.#records], batchLosses: [...this.#losses], stopped: null },
      loader: loader === null ? null : { seed: loader.seed, epoch: loader.epoch },
      callbacks: Object.fromEntries(
        remembering.flatMap(([name, callback]) =>
          callback.stateDict === undefined ? [] : [[name, callback.stateDict()]],
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
    this.callbacks.forEach((callback, i) => {
      const name = nameOf(callback, i);
      if (Object.hasOwn(state.callbacks, name)) callback.loadStateDict?.(state.callbacks[name]);
    });
  }
}
