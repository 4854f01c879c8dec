import { constant, grad, value, type Value } from 'chainrule';

const gradientOf = (f: (x: Value) => Value, x: readonly number[]): number[] =>
  Array.from(grad(f)(constant(Float64Array.from(x))).data);

describe('equal elements', () => {
  test('share the gradient of a maximum over axes evenly', () => {
    expect(gradientOf((x) => x.amax(), [1, 3, 3, 2])).toEqual([0, 0.5, 0.5, 0]);
    expect(gradientOf((x) => x.max(), [1, 3, 3, 2])).toEqual([0, 0.5, 0.5, 0]);
    expect(gradientOf((x) => x.amin([0]), [1, 3, 1, 1]).map((g) => g * 3)).toEqual([1, 0, 1, 1]);
  });

  test('along one axis the first has the index, and all of the gradient', () => {
    const { values, indices } = constant([3, 1, 3]).max(0);
    expect([values.item(), indices.item()]).toEqual([3, 0]);
    expect(gradientOf((x) => x.max(0).values, [3, 1, 3])).toEqual([1, 0, 0]);
    expect(constant([3, 1, 1]).argmin().item()).toBe(1);
  });
});

describe('NaN wins', () => {
  const x = constant([1, NaN, NaN, 2]);

  test('in values and in indices, the first one', () => {
    expect(x.amax().item()).toBeNaN();
    expect(x.amin().item()).toBeNaN();
    expect(x.argmax().item()).toBe(1);
    expect(x.min(0).values.item()).toBeNaN();
  });

  test('and has the gradient', () => {
    expect(gradientOf((y) => y.max(), [1, NaN, NaN, 2])).toEqual([0, 0.5, 0.5, 0]);
    expect(gradientOf((y) => y.min(0).values, [1, NaN, NaN, 2])).toEqual([0, 1, 0, 0]);
  });
});

describe('shapes', () => {
  const x = constant([
    [1, 5, 2],
    [7, 0, 3],
  ]);

  test('values and indices lose the axis, or keep it', () => {
    expect(x.max(1).values.toArray()).toEqual([5, 7]);
    expect(x.max(0).indices.toArray()).toEqual([1, 0, 1]);
    expect(x.min(0, { keepDims: true }).indices.shape).toEqual([1, 3]);
    expect(x.argmax(1, { keepDims: true }).toArray()).toEqual([[1], [0]]);
  });

  test('without an axis the index counts through all elements', () => {
    expect(x.argmax().item()).toBe(3);
    expect(x.argmin(null, { keepDims: true }).toArray()).toEqual([[4]]);
  });

  test('a scalar', () => {
    expect(value(3).argmax().item()).toBe(0);
    expect(value(3).max(0 as never).values.shape).toEqual([]);
  });

  test('integers and bools', () => {
    expect(constant([2, -2147483648], { dtype: 'int32' }).amin().item()).toBe(-2147483648);
    expect(constant([true, false]).amax().toArray()).toBe(true);
  });
});

test('of ±0 the maximum is +0 and the minimum −0, in any order', () => {
  for (const x of [constant([0, -0]), constant([-0, 0])]) {
    expect(x.amax().item()).toBe(0);
    expect(x.amin().item()).toBe(-0);
  }
});

test('an empty axis has no extreme; other axes may be empty', () => {
  const x = constant(new Float64Array(0), { shape: [0, 3] });
  expect(x.amax(1).shape).toEqual([0]);
  expect(x.argmax(1).shape).toEqual([0]);
  expect(() => x.amax(0)).toThrow(/amax: axis 0 of \[0, 3\] has no elements/);
  expect(() => x.max()).toThrow(/max: axis 0/);
  expect(() => x.argmin()).toThrow(/argmin: axis 0/);
});
