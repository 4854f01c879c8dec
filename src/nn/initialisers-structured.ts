/** Initialisers with structure: orthogonal, truncated, sparse, identities. */
import { checkOptions, OptionError, ShapeError, showShape } from '../base/errors.ts';
import type { Shape } from '../base/shape-types.ts';
import { sizeOf } from '../base/shapes.ts';
import { rand, randn } from '../ops/random.ts';
import { constant } from '../value/create.ts';
import type { Value } from '../value/value.ts';
import { checkCount, checkDType, checkProbability, requireNumber } from './arguments.ts';
import { drawn, type InitOptions, type XavierOptions } from './initialisers.ts';

/**
 * Orthonormal rows (or columns, where there are fewer), times `gain` (Saxe et al. 2013); axes beyond the first count as one.
 * https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.orthogonal_
 * @throws ShapeError for fewer than two axes.
 * @example orthogonal([64, 64], { gain: Math.SQRT2 })
 */
export function orthogonal(shape: Shape, options: XavierOptions = {}): Value {
  checkOptions('orthogonal', options, ['gain', 'dtype']);
  const gain = requireNumber('orthogonal', 'gain', options.gain ?? 1);
  if (shape.length < 2) {
    throw new ShapeError(`needs at least two axes, got ${showShape(shape)}`, { op: 'orthogonal', shapes: [shape] });
  }
  const [rows, columns] = [shape[0]!, sizeOf(shape.slice(1))];
  return drawn('orthogonal', options, (dtype) => {
    const tall = Math.max(rows, columns);
    const { q, r } = randn([tall, Math.min(rows, columns)], { dtype: 'float64' }).qr();
    // The signs of R's diagonal make the distribution uniform.
    const signed = q.mul(r.diagonal().ge(0).to('float64').mul(2).sub(1));
    const matrix = rows < columns ? signed.permute([1, 0]) : signed;
    return matrix.mul(gain).reshape(shape).to(dtype);
  });
}

export interface TruncatedOptions extends InitOptions {
  /** Default 0. */
  readonly mean?: number;
  /** Default 1. */
  readonly std?: number;
  /** Lower limit; default −2. */
  readonly a?: number;
  /** Upper limit; default 2. */
  readonly b?: number;
}

/**
 * Normal numbers, none outside a … b.
 * https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.trunc_normal_
 * @throws OptionError unless a < b and std > 0.
 * @example truncNormal([10, 784], { std: 0.02 })
 */
export function truncNormal(shape: Shape, options: TruncatedOptions = {}): Value {
  checkOptions('truncNormal', options, ['mean', 'std', 'a', 'b', 'dtype']);
  const { mean = 0, std = 1, a = -2, b = 2 } = options;
  if (!(a < b) || !(std > 0)) {
    const option = a < b ? 'std' : 'a';
    throw new OptionError(`needs a < b and std > 0, got a ${a}, b ${b}, std ${std}`, { op: 'truncNormal', option });
  }
  return drawn('truncNormal', options, (dtype) => {
    const low = constant((a - mean) / (std * Math.SQRT2), { dtype: 'float64' }).erf();
    const high = constant((b - mean) / (std * Math.SQRT2), { dtype: 'float64' }).erf();
    const level = rand(shape, { dtype: 'float64' }).mul(high.sub(low)).add(low);
    return inverseErf(level)
      .mul(std * Math.SQRT2)
      .add(mean)
      .clamp(a, b)
      .to(dtype);
  });
}

const BELOW_ONE = 1 - 2.220446049250313e-16;

/** x with erf(x) = u: Winitzki's approximation (2008), then Newton's steps. */
function inverseErf(u: Value): Value {
  const level = u.clamp(-BELOW_ONE, BELOW_ONE);
  const logarithm = level.square().neg().log1p();
  const t = logarithm.div(2).add(2 / (Math.PI * 0.147));
  let x = t.square().sub(logarithm.div(0.147)).sqrt().sub(t).sqrt().mul(level.sign());
  for (let i = 0; i < 3; i++) {
    const slope = x
      .square()
      .exp()
      .mul(Math.sqrt(Math.PI) / 2);
    x = x.sub(x.erf().sub(level).mul(slope));
  }
  return x;
}

