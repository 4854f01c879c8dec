/** Sequences: what comes next stands beside what was seen, nothing later leaks, padding is told apart. */
import { expect } from '@jest/globals';
import { arange, constant, zeros, type Value } from 'chainrule';
import { DataLoader, padSequence, split, splitSequence, textBlocks, windows, type Sequence } from 'chainrule/data';
import { equalValues } from 'chainrule/testing';
import fc from 'fast-check';

expect.addEqualityTesters([equalValues]);
const count = fc.integer({ min: 1, max: 7 });

describe('windows', () => {
  test('x is a stretch of the series, y what follows it, one window every stride', () => {
    expect(windows([10, 11, 12, 13, 14, 15], { length: 3, horizon: 2 })).toEqual({
      x: constant([[10, 11, 12], [11, 12, 13]]), // prettier-ignore
      y: constant([[13, 14], [14, 15]]), // prettier-ignore
    });
    fc.assert(
      fc.property(fc.integer({ min: 14, max: 40 }), count, count, count, (steps, length, horizon, stride) => {
        const { x, y } = windows(arange(steps), { length, horizon, stride });
        const n = x.shape[0]!;
        expect([x.shape, y.shape]).toEqual([[n, length], [n, horizon]]); // prettier-ignore
        for (let i = 0; i < n; i++) {
          expect([...x.at(i).data, ...y.at(i).data]).toEqual(
            Array.from({ length: length + horizon }, (_, k) => i * stride + k),
          );
        }
        // One more would not fit.
        expect(n * stride + length + horizon).toBeGreaterThan(steps);
      }),
    );
  });

  test('every step may be many numbers', () => {
    const { x, y } = windows(arange(24).reshape([6, 2, 2]), { length: 2, stride: 3 });
    expect([x.shape, y.shape]).toEqual([[2, 2, 2, 2], [2, 1, 2, 2]]); // prettier-ignore
    expect(Array.from(y.at(1).data)).toEqual([20, 21, 22, 23]);
  });
});

describe('blocks of text', () => {
  const ids = Int32Array.from({ length: 20 }, (_, i) => i);

  test('y is x, one token on; blocks follow one another, or start at every token', () => {
    const blocks = textBlocks(ids, { length: 6 });
    const [x, y] = blocks.get(1);
    expect([blocks.length, x, y]).toEqual([
      3,
      arange(6, 12, 1, { dtype: 'int32' }),
      arange(7, 13, 1, { dtype: 'int32' }),
    ]);
    const every = textBlocks(constant(ids), { length: 6, stride: 1 });
    expect([every.length, ...every.get(13)[1].data]).toEqual([14, 14, 15, 16, 17, 18, 19]);
  });

  test('come in batches, with an epoch of random ones where they are many; subsets, too', () => {
    const blocks = textBlocks(ids, { length: 4, stride: 1 });
    const loader = new DataLoader(blocks, { batchSize: 3, shuffle: true, samples: 8, seed: 0 });
    const starts: number[] = [];
    for (const [x, y] of loader) {
      expect(y).toEqual(x.add(1));
      starts.push(...x.narrow(1, 0, 1).data);
    }
    expect([starts.length, new Set(starts).size, loader.length]).toEqual([8, 8, 3]);
    const { test } = split(blocks, { test: 0.25, shuffle: false });
    expect([...new DataLoader(test, { batchSize: 9 })][0]![0].shape).toEqual([4, 4]);
  });
});

describe('parts in order', () => {
  test('texts, arrays and Values: each step is in one part, nothing later comes before', () => {
    expect(splitSequence('abcdefghij', { validation: 0.2, test: 0.1 })).toEqual({
      train: 'abcdefg',
      validation: 'hi',
      test: 'j',
    });
    const { train, test } = splitSequence(arange(10).reshape([5, 2]), { test: 0.4 });
    expect([train, test]).toEqual([arange(6).reshape([3, 2]), arange(6, 10).reshape([2, 2])]);
    expect(splitSequence(Int32Array.of(1, 2), { validation: 0.5 }).validation).toEqual(Int32Array.of(2));
  });
});

describe('padding', () => {
  const numbers = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 6 });

  test('within their lengths the sequences are as they were, beyond them is the value', () => {
    const any = fc.array(numbers, { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(any, fc.constantFrom('right', 'left'), fc.boolean(), (lists, side, batchFirst) => {
        const sequences = lists.map((list) => Int32Array.from(list));
        const { padded, lengths } = padSequence(sequences, { value: 77, side, batchFirst });
        expect(padded.dtype).toBe('int32');
        expect(Array.from(lengths.data)).toEqual(lists.map((list) => list.length));
        lists.forEach((list, i) => {
          const row: Value = batchFirst ? padded.at(i) : padded.transpose(0, 1).at(i);
          const missing = new Array<number>(row.size - list.length).fill(77);
          expect(Array.from(row.data)).toEqual(side === 'left' ? [...missing, ...list] : [...list, ...missing]);
        });
      }),
    );
  });

  test('steps may have features', () => {
    const { padded } = padSequence([arange(4).reshape([2, 2]), zeros([3, 2])]);
    expect([padded.shape, ...padded.at(0).data]).toEqual([[2, 3, 2], 0, 1, 2, 3, 0, 0]);
  });
});

test.each([
  [() => windows([1, 2, 3], { length: 3 }), /length 3 and horizon 1 need 4 steps, got 3/],
  [() => windows([1, 2], { length: 0 }), /length must be a whole number ≥ 1/],
  [() => windows([1, 2], { lenght: 1 } as never), /unknown option "lenght"/],
  [() => windows(constant(3), { length: 1 }), /takes a sequence, whose first axis is the time; got a scalar/],
  [() => textBlocks([1, 2], { length: 2 }), /a block of 2 tokens and the one after it need 3, got 2/],
  [() => textBlocks(zeros([2, 2]), { length: 1 }), /takes the ids of tokens \[n\], got \[2, 2\]/],
  [() => textBlocks([1, 2, 3], { length: 1 }).get(2), /no example 2; there are 2/],
  [() => splitSequence('ab', { test: 1 }), /leave none of 2 steps to train on/],
  [() => padSequence([]), /there are no sequences/],
  [
    () => padSequence([zeros([2, 1]), zeros([2, 2])] as Sequence[]),
    /sequence 0 is \[2, 1\] float64, sequence 1 \[2, 2\]/,
  ],
  [() => padSequence([[1]], { side: 'top' as 'left' }), /side is one of right, left/],
  [() => new DataLoader([1, 2], { samples: 1 }), /samples are drawn at random: they need shuffle or weights/],
  [() => new DataLoader([1, 2], { samples: 3, shuffle: true }), /3 samples of 2 examples/],
])('bad arguments are refused: %#', (act, message) => {
  expect(act).toThrow(message);
});
