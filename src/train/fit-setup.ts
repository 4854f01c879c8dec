/** What a run needs, checked before anything happens. */
import { AxisError, checkOptions, OptionError, kindOf } from '../base/errors.ts';
import type { AnyModule } from '../nn/module.ts';
import { ExponentialMovingAverage } from '../optim/moving-average.ts';
import { Optimizer } from '../optim/optimizer.ts';
import { checkNumber, checkWhole } from '../optim/settings.ts';
import type { Callback } from './callback.ts';
import { runner } from './compiled.ts';
import type { Measures } from './evaluate.ts';
import { feedOf, IN_ORDER, SHUFFLED, type Batch, type Feed, type TrainingData } from './feed.ts';
import { NotFiniteError } from './finite.ts';
import type { FitOptions } from './fit-options.ts';
import { forwardOf } from './forward.ts';
import { checkRows } from './labels.ts';
import type { Metrics } from './metrics/metric.ts';
import { metricsOf } from './metrics/metrics.ts';
import { dtypeOf, inMode } from './mode.ts';
import { explain, type Suspects, type Where } from './not-finite.ts';
import { progressFor } from './progress/progress.ts';
import { TrainingRun } from './run.ts';
import { scheduleCallback } from './schedule.ts';
import { stepOf, type Step } from './step.ts';

export const OP = 'fit';

const OPTIONS = (
  'loss optimizer epochs batchSize shuffle metrics validation callbacks progress forward schedule clipNorm clipValue ' +
  'accumulate ema signal compile'
).split(' ');

const refuse = (option: string, message: string, hint?: string): never => {
  throw new OptionError(message, { op: OP, option, ...(hint === undefined ? {} : { hint }) });
};

function checkFitOptions(options: FitOptions): void {
  checkOptions(OP, options, OPTIONS);
  const { loss, optimizer, epochs, callbacks = [], ema, accumulate, clipNorm, clipValue } = options ?? {};
  if (typeof loss !== 'function') {
    refuse(
      'loss',
      `loss must be a function, got ${kindOf(loss)}`,
      'Write loss: crossEntropy, or (prediction, target) => ….',
    );
  }
  if (!((optimizer as unknown) instanceof Optimizer)) {
    refuse('optimizer', `optimizer must be an optimizer, got ${kindOf(optimizer)}`, 'new Adam(model.parameters())');
  }
  checkWhole(OP, 'epochs', epochs, 0);
  if (accumulate !== undefined) checkWhole(OP, 'accumulate', accumulate, 1);
  if (clipNorm !== undefined) checkNumber(OP, 'clipNorm', clipNorm);
  if (clipValue !== undefined) checkNumber(OP, 'clipValue', clipValue);
  if (ema !== undefined && !((ema as unknown) instanceof ExponentialMovingAverage)) {
    refuse('ema', 'ema must be an ExponentialMovingAverage', 'new ExponentialMovingAverage(model.parameters())');
  }
  if (!Array.isArray(callbacks) || callbacks.some((c: unknown) => typeof c !== 'object' || c === null)) {
    refuse('callbacks', 'callbacks is a list of objects', 'callbacks: [new EarlyStopping()]');
  }
}

/** @throws OptionError for a callback that follows a number which no record will have. */
function checkMonitors(callbacks: readonly Callback[], metrics: readonly string[], hasValidation: boolean): void {
  const measured = ['loss', ...metrics];
  const validated = measured.map((name) => validationName(name));
  const names = [...measured, ...(hasValidation ? validated : []), 'lr', 'seconds'];
  for (const { monitor, name } of callbacks) {
    if (monitor === undefined || names.includes(monitor)) continue;
    refuse(
      'monitor',
      `${name ?? 'a callback'} follows ${JSON.stringify(monitor)}, which epochs do not have; they have ${names.join(', ')}`,
      !hasValidation && validated.includes(monitor) ? 'Give validation data.' : undefined,
    );
  }
}

/** `loss` → `valLoss`. */
export const validationName = (name: string): string => `val${name.charAt(0).toUpperCase()}${name.slice(1)}`;

