import type { DType, Storage } from '../../../src/base/dtypes.ts';
import { newStorage } from '../../../src/base/dtypes.ts';
import * as e from '../../../src/base/elementary/index.ts';
import { laneKernel } from '../../../src/base/lanes/compile.ts';
import type { LaneFunction } from '../../../src/base/lanes/lanes.ts';
import { differences, randomArray } from '../lanes/bits.ts';

const FLOATS = ['float64', 'float32'] as const;
const N = 3001;

function apply(f: LaneFunction, dtype: DType, ...xs: Storage[]): Storage {
  const out = newStorage(dtype, N);
  laneKernel(
    f,
    xs.map(() => dtype),
    dtype,
  ).run(out, xs);
  return out;
}

const odd = {
  sin: e.sin,
  tan: e.tan,
  asin: e.asin,
  atan: e.atan,
  sinh: e.sinh,
  tanh: e.tanh,
  asinh: e.asinh,
  atanh: e.atanh,
  erf: e.erf,
};
const even = { cos: e.cos, cosh: e.cosh };
const all = {
  ...odd,
  ...even,
  exp: e.exp,
  exp2: e.exp2,
  expm1: e.expm1,
  log: e.log,
  log2: e.log2,
  log10: e.log10,
  log1p: e.log1p,
  acos: e.acos,
  acosh: e.acosh,
  sigmoid: e.sigmoid,
  logit: e.logit,
  erfc: e.erfc,
  lgamma: e.lgamma,
  digamma: e.digamma,
  trigamma: e.trigamma,
  polygamma3: e.polygamma(3),
};
const two = { pow: e.pow, atan2: e.atan2, hypot: e.hypot, logAddExp: e.logAddExp, xlogy: e.xlogy };

describe.each(FLOATS)('%s, on random bits', (dtype) => {
  const x = randomArray(dtype, N, 11);
  const y = randomArray(dtype, N, 12);
  const minus = x.map((v) => -v);

  test.each(Object.entries(odd))('%s is odd', (_, f) => {
    expect(
      differences(
        apply(f, dtype, minus),
        apply(f, dtype, x).map((v) => -v),
        [minus],
      ),
    ).toEqual([]);
  });
  test.each(Object.entries(even))('%s is even', (_, f) => {
    expect(differences(apply(f, dtype, minus), apply(f, dtype, x), [minus])).toEqual([]);
  });
  test.each(Object.entries({ hypot: e.hypot, logAddExp: e.logAddExp }))('%s is symmetric', (_, f) => {
    expect(differences(apply(f, dtype, x, y), apply(f, dtype, y, x), [x, y])).toEqual([]);
  });
  test.each(Object.entries(all))('%s: the same one by one and in vectors', (_, f) => {
    const kernel = laneKernel(f, [dtype], dtype);
    expect(
      differences(
        apply(f, dtype, x),
        x.map((v) => kernel.scalar(v)),
        [x],
      ),
    ).toEqual([]);
  });
  test.each(Object.entries(two))('%s: the same one by one and in vectors', (_, f) => {
    const kernel = laneKernel(f, [dtype, dtype], dtype);
    expect(
      differences(
        apply(f, dtype, x, y),
        x.map((v, i) => kernel.scalar(v, y[i]!)),
        [x, y],
      ),
    ).toEqual([]);
  });
});

test('functions never fall where they should rise, across the seams of their pieces', () => {
  const rising: [LaneFunction, number[]][] = [
    [e.exp, [0.34657, -0.34657, 1]],
    [e.log, [1.41421356, 0.70710678, 1]],
    [e.tanh, [0.1732, 0.52, 0.02]],
    [e.sinh, [1, 22]],
    [e.atan, [0.25, 0.75, 1]],
    [e.asin, [0.5, -0.5]],
    [e.sigmoid, [0, 0.3466, -0.3466]],
  ];
  for (const [f, seams] of rising) {
    for (const seam of seams) {
      // Steps of many ulp: 1-ulp functions rise over those, whatever the rounding.
      const x = Float64Array.from({ length: N }, (_, i) => seam + (i - N / 2) * 1e-14);
      const out = apply(f, 'float64', x);
      for (let i = 1; i < N; i++) expect(out[i]! >= out[i - 1]!).toBe(true);
    }
  }
});
