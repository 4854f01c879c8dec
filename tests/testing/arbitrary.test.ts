import { isValue, type Value } from 'chainrule';
import { arbitraryValue, type ArbitraryOptions } from 'chainrule/testing';
import * as fc from 'fast-check';

const samples = (options: ArbitraryOptions, count: number = 200): Value[] =>
  fc.sample(arbitraryValue(options), { numRuns: count, seed: 3 });
const numbers = (options: ArbitraryOptions, count?: number): number[] =>
  samples(options, count).flatMap((x) => [...x.data]);
const distances = (xs: readonly number[]): number[] => {
  const sorted = [...xs].sort((a, b) => a - b);
  return sorted.slice(1).map((x, i) => x - sorted[i]!);
};

test('Values of the shape, float64, that require gradients', () => {
  for (const x of samples({ shape: [2, 3] })) {
    expect([isValue(x), x.shape, x.dtype, x.requiresGrad]).toEqual([true, [2, 3], 'float64', true]);
  }
  expect(samples({ shape: [], requiresGrad: false }).some((x) => x.requiresGrad)).toBe(false);
});

test('shapes: from a list, from an arbitrary, any', () => {
  expect(new Set(samples({ shapes: [[2], [1, 0]] }).map((x) => x.shape.join()))).toEqual(new Set(['2', '1,0']));
  const shapes = fc.constant([3, 1]);
  expect(samples({ shapes })[0]!.shape).toEqual([3, 1]);
  const ranks = new Set(samples({}).map((x) => x.rank));
  expect(ranks).toEqual(new Set([0, 1, 2, 3]));
});

test('elements keep to the range and away from excluded points', () => {
  const found = numbers({ shape: [5], min: -1, max: 3, except: [0, 1] });
  expect(Math.min(...found)).toBeGreaterThanOrEqual(-1);
  expect(Math.max(...found)).toBeLessThanOrEqual(3);
  expect(found.every((x) => Math.abs(x) >= 0.05 && Math.abs(x - 1) >= 0.05)).toBe(true);
  expect(found.some((x) => x < -0.5) && found.some((x) => x > 2)).toBe(true);
  expect(new Set(numbers({ shape: [2], min: 7, max: 7 }))).toEqual(new Set([7]));
});

test('some elements have all their digits, so that rounding shows', () => {
  expect(numbers({ shape: [5] }).some((x) => String(x).length > 12)).toBe(true);
});

test('distinct elements keep their distance', () => {
  for (const x of samples({ shape: [3, 4], distinct: true }, 50)) {
    expect(Math.min(...distances([...x.data]))).toBeGreaterThanOrEqual(0.05);
  }
  for (const x of samples({ shape: [4], dtype: 'int32', distinct: true }, 50)) {
    expect(Math.min(...distances([...x.data]))).toBeGreaterThanOrEqual(1);
  }
});

test('integers and booleans', () => {
  expect(numbers({ shape: [4], dtype: 'int32', min: 0, max: 2 }).every((x) => [0, 1, 2].includes(x))).toBe(true);
  expect(new Set(numbers({ shape: [4], dtype: 'bool' }))).toEqual(new Set([0, 1]));
});

test('NaN, infinities and −0 only where asked for', () => {
  const found = numbers({ shape: [9], special: true });
  expect(found.some(Number.isNaN) && found.includes(Infinity) && found.some((x) => Object.is(x, -0))).toBe(true);
  expect(numbers({ shape: [9] }).every((x) => Number.isFinite(x) && !Object.is(x, -0))).toBe(true);
});

test('matrices that linear algebra can be tested on', () => {
  for (const x of samples({ shape: [2, 3, 3], matrix: 'symmetric' }, 20)) {
    const [first] = x.toArray() as number[][][];
    expect(first![0]![2]).toBe(first![2]![0]);
  }
  for (const x of samples({ shape: [3, 3], matrix: 'positiveDefinite' }, 20)) expect(x.cholesky().size).toBe(9);
});

test('failing samples shrink to small whole numbers', () => {
  const found = fc.check(
    fc.property(arbitraryValue({ shapes: [[3], [2, 2]] }), (x) => Math.max(...x.data) < 0.7),
    { seed: 1 },
  );
  const [x] = found.counterexample!;
  expect([...x.data].filter((element) => element !== 0)).toEqual([1]);
});

test('what cannot be is refused', () => {
  const from = (options: object): unknown => fc.sample(arbitraryValue(options), 1);
  expect(() => from({ min: 2, max: 1 })).toThrow(/min and max must be finite and in order, got 2 and 1/);
  expect(() => from({ shape: [1], min: 0, max: 0.01, except: [0] })).toThrow(/no number lies in \[0, 0.01\]/);
  expect(() => from({ shape: [20], dtype: 'int32', min: 0, max: 3, distinct: true })).toThrow(
    /does not hold 20 distinct/,
  );
  expect(() => from({ shape: [1], shapes: [[1]] })).toThrow(/exclude each other/);
  expect(() => from({ shapes: [] })).toThrow(/shapes must be a list/);
  expect(() => from({ shape: [-1] })).toThrow(/\[-1\] is not a shape/);
  expect(() => from({ dtype: 'float16' })).toThrow(/unknown dtype "float16"/);
  expect(() => from({ lenght: 3 })).toThrow(/unknown option "lenght"/);
});
