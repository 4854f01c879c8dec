/**
 * Initialisers: new leaves of a shape, float32 unless told, for `weight.assign(…)` or `this.parameter(name, …)`.
 * https://docs.pytorch.org/docs/stable/nn.init.html
 */
import { checkOptions, OptionError, ShapeError, showShape } from '../base/errors.ts';
import type { Shape } from '../base/shape-types.ts';
import { sizeOf } from '../base/shapes.ts';
import { rand, randn } from '../ops/random.ts';
import { full } from '../value/create.ts';
import { noGrad } from '../value/recording.ts';
import type { Value } from '../value/value.ts';
import { checkDType, requireNumber, type ParameterDType } from './arguments.ts';

export interface InitOptions {
  /** Default float32. */
  readonly dtype?: ParameterDType;
}

/** A leaf of what `make` draws. */
export function drawn(op: string, options: InitOptions, make: (dtype: ParameterDType) => Value): Value {
  const dtype = checkDType(op, options.dtype);
  return noGrad(() => make(dtype)).detach();
}

const between = (shape: Shape, low: number, high: number, dtype: ParameterDType): Value =>
  rand(shape, { dtype })
    .mul(high - low)
    .add(low);

/** Uniform in low … high (default 0 … 1). @example uniform([2, 3], -0.1, 0.1) */
export function uniform(shape: Shape, low: number = 0, high: number = 1, options: InitOptions = {}): Value {
  checkOptions('uniform', options, ['dtype']);
  return drawn('uniform', options, (dtype) => between(shape, low, high, dtype));
}

/** Normal with this mean (default 0) and standard deviation (default 1). @example normal([2, 3], 0, 0.02) */
export function normal(shape: Shape, mean: number = 0, std: number = 1, options: InitOptions = {}): Value {
  checkOptions('normal', options, ['dtype']);
  return drawn('normal', options, (dtype) => randn(shape, { dtype }).mul(std).add(mean));
}

/** One number everywhere. @example constant([3], 0.1) */
export function constant(shape: Shape, fill: number, options: InitOptions = {}): Value {
  checkOptions('constant', options, ['dtype']);
  return full(shape, requireNumber('constant', 'fill', fill), { dtype: checkDType('constant', options.dtype) });
}

/** Zeros. @example zeros([3]) */
export const zeros = (shape: Shape, options: InitOptions = {}): Value => constant(shape, 0, options);

/** Ones. @example ones([3]) */
export const ones = (shape: Shape, options: InitOptions = {}): Value => constant(shape, 1, options);

export interface Fans {
  readonly fanIn: number;
  readonly fanOut: number;
}

/**
 * How many inputs an output of such a weight has, and the reverse: for [out, in, …kernel].
 * @throws ShapeError for fewer than two axes.
 */
export function fansOf(op: string, shape: Shape): Fans {
  const [outputs, inputs, ...kernel] = shape;
  if (outputs !== undefined && inputs !== undefined) {
    const field = sizeOf(kernel);
    return { fanIn: inputs * field, fanOut: outputs * field };
  }
  throw new ShapeError(`needs a weight [outputs, inputs, …], got ${showShape(shape)}`, {
    op,
    shapes: [shape],
    hint: 'Biases start as zeros, or with uniform(shape, low, high).',
  });
}

export type Nonlinearity = 'linear' | 'sigmoid' | 'tanh' | 'relu' | 'leakyRelu' | 'selu';

/**
 * By how much a nonlinearity shrinks what passes, which a gain makes up for; `slope` is that of leakyRelu (default 0.01).
 * https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.calculate_gain
 * @throws OptionError for an unknown nonlinearity.
 * @example calculateGain('relu') // √2
 */
export function calculateGain(nonlinearity: Nonlinearity, slope: number = 0.01): number {
  const gains: Readonly<Record<Nonlinearity, number>> = {
    linear: 1,
    sigmoid: 1,
    tanh: 5 / 3,
    relu: Math.SQRT2,
    leakyRelu: Math.sqrt(2 / (1 + slope * slope)),
    selu: 3 / 4,
  };
  if (Object.hasOwn(gains, nonlinearity)) return gains[nonlinearity];
  throw new OptionError(`unknown nonlinearity ${JSON.stringify(nonlinearity)}`, {
    op: 'calculateGain',
    option: 'nonlinearity',
    hint: `Use ${Object.keys(gains).join(', ')}.`,
  });
}

/** Uniform, or normal, of this standard deviation. */
function spread(op: string, kind: 'uniform' | 'normal', shape: Shape, std: number, options: InitOptions): Value {
  const bound = std * Math.sqrt(3);
  return drawn(op, options, (dtype) =>
    kind === 'uniform' ? between(shape, -bound, bound, dtype) : randn(shape, { dtype }).mul(std),
  );
}

