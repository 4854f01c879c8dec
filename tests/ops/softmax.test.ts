import { constant, grad, type Value } from 'chainrule';

const of = (...xs: number[]): Value => constant(Float64Array.from(xs));
const gradientOf = (f: (x: Value) => Value, x: readonly number[]): number[] => Array.from(grad(f)(of(...x)).data);

describe('large numbers do not overflow', () => {
  test.each([1000, -1000, 1e300])('around %d', (c) => {
    expect(of(c, c).softmax().toArray()).toEqual([0.5, 0.5]);
    expect(of(c, c).logSumExp().sub(c).item()).toBeCloseTo(c === 1e300 ? 0 : Math.log(2), 12);
    expect(gradientOf((x) => x.logSumExp(), [c, c])).toEqual([0.5, 0.5]);
  });

  test('logSoftmax is exact where softmax is 0', () => {
    expect(of(0, -1000).softmax().toArray()).toEqual([1, 0]);
    expect(of(0, -1000).logSoftmax().toArray()).toEqual([0, -1000]);
  });
});

describe('±∞, as PyTorch has them', () => {
  test('−∞ is a share of 0, and gets no gradient', () => {
    expect(of(-Infinity, 0).softmax().toArray()).toEqual([0, 1]);
    expect(of(-Infinity, 0).logSoftmax().toArray()).toEqual([-Infinity, 0]);
    expect(of(-Infinity, 0).logSumExp().item()).toBe(0);
    expect(gradientOf((x) => x.logSumExp(), [-Infinity, 0])).toEqual([0, 1]);
  });

  test('shares of nothing but −∞, or with +∞, are NaN; the log-sum is not', () => {
    expect(of(-Infinity, -Infinity).softmax().toArray()).toEqual([NaN, NaN]);
    expect(of(-Infinity, -Infinity).logSumExp().item()).toBe(-Infinity);
    expect(of(Infinity, 1).softmax().toArray()).toEqual([NaN, NaN]);
    expect(of(Infinity, 1).logSumExp().item()).toBe(Infinity);
    expect(gradientOf((x) => x.logSumExp(), [Infinity, 1])).toEqual([NaN, 0]);
  });

  test('NaN spreads', () => {
    expect(of(NaN, 0).softmax().toArray()).toEqual([NaN, NaN]);
    expect(of(NaN, 0).logSumExp().item()).toBeNaN();
  });
});

describe('nothing', () => {
  test('the log-sum is −∞, shares are empty', () => {
    const empty = constant(new Float64Array(0), { shape: [2, 0] });
    expect(empty.logSumExp(1, { keepDims: true }).toArray()).toEqual([[-Infinity], [-Infinity]]);
    expect(empty.softmax(1).shape).toEqual([2, 0]);
    expect(empty.logSoftmax(1).shape).toEqual([2, 0]);
  });
});

test('softmin prefers the smallest', () => {
  const [first, second] = of(1, 2).softmin().data;
  expect(first).toBeGreaterThan(second!);
  expect(first! + second!).toBe(1);
});

test('integers have a log-sum, but no shares', () => {
  expect(constant([0, 0], { dtype: 'int32' }).logSumExp().dtype).toBe('float64');
  expect(() => constant([0, 0], { dtype: 'int32' }).softmax()).toThrow(/softmax: needs float64 or float32/);
});
