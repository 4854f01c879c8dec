/** Splits and folds: each example in exactly one part, proportions kept. */
import { kFold, splitIndices } from 'chainrule/data';
import fc from 'fast-check';

const sorted = (xs: Iterable<number>): number[] => [...xs].sort((a, b) => a - b);
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

test('a split has each example in exactly one part, repeatably by seed', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 5, maxLength: 80 }),
      fc.boolean(),
      fc.nat(),
      (labels, stratified, seed) => {
        const options = { validation: 0.2, test: 0.3, seed, ...(stratified ? { stratify: labels } : {}) };
        const n = labels.length;
        const parts = splitIndices(n, options);
        expect(sorted([...parts.train, ...parts.validation, ...parts.test])).toEqual(upTo(n));
        expect([parts.validation.length, parts.test.length]).toEqual([Math.round(0.2 * n), Math.round(0.3 * n)]);
        expect(splitIndices(n, options)).toEqual(parts);
      },
    ),
  );
});

test('a stratified split keeps every class within one of its share', () => {
  const labels = upTo(100).map((i) => (i < 70 ? 'a' : i < 95 ? 'b' : 'c'));
  const { test: held } = splitIndices(100, { test: 0.2, stratify: labels, seed: 0 });
  const count = (c: string): number => [...held].filter((i) => labels[i] === c).length;
  expect(['a', 'b', 'c'].map(count)).toEqual([14, 5, 1]);
});

test('folds: each example is validated on once, sizes and classes within one', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 10, maxLength: 60 }),
      fc.integer({ min: 2, max: 6 }),
      fc.boolean(),
      (labels, folds, shuffle) => {
        const all = kFold(labels.length, { folds, stratify: labels, shuffle, seed: 1 });
        expect(sorted(all.flatMap((f) => [...f.validation]))).toEqual(upTo(labels.length));
        for (const { train, validation } of all) expect(sorted([...train, ...validation])).toEqual(upTo(labels.length));
        for (const c of [-1, 0, 1, 2]) {
          const sizes = all.map((f) => [...f.validation].filter((i) => c < 0 || labels[i] === c).length);
          expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        }
      },
    ),
  );
});

test('folds without shuffling are consecutive blocks', () => {
  expect(kFold(5, { folds: 2, shuffle: false }).map((f) => [...f.validation])).toEqual([
    [0, 1, 2],
    [3, 4],
  ]);
});

test.each([
  [() => splitIndices(10, { validation: 0.5, test: 0.5 }), /leave none of 10 examples to train on/],
  [() => splitIndices(10, { test: -1 }), /test must be a finite number from 0 to 10/],
  [() => splitIndices(10, { test: 2.5 }), /test must be a whole number/],
  [() => splitIndices(3, { test: 1, stratify: [0, 1] }), /2 labels for 3 examples/],
  [() => splitIndices(3, { test: 1, seed: -1 }), /seed must be a whole number ≥ 0/],
  [() => kFold(3, { folds: 4 }), /4 folds of 3 examples/],
  [() => kFold(3, { folds: 1 }), /folds must be a whole number ≥ 2/],
])('bad arguments are refused: %#', (act, message) => {
  expect(act).toThrow(message);
});
