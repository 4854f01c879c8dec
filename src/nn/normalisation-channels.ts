/** Layers that normalise channels and keep running statistics: batch and instance norm. */
import { checkOptions, OptionError, ShapeError, showShape } from '../base/errors.ts';
import { batchNorm, instanceNorm } from '../ops/normalisation-batch.ts';
import { ones, zeros } from '../value/create.ts';
import type { Value } from '../value/value.ts';
import { checkCount, type ParameterDType } from './arguments.ts';
import { castTo, Module } from './module.ts';

export interface ChannelNormOptions {
  /** Added to the variance; default 1e-5. */
  readonly eps?: number;
  /** How much of new statistics enters the running ones; default 0.1. Null: all batches count alike. */
  readonly momentum?: number | null;
  /** A learnt factor and offset for each channel; default true for batch norm, false for instance norm. */
  readonly affine?: boolean;
  /** Whether statistics are kept for evaluation; default true for batch norm, false for instance norm. */
  readonly trackRunningStats?: boolean;
  /** Of parameters and buffers; default float32. */
  readonly dtype?: ParameterDType;
}

const OPTIONS = ['eps', 'momentum', 'affine', 'trackRunningStats', 'dtype'];

function checkMomentum(layer: string, momentum: number | null): number | null {
  if (momentum === null || (typeof momentum === 'number' && momentum === momentum)) return momentum;
  throw new OptionError(`momentum must be a number or null, got ${String(momentum)}`, {
    op: layer,
    option: 'momentum',
  });
}

/** Running statistics and factors of channels. */
abstract class ChannelNorm extends Module {
  readonly numFeatures: number;
  readonly eps: number;
  readonly momentum: number | null;
  readonly affine: boolean;
  readonly trackRunningStats: boolean;
  /** [numFeatures], starts with 1. */
  readonly weight: Value | null;
  /** [numFeatures], starts with 0. */
  readonly bias: Value | null;
  /** Buffer `running_mean`, [numFeatures]. */
  readonly runningMean: Value | null;
  /** Buffer `running_var`, [numFeatures]: of the unbiased variance. */
  readonly runningVar: Value | null;
  /** Buffer `num_batches_tracked`. */
  readonly numBatchesTracked: Value | null;

  constructor(layer: string, numFeatures: number, options: ChannelNormOptions, isOn: boolean) {
    super(numFeatures, options);
    checkOptions(layer, options, OPTIONS);
    this.numFeatures = checkCount(layer, 'numFeatures', numFeatures);
    this.eps = options.eps ?? 1e-5;
    this.momentum = checkMomentum(layer, options.momentum === undefined ? 0.1 : options.momentum);
    this.affine = options.affine ?? isOn;
    this.trackRunningStats = options.trackRunningStats ?? isOn;
    const dtype = options.dtype ?? 'float32';
    const shape = [numFeatures];
    this.weight = this.affine ? this.parameter('weight', ones(shape, { dtype })) : null;
    this.bias = this.affine ? this.parameter('bias', zeros(shape, { dtype })) : null;
    const tracks = this.trackRunningStats;
    this.runningMean = tracks ? this.buffer('running_mean', zeros(shape, { dtype })) : null;
    this.runningVar = tracks ? this.buffer('running_var', ones(shape, { dtype })) : null;
    this.numBatchesTracked = tracks ? this.buffer('num_batches_tracked', zeros([], { dtype: 'int32' })) : null;
  }

  /** x in the dtype of parameters and statistics, if there are any. */
  protected cast(x: Value): Value {
    const own = this.weight ?? this.runningMean;
    return own === null ? x : castTo(x, own.dtype);
  }

  /** What the functions take. */
  protected settings(): Pick<this, 'weight' | 'bias' | 'runningMean' | 'runningVar' | 'eps'> {
    const { weight, bias, runningMean, runningVar, eps } = this;
    return { weight, bias, runningMean, runningVar, eps };
  }
}

function requireRanks(layer: string, x: Value, ranks: readonly number[], axis: number, n: number, form: string): void {
  if (ranks.includes(x.rank) && x.shape[axis] === n) return;
  throw new ShapeError(`takes ${form}, got ${showShape(x.shape)}`, {
    op: layer,
    shapes: [x.shape],
    hint: `Channels are axis 1 of a batch, and there are ${n}; use reshape, unsqueeze or permute.`,
  });
}

abstract class BatchNorm extends ChannelNorm {
  constructor(rank: 1 | 2 | 3, numFeatures: number, options: ChannelNormOptions) {
    super(`BatchNorm${rank}d`, numFeatures, options, true);
  }

  protected abstract check(x: Value): void;

  override forward(x: Value): Value {
    this.check(x);
    const training = this.training || !this.trackRunningStats;
    if (!training || this.numBatchesTracked === null)
      return batchNorm(this.cast(x), { ...this.settings(), training, momentum: 0 });
    const count = this.numBatchesTracked;
    // Counted before: of the first batch alone, the mean is that batch's. If x is refused, nothing is counted.
    const next = count.add(1);
    const momentum = this.momentum ?? next.to(this.runningMean!.dtype).reciprocal();
    const y = batchNorm(this.cast(x), { ...this.settings(), training, momentum });
    count.assign(next);
    return y;
  }
}

