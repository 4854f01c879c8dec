/** What `fit` may be told. */
import type { AnyModule } from '../nn/module.ts';
import type { ExponentialMovingAverage } from '../optim/moving-average.ts';
import type { Optimizer } from '../optim/optimizer.ts';
import type { Callback } from './callback.ts';
import type { Value } from '../value/value.ts';
import type { CompileChoice } from './compiled.ts';
import type { TrainingData } from './feed.ts';
import type { Forward } from './forward.ts';
import type { MetricLike } from './metrics/metric.ts';
import type { ScheduleLike } from './schedule.ts';
import type { Loss } from './step.ts';

/** Of a model, its predictions, targets and inputs. */
export interface FitOptions<M extends AnyModule = AnyModule, P = Value, T = Value, X = Value> {
  /** `(prediction, target) => Value`, of one number. */
  readonly loss: Loss<P, T>;
  readonly optimizer: Optimizer;
  readonly epochs: number;
  /** Default 32; for data that come without batches. */
  readonly batchSize?: number;
  /** Whether every epoch has an order of its own, seeded by `manualSeed`; default true. For data without batches. */
  readonly shuffle?: boolean;
  /** Names (`'accuracy'`), metrics, or functions (prediction, target) => number. */
  readonly metrics?: readonly MetricLike<P, T>[];
  /** Data that are not trained on, measured after each epoch. */
  readonly validation?: TrainingData;
  readonly callbacks?: readonly Callback[];
  /** `false` says nothing; a callback of one's own shows what it likes. Default: a bar on a terminal and in a notebook, lines elsewhere, nothing in CI. */
  readonly progress?: boolean | Callback;
  /** What the model makes of a batch's `x`; by default `model.forward(x)`, or `model.forward(...x)` for several inputs. */
  readonly forward?: Forward<M, X>;
  /** A schedule of chainrule/optim (which moves on after each epoch), `{ scheduler, every: 'batch' }`, or a function of the share of batches that are done, whose result the starting rates are multiplied by. */
  readonly schedule?: ScheduleLike;
  /** Largest norm of all gradients together. */
  readonly clipNorm?: number;
  /** Largest absolute value of any element of a gradient. */
  readonly clipValue?: number;
  /** Batches that an update is made from; default 1. */
  readonly accumulate?: number;
  /** A moving average of the weights, updated with them. Validation is measured with the averages. */
  readonly ema?: ExponentialMovingAverage;
  /** Ends the run cleanly, after the batch under way. */
  readonly signal?: AbortSignal;
  /**
   * Whether batches and evaluation run compiled, or how; default true. The code of the model and of the loss is then
   * traced when a size of batch is new, and does not run for every batch: what it does beside ops (printing, counting,
   * keeping a Value) is not repeated. `false` runs everything op by op, with the same numbers, to the bit.
   */
  readonly compile?: CompileChoice;
}
