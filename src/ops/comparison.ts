/** Comparisons, and choosing between operands by a condition. */
import { requireSameShapes } from '../base/errors.ts';
import type { LaneFunction } from '../base/lanes/lanes.ts';
import type { Broadcast, Fits, Ok } from '../base/shape-types.ts';
import type { Value } from '../value/value.ts';
import { batchPointwise, binary, unary } from './families/pointwise.ts';
import type { AnyOperand, Binary, Of, Unary } from './families/signatures.ts';
import { op, type Op, type Sample } from './op.ts';
import { NO_ATTRIBUTES, primitive, type Primitive } from './primitive.ts';
import { runtime, type Operand } from './runtime.ts';

/** Bools are ordered as 0 and 1. */
const ordered =
  (lane: LaneFunction): LaneFunction =>
  (k, ...xs) =>
    lane(k, ...xs.map((x) => (x.type === 'mask' ? k.to(x, 'i32') : x)));

const samplesOf = (call: (x: Value, y: Value) => unknown): readonly Sample[] =>
  (['int32', 'bool'] as const).map((dtype) => ({
    inputs: [
      { shape: [2, 3], dtype, min: 0, max: 2 },
      { shape: [3], dtype, min: 0, max: 2 },
    ],
    call,
    differentiable: false,
  }));

/** Whether x = y, elementwise; −0 = 0, NaN ≠ NaN. @example value([1, 2]).eq(2) // [false, true] */
export const eq: Op<Binary> = binary({
  name: 'eq',
  glyph: '=',
  lane: (k, x, y) => k.eq(x, y),
  result: 'bool',
  samples: samplesOf((x, y) => x.eq(y)),
  gold: 'eq',
});

/** Whether x ≠ y, elementwise; true where either is NaN. @example value([1, 2]).ne(2) // [true, false] */
export const ne: Op<Binary> = binary({
  name: 'ne',
  glyph: '≠',
  lane: (k, x, y) => k.ne(x, y),
  result: 'bool',
  samples: samplesOf((x, y) => x.ne(y)),
  gold: 'ne',
});

/** Whether x < y, elementwise; false where either is NaN. @example value([1, 2]).lt(2) // [true, false] */
export const lt: Op<Binary> = binary({
  name: 'lt',
  glyph: '<',
  lane: ordered((k, x, y) => k.lt(x, y)),
  result: 'bool',
  samples: samplesOf((x, y) => x.lt(y)),
  gold: 'lt',
});

/** Whether x ≤ y, elementwise; false where either is NaN. @example value([1, 2, 3]).le(2) // [true, true, false] */
export const le: Op<Binary> = binary({
  name: 'le',
  glyph: '≤',
  lane: ordered((k, x, y) => k.le(x, y)),
  result: 'bool',
  samples: samplesOf((x, y) => x.le(y)),
  gold: 'le',
});

/** Whether x > y, elementwise; false where either is NaN. @example value(2).gt(1) // true */
export const gt: Op<Binary> = binary({
  name: 'gt',
  glyph: '>',
  lane: ordered((k, x, y) => k.gt(x, y)),
  result: 'bool',
  samples: samplesOf((x, y) => x.gt(y)),
  gold: 'gt',
});

/** Whether x ≥ y, elementwise; false where either is NaN. @example value([1, 2, 3]).ge(2) // [false, true, true] */
export const ge: Op<Binary> = binary({
  name: 'ge',
  glyph: '≥',
  lane: ordered((k, x, y) => k.ge(x, y)),
  result: 'bool',
  samples: samplesOf((x, y) => x.ge(y)),
  gold: 'ge',
});

// Kinds of number ----------------------------------------------------------------------------------------------------

/** Integers and bools are finite numbers. */
const ofFloats =
  (lane: LaneFunction, otherwise: boolean): LaneFunction =>
  (k, x) =>
    x.type === 'f64' || x.type === 'f32' ? lane(k, x) : k.eq(k.number(0, 'i32'), otherwise ? 0 : 1);

const integers = (call: (x: Value) => unknown): readonly Sample[] => [
  { inputs: [{ shape: [3], dtype: 'int32', min: -3, max: 3 }], call, differentiable: false },
];

