/** fast-check arbitraries of Values: numbers as finite differences like them, shrinking towards short ones. */
import { newStorage, type DType } from '../base/dtypes.ts';
import { checkOptions, OptionError, showShape } from '../base/errors.ts';
import { checkShape, sizeOf, type Shape } from '../base/shapes.ts';
import { constant, value } from '../value/create.ts';
import { checkDType } from '../value/read.ts';
import type { Value } from '../value/value.ts';
import { fastCheck, isArbitrary, type Arbitrary } from './fast-check.ts';
import { conditioned, type MatrixKind } from './matrices.ts';

export interface ArbitraryOptions {
  /** The shape of every sample. */
  readonly shape?: Shape;
  /** Shapes to choose from, or an arbitrary of shapes; default up to three axes of length 1 … 4. */
  readonly shapes?: readonly Shape[] | Arbitrary<Shape>;
  /** Default float64. */
  readonly dtype?: DType;
  /** Elements lie in [min, max]; default [−2, 2] for floats, [−8, 8] for int32. */
  readonly min?: number;
  readonly max?: number;
  /** Points to keep away from: kinks, poles. */
  readonly except?: readonly number[];
  /** How far elements keep from `except`, and from each other where they are `distinct`; default 0.05. */
  readonly gap?: number;
  /** No two elements are equal (or, floats, closer than `gap`). */
  readonly distinct?: boolean;
  /** Matrices over the last two axes: well conditioned, symmetric, symmetric positive definite. */
  readonly matrix?: MatrixKind;
  /** Also NaN, ±∞ and −0 (floats). */
  readonly special?: boolean;
  /** Default true for floats, as for `value`. */
  readonly requiresGrad?: boolean;
}

const KNOWN: readonly (keyof ArbitraryOptions)[] = [
  'shape',
  'shapes',
  'dtype',
  'min',
  'max',
  'except',
  'gap',
  'distinct',
  'matrix',
  'special',
  'requiresGrad',
];

const OP = 'arbitraryValue';

/** Where elements come from. */
interface Elements {
  readonly dtype: DType;
  readonly min: number;
  readonly max: number;
  readonly except: readonly number[];
  readonly gap: number;
}

function elementsOf(options: ArbitraryOptions): Elements {
  const dtype = options.dtype === undefined ? 'float64' : checkDType(OP, options.dtype);
  const usual = dtype === 'bool' ? [0, 1] : dtype === 'int32' ? [-8, 8] : [-2, 2];
  const min = options.min ?? Math.min(usual[0]!, options.max ?? Infinity);
  const max = options.max ?? Math.max(usual[1]!, min);
  if (!Number.isFinite(min) || !Number.isFinite(max) || min > max) {
    throw new OptionError(`min and max must be finite and in order, got ${min} and ${max}`, { op: OP, option: 'min' });
  }
  return { dtype, min, max, except: options.except ?? [], gap: options.gap ?? 0.05 };
}

const isFar = (x: number, { except, gap }: Elements): boolean => except.every((p) => Math.abs(x - p) >= gap);

/** The numbers that elements are chosen from: whole ones, or a fine grid of short binary fractions. */
function* grid(elements: Elements, steps: number): Generator<number> {
  const { min, max, dtype } = elements;
  const whole = dtype === 'int32' || dtype === 'bool';
  let step = 1;
  if (!whole) {
    while (step * steps > max - min && step > 1e-300) step /= 2;
    while (step * 2 * steps <= max - min) step *= 2;
  }
  const first = Math.ceil(min / step);
  const last = Math.floor(max / step);
  if (first > last || (!whole && max - min === 0)) {
    if (!whole && isFar(min, elements)) yield min;
    return;
  }
  for (let i = first; i <= last; i++) if (isFar(i * step, elements)) yield i * step;
}

/** Towards 0, then 1, −1, …: what shrinking tends to comes first. */
const bySimplicity = (xs: readonly number[]): number[] =>
  xs
    .map((x) => ({ x, length: Number.isInteger(x) ? 0 : String(x).length }))
    .sort((a, b) => a.length - b.length || Math.abs(a.x) - Math.abs(b.x) || b.x - a.x)
    .map(({ x }) => x);

const FINE = 1024;

const known = new Map<string, readonly number[]>();

