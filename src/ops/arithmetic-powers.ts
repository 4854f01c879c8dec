/** Powers and roots. */
import { isFloat } from '../base/dtypes.ts';
import { pow as powLane } from '../base/elementary/pow.ts';
import { DtypeError } from '../base/errors.ts';
import type { Expr, LaneFunction, Lanes } from '../base/lanes/lanes.ts';
import type { Value } from '../value/value.ts';
import { binary, times, unary } from './families/pointwise.ts';
import type { Binary, Unary } from './families/signatures.ts';
import type { Op } from './op.ts';
import { runtime, type Operand } from './runtime.ts';

/** x², elementwise. @example value(3).square() // 9 */
export const square: Op<Unary> = unary({
  name: 'square',
  glyph: 'x²',
  lane: (k, x) => k.mul(x, x),
  partials: [times((_, a) => a.mul(2))],
  refuses: ['bool'],
  samples: [
    { inputs: [{ shape: [3], dtype: 'int32', min: -9, max: 9 }], call: (x) => x.square(), differentiable: false },
  ],
  gold: 'square',
});

/** √x, elementwise; NaN below 0. @example value(9).sqrt() // 3 */
export const sqrt: Op<Unary> = unary({
  name: 'sqrt',
  glyph: '√',
  lane: (k, x) => k.sqrt(x),
  partials: [(g, y) => g.div(y.mul(2))],
  dtypes: 'float',
  domains: [{ min: 0.2, max: 3 }],
  gold: 'sqrt',
});

/** 1/√x, elementwise. @example value(4).rsqrt() // 0.5 */
export const rsqrt: Op<Unary> = unary({
  name: 'rsqrt',
  glyph: '1/√',
  lane: (k, x) => k.div(1, k.sqrt(x)),
  partials: [times((y) => y.mul(y).mul(y).mul(-0.5))],
  dtypes: 'float',
  domains: [{ min: 0.3, max: 3 }],
  gold: 'rsqrt',
});

/** 1/x, elementwise. @example value(4).reciprocal() // 0.25 */
export const reciprocal: Op<Unary> = unary({
  name: 'reciprocal',
  glyph: '1/x',
  lane: (k, x) => k.div(1, x),
  partials: [(g, y) => g.mul(y.mul(y)).neg()],
  dtypes: 'float',
  domains: [{ min: 0.4, max: 3 }],
  gold: 'reciprocal',
});

/** By repeated squaring; a negative exponent leaves 0, but ±1 of ±1. */
function integerPower(k: Lanes, x: Expr, n: Expr): Expr {
  let power = k.number(1, 'i32');
  let base = x;
  for (let bit = 0; bit < 31; bit++) {
    power = k.select(k.ne(k.bitAnd(k.shiftRight(n, bit), 1), 0), k.mul(power, base), power);
    base = k.mul(base, base);
  }
  const odd = k.ne(k.bitAnd(n, 1), 0);
  const ofMinusOne = k.select(odd, k.number(-1, 'i32'), 1);
  const inverse = k.select(k.eq(x, 1), k.number(1, 'i32'), k.select(k.eq(x, -1), ofMinusOne, 0));
  return k.select(k.lt(n, 0), inverse, power);
}

/** The square is exact to the last bit, whether or not 2 is known when the op is recorded. */
const lane: LaneFunction = (k, x, y) =>
  x.type === 'i32' ? integerPower(k, x, y) : k.select(k.eq(y, 2), k.mul(x, x), powLane(k, x, y));

/** b·aᵇ⁻¹, but 0 at 0⁰ (and NaN⁰), in all derivatives. */
function slopeInBase(a: Value, b: Value): Value {
  const regular = b.ne(0).logicalOr(a.abs().gt(0));
  return b.where(regular, 0).mul(a.where(regular, 1).pow(b.sub(1)));
}

/** aᵇ·log a, but 0 for a = 0 and b ≥ 0, where aᵇ does not change with b (or jumps). */
function slopeInExponent(y: Value, a: Value, b: Value): Value {
  const regular = a.ne(0).logicalOr(b.lt(0));
  return y.mul(a.where(regular, 1).log());
}

function refuseNegative(x: Operand, exponent: Operand): void {
  if (typeof exponent !== 'number' || exponent >= 0 || !Number.isInteger(exponent)) return;
  if (!runtime.isValue(x) || isFloat(x.dtype)) return;
  throw new DtypeError('an integer to a negative power is no integer', {
    op: 'pow',
    hint: `Cast first: x.to('float64').pow(${exponent}).`,
  });
}

/**
 * x to the power y, elementwise. x⁰ = 1 for every x; a negative base needs an integral exponent, else NaN. Integers stay
 * integers (and wrap); as exponents they may be negative only where the base is a float.
 * https://docs.pytorch.org/docs/stable/generated/torch.pow.html
 * @throws DtypeError for an integer base with a negative exponent.
 * @example value([1, 2, 3]).pow(2) // [1, 4, 9]
 */
export const pow: Op<Binary> = binary(
  {
    name: 'pow',
    glyph: 'xʸ',
    lane,
    partials: [times((_, a, b) => slopeInBase(a, b)), times(slopeInExponent)],
    refuses: ['bool'],
    domains: [
      { min: 0.3, max: 2 },
      { min: -2, max: 2 },
    ],
    samples: [
      { inputs: [{ shape: [4] }], call: (x) => x.pow(2) },
      { inputs: [{ shape: [4] }], call: (x) => x.pow(3) },
      { inputs: [{ shape: [4] }], call: (x) => x.pow(0) },
      { inputs: [{ shape: [4] }], call: (x) => x.pow(1) },
      { inputs: [{ shape: [2, 2], min: 0.4, max: 2 }], call: (x) => x.pow(-1.5) },
      { inputs: [{ shape: [3] }], call: (x) => runtime.lift(2, 'pow').pow(x) },
      {
        inputs: [
          { shape: [4], dtype: 'int32', min: -3, max: 3 },
          { shape: [4], dtype: 'int32', min: -3, max: 7 },
        ],
        call: (x, y) => x.pow(y),
        differentiable: false,
      },
    ],
    errors: [
      {
        call: () => runtime.fill([2], 3, 'int32').pow(-1),
        error: 'DtypeError',
        message: /pow: an integer to a negative power.*to\('float64'\)/s,
      },
    ],
    gold: 'pow',
  },
  (apply) => (x, exponent) => {
    refuseNegative(x, exponent);
    // Squares are common, and cheaper as such.
    if (exponent === 2 && runtime.isValue(x) && x.dtype !== 'bool') return x.square();
    return apply(x, exponent);
  },
);
