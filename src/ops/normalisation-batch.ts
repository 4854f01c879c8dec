/** Normalisation by statistics of each channel: over the batch, or over each example. */
import { checkOptions, OptionError, ShapeError, showShape } from '../base/errors.ts';
import { sizeOf } from '../base/shapes.ts';
import type { Value } from '../value/value.ts';
import type { AnyOperand, Of } from './families/signatures.ts';
import { checkNumber, momentsOf, perChannel, scaled, vectorFor, type Moments } from './families/standardise.ts';
import { composite, type Op } from './op.ts';
import { runtime, type Operand } from './runtime.ts';

/** Running statistics [C], and what is learnt, [C]. */
interface ChannelOptions {
  /** Updated (by `assign`) where x's own statistics are used; used where they are not. */
  readonly runningMean?: Value | null;
  /** Of the unbiased variance. */
  readonly runningVar?: Value | null;
  /** Factor of each channel, [C]. */
  readonly weight?: Value | null;
  /** Added to each channel, [C]. */
  readonly bias?: Value | null;
  /** How much of the new statistics enters the running ones; default 0.1. */
  readonly momentum?: Value | number;
  /** Added to the variance; default 1e-5. */
  readonly eps?: number;
}

export interface BatchNormOptions extends ChannelOptions {
  /** Whether x's own statistics are used, and the running ones updated; default false. */
  readonly training?: boolean;
}

export interface InstanceNormOptions extends ChannelOptions {
  /** Whether x's own statistics are used, and the running ones updated; default true. */
  readonly useInputStats?: boolean;
}

interface Channels {
  readonly x: Value;
  readonly mean: Value | null;
  readonly variance: Value | null;
  /** In shapes that meet x. */
  readonly weight: Value | null;
  readonly bias: Value | null;
  readonly eps: number;
}

const CHANNEL_OPTIONS = ['runningMean', 'runningVar', 'weight', 'bias', 'momentum', 'eps'];

function channels(name: string, operand: Operand, options: ChannelOptions): Channels {
  const x = runtime.fit(name, [operand], 'float')[0]!;
  if (x.rank === 0) {
    throw new ShapeError('x needs channels: [N, C, …], got a scalar', { op: name, shapes: [x.shape] });
  }
  const n = x.shape[Math.min(1, x.rank - 1)]!;
  const vector = (option: 'runningMean' | 'runningVar' | 'weight' | 'bias'): Value | null => {
    const v = vectorFor(name, option, options[option], [n], x);
    return v === null ? null : perChannel(v, x.rank);
  };
  return {
    x,
    mean: vector('runningMean'),
    variance: vector('runningVar'),
    weight: vector('weight'),
    bias: vector('bias'),
    eps: checkNumber(name, 'eps', options.eps ?? 1e-5),
  };
}

/** running ← (1 − momentum) · running + momentum · new. */
function follow(running: Value | null | undefined, fresh: Value, momentum: Value | number): void {
  if (running === null || running === undefined) return;
  const target = fresh.stopGradient().reshape(running.shape).to(running.dtype);
  const factor = typeof momentum === 'number' ? momentum : momentum.to(running.dtype);
  const kept = typeof factor === 'number' ? 1 - factor : factor.neg().add(1);
  running.assign(
    running
      .stopGradient()
      .mul(kept as never)
      .add(target.mul(factor as never)),
  );
}

/** The unbiased variance; a single element has none. */
const unbiased = ({ variance, count }: Moments): Value => variance.mul(count / Math.max(1, count - 1));

function normalised(given: Channels, own: Moments | null): Value {
  const { x, mean, variance, weight, bias, eps } = given;
  if (own !== null) return scaled(own.deviation, own.variance, eps, weight, bias);
  return scaled(x.sub(mean!), variance!, eps, weight, bias);
}

function requireRunning(name: string, given: Channels, flag: string): void {
  if (given.mean !== null && given.variance !== null) return;
  throw new OptionError('runningMean and runningVar are needed where x is not normalised by its own statistics', {
    op: name,
    option: 'runningMean',
    hint: `Give both, or set ${flag}: true.`,
  });
}

interface Normalisation<O> {
  method<V extends Value>(this: V, options?: O): Value<Of<V>>;
  free<V extends AnyOperand>(x: V, options?: O): Value<Of<V>>;
}

const zeros = (...shape: number[]): Value => runtime.fill(shape, 0, 'float64');

/**
 * Each channel of x [N, C, …] brought to mean 0 and variance 1: with `training` over the batch and all places (running
 * statistics are updated), else by the running statistics. Then `weight` · x + `bias`.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.batch_norm.html
 * @throws ShapeError for vectors that are not [C], and where a channel has one value only to learn from.
 * @example value([[1], [3]]).batchNorm({ training: true, eps: 0 }) // [[-1], [1]]
 */
