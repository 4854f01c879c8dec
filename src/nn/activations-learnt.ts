/** Activations with parameters, or drawn at random. */
import { checkOptions, OptionError } from '../base/errors.ts';
import { rand } from '../ops/random.ts';
import { isFloat } from '../base/dtypes.ts';
import { full } from '../value/create.ts';
import type { Value } from '../value/value.ts';
import { checkCount, checkDType, requireNumber, type ParameterDType } from './arguments.ts';
import { castTo, Module } from './module.ts';

export interface PReLUOptions {
  /** One slope for all (1, the default), or one for each channel (axis 1). */
  readonly numParameters?: number;
  /** Where the slopes start; default 0.25. */
  readonly init?: number;
  readonly dtype?: ParameterDType;
}

/**
 * x above 0, weight·x below, elementwise, with learnt slopes `weight` [numParameters] (He et al. 2015).
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.PReLU.html
 * @throws ShapeError (from forward) unless axis 1 has numParameters channels.
 * @example new PReLU({ numParameters: 16 }).forward(images)
 */
export class PReLU extends Module {
  readonly numParameters: number;
  readonly weight: Value;

  constructor(options: PReLUOptions = {}) {
    super(options);
    checkOptions('PReLU', options, ['numParameters', 'init', 'dtype']);
    this.numParameters = checkCount('PReLU', 'numParameters', options.numParameters ?? 1);
    const init = requireNumber('PReLU', 'init', options.init ?? 0.25);
    const dtype = checkDType('PReLU', options.dtype);
    this.weight = this.parameter('weight', full([this.numParameters], init, { dtype }));
  }

  override forward(x: Value): Value {
    return castTo(x, this.weight.dtype).prelu(this.weight);
  }
}

export interface RReLUOptions {
  /** Default 1/8. */
  readonly lower?: number;
  /** Default 1/3. */
  readonly upper?: number;
}

/**
 * A leaky relu whose slope is drawn from lower … upper for each element while training, and is their mean otherwise.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.RReLU.html
 * @throws OptionError unless lower ≤ upper.
 * @example new RReLU({ lower: 0.1, upper: 0.3 }).forward(x)
 */
export class RReLU extends Module {
  readonly lower: number;
  readonly upper: number;

  constructor(options: RReLUOptions = {}) {
    super(options);
    checkOptions('RReLU', options, ['lower', 'upper']);
    this.lower = requireNumber('RReLU', 'lower', options.lower ?? 1 / 8);
    this.upper = requireNumber('RReLU', 'upper', options.upper ?? 1 / 3);
    if (this.lower <= this.upper) return;
    throw new OptionError(`lower must not exceed upper, got ${this.lower} and ${this.upper}`, {
      op: 'RReLU',
      option: 'lower',
    });
  }

  override forward(x: Value): Value {
    if (!this.training) return x.leakyRelu((this.lower + this.upper) / 2);
    const slopes = rand(x.shape, isFloat(x.dtype) ? { dtype: x.dtype } : {})
      .mul(this.upper - this.lower)
      .add(this.lower);
    return x.where(x.gt(0), x.mul(slopes));
  }

  override extraRepr(): string {
    return `lower=${this.lower}, upper=${this.upper}`;
  }
}
