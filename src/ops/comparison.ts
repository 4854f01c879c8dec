/** Comparisons, and choosing between operands by a condition. */
import type { Value } from '../value/value.ts';
import type { Broadcast, Fits, Ok } from '../base/shape-types.ts';
import { batchPointwise, binary } from './families/pointwise.ts';
import type { AnyOperand, Binary, Of } from './families/signatures.ts';
import { op, type Op } from './op.ts';
import { NO_ATTRIBUTES, primitive, type Primitive } from './primitive.ts';
import { runtime, type Operand } from './runtime.ts';
import { requireSameShapes } from '../base/errors.ts';

/** x > y, elementwise; bool. @example value(2).gt(1) // true */
export const gt: Op<Binary> = binary({
  name: 'gt',
  glyph: '>',
  lane: (k, x, y) => k.gt(x!, y!),
  result: 'bool',
  gold: 'gt',
});

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
  compute: { kind: 'lane', lane: () => (k, c, x, y) => k.select(c!, x!, y!) },
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
      { inputs: [{ shape: [3] }, { shape: [3] }], call: (x, y) => chosen(x.gt(0.3), x, y) },
      { inputs: [{ shape: [2, 1] }, { shape: [3] }], call: (x, y) => x.where(y.gt(0), y) },
      { inputs: [{ shape: [] }, { shape: [] }], call: (x, y) => x.where(true, y) },
    ],
    gold: 'where',
  }),
  {
    method(this: Value, condition: Operand, other: Operand): Value {
      return chosen(condition, this, other);
    },
  },
) as unknown as Op<Where>;