export interface SparseOptions extends InitOptions {
  /** The share of each column that is 0. */
  readonly sparsity: number;
  /** Of the others, which are normal; default 0.01. */
  readonly std?: number;
}

/**
 * A matrix of normal numbers with the same number of zeros, ⌈sparsity·rows⌉, at random places of each column (Martens 2010).
 * https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.sparse_
 * @throws ShapeError unless it has two axes; OptionError unless sparsity is from 0 to 1.
 * @example sparse([10, 784], { sparsity: 0.9 })
 */
export function sparse(shape: Shape, options: SparseOptions): Value {
  checkOptions('sparse', options, ['sparsity', 'std', 'dtype']);
  if (shape.length !== 2) {
    throw new ShapeError(`needs two axes, got ${showShape(shape)}`, { op: 'sparse', shapes: [shape] });
  }
  const sparsity = checkProbability('sparse', 'sparsity', requireNumber('sparse', 'sparsity', options.sparsity));
  const zeros = Math.ceil(sparsity * shape[0]!);
  return drawn('sparse', options, (dtype) => {
    const rank = rand(shape, { dtype: 'float64' }).argsort(0).argsort(0);
    return randn(shape, { dtype })
      .mul(options.std ?? 0.01)
      .where(rank.ge(zeros), 0);
  });
}

/**
 * The identity as a weight: inputs pass a linear layer unchanged, as many as there are outputs.
 * https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.eye_
 * @throws ShapeError unless it has two axes.
 * @example eye([3, 5])
 */
export function eye(shape: Shape, options: InitOptions = {}): Value {
  if (shape.length === 2) return identityAt('eye', shape, 1, options);
  throw new ShapeError(`needs two axes, got ${showShape(shape)}`, { op: 'eye', shapes: [shape] });
}

export interface DiracOptions extends InitOptions {
  /** Of the convolution; default 1. */
  readonly groups?: number;
}

/**
 * The identity as a convolution's weight [out, in, …kernel]: as many channels as possible pass unchanged.
 * https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.dirac_
 * @throws ShapeError unless it has three to five axes; OptionError unless the groups divide the outputs.
 * @example dirac([8, 8, 3, 3])
 */
export function dirac(shape: Shape, options: DiracOptions = {}): Value {
  const { groups = 1, ...rest } = options;
  if (shape.length < 3 || shape.length > 5) {
    throw new ShapeError(`needs [out, in, …kernel] of three to five axes, got ${showShape(shape)}`, {
      op: 'dirac',
      shapes: [shape],
    });
  }
  checkCount('dirac', 'groups', groups);
  if (shape[0]! % groups === 0) return identityAt('dirac', shape, groups, rest);
  throw new OptionError(`groups ${groups} must divide the ${shape[0]} outputs`, { op: 'dirac', option: 'groups' });
}

/** Ones where output o (of its group) meets input o at the middle of the kernel. */
function identityAt(op: string, shape: Shape, groups: number, options: InitOptions): Value {
  checkOptions(op, options, ['dtype']);
  const [outputs, inputs, ...kernel] = shape as readonly [number, number, ...number[]];
  const field = sizeOf(kernel);
  const middle = kernel.reduce((at, n) => at * n + Math.floor(n / 2), 0);
  const perGroup = outputs / groups;
  const data = new Float64Array(sizeOf(shape));
  for (let o = 0; o < outputs; o++) {
    const i = o % perGroup;
    if (i < inputs) data[(o * inputs + i) * field + middle] = 1;
  }
  return constant(data, { shape, dtype: checkDType(op, options.dtype) });
}
