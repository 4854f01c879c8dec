/** Made data: small problems with known answers. All are seeded by `manualSeed`. */
import { checkOptions } from '../base/errors.ts';
import { rand, randn } from '../ops/random.ts';
import { stack } from '../ops/joining.ts';
import { constant } from '../value/create.ts';
import type { Value } from '../value/value.ts';
import { requireBetween, requireCount, requireOneOf } from './arguments.ts';
import { upTo } from './random.ts';

export interface Labelled {
  /** [n, features] float64. */
  readonly x: Value;
  /** [n] int32. */
  readonly y: Value;
}

export interface MakerOptions {
  /** Standard deviation of what is added to every coordinate; default 0. */
  readonly noise?: number;
}

const TWO_PI = 6.283185307179586;

const uniform = (shape: readonly number[]): Value => rand(shape, { dtype: 'float64' });
const normal = (shape: readonly number[]): Value => randn(shape, { dtype: 'float64' });
const noiseOf = (op: string, noise: number | undefined): number => requireBetween(op, 'noise', noise ?? 0, 0, Infinity);

/** Points from their two coordinates, with noise, as a leaf. */
function points(op: string, across: Value, along: Value, noise: number | undefined): Value {
  const x = stack([across, along], 1);
  return x.add(normal(x.shape).mul(noiseOf(op, noise))).detach();
}

/** 0, 1, …, k − 1, 0, 1, …: classes in turn. */
const inTurn = (n: number, classes: number): Int32Array => upTo(n).map((i) => i % classes);

/**
 * Two interleaved half circles, classes 0 and 1 in turn. Seeded by `manualSeed`.
 * @throws OptionError for an unknown option or a negative noise.
 * @example const { x, y } = moons(500, { noise: 0.1 })
 */
export function moons(n: number, options: MakerOptions = {}): Labelled {
  checkOptions('moons', options, ['noise']);
  noiseOf('moons', options.noise);
  const angle = uniform([requireCount('moons', 'n', n)]).mul(TWO_PI / 2);
  const y = constant(inTurn(n, 2));
  const upper = y.eq(0);
  const [cos, sin] = [angle.cos(), angle.sin()];
  const across = cos.where(upper, cos.neg().add(1));
  const along = sin.where(upper, sin.neg().add(0.5));
  return { x: points('moons', across, along, options.noise), y };
}

export interface CirclesOptions extends MakerOptions {
  /** The inner circle's radius, the outer one's being 1; default 0.5. */
  readonly factor?: number;
}

/**
 * A circle of radius 1 (class 0) around a smaller one (class 1), in turn.
 * @throws OptionError for a factor outside 0 … 1.
 * @example const { x, y } = circles(500, { noise: 0.05, factor: 0.3 })
 */
export function circles(n: number, options: CirclesOptions = {}): Labelled {
  checkOptions('circles', options, ['noise', 'factor']);
  const factor = requireBetween('circles', 'factor', options.factor ?? 0.5, 0, 1);
  const angle = uniform([requireCount('circles', 'n', n)]).mul(TWO_PI);
  const y = constant(inTurn(n, 2));
  const radius = y
    .to('float64')
    .mul(factor - 1)
    .add(1);
  return { x: points('circles', angle.cos().mul(radius), angle.sin().mul(radius), options.noise), y };
}

export interface SpiralsOptions extends MakerOptions {
  /** How many arms; default 2. */
  readonly classes?: number;
  /** How often each arm goes round; default 1. */
  readonly turns?: number;
}

/**
 * Arms that wind out of the origin to radius 1, one a class, in turn.
 * @throws OptionError for fewer than 1 arm.
 * @example const { x, y } = spirals(600, { classes: 3, noise: 0.02 })
 */
export function spirals(n: number, options: SpiralsOptions = {}): Labelled {
  const op = 'spirals';
  checkOptions(op, options, ['noise', 'classes', 'turns']);
  const classes = requireCount(op, 'classes', options.classes ?? 2);
  const turns = requireBetween(op, 'turns', options.turns ?? 1, 0, Infinity);
  const y = constant(inTurn(requireCount(op, 'n', n), classes));
  // The root spreads the points evenly over the arm rather than crowding them at the origin.
  const radius = uniform([n]).sqrt();
  const angle = radius.mul(turns * TWO_PI).add(y.to('float64').mul(TWO_PI / classes));
  return { x: points(op, angle.cos().mul(radius), angle.sin().mul(radius), options.noise), y };
}

export interface BlobsOptions {
  /** Their middles [classes, features], or how many to draw within −10 … 10; default 3. */
  readonly centers?: number | readonly (readonly number[])[];
  /** How many features drawn centers have; default 2. */
  readonly features?: number;
  /** Standard deviation of each blob; default 1. */
  readonly std?: number;
}

/**
 * Normal clouds around centers, one a class, in turn.
 * @throws OptionError for fewer than 1 center or a negative deviation.
 * @example const { x, y } = blobs(300, { centers: [[0, 0], [4, 4]], std: 0.5 })
 */
export function blobs(n: number, options: BlobsOptions = {}): Labelled {
  const op = 'blobs';
  checkOptions(op, options, ['centers', 'features', 'std']);
  const { centers = 3, features = 2 } = options;
  const std = requireBetween(op, 'std', options.std ?? 1, 0, Infinity);
  const middles: Value =
    typeof centers === 'number'
      ? uniform([requireCount(op, 'centers', centers), requireCount(op, 'features', features)])
          .mul(20)
          .sub(10)
      : constant(centers);
  const y = constant(inTurn(requireCount(op, 'n', n), middles.shape[0]!));
  const at = middles.indexSelect(0, y);
  return { x: at.add(normal(at.shape).mul(std)).detach(), y };
}

