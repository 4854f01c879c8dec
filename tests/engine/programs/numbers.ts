/** Shapes and numbers of random programs: odd lengths, and every number that kernels stumble over. */
import type { DType } from 'chainrule';
import type { Random } from 'fast-check';

export const chance = (rng: Random, p: number): boolean => rng.nextDouble() < p;

export const pick = <T>(rng: Random, from: readonly T[]): T => from[rng.nextInt(0, from.length - 1)]!;

/** One of several by weight. */
export function weighted<T>(rng: Random, from: readonly (readonly [weight: number, what: T])[]): T {
  let rest = rng.nextDouble() * from.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, what] of from) {
    rest -= weight;
    if (rest < 0) return what;
  }
  return from.at(-1)![1];
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((n, length) => n * length, 1);

/** How large a program's Values are. */
export interface Scale {
  /** No Value is larger. */
  readonly most: number;
  /** How often an axis is a long one. */
  readonly long: number;
}

export const SMALL: Scale = { most: 6000, long: 2 };

/** So large that several threads take part. */
export const LARGE: Scale = { most: 200_000, long: 16 };

const SHORT = [1, 2, 2, 3, 3, 4, 5, 7, 8, 9];
const LONG = [16, 17, 31, 33, 64, 65, 129, 257, 1000, 1025];

const length = (rng: Random, { long }: Scale): number =>
  weighted(rng, [
    [12, () => pick(rng, SHORT)],
    [1, () => 0],
    [long, () => pick(rng, LONG)],
  ])();

/** Mostly one to three axes; now and then none, or four. */
export function randomShape(rng: Random, scale: Scale): number[] {
  const axes = pick(rng, [0, 1, 1, 1, 2, 2, 2, 2, 3, 3, 4]);
  for (;;) {
    const shape = Array.from({ length: axes }, () => length(rng, scale));
    // As large without its empty axes: a sum over those has all the others.
    if (sizeOf(shape.map((n) => Math.max(n, 1))) <= scale.most / 2) return shape;
  }
}

export const DTYPES: readonly DType[] = ['float64', 'float64', 'float64', 'float32', 'float32', 'int32', 'bool'];

/** How wild a program's numbers are. */
export type Temper = 'tame' | 'mixed' | 'wild';

const SPECIAL = [0, -0, NaN, Infinity, -Infinity];
const EXTREME = [5e-324, -1e-310, 1e-45, 1e-40, 3e38, -3.4e38, 1e308, -1.7e308, 16777217, 4503599627370497, 1e16, 745];

const plain = (rng: Random): number =>
  weighted(rng, [
    [2, () => rng.nextInt(-3, 3)],
    [4, () => rng.nextDouble() * 4 - 2],
    [1, () => (rng.nextDouble() - 0.5) * 40],
  ])();

function float(rng: Random, temper: Temper): number {
  const odd = temper === 'tame' ? 0 : temper === 'mixed' ? 0.04 : 0.3;
  return chance(rng, odd) ? pick(rng, chance(rng, 0.6) ? SPECIAL : EXTREME) : plain(rng);
}

const INTEGERS = [2147483647, -2147483648, 65536, -65537, 46341];

const int = (rng: Random, temper: Temper): number =>
  temper === 'wild' && chance(rng, 0.2) ? pick(rng, INTEGERS) : rng.nextInt(-4, 6);

export function randomNumber(rng: Random, dtype: DType, temper: Temper): number {
  if (dtype === 'bool') return rng.nextInt(0, 1);
  return dtype === 'int32' ? int(rng, temper) : float(rng, temper);
}

/** Where elements have to lie, or what the matrix over the last two axes must be. */
export interface Domain {
  readonly min?: number;
  readonly max?: number;
  readonly matrix?: 'regular' | 'symmetric' | 'positiveDefinite';
}

/** A well-conditioned matrix over the last two axes, of any kind that an op may ask for: symmetric, heavy on its diagonal. */
function matrixElements(rng: Random, shape: readonly number[]): number[] {
  const [rows, columns] = [shape.at(-2)!, shape.at(-1)!];
  const data = Array.from({ length: sizeOf(shape) }, () => rng.nextInt(-8, 8) / 16);
  for (let at = 0; at < data.length; at += rows * columns) {
    for (let i = 0; i < Math.min(rows, columns); i++) {
      for (let j = 0; j < i; j++) data[at + i * columns + j] = data[at + j * columns + i]!;
      data[at + i * columns + i] = Math.max(rows, columns) + rng.nextInt(0, 8) / 8 + i;
    }
  }
  return data;
}

/** Elements for a source. */
export function randomContent(
  rng: Random,
  shape: readonly number[],
  dtype: DType,
  temper: Temper,
  domain: Domain = {},
): number[] {
  if (domain.matrix !== undefined) return matrixElements(rng, shape);
  const { min = -Infinity, max = Infinity } = domain;
  const within = (x: number): number =>
    Number.isNaN(x) || (x >= min && x <= max)
      ? x
      : dtype === 'int32'
        ? rng.nextInt(Math.max(min, -9), Math.min(max, 9))
        : Math.max(Math.min(x, max), min);
  return Array.from({ length: sizeOf(shape) }, () => within(randomNumber(rng, dtype, temper)));
}
