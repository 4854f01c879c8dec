/** Limits, blends, and numbers in the place of NaN and ∞. */
import { checkOptions, OptionError } from '../base/errors.ts';
import { isFloat } from '../base/dtypes.ts';
import type { Broadcast, Ok } from '../base/shape-types.ts';
import type { Value } from '../value/value.ts';
import { pointwisePrimitive, times, whereMask } from './families/pointwise.ts';
import type { AnyOperand, Of } from './families/signatures.ts';
import { oneMinus } from './families/one-minus.ts';
import { composite, op, type Op } from './op.ts';
import { runtime, type Operand } from './runtime.ts';

const clampPrimitive = pointwisePrimitive({
  name: 'clamp',
  lane: (k, x, low, high) => k.min(k.max(x, low), high),
  partials: [
    whereMask((_, x, low, high) => x.ge(low).logicalAnd(x.le(high))),
    whereMask((_, x, low, high) => x.lt(low).logicalAnd(low.lt(high))),
    whereMask((_, x, low, high) => x.gt(high).logicalOr(high.lt(low))),
  ],
  refuses: ['bool'],
});

/** A bound: none (null), a number, or a Value, which is broadcast. */
export type Bound = AnyOperand | null;

interface Clamp {
  method<V extends Value, L extends Bound = null, H extends Bound = null>(
    this: V,
    min?: L,
    max?: H,
  ): Value<Ok<Broadcast<Ok<Broadcast<Of<V>, Of<L>>>, Of<H>>>>;
  free<V extends AnyOperand, L extends Bound = null, H extends Bound = null>(
    x: V,
    min?: L,
    max?: H,
  ): Value<Ok<Broadcast<Ok<Broadcast<Of<V>, Of<L>>>, Of<H>>>>;
}

/** The bound that limits nothing: integers have none beyond their own. */
const unlimited = (x: Value, sign: 1 | -1): number =>
  isFloat(x.dtype) ? sign * Infinity : sign > 0 ? 2147483647 : -2147483648;

/**
 * x limited to min … max, elementwise; either may be null. The gradient passes at the bounds and inside them, and goes to
 * a bound that takes the place of x. Where min > max the result is max. NaN stays.
 * https://docs.pytorch.org/docs/stable/generated/torch.clamp.html
 * @throws OptionError without any bound.
 * @example value([-2, 0.5, 3]).clamp(0, 1) // [0, 0.5, 1]
 */
export const clamp: Op<Clamp> = op<Clamp>(
  'clamp',
  clampPrimitive,
  (operand: Operand, low: Operand | null = null, high: Operand | null = null): Value => {
    if (low === null && high === null) {
      throw new OptionError('at least one of min and max must be given', { op: 'clamp', hint: 'x.clamp(min, max)' });
    }
    const x = runtime.lift(operand, 'clamp');
    return runtime.pointwise(clampPrimitive, [x, low ?? unlimited(x, -1), high ?? unlimited(x, 1)], 'promote');
  },
  {
    samples: [
      { inputs: [{ shape: [2, 3], except: [-0.5, 1] }], call: (x) => x.clamp(-0.5, 1) },
      { inputs: [{ shape: [4], except: [0.3] }], call: (x) => x.clamp(0.3) },
      { inputs: [{ shape: [4], except: [0.3] }], call: (x) => x.clamp(null, 0.3) },
      {
        inputs: [
          { shape: [3], except: [-0.5, 0.5] },
          { shape: [2, 1], min: -0.55, max: -0.5 },
          { shape: [], min: 0.5, max: 0.55 },
        ],
        call: (x, low, high) => x.clamp(low, high),
      },
      { inputs: [{ shape: [0] }], call: (x) => x.clamp(0, 1) },
      { inputs: [{ shape: [4], dtype: 'int32', min: -5, max: 5 }], call: (x) => x.clamp(-2), differentiable: false },
    ],
    errors: [
      {
        call: () => runtime.fill([], 1, 'float64').clamp(),
        error: 'OptionError',
        message: /clamp: at least one of min and max/,
      },
      {
        call: () => runtime.fill([], 1, 'bool').clamp(false, true),
        error: 'DtypeError',
        message: /clamp: is not defined for bool/,
      },
    ],
    gold: 'clamp',
  },
);