/** Whether an element is NaN. @example value([1, NaN]).isNaN() // [false, true] */
export const isNaN: Op<Unary> = unary({
  name: 'isNaN',
  glyph: 'NaN?',
  lane: ofFloats((k, x) => k.isNaN(x), false),
  result: 'bool',
  samples: integers((x) => x.isNaN()),
  gold: 'isnan',
});

/** Whether an element is neither infinite nor NaN. @example value([1, Infinity]).isFinite() // [true, false] */
export const isFinite: Op<Unary> = unary({
  name: 'isFinite',
  glyph: 'finite?',
  lane: ofFloats((k, x) => k.lt(k.abs(x), Infinity), true),
  result: 'bool',
  samples: integers((x) => x.isFinite()),
  gold: 'isfinite',
});

/** Whether an element is ∞ or −∞. @example value([1, -Infinity]).isInf() // [false, true] */
export const isInf: Op<Unary> = unary({
  name: 'isInf',
  glyph: '∞?',
  lane: ofFloats((k, x) => k.eq(k.abs(x), Infinity), false),
  result: 'bool',
  samples: integers((x) => x.isInf()),
  gold: 'isinf',
});

// Choosing -----------------------------------------------------------------------------------------------------------

const wherePrimitive: Primitive = primitive({
  name: 'where',
  glyph: '?:',
  infer: (inputs) => {
    requireSameShapes(
      'where',
      inputs.map((x) => x.shape),
    );
    return [{ shape: inputs[0]!.shape, dtype: inputs[1]!.dtype }];
  },
  compute: { kind: 'lane', lane: () => (k, c, x, y) => k.select(c, x, y) },
  simplify: ({ inputs: [c, x, y] }) => (x === y || c!.fill === 1 ? x! : c!.fill === 0 ? y! : null),
  derivatives: {
    kind: 'partials',
    partials: [() => undefined, (g, _, c) => g.where(c, 0), (g, _, c) => runtime.fill(g.shape, 0, g.dtype).where(c, g)],
  },
  batch: batchPointwise(() => wherePrimitive),
});

/** The operands x and y of one dtype and shape with the condition's. */
function chosen(condition: Operand, x: Operand, y: Operand): Value {
  const c = runtime.lift(condition, 'where');
  const [a, b] = runtime.fit('where', [x, y], 'promote', c.shape);
  return runtime.applyOne(wherePrimitive, [runtime.fit('where', [c], 'logical', a!.shape)[0]!, a!, b!], NO_ATTRIBUTES);
}

interface Where {
  /** This where the condition holds, else `other`. */
  method<V extends Value, C extends AnyOperand, W extends AnyOperand>(
    this: V,
    condition: C,
    other: W,
  ): Value<Ok<Broadcast<Of<C>, Ok<Broadcast<Of<V>, Of<W>>>>>>;
  free<C extends AnyOperand, V extends AnyOperand, W extends AnyOperand>(
    condition: C,
    x: Fits<Broadcast<Of<V>, Of<C>>, V>,
    y: Fits<Broadcast<Of<V>, Of<W>>, W>,
  ): Value<Ok<Broadcast<Of<C>, Ok<Broadcast<Of<V>, Of<W>>>>>>;
}

/**
 * x where the condition holds, else y. As a function `where(condition, x, y)`, as a method `x.where(condition, y)`.
 * @example where(x.gt(0), x, 0)
 */
export const where: Op<Where> = Object.assign(
  op<Where>('where', wherePrimitive, chosen, {
    samples: [
      { inputs: [{ shape: [3], except: [0.3] }, { shape: [3] }], call: (x, y) => chosen(x.gt(0.3), x, y) },
      { inputs: [{ shape: [2, 1] }, { shape: [3], except: [0] }], call: (x, y) => x.where(y.gt(0), y) },
      { inputs: [{ shape: [] }, { shape: [] }], call: (x, y) => x.where(true, y) },
      { inputs: [{ shape: [0] }, { shape: [1] }], call: (x, y) => x.where(x.gt(0), y) },
      {
        inputs: [
          { shape: [3], dtype: 'bool' },
          { shape: [3], dtype: 'int32', min: -3, max: 3 },
        ],
        call: (c, x) => x.where(c, 0),
        differentiable: false,
      },
    ],
    gold: 'where',
  }),
  {
    method(this: Value, condition: Operand, other: Operand): Value {
      return chosen(condition, this, other);
    },
  },
);
