import { arange, constant, grad, ones, trace, TraceError, value, vmap, zeros, type Value } from 'chainrule';

const ints = (data: number | number[] | number[][]): Value => constant(data, { dtype: 'int32' });

describe('places that repeat', () => {
  test('scatterAdd and indexAdd add them up', () => {
    expect(
      zeros([3])
        .scatterAdd(0, ints([1, 1]), value([2, 3]))
        .toArray(),
    ).toEqual([0, 5, 0]);
    expect(
      zeros([3])
        .indexAdd(0, ints([1, 1]), value([2, 3]), { alpha: -1 })
        .toArray(),
    ).toEqual([0, -5, 0]);
  });

  test('bools that meet are true, however many they are', () => {
    const [none, all, here] = [constant([false, false]), constant(new Array<boolean>(256).fill(true)), ints(new Array<number>(256).fill(1))]; // prettier-ignore
    expect(none.scatterAdd(0, here, all).toArray()).toEqual([false, true]);
    expect(none.indexAdd(0, here, all).data).toEqual(Uint8Array.of(0, 1));
  });

  test('indexCopy replaces whole slices, the last of repeated ones', () => {
    const x = zeros([3, 2]).indexCopy(0, ints([2, 0, 2]), value([[1, 2], [3, 4], [5, 6]])); // prettier-ignore
    expect(x.toArray()).toEqual([[3, 4], [0, 0], [5, 6]]); // prettier-ignore
  });

  test('of several put in one place the last wins, and has the gradient', () => {
    const f = (s: Value): Value =>
      zeros([3])
        .scatter(0, ints([1, 1, 0]), s)
        .mul(value([5, 7, 9]))
        .sum();
    expect(
      zeros([3])
        .scatter(0, ints([1, 1, 0]), value([2, 3, 4]))
        .toArray(),
    ).toEqual([4, 3, 0]);
    expect(grad(f)(value([2, 3, 4])).toArray()).toEqual([0, 7, 5]);
  });

  test('gather and indexSelect send every cotangent back', () => {
    const f = (x: Value): Value =>
      x
        .indexSelect(0, ints([2, 2, 0]))
        .mul(value([1, 10, 100]))
        .sum();
    expect(grad(f)(value([1, 2, 3])).toArray()).toEqual([100, 0, 11]);
  });
});

describe('square brackets', () => {
  const x = arange(24).reshape([2, 3, 4]);
  test.each<[string, Value, number[]]>([
    ['numbers and ranges', x.index(1, '::2', '-2:'), [2, 2]],
    ['a new axis, and all the others', x.index(null, '...', 0), [1, 2, 3]],
    ['neighbouring lists: in place', x.index(':', [0, 2], [1, 1]), [2, 2]],
    ['lists apart: in front', x.index([0, 1, 0], ':', [3, 3, 3]), [3, 3]],
    ['a number is no list: it does not come between', x.index(0, ':', [0, 1]), [3, 2]],
    ['lists that broadcast', x.index(ints([[0], [1]]), ints([0, 1, 2])), [2, 3, 4]],
    ['a mask over two axes', x.index(x.sum(2).gt(20)), [5, 4]],
    ['true and false', x.index(false), [0, 2, 3, 4]],
    ['nothing', x.index(), [2, 3, 4]],
  ])('%s', (_, y, shape) => {
    expect(y.shape).toEqual(shape);
  });

  test('negative indices count from the end; a scalar Value is a number', () => {
    expect(x.index([-1, 0], -1, ints(-1)).toArray()).toEqual([23, 11]);
  });

  test('indices may be traced: the same Program serves others', () => {
    const f = (i: Value): Value => arange(5).mul(10).index(i);
    expect(
      vmap(f)(
        ints([
          [0, 1],
          [4, -1],
        ]),
      ).toArray(),
    ).toEqual([
      [0, 10],
      [40, 40],
    ]);
  });

  test('a table of rows is not copied for each example of a batch', () => {
    const program = trace((i: Value) => vmap((one: Value) => ones([50, 8]).index(one))(i), ints([[1], [2]]));
    expect(program.toString()).not.toMatch(/\[2, 50, 8\]/);
  });
});

describe('results whose shape depends on numbers', () => {
  test('exist eagerly', () => {
    const x = value([3, 0, NaN]);
    expect(x.nonzero().toArray()).toEqual([[0], [2]]);
    expect(x.maskedSelect(x.gt(1)).toArray()).toEqual([3]);
    expect(ints([0, 2]).oneHot().toArray()).toEqual([
      [1, 0, 0],
      [0, 0, 1],
    ]);
  });

  test('are refused under trace', () => {
    expect(() => trace((x: Value) => x.maskedSelect(x.gt(1)), value([3, 0]))).toThrow(TraceError);
    expect(() => trace((x: Value) => x.nonzero(), value([3, 0]))).toThrow(TraceError);
    expect(() => trace((x: Value) => x.index(x.gt(1)), value([3, 0]))).toThrow(TraceError);
    expect(() => trace((x: Value) => x.oneHot(), ints([3, 0]))).toThrow(TraceError);
  });

  test('of a known mask are not', () => {
    const mask = constant([true, false]);
    expect(
      vmap((x: Value) => x.maskedSelect(mask))(
        value([
          [1, 2],
          [3, 4],
        ]),
      ).toArray(),
    ).toEqual([[1], [3]]);
  });
});

describe('indices out of range name the op, the index, the axis and its length', () => {
  test.each<[string, () => unknown]>([
    ['gather', () => zeros([2]).gather(0, ints([2]))],
    ['indexSelect', () => zeros([2]).indexSelect(0, ints([2]))],
    ['scatter', () => zeros([2]).scatter(0, ints([2]), 1)],
    ['indexAdd', () => zeros([2]).indexAdd(0, ints([2]), ones([1]))],
    ['takeAlongAxis', () => zeros([2]).takeAlongAxis(ints([2]), 0)],
    ['index', () => zeros([2]).index([2])],
  ])('%s', (name, call) => {
    expect(call).toThrow(`${name}: index 2 is out of range for axis 0 of length 2`);
  });
});
