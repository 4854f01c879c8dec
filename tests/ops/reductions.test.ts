import { constant, grad, value, type Value } from 'chainrule';

const gradientOf = (f: (x: Value) => Value, x: readonly number[]): number[] =>
  Array.from(grad(f)(constant(Float64Array.from(x))).data);
/** The gradient of the gradient's sum. */
const secondOf = (f: (x: Value) => Value, x: readonly number[]): number[] => gradientOf((y) => grad(f)(y).sum(), x);

describe('axes', () => {
  const x = constant(
    Float64Array.from({ length: 24 }, (_, i) => i),
    { shape: [2, 3, 4] },
  );

  test.each([
    [undefined, [], [276]],
    [0, [3, 4], [12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32, 34]],
    [1, [2, 4], [12, 15, 18, 21, 48, 51, 54, 57]],
    [-1, [2, 3], [6, 22, 38, 54, 70, 86]],
    [[0, 2], [3], [60, 92, 124]],
    [[2, 1], [2], [66, 210]],
    [[], [2, 3, 4], Array.from(x.data)],
  ])('the sum over %j', (axis, shape, expected) => {
    const y = x.sum(axis as number);
    expect(y.shape).toEqual(shape);
    expect(Array.from(y.data)).toEqual(expected);
  });

  test('kept axes have length 1', () => {
    expect(x.sum([0, 2], { keepDims: true }).shape).toEqual([1, 3, 1]);
    expect(x.prod(null, { keepDims: true }).shape).toEqual([1, 1, 1]);
  });

  test('a scalar has "its only axis", as in PyTorch', () => {
    expect(
      value(3)
        .sum(0 as never)
        .item(),
    ).toBe(3);
    expect(value(3).mean([-1] as never, { keepDims: true }).shape).toEqual([]);
  });
});

describe('nothing to reduce', () => {
  const empty = constant(new Float64Array(0), { shape: [0, 2] });

  test('a sum is 0, a product 1, a mean NaN', () => {
    expect(empty.sum(0).toArray()).toEqual([0, 0]);
    expect(empty.prod(0).toArray()).toEqual([1, 1]);
    expect(empty.mean(0).toArray()).toEqual([NaN, NaN]);
  });

  test('all hold, none holds', () => {
    expect(empty.all(0).toArray()).toEqual([true, true]);
    expect(empty.any(0).toArray()).toEqual([false, false]);
    expect(empty.countNonzero().item()).toBe(0);
  });

  test('other axes may be empty', () => {
    expect(empty.sum(1).shape).toEqual([0]);
    expect(empty.prod(1).shape).toEqual([0]);
  });
});

describe('dtypes', () => {
  test('bool is counted', () => {
    const x = constant([true, true, false]);
    expect([x.sum().dtype, x.sum().item()]).toEqual(['int32', 2]);
    expect([x.prod().dtype, x.prod().item()]).toEqual(['int32', 0]);
  });

  test('float32 is rounded at every step', () => {
    const x = constant(new Float32Array(1e6).fill(0.1));
    expect(x.sum().item()).toBeCloseTo(1e5, 1);
    expect(x.sum().item()).toBe(Math.fround(x.sum().item()));
    expect(x.mean().dtype).toBe('float32');
  });

  test('a million tenths keep their mean', () => {
    expect(constant(new Float64Array(1e6).fill(0.1)).mean().item()).toBeCloseTo(0.1, 15);
  });
});

describe('the product with zeros', () => {
  const product = (x: Value): Value => x.prod();

  test('one zero: its own derivative is the product of the others', () => {
    expect(gradientOf(product, [0, 2, 3])).toEqual([6, 0, 0]);
    expect(secondOf(product, [0, 2, 3])).toEqual([5, 3, 2]);
  });

  test('two zeros: first derivatives vanish, second ones do not', () => {
    expect(gradientOf(product, [0, 0, 3])).toEqual([0, 0, 0]);
    expect(secondOf(product, [0, 0, 3])).toEqual([3, 3, 0]);
  });

  test('third order', () => {
    const second = (x: Value): Value => grad((y: Value) => grad(product)(y).sum())(x).sum();
    const third = grad(second)(constant([0, 0, 0]));
    expect(third.toArray()).toEqual([2, 2, 2]);
  });

  test('∞ beside 0', () => {
    expect(gradientOf(product, [0, Infinity])).toEqual([Infinity, 0]);
  });
});

describe('what counts as nonzero', () => {
  test('NaN does, −0 does not', () => {
    const x = constant([NaN, -0, 0, 2]);
    expect(x.countNonzero().item()).toBe(2);
    expect(x.any().item()).toBe(1);
    expect(x.all().item()).toBe(0);
    expect(constant([NaN, 1]).all().toArray()).toBe(true);
  });
});
