/** What a model says to data. */
import { checkOptions, OptionError } from '../base/errors.ts';
import type { AnyModule } from '../nn/module.ts';
import { concat } from '../ops/joining.ts';
import { noGrad } from '../value/recording.ts';
import { isValue, type Value } from '../value/value.ts';
import type { CompileChoice } from './compiled.ts';
import { each, feedOf, IN_ORDER, type Batch, type Feed, type Inputs, type TrainingData } from './feed.ts';
import { forwardOnce, type Forward } from './forward.ts';
import { dtypeOf, inMode } from './mode.ts';
import { pacer } from './pause.ts';

export interface PredictOptions<M extends AnyModule = AnyModule, X = Value> {
  /** What the model makes of `x`; by default `model.forward(x)`, or `model.forward(...x)` for several inputs. */
  readonly forward?: Forward<M, X>;
  /** How many rows at once, for data that come without batches; default 512. */
  readonly batchSize?: number;
  /** Whether whole batches run compiled, or how; default true. See `FitOptions`. */
  readonly compile?: CompileChoice;
}

function requireOne(prediction: unknown): Value {
  if (isValue(prediction) && prediction.rank > 0) return prediction;
  throw new OptionError('a prediction is one Value with a row for each example', {
    op: 'predict',
    option: 'forward',
    hint: 'Of several results choose one: forward: (model, x) => model.forward(x).output.',
  });
}

const isInputs = (x: unknown): x is Inputs => isValue(x) || (Array.isArray(x) && x.length > 0 && x.every(isValue));

interface Collector {
  readonly take: (batch: Batch) => void;
  /** All predictions so far, one below the other. */
  readonly whole: () => Value;
  readonly dispose: () => void;
}

function collector(model: AnyModule, feed: Feed, { forward, compile = true }: PredictOptions): Collector {
  const { run, dispose } = forwardOnce('predict', { model, forward, compile, length: feed.length });
  const parts: Value[] = [];
  return {
    take: ({ x }) => noGrad(() => void parts.push(requireOne(run(x)).detach())),
    whole: () => (parts.length === 1 ? parts[0]! : concat(parts, 0)),
    dispose,
  };
}

function predictRows(model: AnyModule, feed: Feed, options: PredictOptions): Value {
  const { take, whole, dispose } = collector(model, feed, options);
  const back = inMode(model, false);
  try {
    for (const batch of feed.walk() as Iterable<Batch>) take(batch);
    return whole();
  } finally {
    back();
    dispose();
  }
}

async function predictData(model: AnyModule, feed: Feed, options: PredictOptions): Promise<Value> {
  const { take, whole, dispose } = collector(model, feed, options);
  const back = inMode(model, false);
  const pause = pacer();
  try {
    await each(feed.walk(), (batch) => {
      take(batch);
      return pause()?.then(() => true) ?? true;
    });
    return whole();
  } finally {
    back();
    dispose();
  }
}

/**
 * The model's results, a row for each example, in evaluation mode and without recording; some rows at a time.
 * Values (several inputs as an array) at once; other data, whose targets are not looked at, behind a promise.
 * @throws ShapeError for no rows; OptionError for results that are not one Value.
 * @example const labels = predict(model, test.x).argmax(1)
 * @example const logits = await predict(model, loader)
 */
export function predict<M extends AnyModule, X = Value>(model: M, x: Inputs, options?: PredictOptions<M, X>): Value;
export function predict<M extends AnyModule, X = Value>(
  model: M,
  data: TrainingData,
  options?: PredictOptions<M, X>,
): Promise<Value>;
export function predict(
  model: AnyModule,
  data: Inputs | TrainingData,
  options: PredictOptions = {},
): Value | Promise<Value> {
  checkOptions('predict', options, ['forward', 'batchSize', 'compile']);
  const { batchSize } = options;
  const feed = feedOf('predict', isInputs(data) ? { x: data, y: undefined } : data, {
    batchSize,
    dtype: dtypeOf(model),
    defaults: IN_ORDER,
  });
  return isInputs(data) ? predictRows(model, feed, options) : predictData(model, feed, options);
}
