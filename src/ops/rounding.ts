/** Rounding to integers. The results are locally constant: their derivative is 0. */
import { checkOptions, OptionError } from '../base/errors.ts';
import type { LaneFunction } from '../base/lanes/lanes.ts';
import type { Value } from '../value/value.ts';
import { one, pointwisePrimitive, unary, zero } from './families/pointwise.ts';
import type { AnyOperand, Of, Unary } from './families/signatures.ts';
import { op, type Op, type Sample } from './op.ts';
import { runtime, type Operand } from './runtime.ts';

/** Away from the integers and from the halves between them. */
const BETWEEN = { min: -2, max: 2, except: [-2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2] };

const ofIntegers = (call: (x: Value) => unknown): Sample => ({
  inputs: [{ shape: [3], dtype: 'int32', min: -3, max: 3 }],
  call,
  differentiable: false,
});

/** To the next integer below, elementwise. @example value([1.5, -1.5]).floor() // [1, -2] */
export const floor: Op<Unary> = unary({
  name: 'floor',
  glyph: '⌊x⌋',
  lane: (k, x) => k.floor(x),
  partials: [zero],
  refuses: ['bool'],
  domains: [BETWEEN],
  samples: [ofIntegers((x) => x.floor())],
  gold: 'floor',
});

/** To the next integer above, elementwise. @example value([1.5, -1.5]).ceil() // [2, -1] */
export const ceil: Op<Unary> = unary({
  name: 'ceil',
  glyph: '⌈x⌉',
  lane: (k, x) => k.ceil(x),
  partials: [zero],
  refuses: ['bool'],
  domains: [BETWEEN],
  samples: [ofIntegers((x) => x.ceil())],
  gold: 'ceil',
});

/** To the next integer towards 0, elementwise. @example value([1.5, -1.5]).trunc() // [1, -1] */
export const trunc: Op<Unary> = unary({
  name: 'trunc',
  lane: (k, x) => k.trunc(x),
  partials: [zero],
  refuses: ['bool'],
  domains: [BETWEEN],
  samples: [ofIntegers((x) => x.trunc())],
  gold: 'trunc',
});

const fracLane: LaneFunction = (k, x) => k.sub(x, k.trunc(x));

/** x − trunc(x), the part behind the point, elementwise. @example value([1.5, -1.5]).frac() // [0.5, -0.5] */
export const frac: Op<Unary> = unary({
  name: 'frac',
  lane: fracLane,
  partials: [one],
  refuses: ['bool', 'int32'],
  domains: [BETWEEN],
  gold: 'frac',
});

const roundPrimitive = pointwisePrimitive({
  name: 'round',
  lane: (k, x) => k.nearest(x),
  partials: [zero],
  refuses: ['bool'],
});

export interface RoundOptions {
  /** Digits behind the point that stay; negative ones before it. Default 0. */
  readonly decimals?: number;
}

interface Round {
  method<V extends Value>(this: V, options?: RoundOptions): Value<Of<V>>;
  free<V extends AnyOperand>(x: V, options?: RoundOptions): Value<Of<V>>;
}

function decimalsOf(options: RoundOptions | undefined): number {
  checkOptions('round', options, ['decimals']);
  const decimals = options?.decimals ?? 0;
  if (Number.isInteger(decimals) && Math.abs(decimals) <= 308) return decimals;
  throw new OptionError(`decimals must be a whole number in −308 … 308, got ${String(decimals)}`, {
    op: 'round',
    option: 'decimals',
  });
}

const nearest = (x: Operand): Value => runtime.unary(roundPrimitive, x, 'promote');

function roundTo(operand: Operand, options?: RoundOptions): Value {
  const decimals = decimalsOf(options);
  if (decimals === 0) return nearest(operand);
  return runtime.withScope('round', () => {
    const x = runtime.lift(operand, 'round');
    const power = Number(`1e${Math.abs(decimals)}`);
    return decimals > 0 ? nearest(x.mul(power)).div(power) : nearest(x.div(power)).mul(power);
  });
}

/**
 * To the nearest integer, or to so many decimals; ties go to the even neighbour.
 * https://docs.pytorch.org/docs/stable/generated/torch.round.html
 * @throws OptionError for decimals that are no whole number.
 * @example value([0.5, 1.5, 2.345]).round() // [0, 2, 2]
 */
export const round: Op<Round> = op<Round>('round', roundPrimitive, roundTo, {
  samples: [
    { inputs: [{ ...BETWEEN, shape: [2, 3] }], call: (x) => x.round() },
    { inputs: [{ ...BETWEEN, shape: [] }], call: (x) => x.round() },
    { inputs: [{ shape: [4], min: 1.11, max: 1.14 }], call: (x) => x.round({ decimals: 1 }) },
    { inputs: [{ shape: [4], min: 11, max: 14 }], call: (x) => x.round({ decimals: -1 }) },
    ofIntegers((x) => x.round()),
  ],
  errors: [
    {
      call: () => runtime.fill([], 1, 'float64').round({ decimals: 0.5 }),
      error: 'OptionError',
      message: /round: decimals must be a whole number.*0\.5/,
    },
    {
      call: () => runtime.fill([], 1, 'float64').round({ digits: 1 } as object),
      error: 'OptionError',
      message: /round: unknown option "digits"/,
    },
  ],
  gold: 'round',
});
