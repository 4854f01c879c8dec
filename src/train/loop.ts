/** The mini-batch loop. */
import { checkOptions, OptionError } from '../base/errors.ts';
import { batches } from '../data/batches.ts';
import type { Module } from '../nn/module.ts';
import type { Optimizer } from '../optim/optimizer.ts';
import { noGrad } from '../value/recording.ts';
import type { Value } from '../value/value.ts';
import { silent, type Progress } from './progress.ts';

export interface TrainOptions {
  readonly loss: (prediction: Value, target: Value) => Value;
  readonly optimizer: Optimizer;
  readonly epochs: number;
  readonly batchSize: number;
  /** Data that is not trained on; its accuracy is reported after each epoch. */
  readonly validation?: { readonly x: Value; readonly y: Value };
  readonly progress?: Progress;
  /** The learning rate as a factor of what it was at the start, by the share of all batches that are done. */
  readonly schedule?: (done: number) => number;
}

/** What happened in one epoch. */
export interface EpochRecord {
  readonly epoch: number;
  /** Mean over the examples of the epoch, as they were seen. */
  readonly loss: number;
  /** Of the validation data; null without any. */
  readonly accuracy: number | null;
}

export interface History {
  readonly epochs: readonly EpochRecord[];
  /** The loss of every batch, in order. */
  readonly batchLosses: readonly number[];
}

/** How many rows are predicted at once. */
const PREDICTION_BATCH = 512;

/** The model's results on x, in evaluation mode and without recording. */
export function predict(model: Module, x: Value): Value[] {
  const before = model.training;
  model.eval();
  try {
    return noGrad(() =>
      [...batches([x], { batchSize: PREDICTION_BATCH, shuffle: false })].map(([part]) => model.forward(part!)),
    );
  } finally {
    model.train(before);
  }
}

/** The share of rows whose largest logit is the class. */
export function accuracy(model: Module, x: Value, y: Value): number {
  let [right, at] = [0, 0];
  const labels = y.data;
  for (const logits of predict(model, x)) {
    const classes = logits.argmax(1).data;
    for (let i = 0; i < classes.length; i++) if (classes[i] === labels[at++]) right++;
  }
  return at === 0 ? NaN : right / at;
}

/**
 * Trains a model on mini-batches in random order. Seeded by `manualSeed`: two runs with one seed give the same losses
 * to the last bit.
 * @throws OptionError when the loss stops being finite, naming epoch and batch.
 */
export function trainModel(
  model: Module,
  data: { readonly x: Value; readonly y: Value },
  options: TrainOptions,
): History {
  checkOptions('trainModel', options, [
    'loss',
    'optimizer',
    'epochs',
    'batchSize',
    'validation',
    'progress',
    'schedule',
  ]);
  const { loss: lossOf, optimizer, epochs, batchSize, validation, progress = silent, schedule = () => 1 } = options;
  const startingRate = optimizer.lr;
  const totalBatches = epochs * Math.ceil((data.x.shape[0] ?? 0) / batchSize);
  const records: EpochRecord[] = [];
  const batchLosses: number[] = [];
  model.train();
  for (let epoch = 1; epoch <= epochs; epoch++) {
    let [sum, seen, done] = [0, 0, 0];
    for (const [x, y] of batches([data.x, data.y], { batchSize })) {
      const loss = lossOf(model.forward(x!), y!);
      optimizer.lr = startingRate * schedule(batchLosses.length / totalBatches);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      const l = loss.item();
      if (!Number.isFinite(l)) {
        throw new OptionError(`the loss became ${l} in epoch ${epoch}, batch ${done + 1}`, {
          op: 'trainModel',
          hint: 'Try a smaller learning rate; detectAnomaly(() => …) names the op that made it.',
        });
      }
      batchLosses.push(l);
      const n = x!.shape[0]!;
      sum += l * n;
      seen += n;
      progress.batch(++done, l);
    }
    const record = {
      epoch,
      loss: sum / seen,
      accuracy: validation === undefined ? null : accuracy(model, validation.x, validation.y),
    };
    records.push(record);
    progress.epoch(
      epoch,
      `loss ${record.loss.toFixed(4)}${record.accuracy === null ? '' : `  accuracy ${(100 * record.accuracy).toFixed(1)} %`}`,
    );
  }
  progress.stop();
  return { epochs: records, batchLosses };
}
