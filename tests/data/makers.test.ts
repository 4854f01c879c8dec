/** Made data: repeatable by seed, of the shapes and classes that are said. */
import { manualSeed, type Value } from 'chainrule';
import {
  blobs,
  booleanGate,
  checkerboard,
  circles,
  linearRegression,
  moons,
  sineRegression,
  spirals,
  xor,
} from 'chainrule/data';

const makers: [string, () => { x: Value; y: Value }, number][] = [
  ['moons', () => moons(60, { noise: 0.1 }), 2],
  ['circles', () => circles(60, { noise: 0.1 }), 2],
  ['spirals', () => spirals(60, { classes: 3, noise: 0.1 }), 3],
  ['blobs', () => blobs(60, { centers: 4, features: 5 }), 4],
  ['checkerboard', () => checkerboard(60), 2],
  ['xor', () => xor(60), 2],
];

test.each(makers)('%s: float64 points, int32 classes from 0, repeatable by seed', (_, make, classes) => {
  manualSeed(2);
  const { x, y } = make();
  expect([x.dtype, x.shape[0], y.dtype, y.shape, x.inputs, y.inputs]).toEqual(['float64', 60, 'int32', [60], [], []]);
  expect([...new Set(y.data)].sort()).toEqual(Array.from({ length: classes }, (_, i) => i));
  manualSeed(2);
  expect(make().x.data).toEqual(x.data);
});

describe('without noise', () => {
  const radii = (x: Value): number[] => x.mul(x).sum(1).sqrt().toArray() as number[];

  test('circles lie at their radii, spirals within 1', () => {
    const { x, y } = circles(40, { factor: 0.3 });
    radii(x).forEach((r, i) => expect(r).toBeCloseTo(y.data[i] === 0 ? 1 : 0.3, 12));
    expect(Math.max(...radii(spirals(40).x))).toBeLessThanOrEqual(1);
  });

  test('blobs lie at their centers', () => {
    const centers = [
      [0, 1],
      [5, -2],
    ];
    const { x, y } = blobs(4, { centers, std: 0 });
    expect(x.toArray()).toEqual(Array.from(y.data, (c) => centers[c]));
  });

  test('xor and checkerboard follow their rules', () => {
    const signs = xor(50);
    (signs.x.toArray() as number[][]).forEach(([a, b], i) => expect(signs.y.data[i]).toBe(Number(a! > 0 !== b! > 0)));
    const board = checkerboard(50, { squares: 3 });
    (board.x.toArray() as number[][]).forEach(([a, b], i) =>
      expect(board.y.data[i]).toBe((Math.floor(3 * a!) + Math.floor(3 * b!)) % 2),
    );
  });

  test('regressions follow their formulas, except where an outlier was made', () => {
    const line = linearRegression(30, { weights: [2, -1], bias: 3, noise: 0, outliers: 0.2 });
    const wave = sineRegression(30, { amplitude: 2, frequency: 3, noise: 0, outliers: 0.1 });
    const [w, v] = [line, wave].map(({ outlier }) => Number(outlier.to('int32').sum().item()));
    expect([w, v]).toEqual([6, 3]);
    (line.x.toArray() as number[][]).forEach(([a, b], i) => {
      expect(Math.abs(line.y.data[i]! - (2 * a! - b! + 3)) > 1e-12).toBe(line.outlier.data[i] === 1);
    });
    (wave.x.toArray() as number[][]).forEach(([a], i) => {
      expect(Math.abs(wave.y.data[i]! - 2 * Math.sin(6 * Math.PI * a!)) > 1e-12).toBe(wave.outlier.data[i] === 1);
    });
  });
});

test('boolean gates give their tables', () => {
  expect(booleanGate('xor').y.toArray()).toEqual([0, 1, 1, 0]);
  expect(booleanGate('nand').y.toArray()).toEqual([1, 1, 1, 0]);
  expect(booleanGate('and').x.shape).toEqual([4, 2]);
});

test.each([
  [() => moons(0), /moons: n must be a whole number ≥ 1/],
  [() => moons(5, { noise: -1 }), /noise must be a finite number ≥ 0, got -1/],
  [() => circles(5, { factor: 2 }), /factor must be a finite number from 0 to 1/],
  [() => spirals(5, { classes: 0 }), /classes must be a whole number ≥ 1/],
  [() => booleanGate('not' as 'and'), /gate is one of and, or, xor/],
  [() => linearRegression(5, { outliers: 2 }), /outliers must be a finite number from 0 to 1/],
])('bad arguments are refused: %#', (act, message) => {
  expect(act).toThrow(message);
});