/**
 * Batch normalisation of features [N, C] or signals [N, C, L]: while training each channel is brought to mean 0 and
 * variance 1 over the batch, in evaluation by statistics gathered in training; then `weight` · x + `bias`.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm1d.html
 * @throws ShapeError for other channels, or one value for each channel while training; OptionError for bad options.
 * @example new Sequential(new Linear(4, 16), new BatchNorm1d(16))
 */
export class BatchNorm1d extends BatchNorm {
  constructor(numFeatures: number, options: ChannelNormOptions = {}) {
    super(1, numFeatures, options);
  }

  protected override check(x: Value): void {
    const n = this.numFeatures;
    requireRanks('BatchNorm1d', x, [2, 3], 1, n, `[N, ${n}] or [N, ${n}, L]`);
  }
}

/**
 * Batch normalisation of images [N, C, H, W]: while training each channel is brought to mean 0 and variance 1 over the
 * batch and all places, in evaluation by statistics gathered in training; then `weight` · x + `bias`.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html
 * @throws ShapeError for other channels, or one value for each channel while training; OptionError for bad options.
 * @example new Sequential(new Conv2d(1, 8, 3, { bias: false }), new BatchNorm2d(8))
 */
export class BatchNorm2d extends BatchNorm {
  constructor(numFeatures: number, options: ChannelNormOptions = {}) {
    super(2, numFeatures, options);
  }

  protected override check(x: Value): void {
    requireRanks('BatchNorm2d', x, [4], 1, this.numFeatures, `[N, ${this.numFeatures}, H, W]`);
  }
}

/**
 * Batch normalisation of volumes [N, C, D, H, W]: while training each channel is brought to mean 0 and variance 1 over
 * the batch and all places, in evaluation by statistics gathered in training; then `weight` · x + `bias`.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm3d.html
 * @throws ShapeError for other channels, or one value for each channel while training; OptionError for bad options.
 * @example new Sequential(new Conv3d(1, 8, 3, { bias: false }), new BatchNorm3d(8))
 */
export class BatchNorm3d extends BatchNorm {
  constructor(numFeatures: number, options: ChannelNormOptions = {}) {
    super(3, numFeatures, options);
  }

  protected override check(x: Value): void {
    requireRanks('BatchNorm3d', x, [5], 1, this.numFeatures, `[N, ${this.numFeatures}, D, H, W]`);
  }
}

abstract class InstanceNorm extends ChannelNorm {
  readonly #rank: 1 | 2 | 3;

  constructor(rank: 1 | 2 | 3, numFeatures: number, options: ChannelNormOptions) {
    super(`InstanceNorm${rank}d`, numFeatures, options, false);
    this.#rank = rank;
    if (this.momentum !== null) return;
    throw new OptionError('momentum must be a number, got null', { op: `InstanceNorm${rank}d`, option: 'momentum' });
  }

  override forward(x: Value): Value {
    const [rank, n] = [this.#rank, this.numFeatures];
    const places = ['L', 'H, W', 'D, H, W'][rank - 1]!;
    const form = `[N, ${n}, ${places}] or [${n}, ${places}]`;
    requireRanks(`InstanceNorm${rank}d`, x, [rank + 1, rank + 2], x.rank - rank - 1, n, form);
    const useInputStats = this.training || !this.trackRunningStats;
    const options = { ...this.settings(), useInputStats, momentum: this.momentum! };
    const given = this.cast(x);
    if (x.rank === rank + 2) return instanceNorm(given, options);
    return instanceNorm(given.unsqueeze(0), options).squeeze(0);
  }
}

/**
 * Each channel of each signal of x [N, C, L] or [C, L] brought to mean 0 and variance 1.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.InstanceNorm1d.html
 * @throws ShapeError for other channels, or channels of one place; OptionError for bad options.
 * @example new InstanceNorm1d(8, { affine: true })
 */
export class InstanceNorm1d extends InstanceNorm {
  constructor(numFeatures: number, options: ChannelNormOptions = {}) {
    super(1, numFeatures, options);
  }
}

/**
 * Each channel of each image of x [N, C, H, W] or [C, H, W] brought to mean 0 and variance 1.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.InstanceNorm2d.html
 * @throws ShapeError for other channels, or channels of one place; OptionError for bad options.
 * @example new InstanceNorm2d(8, { affine: true })
 */
export class InstanceNorm2d extends InstanceNorm {
  constructor(numFeatures: number, options: ChannelNormOptions = {}) {
    super(2, numFeatures, options);
  }
}

/**
 * Each channel of each volume of x [N, C, D, H, W] or [C, D, H, W] brought to mean 0 and variance 1.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.InstanceNorm3d.html
 * @throws ShapeError for other channels, or channels of one place; OptionError for bad options.
 * @example new InstanceNorm3d(8, { affine: true })
 */
export class InstanceNorm3d extends InstanceNorm {
  constructor(numFeatures: number, options: ChannelNormOptions = {}) {
    super(3, numFeatures, options);
  }
}
