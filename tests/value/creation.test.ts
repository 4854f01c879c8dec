import {
  arange,
  constant,
  eye,
  full,
  linspace,
  ones,
  value,
  Value,
  zeros,
  zerosLike,
  DtypeError,
  OptionError,
  ShapeError,
} from 'chainrule';

describe('value and constant', () => {
  test('only value requires gradients by itself, and only of floats', () => {
    expect(value([1, 2]).requiresGrad).toBe(true);
    expect(constant([1, 2]).requiresGrad).toBe(false);
    expect(constant([1, 2], { requiresGrad: true }).requiresGrad).toBe(true);
    expect(value([true]).requiresGrad).toBe(false);
    expect(value(new Int32Array(2)).requiresGrad).toBe(false);
    expect(() => value([1], { dtype: 'int32', requiresGrad: true })).toThrow(/int32 has no derivatives/);
  });

  test('numbers and nested arrays are float64, booleans bool, typed arrays keep their type', () => {
    const dtypes = [
      1,
      [1],
      true,
      [[true]],
      new Float32Array(1),
      new Uint8Array(1),
      new Int16Array(1),
      new Uint32Array(1),
    ];
    expect(dtypes.map((data) => constant(data as number).dtype)).toEqual([
      'float64', 'float64', 'bool', 'bool', 'float32', 'int32', 'int32', 'float64',
    ]); // prettier-ignore
    expect(() => constant(new BigInt64Array(2) as never)).toThrow(DtypeError);
    expect(() => constant([1], { dtype: 'float16' as 'float32' })).toThrow(
      /unknown dtype "float16".*float64, float32/s,
    );
  });

  test('data is copied: later changes do not show', () => {
    const data = Float64Array.of(1, 2);
    const x = constant(data);
    data[0] = 9;
    expect(x.toArray()).toEqual([1, 2]);
  });

  test('flat data takes a shape', () => {
    expect(constant([1, 2, 3, 4], { shape: [2, 2] }).toArray()).toEqual([[1, 2], [3, 4]]); // prettier-ignore
    expect(() => constant([1, 2, 3], { shape: [2, 2] })).toThrow(/3 elements do not fill the shape \[2, 2\]/);
  });

  test.each([
    [[[1, 2], [3]], /ragged array: data\[1\] is an array of 1, where others have length 2/],
    [[[1], 2], /ragged array: data\[1\] is a number, where others have length 1/],
    [[1, [2]], /ragged array: data\[1\] is an array of 1, where others are numbers/],
    [[[[1]], [[2, 3]]], /ragged array: data\[1\]\[0\]/],
  ])('ragged %j is refused, and says where', (data, message) => {
    expect(() => value(data as never)).toThrow(ShapeError);
    expect(() => value(data as never)).toThrow(message);
  });

  test('what is no number is refused', () => {
    expect(() => value([1, 'a'] as never)).toThrow(/data\[1\] is string, not a number/);
    expect(() => value([null] as never)).toThrow(/data\[0\] is null/);
    expect(() => value('1' as never)).toThrow(/got string/);
    expect(() => value(null as never)).toThrow(/got null/);
    expect(() => value(1, { requireGrad: true } as object)).toThrow(OptionError);
    expect(() => value([value([1])] as never)).toThrow(/data\[0\] is a Value of shape \[1\].*stack/);
    expect(() => value([new Float32Array(1)] as never)).toThrow(/data\[0\] is a typed array/);
    expect(() => new (Value as unknown as new (x: number) => Value)(3)).toThrow(/make one with value\(data\)/);
  });

  test('options of the wrong kind are refused', () => {
    expect(() => value(1, { requiresGrad: 'no' as never })).toThrow(/requiresGrad is true or false, got string/);
    expect(() => zeros([1], { requiresGrad: 1 as never })).toThrow(/requiresGrad is true or false, got number/);
    expect(() => value(1, { label: 3 as never })).toThrow(/a label is a string, got number/);
  });

  test('empty arrays', () => {
    expect(constant([]).shape).toEqual([0]);
    expect(constant([[], []]).shape).toEqual([2, 0]);
    expect(constant([], { shape: [0, 3] }).toArray()).toEqual([]);
  });
});

test('factories', () => {
  expect(zeros([2, 1]).toArray()).toEqual([[0], [0]]);
  expect(ones([2], { dtype: 'int32' }).toArray()).toEqual([1, 1]);
  expect(full([2], true).toArray()).toEqual([true, true]);
  expect(eye(2, 3).toArray()).toEqual([[1, 0, 0], [0, 1, 0]]); // prettier-ignore
  expect(arange(3).toArray()).toEqual([0, 1, 2]);
  expect(arange(1, 0, -0.25).toArray()).toEqual([1, 0.75, 0.5, 0.25]);
  expect(linspace(0, 1, 5).toArray()).toEqual([0, 0.25, 0.5, 0.75, 1]);
  expect(zerosLike(value([1, 2], { dtype: 'float32' })).dtype).toBe('float32');
  expect(zeros([2]).requiresGrad).toBe(false);
});

test('factories refuse what makes no sense', () => {
  expect(() => arange(0, 1, 0)).toThrow(/step ≠ 0/);
  expect(() => arange(Infinity)).toThrow(/finite/);
  expect(() => linspace(0, 1, 2.5)).toThrow(/count must be a whole number/);
  expect(() => linspace(NaN, 1, 3)).toThrow(/start and end must be finite/);
  expect(() => full([2], 'a' as never)).toThrow(/fill must be a number or a boolean, got string/);
  expect(() => full([2], value(3) as never)).toThrow(/got a Value; x\.broadcastTo/);
  expect(() => zeros([1e10, 1e10])).toThrow(/more elements than can be counted/);
  expect(() => zeros([-1])).toThrow(/\[-1\] is not a shape/);
  expect(() => zeros([1.5])).toThrow(/is not a whole number/);
  expect(() => zeros(3 as never)).toThrow(/a shape is an array of numbers/);
});
