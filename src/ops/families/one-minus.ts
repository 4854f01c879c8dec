/** 1 − x and 1 − x², of which the slopes of many functions are made. */
import type { Value } from '../../value/value.ts';
import { pointwisePrimitive, times } from './pointwise.ts';
import { runtime } from '../runtime.ts';

/** 1 − x. */
export const oneMinus = (x: Value): Value => runtime.fill(x.shape, 1, x.dtype).sub(x);

const oneMinusSquarePrimitive = pointwisePrimitive({
  name: 'oneMinusSquare',
  glyph: '1−x²',
  // By its factors: near ±1 the square would have lost digits.
  lane: (k, x) => k.mul(k.sub(1, x), k.add(x, 1)),
  // By the square: the factors' product rule would give 0·∞ at ±1.
  partials: [times((_, x) => x.mul(-2))],
});

/** 1 − x² for floats, a primitive of its own because its value and its derivatives want different formulas. */
export const oneMinusSquare = (x: Value): Value => runtime.unary(oneMinusSquarePrimitive, x, 'float');
