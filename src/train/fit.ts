/** The training loop. */
import { ChainruleError, DataError } from '../base/errors.ts';
import type { AnyModule } from '../nn/module.ts';
import type { Value } from '../value/value.ts';
import type { Callback, EpochRecord, History } from './callback.ts';
import { measure } from './evaluate.ts';
import { each, type Batch, type TrainingData } from './feed.ts';
import type { FitOptions } from './fit-options.ts';
import { OP, setUp, validationName, type Setup } from './fit-setup.ts';
import { inMode } from './mode.ts';
import { pacer } from './pause.ts';
import type { TrainingRun } from './run.ts';

/** Tells callbacks one after the other; gives a promise only where one of them does. */
function tell(
  { callbacks }: { readonly callbacks: readonly Callback[] },
  hear: (callback: Callback) => Promise<void> | void,
): Promise<void> | null {
  let waiting: Promise<void> | null = null;
  for (const callback of callbacks) {
    waiting = waiting === null ? (hear(callback) ?? null) : waiting.then(() => hear(callback));
  }
  return waiting;
}

function checkSignal({ run, signal }: Setup): void {
  if (signal?.aborted !== true) return;
  const { reason } = signal as { readonly reason: unknown };
  run.stop(reason instanceof Error ? reason.message : String(reason));
}

/** One batch: learnt, measured, told. */
function learn(setup: Setup, batch: Batch, at: number): number {
  const { step, metrics } = setup;
  try {
    const { loss, prediction } = step.run(batch.x, batch.y);
    if (!metrics.isEmpty) metrics.update(prediction, batch.y, batch.rows);
    return loss.item();
  } catch (error) {
    throw setup.explain(error, batch, at);
  }
}

/** Updates from the batches that are left over. */
function flush({ step, run, explain }: Setup): void {
  try {
    step.flush();
  } catch (error) {
    throw explain(error, null, run.done);
  }
}

/** All batches of an epoch: the mean loss, or null if it was broken off. */
async function learnAll(setup: Setup): Promise<number | null> {
  const { run, feed } = setup;
  const pause = pacer();
  const listening = { callbacks: run.callbacks.filter((callback) => 'onBatchEnd' in callback) };
  const hear = (callback: Callback): Promise<void> | void => callback.onBatchEnd?.(run);
  const goesOn = (): boolean => {
    checkSignal(setup);
    return !run.isStopped;
  };
  checkSignal(setup);
  if (run.isStopped) return null;
  let toSkip = run.beginEpoch();
  await each(feed.walk(), (batch) => {
    if (toSkip > 0) {
      if (--toSkip === 0) run.skipped();
      return true;
    }
    run.note(learn(setup, batch, run.done + 1), batch.rows);
    const told = tell(listening, hear);
    const paused = told === null ? pause() : told.then(() => pause() ?? undefined);
    return paused === null ? goesOn() : paused.then(goesOn);
  });
  if (run.done === 0) throw noBatches(run);
  if (run.isStopped) {
    await tell(run, (callback) => callback.onInterrupt?.(run));
    return null;
  }
  flush(setup);
  return run.meanLoss;
}

const noBatches = ({ epoch }: TrainingRun): DataError =>
  new DataError(epoch === 1 ? 'the data gave no batches' : `the data gave no more batches in epoch ${epoch}`, {
    op: OP,
    hint: 'An iterator can be walked once: give a function that opens the data anew, fit(model, () => batches(), …).',
  });

async function validate({ validation, measures, run, signal }: Setup): Promise<Record<string, number>> {
  if (validation === null) return {};
  const found = (): Promise<Record<string, number>> => measure(measures, validation, () => signal?.aborted === true);
  const measured = await (run.ema === null ? found() : run.ema.averageParameters(found));
  return Object.fromEntries(Object.entries(measured).map(([name, x]) => [validationName(name), x]));
}

/** An epoch and its record; null if it was broken off. */
async function trainEpoch(setup: Setup): Promise<EpochRecord | null> {
  const { run, metrics } = setup;
  const started = performance.now();
  await tell(run, (callback) => callback.onEpochBegin?.(run));
  const loss = await learnAll(setup);
  if (loss === null) return null;
  const { lr } = run.optimizer;
  const trained = { loss, ...metrics.results() };
  const validated = await validate(setup);
  checkSignal(setup);
  if (run.isStopped) return null;
  return { epoch: run.epoch, ...trained, ...validated, lr, seconds: (performance.now() - started) / 1000 };
}

async function trainAll(setup: Setup): Promise<void> {
  const { run } = setup;
  await tell(run, (callback) => callback.onTrainBegin?.(run));
  run.begin();
  while (run.epoch < run.epochs && !run.isStopped) {
    run.epoch++;
    const record = await trainEpoch(setup);
    if (record === null) return;
    run.record(record);
    await tell(run, (callback) => callback.onEpochEnd?.(run, record));
  }
}

/** Models that are being trained: a second run at the same time would not be what anyone meant. */
const underWay = new WeakSet<AnyModule>();

/**
 * Trains a model on batches; forward pass, backward pass and update run as one compiled program. Returns how it went.
 * Seeded by `manualSeed`: two runs with one seed give the same losses to the last bit, compiled or not.
 *
 * A loss or a gradient that is NaN or infinite ends the run before anything is written; the error names the op that made
 * it and the module it is in. Data that do not fit, labels out of range, unknown metrics and monitors are refused before
 * the first step. Now and then the loop gives way, so that a page stays alive.
 * @throws OptionError for impossible options; DataError, ShapeError for data that are empty or do not fit;
 * TrainingAnomalyError for numbers that are not finite.
 * @example
 * const history = await fit(model, { x, y }, {
 *   loss: crossEntropy, optimizer: new Adam(model.parameters()), metrics: ['accuracy'],
 *   epochs: 20, batchSize: 64, validation: { x: testX, y: testY },
 *   callbacks: [new EarlyStopping({ patience: 3, restoreBestWeights: true })],
 * })
 */
export async function fit<M extends AnyModule, P = Value, T = Value, X = Value>(
  model: M,
  data: TrainingData,
  options: FitOptions<M, P, T, X>,
): Promise<History> {
  if (underWay.has(model)) {
    throw new ChainruleError('this model is being trained by another call', { op: OP, hint: 'await fit(…)' });
  }
  underWay.add(model);
  try {
    return await trained(setUp(model, data, options as unknown as FitOptions), model);
  } finally {
    underWay.delete(model);
  }
}

async function trained(setup: Setup, model: AnyModule): Promise<History> {
  const { run, step, measures } = setup;
  const back = inMode(model, true);
  try {
    await trainAll(setup);
  } finally {
    step.dispose();
    measures.forward.dispose();
    back();
    await tell(run, (callback) => callback.onTrainEnd?.(run));
  }
  return run.history;
}
