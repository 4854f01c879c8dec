import { constant, grad, type Value } from 'chainrule';

const of = (...xs: number[]): Value => constant(Float64Array.from(xs));
const gradientOf = (f: (x: Value) => Value, x: readonly number[]): number[] => Array.from(grad(f)(of(...x)).data);
const secondOf = (f: (x: Value) => Value, x: readonly number[]): number[] => gradientOf((y) => grad(f)(y).sum(), x);

const orders = [0, 0.5, 1, 1.5, 2, 2.5, 3, Infinity, -Infinity, -1, -2];

describe('the zero vector', () => {
  test.each(orders)('has norm 0, gradient 0 and second derivatives 0 at order %d', (p) => {
    expect(of(0, 0).vectorNorm(p).item()).toBe(0);
    const expected = [0, 0];
    expect(gradientOf((x) => x.vectorNorm(p), [0, 0]).map(Math.abs)).toEqual(expected);
    expect(secondOf((x) => x.vectorNorm(p), [0, 0]).map(Math.abs)).toEqual(expected);
  });
});

describe('one zero among others', () => {
  test.each([0.5, 1, 1.5, 2, 3, Infinity])('gets no gradient at order %d', (p) => {
    const [zero, other] = gradientOf((x) => x.vectorNorm(p), [0, 3]);
    expect(Math.abs(zero!)).toBe(0);
    expect(other).toBeCloseTo(1, 14);
  });

  test.each([-1, -2, -Infinity])('makes the norm 0 at order %d', (p) => {
    expect(of(0, 3).vectorNorm(p).item()).toBe(0);
  });
});

describe('orders', () => {
  test('±∞: equal magnitudes share the gradient', () => {
    expect(gradientOf((x) => x.vectorNorm(Infinity), [3, -3])).toEqual([0.5, -0.5]);
    expect(gradientOf((x) => x.vectorNorm(-Infinity), [3, -3])).toEqual([0.5, -0.5]);
  });

  test('0 counts, NaN too, and has a gradient: zero', () => {
    expect(of(0, NaN, -2).vectorNorm(0).item()).toBe(2);
    expect(gradientOf((x) => x.vectorNorm(0), [0, 1])).toEqual([0, 0]);
  });

  test('NaN and ∞ pass through', () => {
    for (const p of [0.5, 1, 2, 3, Infinity]) expect(of(NaN, 3).vectorNorm(p).item()).toBeNaN();
    for (const p of [0.5, 1, 2, 3, Infinity]) expect(of(Infinity, 3).vectorNorm(p).item()).toBe(Infinity);
  });

  test('nothing has norm 0, at orders that have a smallest value', () => {
    expect(of().vectorNorm().item()).toBe(0);
    expect(of().norm(3).item()).toBe(0);
    expect(() => of().vectorNorm(-2)).toThrow(/vectorNorm: order -2 of no elements/);
    expect(() => of().norm(Infinity)).toThrow(/norm: order Infinity of no elements/);
  });
});

describe('matrices', () => {
  const a = constant([
    [3, 0],
    [0, -4],
  ]);

  test.each([
    ['fro', 5],
    ['nuc', 7],
    [1, 4],
    [-1, 3],
    [2, 4],
    [-2, 3],
    [Infinity, 4],
    [-Infinity, 3],
  ] as const)('order %s', (order, expected) => {
    expect(a.matrixNorm(order).item()).toBeCloseTo(expected, 14);
  });

  test('norm takes the elements of a matrix for one vector, except for the nuclear norm', () => {
    expect(a.norm().item()).toBe(5);
    expect(a.norm(1).item()).toBe(7);
    expect(a.norm('nuc').item()).toBeCloseTo(7, 14);
  });
});

describe('vectors of length 1', () => {
  test('what is too short is divided by eps', () => {
    expect(of(0, 0).normalize({ axis: 0 }).toArray()).toEqual([0, 0]);
    expect(of(3, 4).normalize({ axis: 0, eps: 10 }).toArray()).toEqual([0.3, 0.4]);
    expect(of(0, 0).cosineSimilarity(of(1, 0), { axis: 0 }).item()).toBe(0);
  });

  test('NaN is not hidden by eps', () => {
    expect(of(NaN, 1).normalize({ axis: 0 }).toArray()).toEqual([NaN, NaN]);
  });

  test('the distance of equal vectors has a gradient', () => {
    const x = of(1, 2);
    expect(gradientOf((y) => x.pairwiseDistance(y), [1, 2]).map((g) => Number.isFinite(g) && g !== 0)).toEqual([
      true,
      true,
    ]);
  });
});
