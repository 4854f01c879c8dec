/** CTC against the sum over all alignments, written out; lengths in every form; errors. */
import { describe, expect, test } from '@jest/globals';
import { compile, constant, value, valueAndGrad, type Value } from 'chainrule';
import { ctcLoss } from 'chainrule/losses';
import { arbitraryValue, checkGradients, equalValues, valueMatchers } from 'chainrule/testing';
import fc from 'fast-check';

expect.addEqualityTesters([equalValues]);
expect.extend(valueMatchers);

const ints = (data: unknown): Value => constant(data as number[], { dtype: 'int32' });

/** What a path of classes spells: repetitions are one, blanks nothing. */
const spelt = (path: readonly number[], blank: number): number[] =>
  path.filter((label, i) => label !== blank && label !== path[i - 1]);

function* paths(steps: number, classes: number): Generator<number[]> {
  if (steps === 0) yield [];
  else for (const rest of paths(steps - 1, classes)) for (let c = 0; c < classes; c++) yield [...rest, c];
}

/** −log of the summed probability of all paths that spell the target. */
function byEnumeration(logProbabilities: Value, target: readonly number[], blank: number): number {
  const [steps, classes] = logProbabilities.shape as [number, number];
  let sum = 0;
  for (const path of paths(steps, classes)) {
    if (spelt(path, blank).join() !== target.join()) continue;
    sum += Math.exp(path.reduce((total, c, t) => total + logProbabilities.data[t * classes + c]!, 0));
  }
  return -Math.log(sum);
}

const logits = arbitraryValue({ shape: [4, 3], min: -3, max: 3 });
const targets = fc.array(fc.integer({ min: 0, max: 1 }), { maxLength: 3 });

test('is −log of the sum over all alignments', () => {
  fc.assert(
    fc.property(logits, targets, fc.integer({ min: 0, max: 2 }), (x, labels, blank) => {
      const target = labels.map((label) => (label < blank ? label : label + 1));
      const y = x.logSoftmax(1);
      const loss = ctcLoss(y, ints([...target, 0]), 4, target.length, { blank, reduction: 'sum' });
      expect(loss).toBeCloseToValue(byEnumeration(y, target, blank));
    }),
    { numRuns: 40 },
  );
});

describe('a batch', () => {
  const x = value([[[0.1, 0.5, -1], [2, 0, 1]], [[0.3, -0.4, 0.2], [1, 1, 0]], [[0, 1, 2], [-1, 0.5, 0]]]); // prettier-ignore
  const padded = ints([[1, 2], [2, 0]]); // prettier-ignore
  const loss = (y: Value, t: Value, inputs: Value, outputs: Value): Value =>
    ctcLoss(y.logSoftmax(2), t, inputs, outputs, { reduction: 'none' });
  const alone = loss(x, padded, ints([3, 2]), ints([2, 1]));

  test('is made of single sequences; what lies behind their lengths does not matter', () => {
    const second = x.narrow(0, 0, 2).narrow(1, 1, 1).squeeze(1).logSoftmax(1);
    expect(ctcLoss(second, ints([2]), 2, 1)).toBeCloseToValue(alone.narrow(0, 1, 1).mean());
  });

  test('targets may lie one behind the other, lengths be lists of numbers', () => {
    expect(loss(x, ints([1, 2, 2]), ints([3, 2]), ints([2, 1]))).toEqual(alone);
    expect(ctcLoss(x.logSoftmax(2), padded, [3, 2], [2, 1], { reduction: 'none' })).toEqual(alone);
  });

  test('the mean is of losses per label', () => {
    const mean = alone.div(constant([2, 1])).mean();
    expect(ctcLoss(x.logSoftmax(2), padded, [3, 2], [2, 1])).toEqual(mean);
  });

  test('compiles, with lengths as arguments and targets in either form', () => {
    const step = (y: Value, t: Value, inputs: Value, outputs: Value): unknown =>
      valueAndGrad((z: Value) => loss(z, t, inputs, outputs).sum())(y);
    const compiled = compile(step as never) as unknown as typeof step;
    for (const t of [padded, ints([1, 2, 2])]) {
      expect(compiled(x, t, ints([3, 2]), ints([2, 1]))).toEqual(step(x, t, ints([3, 2]), ints([2, 1])));
    }
  });

  test('has the right derivatives to second order', () => {
    checkGradients((y: Value) => loss(y, padded, ints([3, 2]), ints([2, 1])).sum(), [x], { order: 2 });
  });
});