/**
 * Squares of a board over 0 … 1 by 0 … 1, coloured 0 and 1 in turn.
 * @throws OptionError for fewer than 1 square a side.
 * @example const { x, y } = checkerboard(1000, { squares: 4 })
 */
export function checkerboard(n: number, options: MakerOptions & { readonly squares?: number } = {}): Labelled {
  const op = 'checkerboard';
  checkOptions(op, options, ['noise', 'squares']);
  const squares = requireCount(op, 'squares', options.squares ?? 4);
  const [across, along] = [uniform([requireCount(op, 'n', n)]), uniform([n])];
  const cell = (x: Value): Value => x.mul(squares).floor();
  const y = cell(across).add(cell(along)).remainder(2).to('int32');
  return { x: points(op, across, along, options.noise), y: y.detach() };
}

export type Gate = 'and' | 'or' | 'xor' | 'nand' | 'nor' | 'xnor';

const GATES: Readonly<Record<Gate, readonly number[]>> = {
  and: [0, 0, 0, 1],
  or: [0, 1, 1, 1],
  xor: [0, 1, 1, 0],
  nand: [1, 1, 1, 0],
  nor: [1, 0, 0, 0],
  xnor: [1, 0, 0, 1],
};

/**
 * The four rows of a boolean gate's table: (0, 0), (0, 1), (1, 0), (1, 1) and what the gate makes of them.
 * @throws OptionError for an unknown gate.
 * @example booleanGate('xor').y.toArray() // [0, 1, 1, 0]
 */
export function booleanGate(gate: Gate): Labelled {
  const table = GATES[requireOneOf('booleanGate', 'gate', gate, Object.keys(GATES) as Gate[])];
  return {
    x: constant([
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ]),
    y: constant(table, { dtype: 'int32' }),
  };
}

/**
 * Points over −1 … 1 by −1 … 1; class 1 where exactly one coordinate is positive.
 * @example const { x, y } = xor(200, { noise: 0.1 })
 */
export function xor(n: number, options: MakerOptions = {}): Labelled {
  checkOptions('xor', options, ['noise']);
  const side = (): Value =>
    uniform([requireCount('xor', 'n', n)])
      .mul(2)
      .sub(1);
  const [across, along] = [side(), side()];
  const y = across.gt(0).ne(along.gt(0)).to('int32');
  return { x: points('xor', across, along, options.noise), y: y.detach() };
}

export interface RegressionData {
  /** [n, features] float64. */
  readonly x: Value;
  /** [n] float64. */
  readonly y: Value;
  /** [n] bool: which examples were thrown off. */
  readonly outlier: Value;
}

export interface OutlierOptions {
  /** Standard deviation of what is added to y; default 0.1. */
  readonly noise?: number;
  /** The share of examples whose y is thrown off; default 0. */
  readonly outliers?: number;
  /** Standard deviation of what throws them off; default 10. */
  readonly outlierScale?: number;
}

/** y with noise, some of it thrown off. */
function withOutliers(op: string, x: Value, y: Value, options: OutlierOptions): RegressionData {
  const n = y.shape[0]!;
  const share = requireBetween(op, 'outliers', options.outliers ?? 0, 0, 1);
  const scale = requireBetween(op, 'outlierScale', options.outlierScale ?? 10, 0, Infinity);
  // The ranks of uniform numbers below the share: exactly that many outliers.
  const rank = uniform([n]).argsort().argsort();
  const outlier = rank.lt(Math.round(share * n));
  const thrown = normal([n]).mul(scale).where(outlier, 0);
  const noisy = y.add(normal([n]).mul(noiseOf(op, options.noise ?? 0.1))).add(thrown);
  return { x: x.detach(), y: noisy.detach(), outlier: outlier.detach() };
}

export interface LinearOptions extends OutlierOptions {
  /** One weight a feature; default [2]. */
  readonly weights?: readonly number[];
  /** Default 1. */
  readonly bias?: number;
}

/**
 * y = w · x + b + noise, x over −1 … 1; some y thrown off where `outliers` says so.
 * @throws OptionError for a share outside 0 … 1.
 * @example const { x, y } = linearRegression(100, { weights: [2, -1], bias: 3, outliers: 0.1 })
 */
export function linearRegression(n: number, options: LinearOptions = {}): RegressionData {
  const op = 'linearRegression';
  checkOptions(op, options, ['noise', 'outliers', 'outlierScale', 'weights', 'bias']);
  const weights = constant(Float64Array.from(options.weights ?? [2]));
  const x = uniform([requireCount(op, 'n', n), weights.size])
    .mul(2)
    .sub(1);
  return withOutliers(op, x, x.matmul(weights).add(options.bias ?? 1), options);
}

export interface SineOptions extends OutlierOptions {
  /** Default 1. */
  readonly amplitude?: number;
  /** Full waves over x = 0 … 1; default 1. */
  readonly frequency?: number;
}

/**
 * y = amplitude · sin(2π · frequency · x) + noise, x over 0 … 1; some y thrown off where `outliers` says so.
 * @throws OptionError for a share outside 0 … 1.
 * @example const { x, y } = sineRegression(200, { frequency: 2, outliers: 0.05 })
 */
export function sineRegression(n: number, options: SineOptions = {}): RegressionData {
  const op = 'sineRegression';
  checkOptions(op, options, ['noise', 'outliers', 'outlierScale', 'amplitude', 'frequency']);
  const x = uniform([requireCount(op, 'n', n), 1]);
  const wave = x
    .reshape([n])
    .mul(TWO_PI * (options.frequency ?? 1))
    .sin();
  return withOutliers(op, x, wave.mul(options.amplitude ?? 1), options);
}
