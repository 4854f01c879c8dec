/** Gradients are kept small, as PyTorch keeps them. */
import { constant, value, type Value } from 'chainrule';
import { clipGradNorm, clipGradValue, gradNorm } from 'chainrule/optim';
import fc from 'fast-check';

/** Leaves with these gradients. */
const leavesOf = (gradients: readonly (readonly number[])[]): Value[] =>
  gradients.map((numbers) => {
    const w = value(numbers.map(() => 1));
    w.grad = constant([...numbers]);
    return w;
  });

const gradientsOf = (leaves: readonly Value[]): number[] => leaves.flatMap((w) => Array.from(w.grad!.data));

const gradients = fc.array(fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 1, maxLength: 4 }), {
  minLength: 1,
  maxLength: 4,
});

const lengthOf = (numbers: readonly number[]): number => Math.hypot(...numbers);

describe('clipGradNorm', () => {
  test('leaves no norm above the limit, keeps the direction, and says what the norm was', () => {
    fc.assert(
      fc.property(gradients, fc.double({ min: 0, max: 50, noNaN: true }), (given, limit) => {
        const leaves = leavesOf(given);
        const before = given.flat();
        expect(clipGradNorm(leaves, limit).item()).toBeCloseTo(lengthOf(before), 8);
        const after = gradientsOf(leaves);
        const factor = Math.min(1, limit / (lengthOf(before) + 1e-6));
        after.forEach((x, i) => expect(x).toBeCloseTo(before[i]! * factor, 8));
        expect(lengthOf(after)).toBeLessThanOrEqual(limit + 1e-9);
      }),
    );
  });

  test('leaves small gradients as they are, to the bit', () => {
    const leaves = leavesOf([[0.1, -0.2], [0.3]]);
    clipGradNorm(leaves, 1);
    expect(gradientsOf(leaves)).toEqual([0.1, -0.2, 0.3]);
  });

  test.each([
    [1, 10],
    [2, Math.sqrt(30)],
    [3, Math.cbrt(100)],
    [Infinity, 4],
  ])('of order %p', (normType, expected) => {
    const leaves = leavesOf([[1, -2], [3, -4]]); // prettier-ignore
    expect(gradNorm(leaves, { normType }).item()).toBeCloseTo(expected, 12);
    expect(clipGradNorm(leaves, 1, { normType }).item()).toBeCloseTo(expected, 12);
    expect(gradNorm(leaves, { normType }).item()).toBeCloseTo(1, 6);
  });

  test('takes one leaf, any iterable, leaves of several dtypes, and those without a gradient', () => {
    const [a, b] = [value([3]), value([4], { dtype: 'float32' })];
    a.grad = constant([3]);
    b.grad = constant([4], { dtype: 'float32' });
    expect(clipGradNorm(new Set([a, value(1), b]), 1).item()).toBeCloseTo(5, 6);
    expect([a.grad.dtype, b.grad.dtype]).toEqual(['float64', 'float32']);
    expect(clipGradNorm(value(1), 1).item()).toBe(0);
  });

  test('refuses what makes no sense', () => {
    const leaves = leavesOf([[1, NaN]]);
    expect(() => clipGradNorm(leaves, -1)).toThrow(/maxNorm must be a number ≥ 0, got -1/);
    expect(() => clipGradNorm([7 as never], 1)).toThrow(/parameters\[0\] is number, not a Value/);
    expect(() => clipGradNorm(leaves, 1, { norm: 2 } as never)).toThrow(/unknown option "norm".*normType/s);
    expect(() => clipGradNorm(leaves, 1, { errorIfNonfinite: true })).toThrow(/norm of the gradients is NaN/);
    expect(gradientsOf(leaves)).toEqual([1, NaN]);
    expect(clipGradNorm(leaves, 1).item()).toBeNaN();
  });
});

describe('clipGradValue', () => {
  test('brings each element between the limits', () => {
    fc.assert(
      fc.property(gradients, fc.double({ min: 0, max: 50, noNaN: true }), (given, limit) => {
        const leaves = leavesOf(given);
        clipGradValue(leaves, limit);
        const after = gradientsOf(leaves);
        given.flat().forEach((x, i) => expect(Math.abs(after[i]!)).toBe(Math.min(Math.abs(x), limit)));
      }),
    );
  });

  test('refuses a negative limit, and skips leaves without a gradient', () => {
    expect(() => clipGradValue(leavesOf([[1]]), -1)).toThrow(/clipValue must be a number ≥ 0, got -1/);
    const w = value(1);
    clipGradValue(w, 1);
    expect(w.grad).toBeNull();
  });
});