const lerpPrimitive = pointwisePrimitive({
  name: 'lerp',
  // From the nearer end, as PyTorch does, so that both ends are exact.
  lane: (k, start, end, weight) => {
    const way = k.sub(end, start);
    const forth = k.add(start, k.mul(weight, way));
    return k.select(k.lt(k.abs(weight), 0.5), forth, k.sub(end, k.mul(way, k.sub(1, weight))));
  },
  partials: [
    times((_, __, ___, weight) => oneMinus(weight)),
    times((_, __, ___, weight) => weight),
    times((_, start, end) => end.sub(start)),
  ],
});

interface Lerp {
  method<V extends Value, W extends AnyOperand, T extends AnyOperand>(
    this: V,
    end: W,
    weight: T,
  ): Value<Ok<Broadcast<Ok<Broadcast<Of<V>, Of<W>>>, Of<T>>>>;
  free<V extends AnyOperand, W extends AnyOperand, T extends AnyOperand>(
    start: V,
    end: W,
    weight: T,
  ): Value<Ok<Broadcast<Ok<Broadcast<Of<V>, Of<W>>>, Of<T>>>>;
}

/**
 * start + weight·(end − start), elementwise; the weight may lie outside 0 … 1.
 * https://docs.pytorch.org/docs/stable/generated/torch.lerp.html
 * @example value(10).lerp(20, 0.25) // 12.5
 */
export const lerp: Op<Lerp> = op<Lerp>(
  'lerp',
  lerpPrimitive,
  (start: Operand, end: Operand, weight: Operand): Value =>
    runtime.pointwise(lerpPrimitive, [start, end, weight], 'float'),
  {
    samples: [
      { inputs: [{ shape: [2, 3] }, { shape: [3] }], call: (x, y) => x.lerp(y, 0.3) },
      { inputs: [{ shape: [3] }, { shape: [3] }, { shape: [2, 1] }], call: (x, y, w) => x.lerp(y, w) },
      { inputs: [{ shape: [] }, { shape: [] }, { shape: [] }], call: (x, y, w) => x.lerp(y, w) },
    ],
    gold: 'lerp',
  },
);

export interface NanToNumOptions {
  /** In the place of NaN; default 0. */
  readonly nan?: number;
  /** In the place of ∞; default the largest finite number. */
  readonly posInf?: number;
  /** In the place of −∞; default the smallest finite number. */
  readonly negInf?: number;
}

interface NanToNum {
  method<V extends Value>(this: V, options?: NanToNumOptions): Value<Of<V>>;
  free<V extends AnyOperand>(x: V, options?: NanToNumOptions): Value<Of<V>>;
}

const LARGEST = { float64: 1.7976931348623157e308, float32: 3.4028234663852886e38 };

/**
 * The same with numbers in the place of NaN, ∞ and −∞, where the gradient ends.
 * https://docs.pytorch.org/docs/stable/generated/torch.nan_to_num.html
 * @example value([1, NaN]).nanToNum() // [1, 0]
 */
export const nanToNum: Op<NanToNum> = composite<NanToNum>(
  'nanToNum',
  (operand: Operand, options?: NanToNumOptions): Value => {
    checkOptions('nanToNum', options, ['nan', 'posInf', 'negInf']);
    const x = runtime.lift(operand, 'nanToNum');
    if (x.dtype !== 'float64' && x.dtype !== 'float32') return x;
    const largest = LARGEST[x.dtype];
    const { nan = 0, posInf = largest, negInf = -largest } = options ?? {};
    return x.where(x.ne(Infinity), posInf).where(x.ne(-Infinity), negInf).where(x.isNaN().logicalNot(), nan);
  },
  {
    samples: [
      { inputs: [{ shape: [2, 3] }], call: (x) => x.nanToNum() },
      {
        inputs: [{ shape: [3] }],
        call: (x) => x.div(x.sub(x)).nanToNum({ nan: 1, posInf: 2, negInf: 3 }),
        differentiable: false,
      },
      { inputs: [{ shape: [3], dtype: 'int32', min: -3, max: 3 }], call: (x) => x.nanToNum(), differentiable: false },
    ],
    errors: [
      {
        call: () => runtime.fill([], 1, 'float64').nanToNum({ posinf: 1 } as object),
        error: 'OptionError',
        message: /nanToNum: unknown option "posinf".*posInf/s,
      },
    ],
    gold: 'nan_to_num',
  },
);
