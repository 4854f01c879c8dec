/** What a search chooses from. */
import { choice, integer, logUniform, uniform } from 'chainrule/train';
import fc from 'fast-check';
import { combinations, drawFrom } from '../../src/train/search/space.ts';

/** The ends of [0, 1), and what lies between. */
const share = fc.double({ min: 0, max: 1 - Number.EPSILON, noNaN: true });

describe('a distribution', () => {
  test('stays within its ends and grows with its share', () => {
    fc.assert(
      fc.property(share, share, (a, b) => {
        for (const from of [uniform(-2, 3), logUniform(1e-5, 10), integer(-3, 4)]) {
          const [low, high] = [Math.min(a, b), Math.max(a, b)].map((u) => from.at(u)) as [number, number];
          expect(low).toBeLessThanOrEqual(high);
        }
        expect(uniform(-2, 3).at(a)).toBeGreaterThanOrEqual(-2);
        expect(uniform(-2, 3).at(a)).toBeLessThanOrEqual(3);
        expect(logUniform(1e-5, 10).at(a)).toBeGreaterThanOrEqual(1e-5);
        expect(logUniform(1e-5, 10).at(a)).toBeLessThanOrEqual(10);
        expect([-3, -2, -1, 0, 1, 2, 3, 4]).toContain(integer(-3, 4).at(a));
        expect(['relu', 'tanh']).toContain(choice(['relu', 'tanh']).at(a));
      }),
    );
  });

  test('that is logarithmic has every order of magnitude alike', () => {
    expect(logUniform(1e-4, 1).at(0.5)).toBeCloseTo(1e-2, 12);
  });

  test('of whole numbers has both ends', () => {
    expect([integer(1, 2).at(0), integer(1, 2).at(0.999), integer(5, 5).at(0.3)]).toEqual([1, 2, 5]);
  });

  test.each([
    [() => uniform(1, 1), /uniform: needs two finite numbers, the lower one first, got 1 and 1/],
    [() => logUniform(0, 1), /logUniform: logarithms need numbers above 0, got 0/],
    [() => integer(0, 1.5), /integer: needs two whole numbers/],
    [() => choice([]), /choice: needs a list of at least one value/],
  ])('%s is refused', (make, message) => {
    expect(make).toThrow(message);
  });
});

test('a grid has every combination, the last name changing fastest', () => {
  expect(combinations('gridSearch', { lr: [0.1, 0.01], activation: ['relu', 'tanh'], epochs: 3 })).toEqual([
    { lr: 0.1, activation: 'relu', epochs: 3 },
    { lr: 0.1, activation: 'tanh', epochs: 3 },
    { lr: 0.01, activation: 'relu', epochs: 3 },
    { lr: 0.01, activation: 'tanh', epochs: 3 },
  ]);
});

test('a draw has one value for each name, and one number is used for each', () => {
  const numbers = [0.5, 0.9, 0.1];
  const space = { lr: logUniform(1e-4, 1), width: [16, 32], epochs: 5 };
  const drawn = drawFrom(space, () => numbers.shift()!);
  expect({ ...drawn, lr: drawn.lr.toFixed(6) }).toEqual({ lr: '0.010000', width: 32, epochs: 5 });
  expect(numbers).toEqual([]);
});

test.each([
  [{}, /a space names hyperparameters/],
  [{ lr: [] }, /lr has no values to choose from/],
  [{ lr: uniform(0, 1) }, /lr is uniform\(0, 1\), which no grid can exhaust/],
  [{ act: Math.max as never }, /act must be a list of values.*got function\n.*by name/s],
])('the space %j is refused', (space, message) => {
  expect(() => combinations('gridSearch', space as never)).toThrow(message);
});
