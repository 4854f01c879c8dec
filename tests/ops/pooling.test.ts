import { constant, grad, value, type Value } from 'chainrule';

const line = (...xs: number[]): Value => constant(xs, { shape: [1, xs.length] });
const flat = (x: Value): number[] => Array.from(x.data);
const gradient = (f: (x: Value) => Value, x: Value): number[] => flat(grad((v: Value) => f(v).sum())(x));

describe('max pooling', () => {
  test('steps by the kernel unless told otherwise; what is left over behind is not looked at', () => {
    expect(flat(line(1, 3, 2, 5, 9).maxPool1d(2))).toEqual([3, 5]);
    expect(flat(line(1, 3, 2, 5, 9).maxPool1d(2, { stride: 1 }))).toEqual([3, 3, 5, 9]);
  });

  test('in ceilMode a last window hangs over the end, if it starts within x', () => {
    expect(flat(line(1, 3, 2).maxPool1d(2, { ceilMode: true }))).toEqual([3, 2]);
    expect(flat(line(1, 3).maxPool1d(1, { stride: 3, ceilMode: true }))).toEqual([1]);
  });

  test('indices count in the flattened spatial axes, without padding', () => {
    const x = constant([
      [
        [1, 2, 3],
        [4, 9, 6],
        [7, 8, 5],
      ],
    ]);
    const { values, indices } = x.maxPool2d(2, { stride: 2, padding: 1, returnIndices: true });
    expect(values.toArray()).toEqual([
      [
        [1, 3],
        [7, 9],
      ],
    ]);
    expect(indices.toArray()).toEqual([
      [
        [0, 2],
        [6, 4],
      ],
    ]);
    expect(indices.dtype).toBe('int32');
  });

  test('padding is −∞: it never wins, not even against −∞', () => {
    const { values, indices } = line(-Infinity, -Infinity, -5).maxPool1d(2, {
      stride: 1,
      padding: 1,
      returnIndices: true,
    });
    expect(flat(values)).toEqual([-Infinity, -Infinity, -5, -5]);
    expect(flat(indices)).toEqual([0, 0, 2, 2]);
  });

  test('the first of equals gets the gradient', () => {
    expect(gradient((x) => x.maxPool1d(2, { stride: 1 }), line(1, 1, 0, 1))).toEqual([1, 1, 0, 1]);
    expect(gradient((x) => x.maxPool1d(4), line(2, 2, 2, 2))).toEqual([1, 0, 0, 0]);
  });

  test('NaN wins, the last of several', () => {
    const { values, indices } = line(1, NaN, 3, NaN, 5).maxPool1d(5, { returnIndices: true });
    expect([flat(values), flat(indices)]).toEqual([[NaN], [3]]);
  });

  test('integers are pooled, bools are not', () => {
    expect(
      constant([[1, 3, 2]], { dtype: 'int32' })
        .maxPool1d(3)
        .toArray(),
    ).toEqual([[3]]);
    expect(() => constant([[true, false]]).maxPool1d(2)).toThrow(/maxPool1d: is not defined for bool/);
  });

  test('a window in the padding alone is refused', () => {
    expect(() => line(1).maxPool1d(2, { padding: 2, dilation: 4 })).toThrow(/maxPool1d: a window over \[1, 1\] meets/);
  });
});

describe('average pooling', () => {
  test('padding counts as zeros, or not at all', () => {
    expect(flat(line(2, 4, 6).avgPool1d(2, { padding: 1 }))).toEqual([1, 5]);
    expect(flat(line(2, 4, 6).avgPool1d(2, { padding: 1, countIncludePad: false }))).toEqual([2, 5]);
  });

  test('what hangs over the end in ceilMode never counts', () => {
    expect(flat(line(1, 2, 3).avgPool1d(2, { ceilMode: true }))).toEqual([1.5, 3]);
  });

  test('a divisor of its own', () => {
    expect(
      constant([
        [
          [1, 2],
          [3, 4],
        ],
      ])
        .avgPool2d(2, { divisorOverride: 5 })
        .toArray(),
    ).toEqual([[[2]]]);
  });

  test('∞ and NaN stay in the windows that hold them', () => {
    expect(flat(line(Infinity, 1, 2, NaN).avgPool1d(2, { stride: 1 }))).toEqual([Infinity, 1.5, NaN]);
    expect(flat(line(Infinity, 1, 2, 3, 4).adaptiveAvgPool1d(3))).toEqual([Infinity, 2, 3.5]);
  });

  test('sums start from +0', () => {
    expect(flat(line(-0, -0).avgPool1d(1))).toEqual([0, 0]);
  });

  test('integers are refused', () => {
    expect(() => constant([[1, 2]], { dtype: 'int32' }).avgPool1d(2)).toThrow(/avgPool1d: needs float64 or float32/);
  });
});

describe('adaptive pooling', () => {
  test('windows cover the axis and overlap where the sizes do not divide', () => {
    expect(flat(line(1, 2, 3, 4, 5).adaptiveAvgPool1d(3))).toEqual([1.5, 3, 4.5]);
    expect(flat(line(1, 2, 3, 4, 5).adaptiveMaxPool1d(3))).toEqual([2, 4, 5]);
    expect(gradient((x) => x.adaptiveAvgPool1d(3), line(1, 2, 3, 4, 5))).toEqual([
      1 / 2,
      1 / 2 + 1 / 3,
      1 / 3,
      1 / 3 + 1 / 2,
      1 / 2,
    ]);
  });

  test('larger results repeat elements', () => {
    expect(flat(line(1, 2).adaptiveAvgPool1d(4))).toEqual([1, 1, 2, 2]);
  });

  test('null keeps a size, 0 gives an empty one', () => {
    const x = value([
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
    ]);
    expect(x.adaptiveMaxPool2d([1, null]).toArray()).toEqual([[[4, 5, 6]]]);
    expect(x.adaptiveAvgPool2d([0, null]).shape).toEqual([1, 0, 3]);
  });
});
