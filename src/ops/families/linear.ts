/** Linear ops of one operand: the op is its own derivative, and its adjoint is declared. */
import type { Dense } from '../../base/storage.ts';
import type { Value } from '../../value/value.ts';
import type { Lowering } from '../lowering.ts';
import { primitive, type Attributes, type Aval, type Primitive } from '../primitive.ts';
import { runtime } from '../runtime.ts';
import type { Applied, Simpler } from '../simplify.ts';

export interface LinearSpec<A extends Attributes> {
  readonly name: string;
  readonly glyph: string;
  /** As in PrimitiveSpec. */
  title?(attrs: A): string;
  infer(x: Aval, attrs: A): Aval;
  /** Fills the zero-filled output; absent where the elements stay in place (a view). */
  run?(out: Dense, x: Dense, attrs: A): void;
  /** As in PrimitiveSpec. */
  lower?(x: Aval, attrs: A): Lowering | null;
  /** As in PrimitiveSpec. */
  simplify?(at: Applied<A>): Simpler;
  /** The adjoint: from a cotangent of the output to one of the operand. */
  adjoint(g: Value, x: Aval, attrs: A): Value;
  /** Every output element is a copy of an input element: a filled operand gives a filled result. */
  readonly copies?: boolean;
  /** The same behind a leading batch axis of the given size. */
  batch(x: Value, size: number, attrs: A): Value;
  readonly implicit?: boolean;
}

export function linear<A extends Attributes>(spec: LinearSpec<A>): Primitive<A> {
  const self: Primitive<A> = primitive<A>({
    name: spec.name,
    glyph: spec.glyph,
    ...(spec.title === undefined ? {} : { title: (attrs: A): string => spec.title!(attrs) }),
    infer: ([x], attrs) => [spec.infer(x!, attrs)],
    compute:
      spec.run === undefined
        ? { kind: 'view' }
        : { kind: 'kernel', run: ([out], [x], attrs) => spec.run!(out!, x!, attrs), copies: spec.copies ?? false },
    simplify: (at) => spec.simplify?.(at) ?? null,
    lower: ([x], attrs) => spec.lower?.(x!, attrs) ?? null,
    derivatives: {
      kind: 'each',
      jvp: ([t], { attrs }) => t && runtime.applyOne(self, [t], attrs),
      vjp: (g, _, { inputs, attrs }) => spec.adjoint(g, inputs[0]!, attrs),
    },
    batch: ([x], _, size, attrs) => [spec.batch(x!, size, attrs)],
    implicit: spec.implicit ?? false,
  });
  return self;
}