describe('what cannot be spelt', () => {
  const x = value([[0.1, 0.5, -1], [0, 1, 2]]); // prettier-ignore
  const of = (y: Value, zeroInfinity: boolean): Value => ctcLoss(y.logSoftmax(1), ints([1, 1]), 2, 2, { zeroInfinity });

  test('has the loss Infinity, or 0 if wanted; the gradient is 0', () => {
    expect(of(x, false).item()).toBe(Infinity);
    for (const zeroInfinity of [true, false]) {
      const [, gradient] = valueAndGrad((y: Value) => of(y, zeroInfinity))(x);
      expect(gradient.data.every((g) => g === 0)).toBe(true);
    }
    expect(of(x, true).item()).toBe(0);
  });

  test('probabilities of 0 make no NaN', () => {
    const y = value([[0, -Infinity, -Infinity], [-Infinity, 0, -Infinity]]); // prettier-ignore
    const spell = (z: Value, label: number): Value => ctcLoss(z, ints([label]), 2, 1);
    expect([spell(y, 1).item(), spell(y, 2).item()].map(Math.abs)).toEqual([0, Infinity]);
    expect(valueAndGrad((z: Value) => spell(z, 1))(y)[1].data.some(Number.isNaN)).toBe(false);
  });
});

describe('errors', () => {
  const x = value([[[0.1, 0.5, -1]], [[0, 1, 2]]]); // prettier-ignore
  const t = ints([[1, 2]]); // prettier-ignore
  test.each<[string, () => unknown, RegExp]>([
    ['a blank that is no class', () => ctcLoss(x, t, [2], [2], { blank: 3 }), /blank must be a class of 0 … 2, got 3/],
    ['labels out of range', () => ctcLoss(x, ints([[1, 3]]), [2], [2]), /target 3 at position \[0, 1\] is no class of 0 … 2/],
    ['the blank in a target', () => ctcLoss(x, ints([[1, 0]]), [2], [2]), /target 0 at position \[0, 1\].*or is the blank \(0\)/],
    ['float targets', () => ctcLoss(x, value([[1]]), [2], [1]), /do not go with float64 targets \[1, 1\]/],
    ['targets of another batch', () => ctcLoss(x, ints([[1], [2]]), [2], [1]), /log-probabilities \[2, 1, 3\] do not go with int32 targets \[2, 1\]/],
    ['lengths of another batch', () => ctcLoss(x, t, [2, 2], [2]), /inputLengths has shape \[2\], there are 1 sequences/],
    ['inputs longer than they are', () => ctcLoss(x, t, [3], [2]), /inputLengths 3 at position 0 is not in 0 … 2/],
    ['targets longer than they are', () => ctcLoss(x, t, [2], [3]), /targetLengths 3 at position 0 is not in 0 … 2/],
    ['concatenated targets of another total', () => ctcLoss(x, ints([1, 2]), [2], [1]), /targets \[2\] hold 2 labels, targetLengths 1/],
    ['no steps', () => ctcLoss(value([[]]).reshape([0, 1]), ints([1]), 0, 1), /\[T, N, C\] or \[T, C\] with T ≥ 1, got \[0, 1\]/],
  ])('refuses %s', (_, call, message) => expect(call).toThrow(message)); // prettier-ignore
});
