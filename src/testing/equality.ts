/** How Values are compared in tests. */
import { isFloat, type DType } from '../base/dtypes.ts';
import { checkOptions, showShape } from '../base/errors.ts';
import { sameShape } from '../base/shapes.ts';
import { constant } from '../value/create.ts';
import type { Data } from '../value/read.ts';
import { format } from '../value/format.ts';
import { isTraced, isValue, type Value } from '../value/value.ts';
import { sameNumbers } from './problem.ts';

/**
 * Equality of Values for `expect.addEqualityTesters([equalValues])`, so that `toEqual` compares their numbers: same
 * shape, same dtype, same bits (−0 ≠ 0, all NaNs equal). Undefined, "not mine to say", if neither is a Value.
 * Whether gradients are required, labels and graphs do not matter.
 */
export function equalValues(a: unknown, b: unknown): boolean | undefined {
  if (!isValue(a) && !isValue(b)) return undefined;
  if (!isValue(a) || !isValue(b)) return false;
  if (isTraced(a) || isTraced(b)) return a === b;
  return a.dtype === b.dtype && sameShape(a.shape, b.shape) && sameNumbers(a.data, b.data);
}

export interface Closeness {
  /** Relative to the expected number; default 1e-9 for float64, 1e-5 for float32. */
  readonly relative?: number;
  /** Default 1e-12 for float64, 1e-6 for float32. */
  readonly absolute?: number;
}

const TOLERANCE: Readonly<Record<DType, Required<Closeness>>> = {
  float64: { relative: 1e-9, absolute: 1e-12 },
  float32: { relative: 1e-5, absolute: 1e-6 },
  int32: { relative: 0, absolute: 0 },
  bool: { relative: 0, absolute: 0 },
};

/** The first element that is too far off; −1 if there is none. */
function firstDistant(got: ArrayLike<number>, want: ArrayLike<number>, by: Required<Closeness>): number {
  for (let i = 0; i < want.length; i++) {
    const [x, y] = [got[i]!, want[i]!];
    if (x === y || (Number.isNaN(x) && Number.isNaN(y))) continue;
    if (!(Math.abs(x - y) <= by.absolute + by.relative * Math.abs(y)) || Math.abs(y) === Infinity) return i;
  }
  return -1;
}

/** What a Jest matcher returns. */
export interface MatcherResult {
  readonly pass: boolean;
  message(): string;
}

const said = (pass: boolean, message: string): MatcherResult => ({ pass, message: () => message });

function expectation(expected: unknown, dtype: DType): Value {
  if (isValue(expected)) return expected;
  return constant(expected as Data, { dtype: isFloat(dtype) ? 'float64' : dtype });
}

/**
 * Jest matcher: a Value whose elements are close to `expected` (a Value, a number, nested arrays). Shapes must be
 * equal; dtypes too if `expected` is a Value. NaN is close to NaN, ∞ to ∞.
 * @example expect.extend({ toBeCloseToValue }); expect(x.exp()).toBeCloseToValue([1, Math.E])
 */
export function toBeCloseToValue(received: unknown, expected: unknown, closeness: Closeness = {}): MatcherResult {
  checkOptions('toBeCloseToValue', closeness, ['relative', 'absolute']);
  if (!isValue(received)) return said(false, `expected a Value, got ${String(received)}`);
  if (isTraced(received)) return said(false, `expected a Value with numbers, got ${format(received)}`);
  const wanted = expectation(expected, received.dtype);
  const both = `\n  expected ${format(wanted)}\n  got      ${format(received)}`;
  if (!sameShape(received.shape, wanted.shape)) {
    return said(false, `expected shape ${showShape(wanted.shape)}, got ${showShape(received.shape)}${both}`);
  }
  if (isValue(expected) && expected.dtype !== received.dtype) {
    return said(false, `expected ${expected.dtype}, got ${received.dtype}${both}`);
  }
  const by = { ...TOLERANCE[received.dtype], ...closeness };
  const at = firstDistant(received.data, wanted.data, by);
  if (at < 0) return said(true, `expected the Values not to be close${both}`);
  const [x, y] = [received.data[at]!, wanted.data[at]!];
  return said(false, `element ${at} is ${x}, expected ${y} (off by ${Math.abs(x - y).toExponential(2)})${both}`);
}

/**
 * All matchers: `expect.extend(valueMatchers)`. Their types come with one declaration in a file of your project:
 * ```
 * declare module 'expect' { interface Matchers<R, T> extends ValueMatchers<R> {} }             // \@jest/globals
 * declare global { namespace jest { interface Matchers<R> extends ValueMatchers<R> {} } }      // \@types/jest
 * ```
 */
export const valueMatchers: { readonly toBeCloseToValue: typeof toBeCloseToValue } = { toBeCloseToValue };

/** The matchers as methods of what `expect` returns. */
export interface ValueMatchers<R = void> {
  /** Elements close to those of a Value, a number or nested arrays; shapes equal. */
  toBeCloseToValue(expected: unknown, closeness?: Closeness): R;
}
