/** Changing the element type, and copies in the graph. */
import { isDType, isFloat, type DType } from '../base/dtypes.ts';
import { DtypeError } from '../base/errors.ts';
import type { Value } from '../value/value.ts';
import { batchPointwise } from './families/pointwise.ts';
import type { AnyOperand, Of } from './families/signatures.ts';
import { op, type Op } from './op.ts';
import { NO_ATTRIBUTES, primitive, type Primitive } from './primitive.ts';
import { runtime, type Operand } from './runtime.ts';
import { holdsAll, type Applied, type Simpler } from './simplify.ts';

interface CastAttributes extends Record<string, unknown> {
  readonly dtype: DType;
}

const LANE_TYPES = { float64: 'f64', float32: 'f32', int32: 'i32', bool: 'i32' } as const;

/** A cast to the same dtype is none, and one behind a cast that loses nothing starts in front of it. */
function simplerCast({ primitive, inputs: [x], attrs }: Applied<CastAttributes>): Simpler {
  if (x!.dtype === attrs.dtype) return x!;
  const source = x!.from?.primitive === primitive ? x!.from.inputs[0]! : null;
  if (source === null || !holdsAll(x!.dtype, source.dtype)) return null;
  return source.dtype === attrs.dtype ? source : { primitive, inputs: [source], attrs };
}

const castPrimitive: Primitive<CastAttributes> = primitive<CastAttributes>({
  name: 'to',
  glyph: '→',
  infer: ([x], { dtype }) => [{ shape: x!.shape, dtype }],
  compute: {
    kind: 'lane',
    lane:
      ({ dtype }) =>
      (k, x) =>
        dtype === 'bool' ? (x.type === 'mask' ? x : k.ne(x, 0)) : k.to(x, LANE_TYPES[dtype]),
  },
  simplify: simplerCast,
  derivatives: {
    kind: 'each',
    jvp: ([t], { attrs }) => (t !== undefined && isFloat(attrs.dtype) ? t.to(attrs.dtype) : undefined),
    vjp: (g, _, { inputs }) => (isFloat(inputs[0]!.dtype) ? g.to(inputs[0]!.dtype) : undefined),
  },
  batch: batchPointwise(() => castPrimitive),
  implicit: true,
});

interface To {
  method<V extends Value>(this: V, dtype: DType): Value<Of<V>>;
  free<V extends AnyOperand>(x: V, dtype: DType): Value<Of<V>>;
}

/**
 * The same numbers in another dtype: float → int32 truncates and saturates, NaN → 0; anything ≠ 0 (NaN too) → true.
 * @example value([1.7, -2]).to('int32') // [1, -2]
 */
export const to: Op<To> = op<To>(
  'to',
  castPrimitive,
  (operand: Operand, dtype: DType): Value => {
    const x = runtime.lift(operand, 'to');
    if (!isDType(dtype))
      throw new DtypeError(`unknown dtype ${JSON.stringify(dtype)}`, {
        op: 'to',
        hint: 'Use float64, float32, int32 or bool.',
      });
    return x.dtype === dtype ? x : runtime.applyOne(castPrimitive, [x], { dtype });
  },
  {
    samples: [
      { inputs: [{ shape: [3] }], call: (x) => x.to('float32').to('float64'), tolerance: 1e-3 },
      { inputs: [{ shape: [3] }], call: (x) => x.to('int32'), differentiable: false },
      { inputs: [{ shape: [2] }], call: (x) => x.to('bool'), differentiable: false },
    ],
    errors: [
      {
        call: () => runtime.fill([], 0, 'float64').to('int64' as DType),
        error: 'DtypeError',
        message: /to: unknown dtype "int64"/,
      },
    ],
  },
);

// clone ------------------------------------------------------------------------------------------------------------

/** The identity, as a node of its own: transforms differentiate with respect to such nodes. */
export const aliasPrimitive: Primitive = primitive({
  name: 'clone',
  glyph: '=',
  infer: ([x]) => [{ shape: x!.shape, dtype: x!.dtype }],
  compute: { kind: 'view' },
  simplify: ({ inputs: [x] }) => x!,
  derivatives: { kind: 'each', jvp: ([t]) => t, vjp: (g) => g },
  batch: ([x]) => [runtime.applyOne(aliasPrimitive, [x!], NO_ATTRIBUTES)],
  implicit: true,
});

/** The identity that lets no derivative through. */
const stopPrimitive: Primitive = primitive({
  name: 'stopGradient',
  glyph: '⊣',
  infer: ([x]) => [{ shape: x!.shape, dtype: x!.dtype }],
  compute: { kind: 'view' },
  simplify: ({ inputs: [x] }) => x!,
  derivatives: { kind: 'none' },
  batch: ([x]) => [runtime.applyOne(stopPrimitive, [x!], NO_ATTRIBUTES)],
});

interface Identity {
  method<V extends Value>(this: V): V;
  free<V extends Value>(x: V): V;
}

/** The same Value as a node of its own, through which gradients flow. @example x.clone() */
export const clone: Op<Identity> = op<Identity>(
  'clone',
  aliasPrimitive,
  (x: Operand): Value => runtime.applyOne(aliasPrimitive, [runtime.lift(x, 'clone')], NO_ATTRIBUTES),
  { samples: [{ inputs: [{ shape: [2, 3] }], call: (x) => x.clone() }] },
);

/** The same numbers; derivatives take it for a constant. @example x.mul(stopGradient(x)) */
export const stopGradient: Op<Identity> = op<Identity>(
  'stopGradient',
  stopPrimitive,
  (x: Operand): Value => runtime.applyOne(stopPrimitive, [runtime.lift(x, 'stopGradient')], NO_ATTRIBUTES),
  { samples: [{ inputs: [{ shape: [3] }], call: (x) => x.stopGradient(), differentiable: false }] },
);
