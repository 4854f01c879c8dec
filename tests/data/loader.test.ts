/** Data sets and loaders: what an epoch visits, in which order, and what a batch looks like. */
import { arange, constant, manualSeed, type Value } from 'chainrule';
import { balancedWeights, collate, DataLoader, Dataset, split, TensorDataset } from 'chainrule/data';
import fc from 'fast-check';

const numbers = (batches: Iterable<Value[]>): number[] => [...batches].flatMap(([x]) => Array.from(x!.data));

describe('an epoch', () => {
  test('visits every example once, whatever the batch size; the same rows of each Value together', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 50 }),
        fc.boolean(),
        (n, batchSize, shuffle) => {
          const data = new TensorDataset(arange(n), arange(n).mul(2));
          const loader = new DataLoader(data, { batchSize, shuffle, seed: 1 });
          const seen: number[] = [];
          let count = 0;
          for (const [x, y] of loader) {
            expect(Array.from(y.data)).toEqual(Array.from(x.data, (v) => 2 * v));
            seen.push(...x.data);
            count++;
          }
          expect(count).toBe(loader.length);
          expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
        },
      ),
    );
  });

  test('has an order of its own, a function of seed and epoch', () => {
    const make = (): DataLoader<Value[], Value[]> =>
      new DataLoader<Value[], Value[]>(new TensorDataset(arange(20)) as Dataset<Value[]>, {
        batchSize: 4,
        shuffle: true,
        seed: 7,
      });
    const [a, b] = [make(), make()];
    const first = numbers(a);
    const second = numbers(a);
    expect(first).not.toEqual(second);
    b.epoch = 1;
    expect(numbers(b)).toEqual(second);
  });

  test('without a seed follows manualSeed', () => {
    const run = (): number[] => {
      manualSeed(3);
      return numbers(new DataLoader(new TensorDataset(arange(20)), { shuffle: true }) as Iterable<Value[]>);
    };
    expect(run()).toEqual(run());
  });

  test('may drop its last batch', () => {
    const loader = new DataLoader([1, 2, 3, 4, 5], { batchSize: 2, dropLast: true });
    expect([...loader].map((x) => x.toArray())).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(loader.length).toBe(2);
  });

  test('draws by weight: classes balanced, zero weights never', () => {
    const labels = Array.from({ length: 1000 }, (_, i) => Number(i % 10 === 0));
    const loader = new DataLoader(labels, {
      batchSize: 4000,
      weights: balancedWeights(labels),
      samples: 4000,
      seed: 0,
    });
    const [batch] = [...loader];
    expect(batch!.mean().item()).toBeGreaterThan(0.45);
    expect(batch!.mean().item()).toBeLessThan(0.55);
    expect([...new DataLoader([1, 2, 3], { weights: [0, 1, 0] })].map((x) => x.item())).toEqual([2, 2, 2]);
  });
});

describe('a batch', () => {
  test('stacks numbers, arrays and Values field by field; floats are float32, whole-number types stay', () => {
    const batch = collate([
      { x: [1, 2], y: constant(3, { dtype: 'int32' }), name: 'a', pair: [constant([1]), Int32Array.of(4)] },
      { x: [3, 4], y: constant(5, { dtype: 'int32' }), name: 'b', pair: [constant([2]), Int32Array.of(5)] },
    ]);
    expect([batch.x.dtype, batch.x.toArray()]).toEqual([
      'float32',
      [
        [1, 2],
        [3, 4],
      ],
    ]);
    expect([batch.y.dtype, batch.y.toArray()]).toEqual(['int32', [3, 5]]);
    expect(batch.name).toEqual(['a', 'b']);
    expect(batch.pair.map((x) => [x.dtype, x.shape])).toEqual([
      ['float32', [2, 1]],
      ['int32', [2, 1]],
    ]);
  });

  test('may be made by a function of the user, keeps float64 on request', () => {
    const [sum] = [...new DataLoader([1, 2, 3], { batchSize: 3, collate: (x) => x.reduce((a, b) => a + b) })];
    expect(sum).toBe(6);
    expect([...new DataLoader([0.1], { dtype: 'float64' })][0]!.item()).toBe(0.1);
  });

  test('of examples that differ in shape is refused, with the field', () => {
    const loader = new DataLoader([{ x: [1, 2] }, { x: [1] }], { batchSize: 2 });
    expect(() => [...loader]).toThrow(/\.x \[2\] float64, example 1 of the batch \[1\]/);
    expect(() => collate([{ x: 1, y: 1 }, { x: 1 }])).toThrow(/lacks the field "y"/);
  });
});

