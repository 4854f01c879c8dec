/** Division with a remainder. */
import { fmod as fmodLane } from '../base/elementary/fmod.ts';
import type { Expr, LaneFunction, Lanes } from '../base/lanes/lanes.ts';
import type { Value } from '../value/value.ts';
import { binary, one, zero } from './families/pointwise.ts';
import type { Binary } from './families/signatures.ts';
import type { ErrorSample, Op, Sample } from './op.ts';
import { runtime } from './runtime.ts';

/** Whether a remainder has to be brought to the divisor's side of zero. */
const strays = (k: Lanes, rest: Expr, divisor: Expr): Expr =>
  k.and(k.ne(rest, 0), k.ne(k.lt(rest, 0), k.lt(divisor, 0)));

/** Towards zero. −2³¹ / −1 wraps; a divisor of 0 traps, and whoever runs the kernel makes an error of it. */
function integerQuotient(k: Lanes, x: Expr, y: Expr): Expr {
  const flips = k.eq(y, -1);
  return k.select(flips, k.neg(x), k.div(x, k.select(flips, 1, y)));
}

const integerRest = (k: Lanes, x: Expr, y: Expr): Expr => k.sub(x, k.mul(integerQuotient(k, x, y), y));

/** (x − rest) / y is an integer up to rounding, which takes it off at most half a unit. */
function floorQuotient(k: Lanes, x: Expr, y: Expr): Expr {
  const rest = fmodLane(k, x, y);
  const exact = k.div(k.sub(x, rest), y);
  const quotient = k.select(strays(k, rest, y), k.sub(exact, 1), exact);
  const below = k.floor(quotient);
  const nearest = k.select(k.gt(k.sub(quotient, below), 0.5), k.add(below, 1), below);
  const plain = k.div(x, y);
  const signed = k.select(k.eq(quotient, 0), k.copySign(0, plain), nearest);
  return k.select(k.eq(y, 0), plain, signed);
}

const floorDivideLane: LaneFunction = (k, x, y) => {
  if (x.type !== 'i32') return floorQuotient(k, x, y);
  const quotient = integerQuotient(k, x, y);
  return k.select(strays(k, integerRest(k, x, y), y), k.sub(quotient, 1), quotient);
};

const remainderLane: LaneFunction = (k, x, y) => {
  const rest = x.type === 'i32' ? integerRest(k, x, y) : fmodLane(k, x, y);
  return k.select(strays(k, rest, y), k.add(rest, y), rest);
};

const samplesOf = (call: (x: Value, y: Value) => unknown): readonly Sample[] => [
  {
    inputs: [
      { shape: [4], min: 5.2, max: 5.8 },
      { shape: [4], min: -2.5, max: -2.1 },
    ],
    call,
  },
  {
    inputs: [
      { shape: [4], min: -5.8, max: -5.2 },
      { shape: [], min: 2.1, max: 2.5 },
    ],
    call,
  },
  {
    inputs: [
      { shape: [2, 3], dtype: 'int32', min: -9, max: 9 },
      { shape: [3], dtype: 'int32', min: 1, max: 4 },
    ],
    call,
    differentiable: false,
  },
];

const errorsOf = (name: string, call: (x: Value, y: number) => unknown): readonly ErrorSample[] => [
  {
    call: () => call(runtime.fill([2], 1, 'int32'), 0),
    error: 'ChainruleError',
    message: new RegExp(`${name}: .*zero`),
  },
  {
    call: () => call(runtime.fill([2], 1, 'bool'), true as unknown as number),
    error: 'DtypeError',
    message: new RegExp(`${name}: is not defined for bool`),
  },
];

// The quotient is constant within these.
const DOMAINS = [
  { min: 5.2, max: 5.8 },
  { min: 2.1, max: 2.5 },
];

/**
 * ⌊x / y⌋, elementwise; −7 by 2 is −4. Locally constant: the derivative is 0.
 * https://docs.pytorch.org/docs/stable/generated/torch.floor_divide.html
 * @throws ChainruleError for integers divided by zero (floats give ±∞ or NaN).
 * @example value([7, -7]).floorDivide(2) // [3, -4]
 */
export const floorDivide: Op<Binary> = binary({
  name: 'floorDivide',
  glyph: '⌊÷⌋',
  lane: floorDivideLane,
  partials: [zero, zero],
  refuses: ['bool'],
  domains: DOMAINS,
  samples: samplesOf((x, y) => x.floorDivide(y)),
  errors: errorsOf('floorDivide', (x, y) => x.floorDivide(y)),
});

/**
 * x − ⌊x / y⌋·y, elementwise: the remainder with the sign of the divisor, as Python's `%`.
 * https://docs.pytorch.org/docs/stable/generated/torch.remainder.html
 * @throws ChainruleError for integers divided by zero (floats give NaN).
 * @example value([7, -7]).remainder(3) // [1, 2]
 */
export const remainder: Op<Binary> = binary({
  name: 'remainder',
  glyph: 'mod',
  lane: remainderLane,
  partials: [one, (g, _, a, b) => g.mul(a.floorDivide(b)).neg()],
  refuses: ['bool'],
  domains: DOMAINS,
  samples: samplesOf((x, y) => x.remainder(y)),
  errors: errorsOf('remainder', (x, y) => x.remainder(y)),
  gold: 'remainder',
});

/**
 * x − trunc(x / y)·y, elementwise: the remainder with the sign of the dividend, as JavaScript's `%`. Exact.
 * https://docs.pytorch.org/docs/stable/generated/torch.fmod.html
 * @throws ChainruleError for integers divided by zero (floats give NaN).
 * @example value([7, -7]).fmod(3) // [1, -1]
 */
export const fmod: Op<Binary> = binary({
  name: 'fmod',
  glyph: '%',
  lane: (k, x, y) => (x.type === 'i32' ? integerRest(k, x, y) : fmodLane(k, x, y)),
  partials: [one, (g, _, a, b) => g.mul(a.div(b).trunc()).neg()],
  refuses: ['bool'],
  domains: DOMAINS,
  samples: samplesOf((x, y) => x.fmod(y)),
  errors: errorsOf('fmod', (x, y) => x.fmod(y)),
  gold: 'fmod',
});
