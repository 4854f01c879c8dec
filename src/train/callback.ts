/** What accompanies a training run: plain objects that hear of epochs and batches. */
import type { AnyModule } from '../nn/module.ts';
import type { ExponentialMovingAverage } from '../optim/moving-average.ts';
import type { Optimizer } from '../optim/optimizer.ts';

/**
 * What happened in one epoch, flat: the mean loss over its examples as they were seen, the learning rate at its end, how
 * long it took, each metric under its name, and what was measured on validation data as `valLoss`, `valAccuracy`, ….
 * A monitor names one of these numbers.
 */
export interface EpochRecord {
  /** From 1 on. */
  readonly epoch: number;
  readonly loss: number;
  readonly lr: number;
  readonly seconds: number;
  readonly [name: string]: number;
}

/** How a run went. */
export interface History {
  readonly epochs: readonly EpochRecord[];
  /** The loss of every batch, in order. */
  readonly batchLosses: readonly number[];
  /** Why the run ended before its last epoch; null if it did not. */
  readonly stopped: string | null;
}

/** How far an epoch has come. */
export interface WithinEpoch {
  /** Batches that are over. */
  readonly batches: number;
  /** Their losses, weighted by examples, and how many of those there were. */
  readonly sum: number;
  readonly seen: number;
  /** What metrics have gathered, by name. */
  readonly metrics: Readonly<Record<string, unknown>>;
  /** Where the random numbers were behind the last of them. */
  readonly generator: { readonly seed: number; readonly draws: number };
}

/** Where a run stands: plain data, and the Values in the states of callbacks. */
export interface RunState {
  /** How many epochs are over. */
  readonly epoch: number;
  /** How far the next one has come; null between epochs. */
  readonly within: WithinEpoch | null;
  /** How many batches. */
  readonly step: number;
  readonly history: History;
  /** The order of the data that is to come: the seed of the loader, and its next walk; null for other iterables. */
  readonly loader: { readonly seed: number; readonly epoch: number } | null;
  /** What callbacks with a `stateDict` remember, by their names (their positions, where they have none). */
  readonly callbacks: Readonly<Record<string, unknown>>;
}

/** A run as callbacks see it. */
export interface Run {
  readonly model: AnyModule;
  readonly optimizer: Optimizer;
  /** The moving average of weights that the run keeps; null if it keeps none. */
  readonly ema: ExponentialMovingAverage | null;
  /** What gives the batches: a DataLoader where `fit` made it of data in memory. */
  readonly loader: Iterable<unknown> | AsyncIterable<unknown>;
  /** The epoch that is under way, from 1 on; 0 before the first. */
  readonly epoch: number;
  /** How many epochs there are to be. */
  readonly epochs: number;
  /** How many batches are over, in all epochs. */
  readonly step: number;
  /** Batches in an epoch; null where nobody knows. */
  readonly batches: number | null;
  /** How many batches of the epoch under way are over. */
  readonly done: number;
  /** Whether no gradients are being accumulated for an update to come: those are in no state. */
  readonly isSettled: boolean;
  readonly history: History;
  /** The loss of the last batch; NaN before the first. */
  readonly lastLoss: number;
  readonly callbacks: readonly Callback[];
  /** Ends the run after the present batch, and says why. */
  stop(reason: string): void;
  /**
   * What a checkpoint needs beside the states of model and optimizer: at the end of an epoch, or behind a batch where the
   * run is settled.
   */
  state(): RunState;
  /** Goes on where another run was: to be called in `onTrainBegin`, with model and optimizer loaded. */
  resume(state: RunState): void;
}

/** What a callback may return: it is awaited. */
export type Awaitable = Promise<void> | void;

/**
 * An object whose methods are called as a run goes on. What they return is awaited; what they throw ends the run.
 * A callback that remembers something gives it as `stateDict()`, so that checkpoints hold it.
 * https://keras.io/api/callbacks/
 * @example const logger: Callback = { onEpochEnd: (run, { loss }) => console.log(run.epoch, loss) };
 */
export interface Callback {
  readonly name?: string;
  /** The number of an epoch's record that it follows: `fit` refuses names that there will not be, before the first step. */
  readonly monitor?: string;
  /** Whether it hears of everything after all others: it saves what they remember. */
  readonly isLast?: boolean;
  onTrainBegin?(run: Run): Awaitable;
  onEpochBegin?(run: Run): Awaitable;
  onBatchEnd?(run: Run): Awaitable;
  onEpochEnd?(run: Run, record: EpochRecord): Awaitable;
  /** The run is stopped behind a batch, within an epoch, which gets no record. */
  onInterrupt?(run: Run): Awaitable;
  /** Always called, after errors, too. */
  onTrainEnd?(run: Run): Awaitable;
  /** Plain data and Values. */
  stateDict?(): unknown;
  loadStateDict?(state: unknown): void;
}
