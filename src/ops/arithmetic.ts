/** Arithmetic on two operands, and signs. */
import type { DType } from '../base/dtypes.ts';
import type { LaneFunction } from '../base/lanes/lanes.ts';
import type { Value } from '../value/value.ts';
import type { Op, Sample } from './op.ts';
import { binary, negated, one, times, unary, zero } from './families/pointwise.ts';
import type { Binary, Unary } from './families/signatures.ts';
import { NO_ATTRIBUTES, type Partial } from './primitive.ts';
import { runtime } from './runtime.ts';
import {
  filled,
  firstOf,
  idempotent,
  involution,
  isPowerOfTwo,
  neutral,
  neutralSecond,
  projection,
  type Applied,
  type Simpler,
  type Simplify,
} from './simplify.ts';

const bools = (call: (x: Value, y: Value) => unknown): Sample => ({
  inputs: [
    { shape: [4], dtype: 'bool' },
    { shape: [4], dtype: 'bool' },
  ],
  call,
  differentiable: false,
});

const ints = (call: (x: Value, y: Value) => unknown): Sample => ({
  inputs: [
    { shape: [2, 2], dtype: 'int32', min: -9, max: 9 },
    { shape: [2], dtype: 'int32', min: -9, max: 9 },
  ],
  call,
  differentiable: false,
});

const FLOATS: readonly DType[] = ['float64', 'float32'];
const INTEGERS: readonly DType[] = ['int32', 'bool'];

/** Sum, elementwise; of bools, whether either holds. @example value(2).add(3) // 5 */
export const add: Op<Binary> = binary({
  name: 'add',
  glyph: '+',
  lane: (k, x, y) => (x.type === 'mask' ? k.or(x, y) : k.add(x, y)),
  partials: [one, one],
  // x + 0 is not x where x is −0; x + (−0) always is.
  simplify: firstOf(neutral(-0, FLOATS), neutral(0, INTEGERS)),
  samples: [bools((x, y) => x.add(y)), ints((x, y) => x.add(y))],
  errors: [
    {
      call: () => runtime.fill([2, 3], 0, 'float64').add(runtime.fill([2], 0, 'float64') as never),
      error: 'ShapeError',
      message: /add: .*\[2, 3\].*\[2\]/s,
    },
    { call: () => runtime.fill([], 0, 'float64').add('1' as never), error: 'TypeError', message: /add: an operand/ },
  ],
  gold: 'add',
});

/** Difference, elementwise; not defined for two bools. @example value(2).sub(3) // -1 */
export const sub: Op<Binary> = binary({
  name: 'sub',
  glyph: '−',
  lane: (k, x, y) => k.sub(x, y),
  partials: [one, negated],
  simplify: neutralSecond(0),
  refuses: ['bool'],
  samples: [ints((x, y) => x.sub(y)), { inputs: [{ shape: [3] }], call: (x) => runtime.lift(1, 'sub').sub(x) }],
  errors: [
    {
      call: () => runtime.fill([2], 1, 'bool').sub(true),
      error: 'DtypeError',
      message: /sub: is not defined for bool/,
    },
  ],
  gold: 'sub',
});

/** Product, elementwise; of bools, whether both hold. @example value(2).mul(3) // 6 */
export const mul: Op<Binary> = binary({
  name: 'mul',
  glyph: '×',
  lane: (k, x, y) => (x.type === 'mask' ? k.and(x, y) : k.mul(x, y)),
  partials: [times((_, __, b) => b), times((_, a) => a)],
  simplify: neutral(1),
  samples: [bools((x, y) => x.mul(y)), ints((x, y) => x.mul(y))],
  gold: 'mul',
});

/** Where a power of two divides, its reciprocal is exact, and multiplying is the same and faster. */
function byReciprocal({ inputs: [x, y] }: Applied): Simpler {
  const reciprocal = 1 / (y!.fill ?? NaN);
  if (!FLOATS.includes(y!.dtype) || !isPowerOfTwo(Math.abs(reciprocal))) return null;
  return { primitive: mul.record.primitive!, inputs: [x!, filled(reciprocal, y!)], attrs: NO_ATTRIBUTES };
}