describe('streams', () => {
  async function* counting(n: number, log?: number[]): AsyncGenerator<number> {
    for (let i = 0; i < n; i++) {
      await Promise.resolve();
      log?.push(i);
      yield i;
    }
  }

  test('come in batches under for await, anew every epoch from a function', async () => {
    const loader = new DataLoader(() => counting(5), { batchSize: 2 });
    for (let epoch = 0; epoch < 2; epoch++) {
      const seen: unknown[] = [];
      for await (const batch of loader) seen.push(batch.toArray());
      expect(seen).toEqual([[0, 1], [2, 3], [4]]);
    }
  });

  test('are shuffled within a buffer; each example comes once', async () => {
    const loader = new DataLoader(() => counting(50), { batchSize: 50, shuffle: true, shuffleBuffer: 8, seed: 0 });
    for await (const batch of loader) {
      const seen = Array.from(batch.data);
      expect(seen).not.toEqual([...seen].sort((a, b) => a - b));
      expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
    }
  });

  test('are read ahead by no more than prefetch says, and closed when left early', async () => {
    const log: number[] = [];
    for await (const batch of new DataLoader(counting(100, log), { prefetch: 3 })) {
      await new Promise((done) => setTimeout(done, 5));
      expect(log.length).toBeLessThanOrEqual(batch.item() + 5);
      if (batch.item() === 4) break;
    }
    expect(log.length).toBeLessThan(15);
  });

  test('pass their errors on', async () => {
    async function* failing(): AsyncGenerator<number> {
      yield* counting(3);
      throw new Error('disk gone');
    }
    const walk = async (): Promise<void> => {
      for await (const _ of new DataLoader(failing())) await Promise.resolve();
    };
    await expect(walk()).rejects.toThrow('disk gone');
  });

  test('need for await, and say so; a data set may answer with promises', async () => {
    expect(() => [...new DataLoader(counting(3))]).toThrow(/for await/);
    class Slow extends Dataset<Promise<number>> {
      readonly length: number = 3;
      get(i: number): Promise<number> {
        return Promise.resolve(i);
      }
    }
    expect(() => [...new DataLoader(new Slow())]).toThrow(/promise.*\n.*for await/);
    const seen: number[] = [];
    for await (const x of new DataLoader(new Slow())) seen.push(x.item());
    expect(seen).toEqual([0, 1, 2]);
  });

  test('of a synchronous iterable are walked with for … of', () => {
    expect([...new DataLoader(new Set([1, 2, 3]), { batchSize: 2 })].map((x) => x.toArray())).toEqual([[1, 2], [3]]);
  });
});

test('data sets: map, subset and split keep examples and fast batches', () => {
  const data = new TensorDataset(arange(10), arange(10));
  const { train, test: held } = split(data, { test: 0.3, shuffle: false });
  expect([...new DataLoader(held, { batchSize: 9 })][0]![0].toArray()).toEqual([7, 8, 9]);
  expect(train.length).toBe(7);
  expect(train.map(([x]) => x.item() + 1).get(2)).toBe(3);
  expect(() => data.subset([10])).toThrow(/no example 10; there are 10/);
});

test.each([
  [() => new DataLoader([1], { batchSize: 0 }), /DataLoader: batchSize must be a whole number ≥ 1, got 0/],
  [() => new DataLoader([1], { batchsize: 2 } as object), /unknown option "batchsize"/],
  [() => new DataLoader([1, 2], { weights: [1] }), /1 weights for 2 examples/],
  [() => new DataLoader([1, 2], { weights: [1, -1] }), /weight 1 is -1/],
  [() => new DataLoader([1], { weights: [1], shuffle: true }), /leave shuffle out/],
  [() => new DataLoader(arange(3) as unknown as number[]), /cannot walk a Value/],
  [() => [...new DataLoader([])], /no examples/],
  [() => new TensorDataset(arange(3), arange(4)), /first axes differ: \[3\] and \[4\]/],
  [() => new TensorDataset([1] as unknown as Value), /argument 0 is object, not a Value/],
])('bad arguments are refused: %#', (act, message) => {
  expect(act).toThrow(message);
});
