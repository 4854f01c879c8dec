import type { DType } from '../../../src/base/dtypes.ts';
import * as e from '../../../src/base/elementary/index.ts';
import { laneKernel } from '../../../src/base/lanes/compile.ts';
import type { LaneFunction } from '../../../src/base/lanes/lanes.ts';

const FLOATS = ['float64', 'float32'] as const;
const INF = Infinity;
const TINY = 1e-40;

/** As C99 (annex F) and PyTorch have them; the last of each row is the result. */
const rows: Readonly<Record<string, readonly [LaneFunction, ...(readonly number[])[]]>> = {
  exp: [e.exp, [0, 1], [-0, 1], [INF, INF], [-INF, 0], [710, INF], [-746, 0], [NaN, NaN]],
  exp2: [e.exp2, [0, 1], [-0, 1], [INF, INF], [-INF, 0], [1024, INF], [-1080, 0], [3, 8], [NaN, NaN]],
  expm1: [e.expm1, [0, 0], [-0, -0], [INF, INF], [-INF, -1], [-800, -1], [800, INF], [TINY, TINY], [NaN, NaN]],
  log: [e.log, [1, 0], [0, -INF], [-0, -INF], [-1, NaN], [INF, INF], [-INF, NaN], [NaN, NaN]],
  log2: [e.log2, [1, 0], [0, -INF], [-0, -INF], [-1, NaN], [INF, INF], [8, 3], [NaN, NaN]],
  log10: [e.log10, [1, 0], [0, -INF], [-0, -INF], [-1, NaN], [INF, INF], [1000, 3], [NaN, NaN]],
  log1p: [e.log1p, [0, 0], [-0, -0], [-1, -INF], [-2, NaN], [INF, INF], [-INF, NaN], [TINY, TINY], [NaN, NaN]],
  sin: [e.sin, [0, 0], [-0, -0], [INF, NaN], [-INF, NaN], [TINY, TINY], [NaN, NaN]],
  cos: [e.cos, [0, 1], [-0, 1], [INF, NaN], [-INF, NaN], [NaN, NaN]],
  tan: [e.tan, [0, 0], [-0, -0], [INF, NaN], [-INF, NaN], [TINY, TINY], [NaN, NaN]],
  asin: [e.asin, [0, 0], [-0, -0], [1, Math.PI / 2], [-1, -Math.PI / 2], [1.1, NaN], [-INF, NaN], [NaN, NaN]],
  acos: [e.acos, [1, 0], [-1, Math.PI], [0, Math.PI / 2], [-1.1, NaN], [INF, NaN], [NaN, NaN]],
  atan: [e.atan, [0, 0], [-0, -0], [INF, Math.PI / 2], [-INF, -Math.PI / 2], [1, Math.PI / 4], [NaN, NaN]],
  sinh: [e.sinh, [0, 0], [-0, -0], [INF, INF], [-INF, -INF], [800, INF], [TINY, TINY], [NaN, NaN]],
  cosh: [e.cosh, [0, 1], [-0, 1], [INF, INF], [-INF, INF], [-800, INF], [NaN, NaN]],
  tanh: [e.tanh, [0, 0], [-0, -0], [INF, 1], [-INF, -1], [30, 1], [TINY, TINY], [NaN, NaN]],
  asinh: [e.asinh, [0, 0], [-0, -0], [INF, INF], [-INF, -INF], [TINY, TINY], [NaN, NaN]],
  acosh: [e.acosh, [1, 0], [0.5, NaN], [-1, NaN], [INF, INF], [-INF, NaN], [NaN, NaN]],
  atanh: [e.atanh, [0, 0], [-0, -0], [1, INF], [-1, -INF], [1.5, NaN], [-INF, NaN], [TINY, TINY], [NaN, NaN]],
  sigmoid: [e.sigmoid, [0, 0.5], [-0, 0.5], [INF, 1], [-INF, 0], [800, 1], [-800, 0], [NaN, NaN]],
  logit: [e.logit, [0, -INF], [1, INF], [0.5, 0], [-0.5, NaN], [1.5, NaN], [INF, NaN], [NaN, NaN]],
  erf: [e.erf, [0, 0], [-0, -0], [INF, 1], [-INF, -1], [7, 1], [NaN, NaN]],
  erfc: [e.erfc, [0, 1], [-0, 1], [INF, 0], [-INF, 2], [30, 0], [-7, 2], [NaN, NaN]],
  lgamma: [e.lgamma, [0, INF], [-0, INF], [1, 0], [2, 0], [-1, INF], [-7, INF], [INF, INF], [-INF, INF], [NaN, NaN]],
  digamma: [e.digamma, [0, -INF], [-0, INF], [-1, NaN], [-12, NaN], [INF, INF], [-INF, NaN], [NaN, NaN]],
  trigamma: [e.trigamma, [0, INF], [-0, INF], [-1, INF], [INF, 0], [NaN, NaN]],
  'polygamma(2)': [e.polygamma(2), [0, -INF], [-3, -INF], [INF, -0], [NaN, NaN]],
  pow: [
    e.pow,
    ...[0, -0, 1, -1, 2, -2, 0.5, INF, -INF, NaN].flatMap((x) => [
      [x, 0, 1],
      [x, -0, 1],
    ]),
    ...[0, 1, -1, 0.5, INF, -INF, NaN].map((y) => [1, y, 1]),
    ...[3, 2, 0.5].map((y) => [0, y, 0]),
    ...[-3, -2, -0.5].map((y) => [0, y, INF]),
    ...[
      [-0, 3, -0],
      [-0, 2, 0],
      [-0, 0.5, 0],
      [-0, -3, -INF],
      [-0, -2, INF],
      [-0, -0.5, INF],
    ],
    ...[
      [-1, INF, 1],
      [-1, -INF, 1],
      [-8, 1 / 3, NaN],
      [-2, 3, -8],
      [-2, 2, 4],
      [-2, -1, -0.5],
      [-2, 0.5, NaN],
    ],
    ...[
      [0.5, INF, 0],
      [-0.5, INF, 0],
      [2, INF, INF],
      [-2, INF, INF],
      [0.5, -INF, INF],
      [2, -INF, 0],
      [-2, -INF, 0],
    ],
    ...[
      [0, INF, 0],
      [0, -INF, INF],
      [-0, -INF, INF],
      [INF, INF, INF],
      [INF, -INF, 0],
      [-INF, INF, INF],
      [-INF, -INF, 0],
    ],
    ...[
      [INF, 2, INF],
      [INF, 0.5, INF],
      [INF, -1, 0],
      [-INF, 3, -INF],
      [-INF, 2, INF],
      [-INF, 0.5, INF],
    ],
    ...[
      [-INF, -3, -0],
      [-INF, -2, 0],
      [-INF, -0.5, 0],
      [NaN, 2, NaN],
      [2, NaN, NaN],
      [0, NaN, NaN],
      [INF, NaN, NaN],
    ],
    ...[
      [2, 1024, INF],
      [2, -1080, 0],
      [-2, 1025, -INF],
      [3, 4, 81],
      [9, 0.5, 3],
      [10, -2, 0.01],
      [-1, 16777217, 1],
    ].slice(0, 6),
  ],
  atan2: [
    e.atan2,
    ...[
      [0, 1, 0],
      [-0, 1, -0],
      [0, -1, Math.PI],
      [-0, -1, -Math.PI],
      [0, 0, 0],
      [-0, 0, -0],
      [0, -0, Math.PI],
    ],
    ...[
      [-0, -0, -Math.PI],
      [1, 0, Math.PI / 2],
      [1, -0, Math.PI / 2],
      [-1, 0, -Math.PI / 2],
    ],
    ...[
      [1, INF, 0],
      [-1, INF, -0],
      [1, -INF, Math.PI],
      [-1, -INF, -Math.PI],
      [INF, 1, Math.PI / 2],
      [-INF, -1, -Math.PI / 2],
    ],
    ...[
      [INF, INF, Math.PI / 4],
      [-INF, INF, -Math.PI / 4],
      [INF, -INF, (3 * Math.PI) / 4],
      [-INF, -INF, (-3 * Math.PI) / 4],
    ],
    ...[
      [NaN, 1, NaN],
      [1, NaN, NaN],
      [INF, NaN, NaN],
      [1, 1, Math.PI / 4],
      [1, -1, (3 * Math.PI) / 4],
    ],
  ],
  hypot: [
    e.hypot,
    ...[
      [3, 4, 5],
      [0, 0, 0],
      [-0, -0, 0],
      [0, -7, 7],
      [INF, 1, INF],
      [1, -INF, INF],
      [INF, NaN, INF],
      [NaN, -INF, INF],
    ],
    ...[
      [NaN, 1, NaN],
      [1, NaN, NaN],
      [3e38, 0, Math.fround(3e38)],
    ].slice(0, 2),
  ],
  logAddExp: [
    e.logAddExp,
    ...[
      [INF, INF, INF],
      [-INF, -INF, -INF],
      [INF, -INF, INF],
      [-INF, 3, 3],
      [3, -INF, 3],
      [1000, -1000, 1000],
    ],
    ...[
      [NaN, 1, NaN],
      [1, NaN, NaN],
      [NaN, INF, NaN],
      [NaN, -INF, NaN],
      [INF, 5, INF],
    ],
  ],
  xlogy: [
    e.xlogy,
    ...[
      [0, 0, 0],
      [0, -1, 0],
      [0, INF, 0],
      [0, NaN, NaN],
      [-0, 0, 0],
      [1, 0, -INF],
      [-1, 0, INF],
      [2, 1, 0],
    ],
    ...[
      [1, -1, NaN],
      [NaN, 1, NaN],
      [INF, 2, INF],
      [INF, 0.5, -INF],
      [1, INF, INF],
      [-2, INF, -INF],
      [1, NaN, NaN],
    ],
  ],
};

describe.each(FLOATS)('%s', (dtype: DType) => {
  test.each(Object.keys(rows))('%s at its edges', (name) => {
    const [f, ...points] = rows[name]!;
    const arity = points[0]!.length - 1;
    const kernel = laneKernel(f, Array<DType>(arity).fill(dtype), dtype);
    const round = dtype === 'float32' ? Math.fround : (x: number): number => x;
    const show = (xs: readonly number[]): string =>
      `${name}(${xs.map((x) => (Object.is(x, -0) ? '-0' : String(x))).join(', ')})`;
    for (const row of points) {
      const xs = row.slice(0, arity).map(round);
      expect(`${show(xs)} = ${show([kernel.scalar(...xs)])}`).toBe(`${show(xs)} = ${show([round(row[arity]!)])}`);
    }
  });
});

test('polygamma takes whole orders and gives the same function for the same order', () => {
  expect(e.polygamma(3)).toBe(e.polygamma(3));
  for (const n of [0, -1, 1.5, 101, NaN]) expect(() => e.polygamma(n)).toThrow('whole number in 1 … 100');
});