export const batchNorm: Op<Normalisation<BatchNormOptions>> = composite<Normalisation<BatchNormOptions>>(
  'batchNorm',
  (operand: Operand, options: BatchNormOptions = {}): Value => {
    checkOptions('batchNorm', options, [...CHANNEL_OPTIONS, 'training']);
    const given = channels('batchNorm', operand, options);
    if (options.training !== true) {
      requireRunning('batchNorm', given, 'training');
      return normalised(given, null);
    }
    const { x } = given;
    const axes = x.shape.map((_, i) => i).filter((i) => i !== Math.min(1, x.rank - 1));
    const own = momentsOf(x, axes);
    if (own.count === 1) {
      throw new ShapeError(`one value for each channel of ${showShape(x.shape)} has no spread to learn from`, {
        op: 'batchNorm',
        shapes: [x.shape],
        hint: 'Train on batches of at least two, or drop the last batch; evaluate with training: false.',
      });
    }
    const momentum = options.momentum ?? 0.1;
    follow(options.runningMean, own.mean, momentum);
    follow(options.runningVar, unbiased(own), momentum);
    return normalised(given, own);
  },
  {
    glyph: 'BN',
    samples: [
      { inputs: [{ shape: [4, 2], distinct: true }], call: (x) => x.batchNorm({ training: true, eps: 0.1 }) },
      {
        inputs: [{ shape: [2, 3, 2], distinct: true }, { shape: [3] }, { shape: [3] }],
        call: (x, weight, bias) => x.batchNorm({ training: true, weight, bias, eps: 0.1 }),
      },
      {
        inputs: [{ shape: [2, 2, 2, 1] }, { shape: [2] }, { shape: [2], min: 0.5, max: 2 }, { shape: [2] }],
        call: (x, runningMean, runningVar, weight) => x.batchNorm({ runningMean, runningVar, weight }),
      },
    ],
    errors: [
      {
        call: () => zeros(2, 3).batchNorm({ training: true, weight: zeros(2) }),
        error: 'ShapeError',
        message: /batchNorm: weight must be \[3\] for x \[2, 3\], got \[2\]/,
      },
      {
        call: () => zeros(1, 3).batchNorm({ training: true }),
        error: 'ShapeError',
        message: /batchNorm: one value for each channel of \[1, 3\].*at least two/s,
      },
      {
        call: () => zeros(2, 3).batchNorm(),
        error: 'OptionError',
        message: /batchNorm: runningMean and runningVar are needed.*training: true/s,
      },
      {
        call: () => zeros(2, 3).batchNorm({ train: true } as object),
        error: 'OptionError',
        message: /batchNorm: unknown option "train"/,
      },
    ],
    gold: 'nn.functional.batch_norm',
  },
);

/** Statistics of each example, averaged over the batch, are what the running ones follow. */
function followInstances(options: InstanceNormOptions, own: Moments): void {
  const momentum = options.momentum ?? 0.1;
  if (own.mean.shape[0] === 0) return;
  follow(options.runningMean, own.mean.mean(0), momentum);
  follow(options.runningVar, unbiased(own).mean(0), momentum);
}

/**
 * Each channel of each example of x [N, C, …] brought to mean 0 and variance 1 over its places; with
 * `useInputStats: false` by the running statistics. Then `weight` · x + `bias`.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.instance_norm.html
 * @throws ShapeError for vectors that are not [C], and where a channel has one place only.
 * @example value([[[1, 3]]]).instanceNorm({ eps: 0 }) // [[[-1, 1]]]
 */
export const instanceNorm: Op<Normalisation<InstanceNormOptions>> = composite<Normalisation<InstanceNormOptions>>(
  'instanceNorm',
  (operand: Operand, options: InstanceNormOptions = {}): Value => {
    checkOptions('instanceNorm', options, [...CHANNEL_OPTIONS, 'useInputStats']);
    const given = channels('instanceNorm', operand, options);
    const { x } = given;
    if (options.useInputStats === false) {
      requireRunning('instanceNorm', given, 'useInputStats');
      return normalised(given, null);
    }
    if (x.rank < 3 || sizeOf(x.shape.slice(2)) === 1) {
      throw new ShapeError(`x must be [N, C, …] with more than one place in each channel, got ${showShape(x.shape)}`, {
        op: 'instanceNorm',
        shapes: [x.shape],
        hint: 'Use batchNorm or layerNorm for features without places.',
      });
    }
    const own = momentsOf(
      x,
      x.shape.map((_, i) => i).filter((i) => i > 1),
    );
    followInstances(options, own);
    return normalised(given, own);
  },
  {
    glyph: 'IN',
    samples: [
      { inputs: [{ shape: [2, 2, 3], distinct: true }], call: (x) => x.instanceNorm({ eps: 0.1 }) },
      {
        inputs: [{ shape: [1, 2, 2, 2], distinct: true }, { shape: [2] }, { shape: [2] }],
        call: (x, weight, bias) => x.instanceNorm({ weight, bias, eps: 0.1 }),
      },
      {
        inputs: [{ shape: [2, 2, 2] }, { shape: [2] }, { shape: [2], min: 0.5, max: 2 }],
        call: (x, runningMean, runningVar) => x.instanceNorm({ runningMean, runningVar, useInputStats: false }),
      },
    ],
    errors: [
      {
        call: () => zeros(2, 3, 1).instanceNorm(),
        error: 'ShapeError',
        message: /instanceNorm: x must be \[N, C, …\] with more than one place in each channel, got \[2, 3, 1\]/,
      },
      {
        call: () => zeros(2, 3, 2).instanceNorm({ bias: zeros(2) }),
        error: 'ShapeError',
        message: /instanceNorm: bias must be \[3\]/,
      },
    ],
    gold: 'nn.functional.instance_norm',
  },
);