/** The state of a moving average, among those of callbacks. */
const emaCallback = (ema: ExponentialMovingAverage): Callback => ({
  name: 'ema',
  stateDict: () => ema.stateDict(),
  loadStateDict: (state) => ema.loadStateDict(state as ReturnType<ExponentialMovingAverage['stateDict']>),
});

/** Everything a run needs, checked. */
export interface Setup {
  readonly run: TrainingRun;
  readonly feed: Feed;
  readonly step: Step;
  readonly metrics: Metrics;
  readonly validation: Feed | null;
  readonly measures: Measures;
  /** What is thrown instead of an error of a batch, or of the update that ends an epoch: it says more. */
  readonly explain: (error: unknown, batch: Batch | null, at: number) => unknown;
  readonly signal: AbortSignal | null;
}

function feedsOf(model: AnyModule, data: TrainingData, options: FitOptions): [Feed, Feed | null] {
  const { batchSize, shuffle, validation } = options;
  const dtype = dtypeOf(model);
  const feed = feedOf(OP, data, { batchSize, shuffle, dtype, defaults: SHUFFLED });
  if (validation === undefined) return [feed, null];
  const defaults = { ...IN_ORDER, batchSize: batchSize ?? SHUFFLED.batchSize };
  return [feed, feedOf(`${OP}: validation`, validation, { dtype, defaults })];
}

/** What does not fit is named before anything has happened. */
function rehearseAll(model: AnyModule, feeds: readonly [Feed, Feed | null], options: FitOptions): void {
  const rehearsal = { forward: forwardOf(OP, model, options.forward), loss: options.loss };
  const [feed, validation] = feeds;
  const check = (name: string, { rows, loader }: Feed, training: boolean): void => {
    if (rows === null) return;
    const back = inMode(model, training);
    try {
      checkRows(OP, name, rehearsal, rows, loader?.batchSize ?? rows.rows);
    } finally {
      back();
    }
  };
  check('the data', feed, true);
  if (validation !== null) check('the validation data', validation, false);
}

/** The error with what is known about the batch. */
function explainError(error: unknown, batch: Batch | null, where: Where, suspects: Suspects): unknown {
  if (error instanceof NotFiniteError) return explain(suspects, batch, error, where);
  if (!(error instanceof AxisError) || batch === null) return error;
  // A program knows positions only; what the loss says of a label is clearer.
  try {
    checkRows(OP, `epoch ${where.epoch}, batch ${where.batch}`, suspects, batch, batch.rows);
  } catch (clearer) {
    return clearer;
  }
  return error;
}

export function setUp(model: AnyModule, data: TrainingData, options: FitOptions): Setup {
  checkFitOptions(options);
  const { loss, optimizer, epochs, compile = true, ema = null, signal = null } = options;
  const metrics = metricsOf(OP, options.metrics ?? []);
  const [feed, validation] = feedsOf(model, data, options);
  const own = [
    ...(ema === null ? [] : [emaCallback(ema)]),
    ...(options.schedule === undefined ? [] : [scheduleCallback(options.schedule, validation !== null)]),
  ];
  const shown = progressFor(options.progress);
  const callbacks = [...own, ...(options.callbacks ?? []), ...(shown === null ? [] : [shown])];
  checkMonitors(callbacks, metrics.names, validation !== null);
  rehearseAll(model, [feed, validation], options);
  const { accumulate = 1 } = options;
  const run = new TrainingRun({ model, optimizer, ema, feed, epochs, callbacks, accumulate, metrics });
  const forward = forwardOf(OP, model, options.forward);
  const suspects = { model, optimizer, forward, loss };
  const step = stepOf({
    model,
    optimizer,
    forward,
    loss,
    clipNorm: options.clipNorm ?? null,
    clipValue: options.clipValue ?? null,
    accumulate,
    ema,
    keepsPrediction: !metrics.isEmpty,
    compile,
  });
  return {
    run,
    feed,
    step,
    metrics,
    validation,
    measures: { model, forward: runner(OP, forward, compile), loss, metrics },
    explain: (error, batch, at) => explainError(error, batch, { epoch: run.epoch, batch: at }, suspects),
    signal,
  };
}
