import { constant, grad, value, type Value } from 'chainrule';

const of = (...xs: number[]): Value => constant(Float64Array.from(xs));

describe('order', () => {
  const x = of(3, NaN, -0, 0, -Infinity, NaN);

  test('is stable, −0 and 0 are equal, NaN is the largest', () => {
    expect(x.sort().values.toArray()).toEqual([-Infinity, -0, 0, 3, NaN, NaN]);
    expect(x.sort().indices.toArray()).toEqual([4, 2, 3, 0, 1, 5]);
    expect(x.argsort(0, { descending: true }).toArray()).toEqual([1, 5, 0, 2, 3, 4]);
  });

  test('values and indices along any axis', () => {
    const { values, indices } = constant([
      [3, 1],
      [2, 4],
    ]).sort(0);
    expect(values.toArray()).toEqual([
      [2, 1],
      [3, 4],
    ]);
    expect(indices.toArray()).toEqual([
      [1, 0],
      [0, 1],
    ]);
  });

  test('bools, integers, nothing, a scalar', () => {
    expect(constant([true, false]).sort().values.toArray()).toEqual([false, true]);
    expect(constant([3, -1, 2], { dtype: 'int32' }).sort(0, { descending: true }).values.toArray()).toEqual([3, 2, -1]);
    expect(of().sort().indices.shape).toEqual([0]);
    expect(value(3).sort().values.item()).toBe(3);
  });
});

describe('selections', () => {
  test('topk and kthvalue count NaN as the largest', () => {
    expect(of(3, NaN, 1).topk(2).values.toArray()).toEqual([NaN, 3]);
    expect(of(3, NaN, 1).topk(2, { largest: false }).indices.toArray()).toEqual([2, 0]);
    expect(of(3, NaN, 1).kthvalue(2).values.item()).toBe(3);
    expect(of(3, NaN, 1).kthvalue(3).values.item()).toBeNaN();
  });

  test('gradients go back to where the elements were', () => {
    const weights = of(1, 10, 100);
    const f = (x: Value): Value => x.sort().values.mul(weights).sum();
    expect(grad(f)(of(3, 1, 2)).toArray()).toEqual([100, 1, 10]);
  });

  test('none of nothing', () => {
    expect(of().topk(0).values.shape).toEqual([0]);
    expect(() => of().kthvalue(1)).toThrow(/k = 1 does not fit axis 0 of \[0\]/);
  });
});
