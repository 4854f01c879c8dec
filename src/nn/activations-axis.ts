/** Activations along an axis, as modules. */
import { OptionError, ShapeError, showShape } from '../base/errors.ts';
import type { Value } from '../value/value.ts';
import { onlyNumber } from './arguments.ts';
import { Module } from './module.ts';

type AxisArgument = number | { readonly axis?: number };

function axisOf(layer: string, given: AxisArgument | undefined): number {
  const axis = onlyNumber(layer, 'axis', given, -1);
  if (Number.isInteger(axis)) return axis;
  throw new OptionError(`axis must be a whole number, got ${axis}`, { op: layer, option: 'axis' });
}

/**
 * eˣ / Σ eˣ along an axis: positive numbers that sum to 1 (default the last).
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.Softmax.html
 * @throws AxisError (from forward) for an axis that x does not have.
 * @example new Softmax(-1).forward(value([0, 0])) // [0.5, 0.5]
 */
export class Softmax extends Module {
  readonly axis: number;

  constructor(axis?: AxisArgument) {
    super(axis);
    this.axis = axisOf('Softmax', axis);
  }

  override forward(x: Value): Value {
    return x.softmax(this.axis);
  }

  override extraRepr(): string {
    return `axis=${this.axis}`;
  }
}

/**
 * log(softmax(x)) along an axis, exact where softmax underflows (default the last).
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.LogSoftmax.html
 * @throws AxisError (from forward) for an axis that x does not have.
 * @example new LogSoftmax(-1).forward(value([0, 0])) // [-0.6931, -0.6931]
 */
export class LogSoftmax extends Module {
  readonly axis: number;

  constructor(axis?: AxisArgument) {
    super(axis);
    this.axis = axisOf('LogSoftmax', axis);
  }

  override forward(x: Value): Value {
    return x.logSoftmax(this.axis);
  }

  override extraRepr(): string {
    return `axis=${this.axis}`;
  }
}

/**
 * softmax(−x) along an axis: the smallest element has the largest share (default the last).
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.Softmin.html
 * @throws AxisError (from forward) for an axis that x does not have.
 * @example new Softmin(-1).forward(value([0, 0])) // [0.5, 0.5]
 */
export class Softmin extends Module {
  readonly axis: number;

  constructor(axis?: AxisArgument) {
    super(axis);
    this.axis = axisOf('Softmin', axis);
  }

  override forward(x: Value): Value {
    return x.softmin(this.axis);
  }

  override extraRepr(): string {
    return `axis=${this.axis}`;
  }
}

/**
 * a·sigmoid(b), where a and b are the two halves of x along an axis, which becomes half as long (default the last).
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.GLU.html
 * @throws AxisError (from forward) for an axis that x does not have.
 * @example new GLU(-1).forward(value([2, 0])) // [1]
 */
export class GLU extends Module {
  readonly axis: number;

  constructor(axis?: AxisArgument) {
    super(axis);
    this.axis = axisOf('GLU', axis);
  }

  override forward(x: Value): Value {
    return x.glu(this.axis);
  }

  override extraRepr(): string {
    return `axis=${this.axis}`;
  }
}

/**
 * Softmax over the channels of every pixel: x is [N, C, H, W] or [C, H, W].
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.Softmax2d.html
 * @throws ShapeError for another rank.
 * @example new Softmax2d().forward(images)
 */
export class Softmax2d extends Module {
  override forward(x: Value): Value {
    if (x.rank === 3 || x.rank === 4) return x.softmax(-3);
    throw new ShapeError(`takes [N, C, H, W] or [C, H, W], got ${showShape(x.shape)}`, {
      op: 'Softmax2d',
      shapes: [x.shape],
    });
  }
}
