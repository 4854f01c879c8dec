/** Equality up to a tolerance. */
import { checkOptions } from '../base/errors.ts';
import type { Broadcast, Fits, Ok } from '../base/shape-types.ts';
import type { Value } from '../value/value.ts';
import type { AnyOperand, Of } from './families/signatures.ts';
import { composite, op, type Op } from './op.ts';
import { runtime, type Operand } from './runtime.ts';

export interface CloseOptions {
  /** Allowed difference relative to the second operand; default 1e-5. */
  readonly rtol?: number;
  /** Allowed difference beside that; default 1e-8. */
  readonly atol?: number;
  /** NaN is close to NaN; default false. */
  readonly equalNaN?: boolean;
}

function closeness(name: string, x: Operand, y: Operand, options: CloseOptions | undefined): Value {
  checkOptions(name, options, ['rtol', 'atol', 'equalNaN']);
  const { rtol = 1e-5, atol = 1e-8, equalNaN = false } = options ?? {};
  const [a, b] = runtime.fit(name, [x, y], 'float').map((v) => v.stopGradient());
  const distance = a!.sub(b!).abs();
  // Equal infinities have no distance; other ones have none that could be allowed.
  const near = distance.isFinite().logicalAnd(distance.le(b!.abs().mul(rtol).add(atol)));
  const close = a!.eq(b!).logicalOr(near);
  return equalNaN ? close.logicalOr(a!.isNaN().logicalAnd(b!.isNaN())) : close;
}

interface IsClose {
  method<V extends Value, W extends AnyOperand>(
    this: V,
    other: Fits<Broadcast<Of<V>, Of<W>>, W>,
    options?: CloseOptions,
  ): Value<Ok<Broadcast<Of<V>, Of<W>>>>;
  free<V extends AnyOperand, W extends AnyOperand>(
    x: V,
    y: Fits<Broadcast<Of<V>, Of<W>>, W>,
    options?: CloseOptions,
  ): Value<Ok<Broadcast<Of<V>, Of<W>>>>;
}

/**
 * Whether |x − y| ≤ atol + rtol·|y|, elementwise. Infinities are close to themselves only, NaN to nothing unless
 * `equalNaN`.
 * https://docs.pytorch.org/docs/stable/generated/torch.isclose.html
 * @example value([1, 2]).isClose(value([1.000001, 2.1])) // [true, false]
 */
export const isClose: Op<IsClose> = composite<IsClose>(
  'isClose',
  (x: Operand, y: Operand, options?: CloseOptions): Value => closeness('isClose', x, y, options),
  {
    samples: [
      { inputs: [{ shape: [2, 3] }, { shape: [3] }], call: (x, y) => x.isClose(y, { atol: 1 }), differentiable: false },
      { inputs: [{ shape: [3] }], call: (x) => x.isClose(x.add(1e-9), { equalNaN: true }), differentiable: false },
    ],
    errors: [
      {
        call: () => runtime.fill([], 1, 'float64').isClose(1, { equalNan: true } as object),
        error: 'OptionError',
        message: /isClose: unknown option "equalNan".*equalNaN/s,
      },
    ],
  },
);

interface AllClose {
  method(this: Value, other: AnyOperand, options?: CloseOptions): boolean;
  free(x: AnyOperand, y: AnyOperand, options?: CloseOptions): boolean;
}

/**
 * Whether all elements are close, as a JavaScript boolean; see isClose. Reads the numbers.
 * https://docs.pytorch.org/docs/stable/generated/torch.allclose.html
 * @throws TraceError under a trace.
 * @example allClose(value([1, 2]), value([1, 2.000001])) // true
 */
export const allClose: Op<AllClose> = op<AllClose>(
  'allClose',
  null,
  (x: Operand, y: Operand, options?: CloseOptions): boolean =>
    closeness('allClose', x, y, options).data.every((close) => close !== 0),
  {
    samples: [
      {
        inputs: [{ shape: [2, 3] }, { shape: [3] }],
        call: (x, y) => x.allClose(y),
        differentiable: false,
        notBatched: 'reads numbers',
      },
    ],
    errors: [
      {
        call: () => runtime.fill([], 1, 'float64').allClose(1, { tolerance: 1 } as object),
        error: 'OptionError',
        message: /allClose: unknown option "tolerance".*rtol/s,
      },
      {
        call: () => runtime.fill([2], 1, 'float64').allClose(runtime.fill([3], 1, 'float64')),
        error: 'ShapeError',
        message: /allClose: /,
      },
    ],
  },
);
