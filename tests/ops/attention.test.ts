import { beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  compile,
  constant,
  manualSeed,
  ones,
  randn,
  scaledDotProductAttention,
  value,
  vmap,
  type Value,
} from 'chainrule';
import { equalValues } from 'chainrule/testing';

expect.addEqualityTesters([equalValues]);

const drawn = (...shape: number[]): Value => value(randn(shape));

const close = (a: Value, b: Value): void => {
  expect(a.shape).toEqual(b.shape);
  a.data.forEach((x: number, i: number) => expect(x).toBeCloseTo(b.data[i]!, 12));
};

/** As it is written in papers. */
const plain = (q: Value, k: Value, v: Value, scale: number = 1 / Math.sqrt(q.shape.at(-1)!)): Value =>
  q.matmul(k.transpose(-2, -1)).mul(scale).softmax(-1).matmul(v);

beforeEach(() => manualSeed(0));

describe('what it computes', () => {
  test.each([
    [
      [3, 2],
      [4, 2],
      [4, 5],
    ],
    [
      [2, 3, 2],
      [2, 4, 2],
      [2, 4, 1],
    ],
    [
      [2, 3, 4, 2],
      [2, 3, 4, 2],
      [2, 3, 4, 2],
    ],
    [
      [2, 3, 2],
      [4, 2],
      [1, 4, 3],
    ],
  ])('%j, %j, %j: averages of values, weighted by a softmax of products', (...shapes) => {
    const [q, k, v] = shapes.map((shape) => drawn(...shape)) as [Value, Value, Value];
    close(scaledDotProductAttention(q, k, v), plain(q, k, v));
    close(scaledDotProductAttention(q, k, v, { scale: 0.3 }), plain(q, k, v, 0.3));
  });

  test('causal: query i sees keys up to i, counted from the start', () => {
    const [q, k, v] = [drawn(2, 3), drawn(4, 3), drawn(4, 2)];
    const output = scaledDotProductAttention(q, k, v, { isCausal: true });
    close(output.narrow(0, 0, 1), v.narrow(0, 0, 1));
    close(output.narrow(0, 1, 1), plain(q.narrow(0, 1, 1), k.narrow(0, 0, 2), v.narrow(0, 0, 2)));
  });

  test('no keys, no values: zeros', () => {
    const output = scaledDotProductAttention(drawn(2, 3), drawn(0, 3), drawn(0, 4));
    expect(output).toEqual(
      constant([
        [0, 0, 0, 0],
        [0, 0, 0, 0],
      ]),
    );
  });

  test('large scores do not overflow', () => {
    const q = value([[1000]]);
    const k = value([[1000], [999]]);
    expect(scaledDotProductAttention(q, k, value([[1], [2]])).toArray()).toEqual([[1]]);
  });
});

describe('properties', () => {
  const lengths = fc.record({
    batch: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }),
    queries: fc.integer({ min: 1, max: 4 }),
    keys: fc.integer({ min: 1, max: 5 }),
    features: fc.integer({ min: 1, max: 3 }),
    seed: fc.nat(),
  });
  const check = (property: (q: Value, k: Value, v: Value) => void): void =>
    fc.assert(
      fc.property(lengths, ({ batch, queries, keys, features, seed }) => {
        manualSeed(seed);
        property(drawn(...batch, queries, features), drawn(...batch, keys, features), drawn(...batch, keys, 2));
      }),
    );

  test('results lie between the least and the largest value', () => {
    check((q, k, v) => {
      const y = scaledDotProductAttention(q.mul(10), k, v);
      const [low, high] = [v.amin(-2, { keepDims: true }), v.amax(-2, { keepDims: true })];
      expect(y.sub(low).amin().item()).toBeGreaterThan(-1e-12);
      expect(high.sub(y).amin().item()).toBeGreaterThan(-1e-12);
    });
  });

  test('the order of keys does not matter, that of queries is kept', () => {
    check((q, k, v) => {
      const y = scaledDotProductAttention(q, k, v);
      close(scaledDotProductAttention(q, k.flip(-2), v.flip(-2)), y);
      close(scaledDotProductAttention(q.flip(-2), k, v), y.flip(-2));
    });
  });

  test('a mask that lets everything pass is none', () => {
    check((q, k, v) => {
      const everything = ones([q.shape.at(-2)!, k.shape.at(-2)!]).gt(0);
      expect(scaledDotProductAttention(q, k, v, { attnMask: everything })).toEqual(scaledDotProductAttention(q, k, v));
    });
  });
});

