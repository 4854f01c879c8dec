/** Activations with options, as modules. */
import { checkOptions, OptionError } from '../base/errors.ts';
import type { GeluOptions } from '../ops/activations-smooth.ts';
import type { Value } from '../value/value.ts';
import { onlyNumber, requireNumber } from './arguments.ts';
import { Module } from './module.ts';

/**
 * x above 0, negativeSlope·x (default 0.01) below, elementwise.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.LeakyReLU.html
 * @throws OptionError unless the option is a number.
 * @example new LeakyReLU(0.1).forward(value([-1, 2])) // [-0.1, 2]
 */
export class LeakyReLU extends Module {
  readonly negativeSlope: number;

  constructor(negativeSlope?: number | { readonly negativeSlope?: number }) {
    super(negativeSlope);
    this.negativeSlope = onlyNumber('LeakyReLU', 'negativeSlope', negativeSlope, 0.01);
  }

  override forward(x: Value): Value {
    return x.leakyRelu(this.negativeSlope);
  }

  override extraRepr(): string {
    return `negativeSlope=${this.negativeSlope}`;
  }
}

/**
 * x above 0, alpha·(eˣ − 1) (default 1) below, elementwise.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.ELU.html
 * @throws OptionError unless the option is a number.
 * @example new ELU(2).forward(value([-1, 2])) // [-1.2642, 2]
 */
export class ELU extends Module {
  readonly alpha: number;

  constructor(alpha?: number | { readonly alpha?: number }) {
    super(alpha);
    this.alpha = onlyNumber('ELU', 'alpha', alpha, 1);
  }

  override forward(x: Value): Value {
    return x.elu(this.alpha);
  }

  override extraRepr(): string {
    return `alpha=${this.alpha}`;
  }
}

/**
 * x above 0, alpha·(e^(x/alpha) − 1) (default 1) below, elementwise: an ELU without a kink.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.CELU.html
 * @throws OptionError unless the option is a number.
 * @example new CELU(2).forward(value([-1, 2])) // [-0.7869, 2]
 */
export class CELU extends Module {
  readonly alpha: number;

  constructor(alpha?: number | { readonly alpha?: number }) {
    super(alpha);
    this.alpha = onlyNumber('CELU', 'alpha', alpha, 1);
  }

  override forward(x: Value): Value {
    return x.celu(this.alpha);
  }

  override extraRepr(): string {
    return `alpha=${this.alpha}`;
  }
}

/**
 * x, and 0 where |x| ≤ lambd (default 0.5), elementwise.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardshrink.html
 * @throws OptionError unless the option is a number.
 * @example new Hardshrink(0.5).forward(value([-2, 0.3, 2])) // [-2, 0, 2]
 */
export class Hardshrink extends Module {
  readonly lambd: number;

  constructor(lambd?: number | { readonly lambd?: number }) {
    super(lambd);
    this.lambd = onlyNumber('Hardshrink', 'lambd', lambd, 0.5);
  }

  override forward(x: Value): Value {
    return x.hardshrink(this.lambd);
  }

  override extraRepr(): string {
    return `lambd=${this.lambd}`;
  }
}

/**
 * x moved towards 0 by lambd (default 0.5), and 0 where it would pass, elementwise.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.Softshrink.html
 * @throws OptionError unless the option is a number.
 * @example new Softshrink(0.5).forward(value([-2, 0.3, 2])) // [-1.5, 0, 1.5]
 */
export class Softshrink extends Module {
  readonly lambd: number;

  constructor(lambd?: number | { readonly lambd?: number }) {
    super(lambd);
    this.lambd = onlyNumber('Softshrink', 'lambd', lambd, 0.5);
  }

  override forward(x: Value): Value {
    return x.softshrink(this.lambd);
  }

  override extraRepr(): string {
    return `lambd=${this.lambd}`;
  }
}

