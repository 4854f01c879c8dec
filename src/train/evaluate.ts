/** A model held against data. */
import { checkOptions, OptionError } from '../base/errors.ts';
import type { AnyModule } from '../nn/module.ts';
import { noGrad } from '../value/recording.ts';
import type { Value } from '../value/value.ts';
import type { CompileChoice, Runner } from './compiled.ts';
import { each, feedOf, IN_ORDER, type Batch, type Feed, type TrainingData } from './feed.ts';
import { forwardOnce, type Forward } from './forward.ts';
import type { MetricLike, Metrics } from './metrics/metric.ts';
import { metricsOf } from './metrics/metrics.ts';
import { dtypeOf, inMode } from './mode.ts';
import { pacer } from './pause.ts';
import { lossOf, type AnyLoss, type Loss } from './step.ts';

export interface EvaluateOptions<M extends AnyModule = AnyModule, P = Value, T = Value, X = Value> {
  /** Its mean over the examples, as `loss`. */
  readonly loss?: Loss<P, T>;
  /** Names, metrics, or functions (prediction, target) => number. */
  readonly metrics?: readonly MetricLike<P, T>[];
  /** What the model makes of `x`; by default `model.forward(x)`, or `model.forward(...x)` for several inputs. */
  readonly forward?: Forward<M, X>;
  /** How many examples at once, for data that come without batches; default 512. */
  readonly batchSize?: number;
  /** Whether the forward pass runs compiled, or how; default true. */
  readonly compile?: CompileChoice;
}

/** What measuring needs. */
export interface Measures {
  readonly model: AnyModule;
  readonly forward: Runner<[x: unknown], unknown>;
  readonly loss: AnyLoss | null;
  readonly metrics: Metrics;
}

/** The measures over all batches, in evaluation mode and without recording. */
export async function measure(
  { model, forward, loss, metrics }: Measures,
  feed: Feed,
  isAborted: () => boolean = () => false,
): Promise<Record<string, number>> {
  let [sum, seen] = [0, 0];
  metrics.reset();
  const pause = pacer();
  const take = ({ x, y, rows }: Batch): void => {
    const prediction = forward.run(x);
    if (loss !== null) sum += lossOf(() => prediction, loss, x, y)[0].item() * rows;
    metrics.update(prediction, y, rows);
    seen += rows;
  };
  const back = inMode(model, false);
  try {
    await each(feed.walk(), (batch) => {
      noGrad(() => take(batch));
      return pause()?.then(() => !isAborted()) ?? !isAborted();
    });
  } finally {
    back();
  }
  return { ...(loss === null ? {} : { loss: sum / seen }), ...metrics.results() };
}

const OPTIONS = ['loss', 'metrics', 'forward', 'batchSize', 'compile'];

/**
 * The mean loss and the metrics of a model over data, in evaluation mode and without recording.
 * @throws OptionError without a loss or metrics, or for unknown ones; DataError, ShapeError for empty or ill-shaped data.
 * @example await evaluate(model, test, { loss: crossEntropy, metrics: ['accuracy'] }) // { loss: 0.08, accuracy: 0.97 }
 */
export async function evaluate<M extends AnyModule, P = Value, T = Value, X = Value>(
  model: M,
  data: TrainingData,
  options: EvaluateOptions<M, P, T, X>,
): Promise<Record<string, number>> {
  const op = 'evaluate';
  checkOptions(op, options, OPTIONS);
  const { loss = null, metrics: wanted = [], batchSize, compile = true } = options ?? {};
  const metrics = metricsOf(op, wanted);
  if (loss === null && metrics.isEmpty) {
    throw new OptionError('there is nothing to measure', { op, hint: "Give a loss, or metrics: ['accuracy']." });
  }
  const feed = feedOf(op, data, { batchSize, dtype: dtypeOf(model), defaults: IN_ORDER });
  const forward = forwardOnce(op, { model, forward: options.forward, compile, length: feed.length });
  try {
    return await measure({ model, forward, loss, metrics }, feed);
  } finally {
    forward.dispose();
  }
}