describe('masks', () => {
  const mask = constant([
    [true, false, true],
    [false, false, false],
  ]);

  test('bool: true where a query may look; float: added', () => {
    const [q, k, v] = [drawn(2, 3), drawn(3, 3), drawn(3, 2)];
    const added = constant([
      [0, -Infinity, 0],
      [-Infinity, -Infinity, -Infinity],
    ]);
    expect(scaledDotProductAttention(q, k, v, { attnMask: mask })).toEqual(
      scaledDotProductAttention(q, k, v, { attnMask: added }),
    );
    const bias = drawn(2, 3);
    const scores = q.matmul(k.transpose(0, 1)).mul(1 / Math.sqrt(3));
    close(scaledDotProductAttention(q, k, v, { attnMask: bias }), scores.add(bias).softmax(-1).matmul(v));
  });

  test('a query that may look nowhere gets zeros, and so do the gradients', () => {
    const [q, k, v] = [drawn(2, 3), drawn(3, 3), drawn(3, 2)];
    const output = scaledDotProductAttention(q, k, v, { attnMask: mask });
    expect(output.narrow(0, 1, 1)).toEqual(constant([[0, 0]]));
    output.sum().backward();
    expect(q.grad!.narrow(0, 1, 1)).toEqual(constant([[0, 0, 0]]));
    for (const x of [q, k, v]) expect(x.grad!.data.every(Number.isFinite)).toBe(true);
  });

  test('one mask for all heads, and one for each', () => {
    const [q, k, v] = [drawn(2, 4, 2, 3), drawn(2, 4, 2, 3), drawn(2, 4, 2, 3)];
    const each = drawn(2, 4, 2, 2).gt(-1);
    const output = scaledDotProductAttention(q, k, v, { attnMask: each });
    const [n, h] = [1, 2];
    const one = (x: Value): Value => x.narrow(0, n, 1).narrow(1, h, 1);
    close(one(output), scaledDotProductAttention(one(q), one(k), one(v), { attnMask: one(each) }));
  });
});

test('fewer heads of keys: each serves neighbouring heads of queries', () => {
  const [q, k, v] = [drawn(2, 4, 3, 2), drawn(2, 2, 3, 2), drawn(2, 2, 3, 5)];
  const repeated = (x: Value): Value => x.indexSelect(1, constant([0, 0, 1, 1], { dtype: 'int32' }));
  for (const attnMask of [null, drawn(3, 3), drawn(4, 3, 3), drawn(2, 1, 3, 3)]) {
    close(
      scaledDotProductAttention(q, k, v, { attnMask, enableGqa: true }),
      scaledDotProductAttention(q, repeated(k), repeated(v), { attnMask }),
    );
  }
});

test('dropout zeroes weights and scales the others', () => {
  const v = ones([4, 1]);
  const output = scaledDotProductAttention(ones([2000, 2]), ones([4, 2]), v, { dropoutP: 0.5 });
  const found = [...new Set(output.data)].sort();
  expect(found).toEqual([0, 0.5, 1, 1.5, 2]);
  expect(output.mean().item()).toBeCloseTo(1, 1);
  expect(
    scaledDotProductAttention(ones([2, 2]), ones([4, 2]), v, { dropoutP: 1 })
      .sum()
      .item(),
  ).toBe(0);
});

test('compiled and mapped it computes the same', () => {
  const attention = (q: Value, k: Value, v: Value): Value => scaledDotProductAttention(q, k, v, { isCausal: true });
  const [q, k, v] = [drawn(2, 3, 4), drawn(2, 3, 4), drawn(2, 3, 4)];
  const output = attention(q, k, v);
  expect(compile(attention)(q, k, v)).toEqual(output);
  expect(vmap(attention)(q, k, v)).toEqual(output);
});
