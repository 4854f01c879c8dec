import { constant, grad, value, type Value } from 'chainrule';

const of = (...xs: number[]): Value => constant(Float64Array.from(xs));
const gradientOf = (f: (x: Value) => Value, x: readonly number[]): number[] => Array.from(grad(f)(of(...x)).data);
const secondOf = (f: (x: Value) => Value, x: readonly number[]): number[] => gradientOf((y) => grad(f)(y).sum(), x);

describe('running products', () => {
  const sumOf = (x: Value): Value => x.cumprod(0).sum();

  test('with zeros have the derivatives of the polynomials that they are', () => {
    expect(gradientOf(sumOf, [2, 0, 3, 0, 4])).toEqual([1, 8, 0, 0, 0]);
    expect(secondOf(sumOf, [2, 0, 3, 0, 4])).toEqual([4, 36, 2, 30, 0]);
  });

  test('keep the sign of zero', () => {
    expect(of(-0, 1, -1).cumprod(0).toArray()).toEqual([-0, -0, 0]);
  });

  test('wrap as int32 does, and are rounded as float32 is', () => {
    expect(constant([65536, 65536], { dtype: 'int32' }).cumprod(0).toArray()).toEqual([65536, 0]);
    const [a, b, c] = [0.1, 0.2, 0.3].map(Math.fround) as [number, number, number];
    expect(Array.from(constant(Float32Array.of(a, b, c)).cumprod(0).data)).toEqual([
      a,
      Math.fround(a * b),
      Math.fround(Math.fround(a * b) * c),
    ]);
  });
});

describe('running sums', () => {
  test('along every axis', () => {
    const x = constant([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(x.cumsum(0).toArray()).toEqual([
      [1, 2, 3],
      [5, 7, 9],
    ]);
    expect(x.cumsum(-1).toArray()).toEqual([
      [1, 3, 6],
      [4, 9, 15],
    ]);
  });

  test('of bool count; of int32 wrap; of nothing and of a scalar are what they are', () => {
    expect(constant([true, false, true]).cumsum(0).toArray()).toEqual([1, 1, 2]);
    expect(constant([2147483647, 1], { dtype: 'int32' }).cumsum(0).toArray()).toEqual([2147483647, -2147483648]);
    expect(of().cumsum(0).shape).toEqual([0]);
    expect(value(3).cumsum(0).item()).toBe(3);
  });
});

describe('running extremes', () => {
  test('the last of equals has the index', () => {
    expect(of(1, 3, 3, 2, 3).cummax(0).indices.toArray()).toEqual([0, 1, 2, 2, 4]);
    expect(of(3, 1, 1, 2).cummin(0).indices.toArray()).toEqual([0, 1, 2, 2]);
  });

  test('NaN stays, with the index of the last NaN so far', () => {
    const { values, indices } = of(1, 3, NaN, 4, NaN).cummax(0);
    expect(values.toArray()).toEqual([1, 3, NaN, NaN, NaN]);
    expect(indices.toArray()).toEqual([0, 1, 2, 2, 4]);
  });

  test('gradients go where the values came from', () => {
    expect(gradientOf((x) => x.cummax(0).values.sum(), [1, 3, 2, 5])).toEqual([1, 2, 0, 1]);
  });
});

describe('running log-sums', () => {
  test('do not overflow, and do not lose what comes after something small', () => {
    const [a, b, c] = of(-1000, 0, 1000).logCumSumExp(0).data;
    expect([a, b, c]).toEqual([-1000, 0, 1000]);
    expect(gradientOf((x) => x.logCumSumExp(0).sum(), [-1000, 0, 1000])).toEqual([1, 1, 1]);
  });

  test('±∞ and NaN', () => {
    expect(of(-Infinity, -Infinity, 1).logCumSumExp(0).toArray()).toEqual([-Infinity, -Infinity, 1]);
    expect(of(0, Infinity, 2).logCumSumExp(0).toArray()).toEqual([0, Infinity, Infinity]);
    expect(of(0, NaN, 2).logCumSumExp(0).toArray()).toEqual([0, NaN, NaN]);
  });
});

describe('differences', () => {
  test('n times, with ends put on', () => {
    expect(of(1, 4, 9, 16).diff({ n: 2 }).toArray()).toEqual([2, 2]);
    expect(
      of(1, 4)
        .diff({ prepend: of(0), append: of(9) })
        .toArray(),
    ).toEqual([1, 3, 5]);
    expect(
      of(1, 4)
        .diff({ n: 0, prepend: of(0) })
        .toArray(),
    ).toEqual([1, 4]);
  });

  test('more often than there are elements: nothing; of bools whether they differ', () => {
    expect(of(1, 4).diff({ n: 3 }).shape).toEqual([0]);
    expect(constant([true, false, false]).diff().toArray()).toEqual([true, false]);
  });
});
