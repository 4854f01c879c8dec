import fc from 'fast-check';
import { fmod } from '../../../src/base/elementary/index.ts';
import { laneKernel } from '../../../src/base/lanes/compile.ts';

const inDouble = laneKernel(fmod, ['float64', 'float64'], 'float64');
const inSingle = laneKernel(fmod, ['float32', 'float32'], 'float32');

describe('fmod is exact: the language’s own % is', () => {
  test.each([
    [1e300, 1e-300],
    [Number.MAX_VALUE, Number.MIN_VALUE],
    [Number.MAX_VALUE, 3 * Number.MIN_VALUE],
    [Number.MIN_VALUE * 7, Number.MIN_VALUE * 3],
    [5, 1.7976931348623157e308],
    [1e16, 3],
    [-7, 3],
    [7, -3],
    [-6, 3],
    [0, 1],
    [-0, 1],
    [1, 0],
    [Infinity, 2],
    [-5, Infinity],
    [NaN, 1],
    [1, NaN],
  ])('%d by %d', (x, y) => {
    expect(inDouble.scalar(x, y)).toBe(x % y);
  });

  test('for any two float64 numbers, and in a loop over arrays', () => {
    const numbers = fc.array(fc.tuple(fc.double(), fc.double()), { minLength: 40, maxLength: 60 });
    fc.assert(
      fc.property(numbers, (pairs) => {
        const out = new Float64Array(pairs.length);
        inDouble.run(out, [Float64Array.from(pairs, ([x]) => x), Float64Array.from(pairs, ([, y]) => y)]);
        expect(Array.from(out)).toEqual(pairs.map(([x, y]) => x % y));
      }),
    );
  });

  test('for any two float32 numbers', () => {
    const single = fc.float();
    fc.assert(fc.property(single, single, (x, y) => expect(inSingle.scalar(x, y)).toBe(x % y)));
  });
});
