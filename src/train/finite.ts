/** A check that ends a run, compiled or not, before anything is written. */
import { ChainruleError } from '../base/errors.ts';
import { NO_ATTRIBUTES, primitive, type Primitive } from '../ops/primitive.ts';
import { applyOne } from '../value/apply.ts';
import type { Value } from '../value/value.ts';

/** What `requireFinite` throws. */
export class NotFiniteError extends ChainruleError {
  override readonly code: string = 'NOT_FINITE';
  /** The number that is not finite. */
  readonly found: number;

  constructor(found: number) {
    super(`got ${found}`, { op: 'requireFinite' });
    this.found = found;
  }
}

const finite: Primitive = primitive({
  name: 'requireFinite',
  glyph: '✓',
  infer: (inputs) => inputs,
  compute: {
    kind: 'kernel',
    run: ([out], [x]) => {
      const found = x!.data.find((element) => !Number.isFinite(element));
      if (found !== undefined) throw new NotFiniteError(found);
      out!.data.set(x!.data);
    },
  },
  derivatives: { kind: 'none' },
  batch: (inputs) => [requireFinite(inputs[0]!)],
});

/**
 * x, without its graph. In a compiled function it must be part of the result, and what is written after it is written only
 * if it holds.
 * @throws NotFiniteError if an element is NaN or infinite.
 */
export const requireFinite = (x: Value): Value => applyOne(finite, [x], NO_ATTRIBUTES);