/** The numbers that elements are chosen from; made once for each domain. */
function choices(elements: Elements): readonly number[] {
  const key = JSON.stringify(elements);
  const found = known.get(key) ?? bySimplicity([...grid(elements, FINE)]);
  known.set(key, found);
  if (found.length > 0) return found;
  throw new OptionError(
    `no number lies in [${elements.min}, ${elements.max}] and ${elements.gap} away from ${showShape(elements.except)}`,
    { op: OP, option: 'except' },
  );
}

/** A number nearby that has all its digits: sums and products of short ones never round, and hide what rounding does. */
function long(x: number, elements: Elements): number {
  const y = x + (elements.max - elements.min) * 0.00038196601125;
  return y <= elements.max && isFar(y, elements) ? y : x;
}

/** As many places as can be, `gap` apart; closer together where there would be too few. */
function places(count: number, elements: Elements): readonly number[] {
  if (elements.dtype !== 'float64' && elements.dtype !== 'float32') return choices(elements);
  const range = elements.max - elements.min;
  const gap = Math.min(elements.gap, range / (count + 1 + 4 * elements.except.length));
  const found: number[] = [];
  for (let x = elements.min; x <= elements.max; x += gap * 1.0000001) {
    if (isFar(x, { ...elements, gap: Math.min(gap, elements.gap) })) found.push(x);
  }
  return found;
}

function flatElements(count: number, elements: Elements, options: ArbitraryOptions): Arbitrary<number[]> {
  const fc = fastCheck(OP);
  const exactly = { minLength: count, maxLength: count };
  if (options.distinct === true && count > 0) {
    const from = places(count, elements);
    if (from.length < count) {
      throw new OptionError(`[${elements.min}, ${elements.max}] does not hold ${count} distinct elements`, {
        op: OP,
        option: 'distinct',
      });
    }
    return fc.shuffledSubarray([...from], exactly);
  }
  if (count === 0) return fc.constant([]);
  const from = choices(elements);
  const short = fc.nat({ max: from.length - 1 }).map((i) => from[i]!);
  const plain =
    elements.dtype === 'int32' || elements.dtype === 'bool'
      ? short
      : fc.oneof(
          { withCrossShrink: true },
          short,
          short.map((x) => long(x, elements)),
        );
  const special = fc.constantFrom(0, -0, NaN, Infinity, -Infinity);
  const element =
    options.special === true ? fc.oneof({ weight: 3, arbitrary: plain }, { weight: 1, arbitrary: special }) : plain;
  return fc.array(element, exactly);
}

function shapesOf(options: ArbitraryOptions): Arbitrary<Shape> {
  const fc = fastCheck(OP);
  if (options.shape !== undefined && options.shapes !== undefined) {
    throw new OptionError('shape and shapes exclude each other', { op: OP, option: 'shapes' });
  }
  if (options.shape !== undefined) return fc.constant(checkShape(OP, options.shape));
  if (options.shapes === undefined) return fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 });
  if (isArbitrary(options.shapes)) return options.shapes;
  if (!Array.isArray(options.shapes) || options.shapes.length === 0) {
    throw new OptionError('shapes must be a list of shapes, or an arbitrary of them', { op: OP, option: 'shapes' });
  }
  return fc.constantFrom(...(options.shapes as readonly Shape[]).map((shape) => checkShape(OP, shape)));
}

function make(flat: readonly number[], shape: Shape, dtype: DType, options: ArbitraryOptions): Value {
  const data = newStorage(dtype, flat.length);
  data.set(options.matrix === undefined ? flat : conditioned(flat, shape, options.matrix));
  const given = { shape, dtype };
  if (options.requiresGrad === undefined) return value(data, given);
  return options.requiresGrad ? value(data, { ...given, requiresGrad: true }) : constant(data, given);
}

/**
 * A fast-check arbitrary of Values: of the given shape, or of one of `shapes`; elements in [min, max], away from
 * `except`. Half of the elements are short binary fractions; failing samples shrink towards small whole numbers.
 * @throws ChainruleError if fast-check is not installed; OptionError for options that exclude each other.
 * @example fc.assert(fc.property(arbitraryValue({ shapes: [[], [3], [2, 3]] }), (x) => x.exp().log().allClose(x)))
 */
export function arbitraryValue(options: ArbitraryOptions = {}): Arbitrary<Value> {
  checkOptions(OP, options, KNOWN);
  const elements = elementsOf(options);
  return shapesOf(options).chain((shape) =>
    flatElements(sizeOf(shape), elements, options).map((flat) => make(flat, shape, elements.dtype, options)),
  );
}