/**
 * x·Φ(x) with the normal distribution function Φ, elementwise; with `approximate: 'tanh'` the cheaper approximation.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.GELU.html
 * @throws OptionError for an unknown approximation.
 * @example new GELU({ approximate: 'tanh' }).forward(x)
 */
export class GELU extends Module {
  readonly approximate: 'none' | 'tanh';

  constructor(options: GeluOptions = {}) {
    super(options);
    checkOptions('GELU', options, ['approximate']);
    this.approximate = options.approximate ?? 'none';
    if (this.approximate === 'none' || this.approximate === 'tanh') return;
    throw new OptionError(`approximate must be 'none' or 'tanh', got ${JSON.stringify(this.approximate)}`, {
      op: 'GELU',
      option: 'approximate',
    });
  }

  override forward(x: Value): Value {
    return x.gelu({ approximate: this.approximate });
  }

  override extraRepr(): string {
    return `approximate=${this.approximate}`;
  }
}

export interface SoftplusModuleOptions {
  /** Steepness; default 1. */
  readonly beta?: number;
  /** Where beta·x exceeds it the result is x itself; default 20. */
  readonly threshold?: number;
}

/**
 * log(1 + e^(beta·x)) / beta, elementwise: a smooth relu.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.Softplus.html
 * @throws OptionError unless both options are numbers.
 * @example new Softplus({ beta: 2 }).forward(x)
 */
export class Softplus extends Module {
  readonly beta: number;
  readonly threshold: number;

  constructor(options: SoftplusModuleOptions = {}) {
    super(options);
    checkOptions('Softplus', options, ['beta', 'threshold']);
    this.beta = requireNumber('Softplus', 'beta', options.beta ?? 1);
    this.threshold = requireNumber('Softplus', 'threshold', options.threshold ?? 20);
  }

  override forward(x: Value): Value {
    return x.softplus({ beta: this.beta, threshold: this.threshold });
  }

  override extraRepr(): string {
    return `beta=${this.beta}, threshold=${this.threshold}`;
  }
}

export interface HardtanhOptions {
  /** Default −1. */
  readonly minVal?: number;
  /** Default 1. */
  readonly maxVal?: number;
}

/**
 * x limited to minVal … maxVal, elementwise.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardtanh.html
 * @throws OptionError unless minVal < maxVal.
 * @example new Hardtanh({ minVal: -2, maxVal: 2 }).forward(value([-3, 0.5])) // [-2, 0.5]
 */
export class Hardtanh extends Module {
  readonly minVal: number;
  readonly maxVal: number;

  constructor(options: HardtanhOptions = {}) {
    super(options);
    checkOptions('Hardtanh', options, ['minVal', 'maxVal']);
    this.minVal = requireNumber('Hardtanh', 'minVal', options.minVal ?? -1);
    this.maxVal = requireNumber('Hardtanh', 'maxVal', options.maxVal ?? 1);
    if (this.minVal < this.maxVal) return;
    throw new OptionError(`minVal must be less than maxVal, got ${this.minVal} and ${this.maxVal}`, {
      op: 'Hardtanh',
      option: 'minVal',
    });
  }

  override forward(x: Value): Value {
    return x.hardtanh(this.minVal, this.maxVal);
  }

  override extraRepr(): string {
    return `minVal=${this.minVal}, maxVal=${this.maxVal}`;
  }
}

/**
 * x where it exceeds the threshold, else `value`, elementwise.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.Threshold.html
 * @throws OptionError unless both are numbers.
 * @example new Threshold(2, 0).forward(value([1, 5])) // [0, 5]
 */
export class Threshold extends Module {
  readonly threshold: number;
  readonly value: number;

  constructor(threshold: number, value: number) {
    super(threshold, value);
    this.threshold = requireNumber('Threshold', 'threshold', threshold);
    this.value = requireNumber('Threshold', 'value', value);
  }

  override forward(x: Value): Value {
    return x.threshold(this.threshold, this.value);
  }

  override extraRepr(): string {
    return `threshold=${this.threshold}, value=${this.value}`;
  }
}
