import { allClose, constant, grad, isClose, trace, where, zeros, type Value } from 'chainrule';

const NUMBERS = [1, 2, NaN, -0, Infinity];
const OTHERS = [1, 1, NaN, 0, -Infinity];

describe('comparisons', () => {
  test('nothing is equal to NaN, and −0 is equal to 0', () => {
    const [x, y] = [constant(NUMBERS), constant(OTHERS)];
    expect(x.eq(y).toArray()).toEqual([true, false, false, true, false]);
    expect(x.ne(y).toArray()).toEqual([false, true, true, false, true]);
    expect(x.lt(y).toArray()).toEqual([false, false, false, false, false]);
    expect(x.le(y).toArray()).toEqual([true, false, false, true, false]);
    expect(x.gt(y).toArray()).toEqual([false, true, false, false, true]);
    expect(x.ge(y).toArray()).toEqual([true, true, false, true, true]);
  });

  test('bools are ordered as 0 and 1; integers meet fractions as floats', () => {
    const [p, q] = [constant([true, true, false]), constant([true, false, true])];
    expect(p.gt(q).toArray()).toEqual([false, true, false]);
    expect(p.le(q).toArray()).toEqual([true, false, true]);
    expect(p.eq(q).toArray()).toEqual([true, false, false]);
    expect(constant([0, 1], { dtype: 'int32' }).lt(0.5).toArray()).toEqual([true, false]);
    expect(constant([0, 1], { dtype: 'int32' }).lt(3e9).toArray()).toEqual([true, true]);
  });

  test('kinds of numbers', () => {
    expect(constant([1, NaN, Infinity]).isNaN().toArray()).toEqual([false, true, false]);
    expect(constant([1, NaN, Infinity]).isFinite().toArray()).toEqual([true, false, false]);
    expect(constant([1, NaN, -Infinity]).isInf().toArray()).toEqual([false, false, true]);
    expect(constant([1, 0], { dtype: 'int32' }).isFinite().toArray()).toEqual([true, true]);
    expect(constant([true]).isNaN().toArray()).toEqual([false]);
  });
});

test('logic takes anything but 0 for true, NaN as well', () => {
  const [x, y] = [constant([0, 2, NaN, -0]), constant([1, 1, 0, 0], { dtype: 'int32' })];
  expect(x.logicalAnd(y).toArray()).toEqual([false, true, false, false]);
  expect(x.logicalOr(y).toArray()).toEqual([true, true, true, false]);
  expect(x.logicalXor(y).toArray()).toEqual([true, false, true, false]);
  expect(x.logicalNot().toArray()).toEqual([true, false, false, true]);
});

test('where selects: what is not chosen has no influence, not even an infinite one', () => {
  const x = constant([0, 4]);
  expect(where(x.gt(0), x.log(), 0).toArray()).toEqual([0, Math.log(4)]);
  const slope = grad((v: Value) => where(v.gt(0), v.sqrt(), 0).sum()) as (v: Value) => Value;
  expect(slope(constant([4])).toArray()).toEqual([0.25]);
});

describe('closeness', () => {
  test('within atol + rtol·|y|', () => {
    expect(isClose(constant([1, 1, 0]), constant([1 + 9e-6, 1 + 2e-5, 2e-8])).toArray()).toEqual([true, false, false]);
    expect(allClose(constant([1, 2]), constant([1, 2 + 1e-6]))).toBe(true);
    expect(constant([1, 2]).allClose(constant([1, 2.1]))).toBe(false);
    expect(constant([1, 2]).allClose(constant([1, 2.1]), { rtol: 0, atol: 0.2 })).toBe(true);
  });

  test('infinities are close to themselves only, NaN to NaN on request', () => {
    const x = constant([Infinity, Infinity, NaN, 1]);
    const y = constant([Infinity, -Infinity, NaN, Infinity]);
    expect(x.isClose(y).toArray()).toEqual([true, false, false, false]);
    expect(x.isClose(y, { equalNaN: true }).toArray()).toEqual([true, false, true, false]);
    expect(x.isClose(y, { rtol: Infinity }).toArray()).toEqual([true, false, false, false]);
  });

  test('integers, numbers and empty Values', () => {
    expect(allClose(constant([1, 2], { dtype: 'int32' }), constant([1, 2]))).toBe(true);
    expect(allClose(2, 2)).toBe(true);
    expect(allClose(zeros([0]), 5)).toBe(true);
  });

  test('allClose reads numbers, so it cannot be traced', () => {
    expect(() => trace((x: Value) => (allClose(x, 1) ? x : x.neg()), zeros([2]))).toThrow(/traced|under a trace|trace/);
  });
});
