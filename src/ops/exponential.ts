/** Exponentials and logarithms. */
import {
  exp as expLane,
  exp2 as exp2Lane,
  expm1 as expm1Lane,
  log10 as log10Lane,
  log1p as log1pLane,
  log2 as log2Lane,
  logAddExp as logAddExpLane,
  log as logLane,
} from '../base/elementary/index.ts';
import { binary, times, unary } from './families/pointwise.ts';
import type { Binary, Unary } from './families/signatures.ts';
import type { Op, Sample } from './op.ts';
import type { Value } from '../value/value.ts';

const LN2 = 0.6931471805599453;
const LN10 = 2.302585092994046;

const POSITIVE = [{ min: 0.2, max: 3 }];

const ofIntegers = (call: (x: Value) => unknown): readonly Sample[] => [
  { inputs: [{ shape: [3], dtype: 'int32', min: 1, max: 5 }], call, differentiable: false },
];

/** eˣ, elementwise. @example value(0).exp() // 1 */
export const exp: Op<Unary> = unary({
  name: 'exp',
  glyph: 'eˣ',
  lane: expLane,
  partials: [times((y) => y)],
  dtypes: 'float',
  samples: ofIntegers((x) => x.exp()),
  gold: 'exp',
});

/** 2ˣ, elementwise. @example value(3).exp2() // 8 */
export const exp2: Op<Unary> = unary({
  name: 'exp2',
  glyph: '2ˣ',
  lane: exp2Lane,
  partials: [times((y) => y.mul(LN2))],
  dtypes: 'float',
  gold: 'exp2',
});

/** eˣ − 1 with all its digits near 0, elementwise. @example value(1e-20).expm1() // 1e-20 */
export const expm1: Op<Unary> = unary({
  name: 'expm1',
  glyph: 'eˣ−1',
  lane: expm1Lane,
  partials: [times((y) => y.add(1))],
  dtypes: 'float',
  gold: 'expm1',
});

/** The natural logarithm, elementwise; −∞ at 0, NaN below. @example value(1).log() // 0 */
export const log: Op<Unary> = unary({
  name: 'log',
  glyph: 'ln',
  lane: logLane,
  partials: [(g, _, a) => g.div(a)],
  dtypes: 'float',
  domains: POSITIVE,
  samples: ofIntegers((x) => x.log()),
  gold: 'log',
});

/** The logarithm to base 2, elementwise. @example value(8).log2() // 3 */
export const log2: Op<Unary> = unary({
  name: 'log2',
  glyph: 'log₂',
  lane: log2Lane,
  partials: [(g, _, a) => g.div(a.mul(LN2))],
  dtypes: 'float',
  domains: POSITIVE,
  gold: 'log2',
});

/** The logarithm to base 10, elementwise. @example value(1000).log10() // 3 */
export const log10: Op<Unary> = unary({
  name: 'log10',
  glyph: 'log₁₀',
  lane: log10Lane,
  partials: [(g, _, a) => g.div(a.mul(LN10))],
  dtypes: 'float',
  domains: POSITIVE,
  gold: 'log10',
});

/** log(1 + x) with all its digits near 0, elementwise. @example value(1e-20).log1p() // 1e-20 */
export const log1p: Op<Unary> = unary({
  name: 'log1p',
  glyph: 'ln(1+x)',
  lane: log1pLane,
  partials: [(g, _, a) => g.div(a.add(1))],
  dtypes: 'float',
  domains: [{ min: -0.7, max: 2 }],
  gold: 'log1p',
});

/**
 * log(eˣ + eʸ) without overflow, elementwise.
 * https://docs.pytorch.org/docs/stable/generated/torch.logaddexp.html
 * @example value(1000).logAddExp(1000) // 1000.693
 */
export const logAddExp: Op<Binary> = binary({
  name: 'logAddExp',
  glyph: 'ln(eˣ+eʸ)',
  lane: logAddExpLane,
  partials: [times((_, a, b) => a.sub(b).sigmoid()), times((_, a, b) => b.sub(a).sigmoid())],
  dtypes: 'float',
  gold: 'logaddexp',
});
