import { constant, grad, type Value } from 'chainrule';

const line = (...xs: number[]): Value => constant(xs, { shape: [1, 1, xs.length] });
const flat = (x: Value): number[] => Array.from(x.data);

describe('interpolate', () => {
  test("'nearest' copies, edges and signs of zero included", () => {
    expect(flat(line(-0, Infinity, NaN).interpolate({ size: 5 }))).toEqual([-0, -0, Infinity, Infinity, NaN]);
  });

  test("'linear' aligns the outer edges, or with alignCorners the outer centres", () => {
    expect(flat(line(0, 4).interpolate({ scaleFactor: 2, mode: 'linear' }))).toEqual([0, 1, 3, 4]);
    expect(flat(line(0, 4).interpolate({ size: 3, mode: 'linear', alignCorners: true }))).toEqual([0, 2, 4]);
  });

  test('both neighbours take part, even one with weight 0, as in PyTorch', () => {
    expect(flat(line(0, Infinity).interpolate({ size: 4, mode: 'linear' }))).toEqual([
      NaN,
      Infinity,
      Infinity,
      Infinity,
    ]);
  });

  test('the same size changes nothing', () => {
    const x = constant([
      [
        [
          [1, 2],
          [3, Infinity],
        ],
      ],
    ]);
    expect(flat(x.interpolate({ size: 2 }))).toEqual([1, 2, 3, Infinity]);
    expect(flat(x.interpolate({ size: [2, 2], mode: 'bicubic', alignCorners: true })).slice(0, 1)).toEqual([NaN]);
  });

  test('positions follow from the factor, or with recomputeScaleFactor from the rounded sizes', () => {
    const x = line(0, 1, 2, 3);
    const [given, recomputed] = [false, true].map((recomputeScaleFactor) =>
      flat(x.interpolate({ scaleFactor: 1.7, mode: 'linear', recomputeScaleFactor })),
    );
    expect(given![1]).toBeCloseTo(1.5 / 1.7 - 0.5, 12);
    expect(recomputed![1]).toBeCloseTo((1.5 * 4) / 6 - 0.5, 12);
  });

  test('neighbours of float32 are found in float32', () => {
    const x = constant(
      Float64Array.from({ length: 14 }, (_, i) => i),
      { shape: [1, 1, 14] },
    );
    expect(flat(x.interpolate({ size: 46 }))[23]).toBe(7);
    expect(flat(x.to('float32').interpolate({ size: 46 }))[23]).toBe(6);
  });

  test('gradients add up over what was read', () => {
    const g = grad((x: Value) => x.interpolate({ size: 5 }).sum())(line(1, 2, 3));
    expect(flat(g)).toEqual([2, 2, 1]);
  });
});

describe('pixels and channels', () => {
  test('pixelShuffle spreads channels over pixels, pixelUnshuffle collects them', () => {
    const x = constant([[[1]], [[2]], [[3]], [[4]]]);
    expect(x.pixelShuffle(2).toArray()).toEqual([
      [
        [1, 2],
        [3, 4],
      ],
    ]);
    expect(x.pixelShuffle(2).pixelUnshuffle(2).toArray()).toEqual(x.toArray());
  });
});
