/** Logic on truth values: anything ≠ 0 (NaN too) counts as true. */
import type { Value } from '../value/value.ts';
import { binary, unary } from './families/pointwise.ts';
import type { Binary, Unary } from './families/signatures.ts';
import type { Op, Sample } from './op.ts';
import { firstOf, idempotent, involution, neutral } from './simplify.ts';

const samplesOf = (call: (x: Value, y: Value) => unknown): readonly Sample[] => [
  {
    inputs: [
      { shape: [2, 4], dtype: 'bool' },
      { shape: [4], dtype: 'bool' },
    ],
    call,
    differentiable: false,
  },
  {
    inputs: [
      { shape: [4], dtype: 'int32', min: 0, max: 1 },
      { shape: [4], dtype: 'bool' },
    ],
    call,
    differentiable: false,
  },
];

/** Whether both hold, elementwise. @example value([1, 0]).logicalAnd(true) // [true, false] */
export const logicalAnd: Op<Binary> = binary({
  name: 'logicalAnd',
  glyph: '∧',
  lane: (k, x, y) => k.and(x, y),
  simplify: firstOf(idempotent, neutral(1)),
  dtypes: 'logical',
  result: 'bool',
  samples: samplesOf((x, y) => x.logicalAnd(y)),
  gold: 'logical_and',
});

/** Whether at least one holds, elementwise. @example value([1, 0]).logicalOr(false) // [true, false] */
export const logicalOr: Op<Binary> = binary({
  name: 'logicalOr',
  glyph: '∨',
  lane: (k, x, y) => k.or(x, y),
  simplify: firstOf(idempotent, neutral(0)),
  dtypes: 'logical',
  result: 'bool',
  samples: samplesOf((x, y) => x.logicalOr(y)),
  gold: 'logical_or',
});

/** Whether exactly one holds, elementwise. @example value([1, 0]).logicalXor(true) // [false, true] */
export const logicalXor: Op<Binary> = binary({
  name: 'logicalXor',
  glyph: '⊻',
  lane: (k, x, y) => k.ne(x, y),
  simplify: neutral(0),
  dtypes: 'logical',
  result: 'bool',
  samples: samplesOf((x, y) => x.logicalXor(y)),
});

/** Whether it does not hold, elementwise. @example value([1, 0]).logicalNot() // [false, true] */
export const logicalNot: Op<Unary> = unary({
  name: 'logicalNot',
  glyph: '¬',
  lane: (k, x) => k.not(x),
  simplify: involution,
  dtypes: 'logical',
  result: 'bool',
  samples: [{ inputs: [{ shape: [4], dtype: 'bool' }], call: (x) => x.logicalNot(), differentiable: false }],
  gold: 'logical_not',
});
