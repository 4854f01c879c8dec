/** Arithmetic on two operands, and signs. */
import type { Op } from './op.ts';
import { binary, negated, one, times, unary } from './families/pointwise.ts';
import type { Binary, Unary } from './families/signatures.ts';

/** Sum, elementwise. @example value(2).add(3) // 5 */
export const add: Op<Binary> = binary({
  name: 'add',
  glyph: '+',
  lane: (k, x, y) => k.add(x!, y!),
  partials: [one, one],
  refuses: ['bool'],
  gold: 'add',
});

/** Difference, elementwise. @example value(2).sub(3) // -1 */
export const sub: Op<Binary> = binary({
  name: 'sub',
  glyph: '−',
  lane: (k, x, y) => k.sub(x!, y!),
  partials: [one, negated],
  refuses: ['bool'],
  gold: 'sub',
});

/** Product, elementwise. @example value(2).mul(3) // 6 */
export const mul: Op<Binary> = binary({
  name: 'mul',
  glyph: '×',
  lane: (k, x, y) => k.mul(x!, y!),
  partials: [times((_, __, b) => b), times((_, a) => a)],
  refuses: ['bool'],
  gold: 'mul',
});

/** Negation. @example value(2).neg() // -2 */
export const neg: Op<Unary> = unary({
  name: 'neg',
  glyph: '−x',
  lane: (k, x) => k.neg(x!),
  partials: [negated],
  refuses: ['bool'],
  gold: 'neg',
});
