/** The mini-batch loop. */
import { checkOptions, OptionError, ShapeError, showShape } from '../base/errors.ts';
import { batches } from '../data/batches.ts';
import type { Module } from '../nn/module.ts';
import type { Optimizer } from '../optim/optimizer.ts';
import { noGrad } from '../value/recording.ts';
import type { Value } from '../value/value.ts';
import { runner, type CompileChoice, type Runner } from './compiled.ts';
import { NotFiniteError, requireFinite } from './finite.ts';
import { silent, type Progress } from './progress.ts';

export interface TrainOptions {
  readonly loss: (prediction: Value, target: Value) => Value;
  readonly optimizer: Optimizer;
  readonly epochs: number;
  readonly batchSize: number;
  /** Data that is not trained on; its accuracy is reported after each epoch. */
  readonly validation?: { readonly x: Value; readonly y: Value };
  readonly progress?: Progress;
  /**
   * The learning rate as a factor of what it was at the start, by the share of all batches that are done;
   * without a schedule nobody but you touches it.
   */
  readonly schedule?: (done: number) => number;
  /**
   * Whether batches and evaluation run compiled, or how; default true. The code of the model and of the loss is then
   * traced when a size of batch is new, and does not run for every batch: what it does beside ops (printing, counting,
   * keeping a Value) is not repeated. `false` runs everything op by op, with the same numbers, to the bit.
   */
  readonly compile?: CompileChoice;
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

/** Forward passes of models that have predicted, compiled. */
const forwards = new WeakMap<Module, Runner<[Value]>>();

const forwardRunner = (op: string, model: Module, choice: CompileChoice): Runner<[Value]> =>
  runner(op, (x: Value) => model.forward(x), choice);

function knownForward(model: Module): Runner<[Value]> {
  const known = forwards.get(model) ?? forwardRunner('predict', model, true);
  forwards.set(model, known);
  return known;
}

/** The results of `forward`, which gets a batch, in evaluation mode. */
function predictBy(model: Module, x: Value, forward: (part: Value) => Value): Value[] {
  const before = model.training;
  model.eval();
  try {
    return noGrad(() =>
      [...batches([x], { batchSize: PREDICTION_BATCH, shuffle: false })].map(([part]) => forward(part!)),
    );
  } finally {
    model.train(before);
  }
}

/** Whole batches compiled; what is left over is of any size, and each would be a program of its own. */
function predictCompiled(model: Module, x: Value): Value[] {
  const { run } = knownForward(model);
  return predictBy(model, x, (part) => (part.shape[0] === PREDICTION_BATCH ? run(part) : model.forward(part)));
}

export interface PredictOptions {
  /** Whether whole batches run compiled; default true. See `TrainOptions`. */
  readonly compile?: boolean;
}

/**
 * The model's results on x, in evaluation mode and without recording, some rows at a time.
 * @example const logits = concat(predict(model, test.x), 0)
 */
export function predict(model: Module, x: Value, options: PredictOptions = {}): Value[] {
  checkOptions('predict', options, ['compile']);
  if (options.compile === false) return predictBy(model, x, (part) => model.forward(part));
  return predictCompiled(model, x);
}

function shareOf(predictions: readonly Value[], y: Value): number {
  let [right, at] = [0, 0];
  const labels = y.data;
  for (const logits of predictions) {
    const classes = logits.argmax(1).data;
    for (let i = 0; i < classes.length; i++) if (classes[i] === labels[at++]) right++;
  }
  return at === 0 ? NaN : right / at;
}

/** The share of rows whose largest logit is the class; NaN of no rows. @example accuracy(model, test.x, test.y) // 0.97 */
export function accuracy(model: Module, x: Value, y: Value, options: PredictOptions = {}): number {
  checkOptions('accuracy', options, ['compile']);
  return shareOf(predict(model, x, options), y);
}

const OPTIONS = ['loss', 'optimizer', 'epochs', 'batchSize', 'validation', 'progress', 'schedule', 'compile'];

/** Refuses what would train nothing without a word; the batches check their own size. */
function checkRun(x: Value, options: TrainOptions): void {
  checkOptions('trainModel', options, OPTIONS);
  const { epochs } = options;
  if (!Number.isInteger(epochs) || epochs < 0) {
    throw new OptionError(`epochs must be a whole number ≥ 0, got ${String(epochs)}`, {
      op: 'trainModel',
      option: 'epochs',
    });
  }
  if ((x.shape[0] ?? 0) > 0) return;
  throw new ShapeError(`there are no rows to train on: x is ${showShape(x.shape)}`, {
    op: 'trainModel',
    shapes: [x.shape],
  });
}

/** One update from one batch, whose loss it gives. A loss that is no number leaves everything as it was. */
function updateOf(model: Module, { loss: lossOf, optimizer, compile = true }: TrainOptions): Runner<[Value, Value]> {
  const update = (x: Value, y: Value): Value => {
    const loss = lossOf(model.forward(x), y);
    const told = requireFinite(loss);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    return told;
  };
  return runner('trainModel', update, compile);
}

/** The loss of a batch; where there is none, an error that says in which. */
function lossOf(update: () => Value, where: string): number {
  try {
    return update().item();
  } catch (error) {
    if (!(error instanceof NotFiniteError)) throw error;
    throw new OptionError(`the loss became ${error.found} in ${where}`, {
      op: 'trainModel',
      hint: 'Try a smaller learning rate; detectAnomaly(() => …) names the op that made it.',
    });
  }
}

const summaryOf = ({ loss, accuracy: share }: EpochRecord): string =>
  `loss ${loss.toFixed(4)}${share === null ? '' : `  accuracy ${(100 * share).toFixed(1)} %`}`;

/**
 * Trains a model on mini-batches in random order; forward pass, backward pass and update run as one compiled program.
 * Seeded by `manualSeed`: two runs with one seed give the same losses
 * to the last bit.
 * @throws OptionError when the loss stops being finite, naming epoch and batch; ShapeError where the first axes of x and
 * y differ or there are no rows.
 * @example trainModel(model, { x, y }, { loss: crossEntropy, optimizer, epochs: 10, batchSize: 64 })
 */
export function trainModel(
  model: Module,
  data: { readonly x: Value; readonly y: Value },
  options: TrainOptions,
): History {
  checkRun(data.x, options);
  const { optimizer, epochs, batchSize, validation, progress = silent, schedule, compile = true } = options;
  const startingRate = optimizer.lr;
  const totalBatches = epochs * Math.ceil(data.x.shape[0]! / batchSize);
  const records: EpochRecord[] = [];
  const batchLosses: number[] = [];
  const update = updateOf(model, options);
  const forward = forwardRunner('trainModel', model, compile);
  model.train();
  const validate = ({ x, y }: { readonly x: Value; readonly y: Value }): number =>
    shareOf(predictBy(model, x, forward.run), y);
  const trainEpoch = (epoch: number): EpochRecord => {
    let [sum, seen, done] = [0, 0, 0];
    for (const [x, y] of batches([data.x, data.y], { batchSize })) {
      if (schedule) optimizer.lr = startingRate * schedule(batchLosses.length / totalBatches);
      const l = lossOf(() => update.run(x!, y!), `epoch ${epoch}, batch ${done + 1}`);
      batchLosses.push(l);
      const n = x!.shape[0]!;
      sum += l * n;
      seen += n;
      progress.batch(++done, l);
    }
    return { epoch, loss: sum / seen, accuracy: validation ? validate(validation) : null };
  };
  try {
    for (let epoch = 1; epoch <= epochs; epoch++) {
      const record = trainEpoch(epoch);
      records.push(record);
      progress.epoch(epoch, summaryOf(record));
    }
  } finally {
    // A bar gives the terminal its cursor back.
    progress.stop();
    update.dispose();
    forward.dispose();
  }
  return { epochs: records, batchLosses };
}