/** Quotient, elementwise; integers and bools are divided as floats. @example value(1).div(4) // 0.25 */
export const div: Op<Binary> = binary({
  name: 'div',
  glyph: '÷',
  lane: (k, x, y) => k.div(x, y),
  partials: [(g, _, __, b) => g.div(b), (g, y, _, b) => g.mul(y.div(b)).neg()],
  dtypes: 'float',
  simplify: firstOf(neutralSecond(1), byReciprocal),
  domains: [{}, { min: 0.5, max: 2 }],
  samples: [
    {
      inputs: [
        { shape: [3], dtype: 'int32', min: -9, max: 9 },
        { shape: [3], dtype: 'int32', min: 1, max: 9 },
      ],
      call: (x, y) => x.div(y),
      differentiable: false,
    },
    { inputs: [{ shape: [3], min: -2, max: -0.5 }], call: (x) => runtime.lift(2, 'div').div(x) },
  ],
  gold: ['div.no_rounding_mode', 'true_divide'],
});

/** Negation. @example value(2).neg() // -2 */
export const neg: Op<Unary> = unary({
  name: 'neg',
  glyph: '−x',
  lane: (k, x) => k.neg(x),
  partials: [negated],
  simplify: involution,
  refuses: ['bool'],
  errors: [
    { call: () => runtime.fill([], 1, 'bool').neg(), error: 'DtypeError', message: /neg: is not defined for bool/ },
  ],
  gold: 'neg',
});

/** |−x| = |x|. */
const withoutSign: Simplify = ({ primitive, inputs: [x], attrs }) =>
  x!.from?.primitive === neg.record.primitive ? { primitive, inputs: x!.from.inputs, attrs } : null;

/** |x|, elementwise. The derivative at 0 is 0. @example value(-2).abs() // 2 */
export const abs: Op<Unary> = unary({
  name: 'abs',
  glyph: '|x|',
  lane: (k, x) => k.abs(x),
  partials: [times((_, a) => a.sign())],
  simplify: firstOf(projection, withoutSign),
  refuses: ['bool'],
  domains: [{ except: [0] }],
  samples: [{ inputs: [{ shape: [3], dtype: 'int32', min: -9, max: 9 }], call: (x) => x.abs(), differentiable: false }],
  gold: 'abs',
});

const signLane: LaneFunction = (k, x) => k.select(k.gt(x, 0), 1, k.select(k.lt(x, 0), -1, 0));

/** −1, 0 or 1, elementwise; 0 for NaN. The derivative is 0. @example value(-2).sign() // -1 */
export const sign: Op<Unary> = unary({
  name: 'sign',
  glyph: 'sgn',
  lane: signLane,
  partials: [zero],
  refuses: ['bool'],
  domains: [{ except: [0] }],
  gold: 'sign',
});

/** To the operand chosen by `loses`; equal operands share. */
const toChosen =
  (loses: (a: Value, b: Value) => Value): Partial =>
  (g, _, a, b) =>
    runtime.fill(g.shape, 0, g.dtype).where(loses(a, b), g.mul(0.5).where(a.eq(b), g));

/**
 * The larger of two, elementwise; NaN if either is NaN. Equal operands get half of the gradient each.
 * https://docs.pytorch.org/docs/stable/generated/torch.maximum.html
 * @example value([1, 5]).maximum(3) // [3, 5]
 */
export const maximum: Op<Binary> = binary({
  name: 'maximum',
  glyph: 'max',
  lane: (k, x, y) => (x.type === 'mask' ? k.or(x, y) : k.max(x, y)),
  partials: [toChosen((a, b) => a.lt(b)), toChosen((a, b) => a.gt(b))],
  simplify: idempotent,
  domains: [
    { min: -2, max: 0, distinct: true },
    { min: 0.1, max: 2 },
  ],
  samples: [
    { inputs: [{ shape: [2, 3], except: [0.5] }], call: (x) => x.maximum(0.5) },
    bools((x, y) => x.maximum(y)),
    ints((x, y) => x.maximum(y)),
  ],
  gold: ['maximum', 'max.binary'],
});

/**
 * The smaller of two, elementwise; NaN if either is NaN. Equal operands get half of the gradient each.
 * https://docs.pytorch.org/docs/stable/generated/torch.minimum.html
 * @example value([1, 5]).minimum(3) // [1, 3]
 */
export const minimum: Op<Binary> = binary({
  name: 'minimum',
  glyph: 'min',
  lane: (k, x, y) => (x.type === 'mask' ? k.and(x, y) : k.min(x, y)),
  partials: [toChosen((a, b) => a.gt(b)), toChosen((a, b) => a.lt(b))],
  simplify: idempotent,
  domains: [
    { min: -2, max: 0 },
    { min: 0.1, max: 2 },
  ],
  samples: [
    { inputs: [{ shape: [2, 3], except: [0.5] }], call: (x) => x.minimum(0.5) },
    bools((x, y) => x.minimum(y)),
    ints((x, y) => x.minimum(y)),
  ],
  gold: ['minimum', 'min.binary'],
});
