/** Exponentials. */
import { exp as expLane } from '../base/elementary/exp.ts';
import type { Op } from './op.ts';
import { times, unary } from './families/pointwise.ts';
import type { Unary } from './families/signatures.ts';

/** eˣ, elementwise. @example value(0).exp() // 1 */
export const exp: Op<Unary> = unary({
  name: 'exp',
  glyph: 'eˣ',
  lane: expLane,
  partials: [times((y) => y)],
  dtypes: 'float',
  gold: 'exp',
});
