/* eslint-disable @typescript-eslint/no-unsafe-return -- see call.ts */
/** Elementwise operators and activations. */
import type { Adapter } from '../compare.ts';
import { adapt, fn, named, optionsOf, same, withOptions, type Loose } from './call.ts';

/** `input ± alpha·other`. */
const scaled = (name: string): Adapter =>
  adapt(([x, y], { alpha }) => fn(name)(x, alpha === undefined ? y : fn('mul')(y, alpha)));

const unaryNames: Readonly<Record<string, string>> = {
  abs: 'abs',
  acos: 'acos',
  acosh: 'acosh',
  asin: 'asin',
  asinh: 'asinh',
  atan: 'atan',
  atanh: 'atanh',
  ceil: 'ceil',
  clone: 'clone',
  cos: 'cos',
  cosh: 'cosh',
  digamma: 'digamma',
  erf: 'erf',
  erfc: 'erfc',
  exp: 'exp',
  exp2: 'exp2',
  expm1: 'expm1',
  floor: 'floor',
  frac: 'frac',
  isfinite: 'isFinite',
  isinf: 'isInf',
  isnan: 'isNaN',
  lgamma: 'lgamma',
  log: 'log',
  log10: 'log10',
  log1p: 'log1p',
  log2: 'log2',
  logical_not: 'logicalNot',
  neg: 'neg',
  reciprocal: 'reciprocal',
  rsqrt: 'rsqrt',
  sigmoid: 'sigmoid',
  sign: 'sign',
  sin: 'sin',
  sinh: 'sinh',
  sqrt: 'sqrt',
  square: 'square',
  tan: 'tan',
  tanh: 'tanh',
  trunc: 'trunc',
  'nn.functional.relu': 'relu',
  'nn.functional.relu6': 'relu6',
  'nn.functional.selu': 'selu',
  'nn.functional.silu': 'silu',
  'nn.functional.mish': 'mish',
  'nn.functional.softsign': 'softsign',
  'nn.functional.tanhshrink': 'tanhshrink',
  'nn.functional.logsigmoid': 'logSigmoid',
  'nn.functional.hardsigmoid': 'hardsigmoid',
  'nn.functional.hardswish': 'hardswish',
};

const binaryNames: Readonly<Record<string, string>> = {
  atan2: 'atan2',
  eq: 'eq',
  fmod: 'fmod',
  ge: 'ge',
  gt: 'gt',
  hypot: 'hypot',
  le: 'le',
  logaddexp: 'logAddExp',
  logical_and: 'logicalAnd',
  logical_or: 'logicalOr',
  logical_xor: 'logicalXor',
  lt: 'lt',
  'max.binary': 'maximum',
  maximum: 'maximum',
  'min.binary': 'minimum',
  minimum: 'minimum',
  mul: 'mul',
  ne: 'ne',
  pow: 'pow',
  remainder: 'remainder',
  true_divide: 'div',
  'div.no_rounding_mode': 'div',
  'div.floor_rounding': 'floorDivide',
  floor_divide: 'floorDivide',
  xlogy: 'xlogy',
  lerp: 'lerp',
};

const all = (names: Readonly<Record<string, string>>): Record<string, Adapter> =>
  Object.fromEntries(Object.entries(names).map(([torch, ours]) => [torch, same(ours)]));

/** A quotient rounded towards 0. */
const truncated: Adapter = adapt(([x, y]) => fn('trunc')(fn('div')(x, y)));

/** The operands the other way round. */
const swapped = (name: string): Adapter => adapt(([x, y]) => fn(name)(y, x));

const close = (name: string): Adapter =>
  adapt(([x, y], { equal_nan: equalNaN, ...kwargs }) => fn(name)(x, y, { ...optionsOf(kwargs), equalNaN }));

const polygamma: Adapter = adapt(([x, ...rest], kwargs) => fn('polygamma')(x, named(rest, ['n'], kwargs)['n']));

/** `f(x, parameter)` with one positional parameter under PyTorch's name. */
const parameter = (name: string, keys: readonly string[]): Adapter =>
  adapt(([x, ...rest], kwargs) => {
    const options = named(rest, keys, kwargs);
    const given = keys.map((key) => options[key] ?? undefined);
    while (given.length > 0 && given.at(-1) === undefined) given.pop();
    return fn(name)(x, ...given);
  });

export const pointwise: Readonly<Record<string, Adapter>> = {
  ...all(unaryNames),
  ...all(binaryNames),
  add: scaled('add'),
  sub: scaled('sub'),
  clamp: adapt(([x, ...rest], kwargs) => {
    const { min, max } = named(rest, ['min', 'max'], kwargs);
    return fn('clamp')(x, min ?? null, max ?? null);
  }),
  // The samples come as self, condition, other.
  where: adapt(([x, condition, y]) => fn('where')(condition, x, y)),
  logit: parameter('logit', ['eps']),
  nan_to_num: adapt(([x, ...rest], kwargs) => {
    const { nan, posinf, neginf } = named(rest, ['nan', 'posinf', 'neginf'], kwargs);
    const options = { nan, posInf: posinf, negInf: neginf } as Record<string, Loose>;
    return fn('nanToNum')(
      x,
      Object.fromEntries(Object.entries(options).filter(([, v]) => v !== undefined && v !== null)),
    );
  }),
  clamp_min: adapt(([x, min]) => fn('clamp')(x, min, null)),
  clamp_max: adapt(([x, max]) => fn('clamp')(x, null, max)),
  'div.trunc_rounding': truncated,
  rsub: adapt(([x, y], { alpha }) => fn('sub')(y, alpha === undefined ? x : fn('mul')(x, alpha))),
  __radd__: swapped('add'),
  __rmul__: swapped('mul'),
  __rsub__: swapped('sub'),
  __rdiv__: swapped('div'),
  __rmod__: swapped('remainder'),
  __rpow__: swapped('pow'),
  isclose: close('isClose'),
  allclose: close('allClose'),
  ...Object.fromEntries([0, 1, 2, 3, 4].map((n) => [`polygamma.polygamma_n_${n}`, polygamma])),
  round: withOptions('round', ['decimals']),
  'round.decimals_0': withOptions('round', ['decimals']),
  'round.decimals_3': withOptions('round', ['decimals']),
  'round.decimals_neg_3': withOptions('round', ['decimals']),
  'nn.functional.celu': parameter('celu', ['alpha']),
  'nn.functional.elu': parameter('elu', ['alpha']),
  'nn.functional.gelu': withOptions('gelu', []),
  'nn.functional.glu': parameter('glu', ['dim']),
  'nn.functional.hardshrink': parameter('hardshrink', ['lambd']),
  'nn.functional.hardtanh': parameter('hardtanh', ['min_val', 'max_val']),
  'nn.functional.leaky_relu': parameter('leakyRelu', ['negative_slope']),
  'nn.functional.prelu': parameter('prelu', ['weight']),
  'nn.functional.softplus': withOptions('softplus', ['beta', 'threshold']),
  'nn.functional.softshrink': parameter('softshrink', ['lambd']),
  'nn.functional.threshold': parameter('threshold', ['threshold', 'value']),
};
