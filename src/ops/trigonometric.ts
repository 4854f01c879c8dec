/** Circular functions and their inverses. Angles are in radians. */
import {
  acos as acosLane,
  asin as asinLane,
  atan2 as atan2Lane,
  atan as atanLane,
  cos as cosLane,
  hypot as hypotLane,
  sin as sinLane,
  tan as tanLane,
} from '../base/elementary/index.ts';
import type { Value } from '../value/value.ts';
import { binary, times, unary } from './families/pointwise.ts';
import type { Binary, Unary } from './families/signatures.ts';
import { oneMinusSquare } from './families/one-minus.ts';
import type { Op } from './op.ts';

/** sin x, elementwise. @example value(0).sin() // 0 */
export const sin: Op<Unary> = unary({
  name: 'sin',
  lane: sinLane,
  partials: [times((_, a) => a.cos())],
  dtypes: 'float',
  gold: 'sin',
});

/** cos x, elementwise. @example value(0).cos() // 1 */
export const cos: Op<Unary> = unary({
  name: 'cos',
  lane: cosLane,
  partials: [(g, _, a) => g.mul(a.sin()).neg()],
  dtypes: 'float',
  gold: 'cos',
});

/** tan x, elementwise. @example value(0).tan() // 0 */
export const tan: Op<Unary> = unary({
  name: 'tan',
  lane: tanLane,
  partials: [times((y) => y.mul(y).add(1))],
  dtypes: 'float',
  domains: [{ min: -1.2, max: 1.2 }],
  gold: 'tan',
});

const arcSlope = (a: Value): Value => oneMinusSquare(a).rsqrt();

/** The arc sine, in −π/2 … π/2, elementwise; NaN beyond ±1. @example value(1).asin() // 1.5708 */
export const asin: Op<Unary> = unary({
  name: 'asin',
  lane: asinLane,
  partials: [times((_, a) => arcSlope(a))],
  dtypes: 'float',
  domains: [{ min: -0.8, max: 0.8 }],
  gold: 'asin',
});

/** The arc cosine, in 0 … π, elementwise; NaN beyond ±1. @example value(1).acos() // 0 */
export const acos: Op<Unary> = unary({
  name: 'acos',
  lane: acosLane,
  partials: [(g, _, a) => g.mul(arcSlope(a)).neg()],
  dtypes: 'float',
  domains: [{ min: -0.8, max: 0.8 }],
  gold: 'acos',
});

/** The arc tangent, in −π/2 … π/2, elementwise. @example value(1).atan() // 0.7854 */
export const atan: Op<Unary> = unary({
  name: 'atan',
  lane: atanLane,
  partials: [(g, _, a) => g.div(a.mul(a).add(1))],
  dtypes: 'float',
  gold: 'atan',
});

/**
 * p/(a² + b²) as p/r/r, so that no square overflows; 0 at the origin, where the angle has no derivative of any order.
 */
function overSquare(p: Value, a: Value, b: Value): Value {
  const away = a.ne(0).logicalOr(b.ne(0));
  const r = a.where(away, 1).hypot(b);
  return p.where(away, 0).div(r).div(r);
}

/**
 * The angle of the point (x, y), in −π … π: `y.atan2(x)`, elementwise. The derivative at the origin is 0.
 * https://docs.pytorch.org/docs/stable/generated/torch.atan2.html
 * @example value(1).atan2(-1) // 2.3562
 */
export const atan2: Op<Binary> = binary({
  name: 'atan2',
  lane: atan2Lane,
  partials: [times((_, a, b) => overSquare(b, a, b)), (g, _, a, b) => g.mul(overSquare(a, a, b)).neg()],
  dtypes: 'float',
  domains: [{ min: 0.2, max: 2 }, {}],
  samples: [{ inputs: [{ shape: [3] }, { shape: [3], min: 0.3, max: 2 }], call: (y, x) => y.atan2(x) }],
  gold: 'atan2',
});

/**
 * √(x² + y²) without overflow, elementwise.
 * https://docs.pytorch.org/docs/stable/generated/torch.hypot.html
 * @example value(3).hypot(4) // 5
 */
export const hypot: Op<Binary> = binary({
  name: 'hypot',
  lane: hypotLane,
  partials: [times((y, a) => a.div(y)), times((y, _, b) => b.div(y))],
  dtypes: 'float',
  domains: [{ min: 0.2, max: 2 }, {}],
  gold: 'hypot',
});
