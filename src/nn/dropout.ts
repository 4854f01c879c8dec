/** Layers that disturb their input at random while training, and pass it on otherwise. */
import { OptionError, ShapeError, showShape } from '../base/errors.ts';
import { defaultDtype, isFloat, type DType } from '../base/dtypes.ts';
import type { Shape } from '../base/shape-types.ts';
import { rand, randn } from '../ops/random.ts';
import type { Value } from '../value/value.ts';
import { checkProbability, onlyNumber } from './arguments.ts';
import { Module } from './module.ts';

const asFloat = (x: Value): Value => (isFloat(x.dtype) ? x : x.to(defaultDtype()));

/** True with probability p; a draw lies below 1, so that p = 1 keeps all and p = 0 none. */
const drawKept = (shape: Shape, p: number, dtype: DType): Value => rand(shape, { dtype }).lt(p);

/** The input, zeroed where `shape` (which broadcasts to it) says, the rest scaled so that the mean stays. */
export function dropped(x: Value, p: number, shape: Shape): Value {
  if (p === 0) return x;
  if (p === 1) return x.mul(0);
  const kept = drawKept(shape, 1 - p, x.dtype).to(x.dtype);
  return x.mul(kept.mul(1 / (1 - p)));
}

type ProbabilityArgument = number | { readonly p?: number };

/** What dropouts share: a probability, and doing nothing in evaluation. */
abstract class RandomDropout extends Module {
  readonly p: number;

  constructor(layer: string, p: ProbabilityArgument | undefined) {
    super(p);
    this.p = checkProbability(layer, 'p', onlyNumber(layer, 'p', p, 0.5));
  }

  protected abstract drop(x: Value): Value;

  override forward(x: Value): Value {
    return this.training && this.p > 0 ? this.drop(asFloat(x)) : x;
  }

  override extraRepr(): string {
    return `p=${this.p}`;
  }
}

/**
 * Zeroes each element with probability p (default 0.5) while training and scales the others by 1/(1 − p).
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout.html
 * @throws OptionError unless p is from 0 to 1.
 * @example new Sequential(new Linear(784, 256), new ReLU(), new Dropout(0.2), new Linear(256, 10))
 */
export class Dropout extends RandomDropout {
  constructor(p?: ProbabilityArgument) {
    super('Dropout', p);
  }

  protected override drop(x: Value): Value {
    return dropped(x, this.p, x.shape);
  }
}

/** One draw for each channel of [N, C, …], or of [C, …] where the rank is that of one example. */
function channelMask(layer: string, x: Value, spatial: number): Shape {
  const channels = x.rank - spatial;
  if (channels === 1 || channels === 2) return x.shape.map((n, i) => (i < channels ? n : 1));
  const axes = ['L', 'H, W', 'D, H, W'][spatial - 1]!;
  throw new ShapeError(`takes [N, C, ${axes}] or [C, ${axes}], got ${showShape(x.shape)}`, {
    op: layer,
    shapes: [x.shape],
  });
}

/**
 * Dropout of whole channels of sequences: [N, C, L] or [C, L].
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout1d.html
 * @throws OptionError unless p is from 0 to 1; ShapeError for another rank.
 * @example new Dropout1d(0.2).forward(sequences)
 */
export class Dropout1d extends RandomDropout {
  constructor(p?: ProbabilityArgument) {
    super('Dropout1d', p);
  }

  protected override drop(x: Value): Value {
    return dropped(x, this.p, channelMask('Dropout1d', x, 1));
  }
}

/**
 * Dropout of whole channels of images: [N, C, H, W] or [C, H, W].
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout2d.html
 * @throws OptionError unless p is from 0 to 1; ShapeError for another rank.
 * @example new Dropout2d(0.2).forward(images)
 */
export class Dropout2d extends RandomDropout {
  constructor(p?: ProbabilityArgument) {
    super('Dropout2d', p);
  }

  protected override drop(x: Value): Value {
    return dropped(x, this.p, channelMask('Dropout2d', x, 2));
  }
}

/**
 * Dropout of whole channels of volumes: [N, C, D, H, W] or [C, D, H, W].
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout3d.html
 * @throws OptionError unless p is from 0 to 1; ShapeError for another rank.
 * @example new Dropout3d(0.2).forward(volumes)
 */
export class Dropout3d extends RandomDropout {
  constructor(p?: ProbabilityArgument) {
    super('Dropout3d', p);
  }

  protected override drop(x: Value): Value {
    return dropped(x, this.p, channelMask('Dropout3d', x, 3));
  }
}

/** −scale·alpha of SELU: what it gives far below 0. */
const SELU_FLOOR = -1.7580993408473766;

/**
 * Dropout that keeps mean and variance of what SELU gives: dropped elements become SELU's lower limit, then all are
 * scaled and shifted (Klambauer et al. 2017).
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.AlphaDropout.html
 * @throws OptionError unless p is from 0 to 1.
 * @example new Sequential(new Linear(8, 8), new SELU(), new AlphaDropout(0.1))
 */
export class AlphaDropout extends RandomDropout {
  constructor(p?: ProbabilityArgument) {
    super('AlphaDropout', p);
  }

  protected override drop(x: Value): Value {
    if (this.p === 1) return x.mul(0);
    const scale = 1 / Math.sqrt((1 - this.p) * (1 + this.p * SELU_FLOOR * SELU_FLOOR));
    const shift = -scale * this.p * SELU_FLOOR;
    return x
      .where(drawKept(x.shape, 1 - this.p, x.dtype), SELU_FLOOR)
      .mul(scale)
      .add(shift);
  }
}

/**
 * Adds normal noise of standard deviation `std` (default 1) while training: a regulariser (Bishop 1995).
 * @throws OptionError unless std is a number ≥ 0.
 * @example new Sequential(new GaussianNoise(0.1), new Linear(8, 1))
 */
export class GaussianNoise extends Module {
  readonly std: number;

  constructor(std?: number | { readonly std?: number }) {
    super(std);
    this.std = onlyNumber('GaussianNoise', 'std', std, 1);
    if (this.std >= 0) return;
    throw new OptionError(`std must not be negative, got ${this.std}`, { op: 'GaussianNoise', option: 'std' });
  }

  override forward(x: Value): Value {
    if (!this.training || this.std === 0) return x;
    const y = asFloat(x);
    return y.add(randn(y.shape, { dtype: y.dtype }).mul(this.std));
  }

  override extraRepr(): string {
    return `std=${this.std}`;
  }
}
