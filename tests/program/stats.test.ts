/** What Programs cost. */
import { checkpoint, rand, scan, trace, value, zeros, type Value } from 'chainrule';
import { programStats, type ProgramStats } from '../../src/program/stats.ts';

const stats = (f: (...xs: Value[]) => unknown, ...shapes: readonly number[][]): ProgramStats =>
  programStats(trace(f, ...shapes.map((shape) => zeros(shape, { dtype: 'float32' }))));

describe('arithmetic', () => {
  test.each<[string, (...xs: Value[]) => unknown, number[][], number]>([
    [
      'a product m×k by k×n: 2mnk',
      (a, b) => a.matmul(b),
      [
        [3, 4],
        [4, 5],
      ],
      2 * 3 * 4 * 5,
    ],
    [
      'a batch of products',
      (a, b) => a.matmul(b),
      [
        [7, 3, 4],
        [4, 5],
      ],
      2 * 7 * 3 * 4 * 5,
    ],
    ['an outer product', (a, b) => a.outer(b), [[3], [4]], 2 * 3 * 4],
    [
      'a convolution: two for every tap of every channel at every place',
      (x, w) => x.conv2d(w, { padding: 1 }),
      [
        [2, 3, 8, 8],
        [4, 3, 3, 3],
      ],
      2 * (2 * 4 * 8 * 8) * (3 * 3 * 3),
    ],
    ['elementwise: one for every element', (x) => x.exp().add(x), [[2, 3]], 12],
    ['a reduction: one for every element that is read', (x) => x.sum(1), [[2, 3]], 6],
    ['copies and views: none', (x) => x.transpose().reshape([6]).slice([1, 4]).broadcastTo([5, 3]), [[2, 3]], 0],
    ['nothing for draws', () => rand([10]), [], 0],
  ])('%s', (_, f, shapes, flop) => {
    expect(stats(f, ...shapes).flop).toBe(flop);
  });

  test('calls cost what they call, loops as often as they run', () => {
    const square = checkpoint((x: Value) => x.mul(x));
    expect(stats((x) => square(x), [5]).flop).toBe(5);
    expect(stats((x) => scan((s: Value) => [s.mul(s), null], x, null, { length: 7 })[0], [5]).flop).toBe(35);
  });
});

test('memory: what every instruction reads and writes, and what views do not', () => {
  expect(stats((x) => x.exp(), [2, 3]).bytes).toBe(2 * 6 * 4);
  expect(stats((x) => x.reshape([6]), [2, 3]).bytes).toBe(0);
  const { inputBytes, outputBytes } = stats((x) => x.sum(), [2, 3]);
  expect([inputBytes, outputBytes]).toEqual([24, 4]);
});

test('by primitive, the most arithmetic first', () => {
  const { byPrimitive, instructions } = stats((x, w) => x.matmul(w).exp().exp(), [8, 8], [8, 8]);
  expect(Object.keys(byPrimitive)).toEqual(['contract', 'exp']);
  expect(byPrimitive['exp']).toEqual({ instructions: 2, flop: 128, bytes: 4 * 256 });
  expect(instructions).toBe(3);
});

test('parameters, other cells, constants', () => {
  const weight = value([
    [1, 2],
    [3, 4],
  ]);
  const buffer = zeros([3]);
  const constant = value([1, 2]).mul(3);
  const { parameters, cellBytes, constantBytes } = stats(() => [weight.sum(), buffer.sum(), constant.mul(weight)]);
  expect([parameters, cellBytes, constantBytes]).toEqual([4, 7 * 8, 2 * 2 * 8]);
});