export interface XavierOptions extends InitOptions {
  /** Default 1; see calculateGain. */
  readonly gain?: number;
}

function xavier(op: string, kind: 'uniform' | 'normal', shape: Shape, options: XavierOptions): Value {
  checkOptions(op, options, ['gain', 'dtype']);
  const { fanIn, fanOut } = fansOf(op, shape);
  const gain = requireNumber(op, 'gain', options.gain ?? 1);
  return spread(op, kind, shape, gain * Math.sqrt(2 / (fanIn + fanOut)), options);
}

/**
 * Uniform of variance gain²·2/(fanIn + fanOut) (Glorot and Bengio 2010): keeps variances forwards and backwards.
 * https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.xavier_uniform_
 * @throws ShapeError for fewer than two axes.
 * @example layer.weight.assign(xavierUniform(layer.weight.shape, { gain: calculateGain('tanh') }))
 */
export const xavierUniform = (shape: Shape, options: XavierOptions = {}): Value =>
  xavier('xavierUniform', 'uniform', shape, options);

/** Normal of variance gain²·2/(fanIn + fanOut). See xavierUniform. @example xavierNormal([10, 784]) */
export const xavierNormal = (shape: Shape, options: XavierOptions = {}): Value =>
  xavier('xavierNormal', 'normal', shape, options);

export interface KaimingOptions extends InitOptions {
  /** The slope below 0 of the leakyRelu that follows; default 0: a relu. */
  readonly a?: number;
  /** What keeps its variance: activations ('fanIn', default) or gradients ('fanOut'). */
  readonly mode?: 'fanIn' | 'fanOut';
  /** Default leakyRelu. */
  readonly nonlinearity?: Nonlinearity;
}

function kaiming(op: string, kind: 'uniform' | 'normal', shape: Shape, options: KaimingOptions): Value {
  checkOptions(op, options, ['a', 'mode', 'nonlinearity', 'dtype']);
  const { a = 0, mode = 'fanIn', nonlinearity = 'leakyRelu' } = options;
  const fans = fansOf(op, shape);
  if (!Object.hasOwn(fans, mode)) {
    throw new OptionError(`mode must be 'fanIn' or 'fanOut', got ${JSON.stringify(mode)}`, { op, option: 'mode' });
  }
  const std = calculateGain(nonlinearity, requireNumber(op, 'a', a)) / Math.sqrt(fans[mode]);
  return spread(op, kind, shape, fans[mode] === 0 ? 0 : std, options);
}

/**
 * Uniform of variance gain²/fan (He et al. 2015), for layers before a relu.
 * https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.kaiming_uniform_
 * @throws ShapeError for fewer than two axes; OptionError for another mode or nonlinearity.
 * @example layer.weight.assign(kaimingUniform(layer.weight.shape, { nonlinearity: 'relu' }))
 */
export const kaimingUniform = (shape: Shape, options: KaimingOptions = {}): Value =>
  kaiming('kaimingUniform', 'uniform', shape, options);

/** Normal of variance gain²/fan. See kaimingUniform. @example kaimingNormal([10, 784], { mode: 'fanOut' }) */
export const kaimingNormal = (shape: Shape, options: KaimingOptions = {}): Value =>
  kaiming('kaimingNormal', 'normal', shape, options);

/** The same as kaimingUniform, by the author's other name. @example heUniform([10, 784]) */
export const heUniform = (shape: Shape, options: KaimingOptions = {}): Value =>
  kaiming('heUniform', 'uniform', shape, options);

/** The same as kaimingNormal, by the author's other name. @example heNormal([10, 784]) */
export const heNormal = (shape: Shape, options: KaimingOptions = {}): Value =>
  kaiming('heNormal', 'normal', shape, options);

function lecun(op: string, kind: 'uniform' | 'normal', shape: Shape, options: InitOptions): Value {
  checkOptions(op, options, ['dtype']);
  const { fanIn } = fansOf(op, shape);
  return spread(op, kind, shape, fanIn === 0 ? 0 : 1 / Math.sqrt(fanIn), options);
}

/**
 * Uniform of variance 1/fanIn (LeCun et al. 1998, "Efficient BackProp").
 * @throws ShapeError for fewer than two axes.
 * @example lecunUniform([10, 784])
 */
export const lecunUniform = (shape: Shape, options: InitOptions = {}): Value =>
  lecun('lecunUniform', 'uniform', shape, options);

/** Normal of variance 1/fanIn: what SELU asks for. @throws ShapeError for fewer than two axes. @example lecunNormal([10, 784]) */
export const lecunNormal = (shape: Shape, options: InitOptions = {}): Value =>
  lecun('lecunNormal', 'normal', shape, options);
