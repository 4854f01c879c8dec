/** Hyperbolic functions and their inverses. */
import {
  acosh as acoshLane,
  asinh as asinhLane,
  atanh as atanhLane,
  cosh as coshLane,
  sinh as sinhLane,
  tanh as tanhLane,
} from '../base/elementary/index.ts';
import { times, unary } from './families/pointwise.ts';
import type { Unary } from './families/signatures.ts';
import { oneMinusSquare } from './families/one-minus.ts';
import type { Op } from './op.ts';
import { runtime } from './runtime.ts';

/** sinh x, elementwise. @example value(0).sinh() // 0 */
export const sinh: Op<Unary> = unary({
  name: 'sinh',
  lane: sinhLane,
  partials: [times((_, a) => a.cosh())],
  dtypes: 'float',
  gold: 'sinh',
});

/** cosh x, elementwise. @example value(0).cosh() // 1 */
export const cosh: Op<Unary> = unary({
  name: 'cosh',
  lane: coshLane,
  partials: [times((_, a) => a.sinh())],
  dtypes: 'float',
  gold: 'cosh',
});

/** tanh x, elementwise. @example value(0).tanh() // 0 */
export const tanh: Op<Unary> = unary({
  name: 'tanh',
  lane: tanhLane,
  partials: [times(oneMinusSquare)],
  dtypes: 'float',
  gold: 'tanh',
});

/** The inverse of sinh, elementwise. @example value(0).asinh() // 0 */
export const asinh: Op<Unary> = unary({
  name: 'asinh',
  lane: asinhLane,
  partials: [(g, _, a) => g.div(a.hypot(1))],
  dtypes: 'float',
  gold: 'asinh',
});

/** The inverse of cosh, ≥ 0, elementwise; NaN below 1. @example value(1).acosh() // 0 */
export const acosh: Op<Unary> = unary({
  name: 'acosh',
  lane: acoshLane,
  // 0 − 0, unlike −(0), is +0: the derivative at 1 is +∞.
  partials: [times((_, a) => runtime.fill(a.shape, 0, a.dtype).sub(oneMinusSquare(a)).rsqrt())],
  dtypes: 'float',
  domains: [{ min: 1.3, max: 4 }],
  gold: 'acosh',
});

/** The inverse of tanh, elementwise; ±∞ at ±1, NaN beyond. @example value(0).atanh() // 0 */
export const atanh: Op<Unary> = unary({
  name: 'atanh',
  lane: atanhLane,
  partials: [(g, _, a) => g.div(oneMinusSquare(a))],
  dtypes: 'float',
  domains: [{ min: -0.8, max: 0.8 }],
  gold: 'atanh',
});
