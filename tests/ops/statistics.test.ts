import { constant, grad, value, type Value } from 'chainrule';

const gradientOf = (f: (x: Value) => Value, x: readonly number[]): number[] =>
  Array.from(grad(f)(constant(Float64Array.from(x))).data);
const secondOf = (f: (x: Value) => Value, x: readonly number[]): number[] => gradientOf((y) => grad(f)(y).sum(), x);

describe('spread', () => {
  test('the correction is taken off the count', () => {
    const x = constant([1, 2, 3, 4]);
    expect(x.variance().item()).toBeCloseTo(5 / 3, 15);
    expect(x.variance(0, { correction: 0 }).item()).toBe(1.25);
    expect(x.variance(null, { correction: 4, keepDims: true }).toArray()).toEqual([Infinity]);
  });

  test('of one element there is none: NaN, as in PyTorch', () => {
    expect(constant([2]).variance().item()).toBeNaN();
    expect(gradientOf((x) => x.std(), [2])).toEqual([NaN]);
  });

  test('of equal elements it is exactly 0, whatever their digits, and so is the gradient of std', () => {
    expect(constant([0.1, 0.1, 0.1]).variance().item()).toBe(0);
    expect(gradientOf((x) => x.std(), [0.1, 0.1, 0.1])).toEqual([0, 0, 0]);
    expect(secondOf((x) => x.std(), [0.1, 0.1, 0.1])).toEqual([0, 0, 0]);
  });

  test('small spread around a large mean keeps its digits', () => {
    expect(
      constant([1e9, 1e9 + 1, 1e9 + 2])
        .variance()
        .item(),
    ).toBe(1);
  });

  test('nothing: NaN', () => {
    expect(constant(new Float64Array(0)).variance().item()).toBeNaN();
    expect(constant(new Float64Array(0), { shape: [2, 0] }).std(0).shape).toEqual([0]);
  });
});

describe('median', () => {
  test('of an even number is the lower one', () => {
    expect(constant([4, 1, 3, 2]).median().item()).toBe(2);
    expect(constant([4, 1, 3, 2]).median(0).indices.item()).toBe(3);
  });

  test('equal elements share the gradient; along an axis one has all of it', () => {
    expect(gradientOf((x) => x.median(), [1, 3, 3, 2, 3]).map((g) => g * 3)).toEqual([0, 1, 1, 0, 1]);
    expect(gradientOf((x) => x.median(0).values, [1, 3, 2])).toEqual([0, 0, 1]);
  });

  test('NaN wins: the first one', () => {
    const x = constant([1, NaN, 2, NaN, 0]);
    expect(x.median().item()).toBeNaN();
    expect(x.median(0).values.item()).toBeNaN();
    expect(x.median(0).indices.item()).toBe(1);
    expect(gradientOf((y) => y.median(), [1, NaN, 2])).toEqual([0, 1, 0]);
  });

  test('rows with and without NaN side by side', () => {
    const x = constant([
      [3, 1, 2],
      [1, NaN, 0],
    ]);
    expect(x.median(1, { keepDims: true }).values.toArray()).toEqual([[2], [NaN]]);
  });

  test('nothing: NaN over all, refused along an axis', () => {
    expect(constant(new Float64Array(0)).median().item()).toBeNaN();
    expect(() => constant(new Float64Array(0)).median(0)).toThrow(/median: axis 0 of \[0\] has no elements/);
  });

  test('a scalar', () => {
    const { values, indices } = value(3).median(-1 as never);
    expect([values.item(), indices.item(), values.shape]).toEqual([3, 0, []]);
  });
});
