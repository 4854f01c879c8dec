/** Positional encodings: as the papers write them. */
import { compile, randn, zeros, type Value } from 'chainrule';
import { PositionalEncoding } from 'chainrule/nn';

const rows = (x: Value): number[][] => x.toArray() as number[][];

test('sinusoidal: sines and cosines of position / 10000^(2i/width)', () => {
  const y = rows(new PositionalEncoding(6, { dtype: 'float64' }).forward(zeros([4, 6])));
  y.forEach((row, position) =>
    row.forEach((v, j) => {
      const angle = position / Math.pow(10000, (j - (j % 2)) / 6);
      expect(v).toBeCloseTo(j % 2 === 0 ? Math.sin(angle) : Math.cos(angle), 12);
    }),
  );
});

test('learned: rows of a parameter', () => {
  const layer = new PositionalEncoding(3, { kind: 'learned', maxLen: 5 });
  expect(rows(layer.forward(zeros([2, 3])))).toEqual(rows(layer.weight!).slice(0, 2));
  layer
    .forward(zeros([4, 2, 3]))
    .sum()
    .backward();
  expect(rows(layer.weight!.grad!)).toEqual([
    [4, 4, 4],
    [4, 4, 4],
    [0, 0, 0],
    [0, 0, 0],
    [0, 0, 0],
  ]);
});

test('rotary: keeps lengths, and products depend on distances alone', () => {
  const layer = new PositionalEncoding(8, { kind: 'rotary', dtype: 'float64' });
  const [q, k] = [randn([1, 8]), randn([1, 8])];
  const [turnedQ, turnedK] = [layer.forward(q.broadcastTo([6, 8])), layer.forward(k.broadcastTo([6, 8]))];
  const products = rows(turnedQ.matmul(turnedK.permute([1, 0])));
  expect(products[0]![2]).toBeCloseTo(products[3]![5]!, 12);
  expect(products[4]![1]).toBeCloseTo(products[5]![2]!, 12);
  expect(turnedQ.square().sum(1).at(5).item()).toBeCloseTo(q.square().sum().item(), 12);
});

test.each(['sinusoidal', 'learned', 'rotary'] as const)('%s: the same compiled, for batches too', (kind) => {
  const layer = new PositionalEncoding(4, { kind, maxLen: 8 });
  const x = randn([2, 3, 5, 4]);
  const y = layer.forward(x);
  expect([y.dtype, y.shape]).toEqual(['float32', [2, 3, 5, 4]]);
  expect(compile((v: Value) => layer.forward(v))(x).toArray()).toEqual(y.toArray());
});

test('refuses what does not fit', () => {
  expect(() => new PositionalEncoding(3)).toThrow(/sinusoidal encoding needs an even width, got 3/);
  expect(() => new PositionalEncoding(4, { kind: 'sin' as never })).toThrow(/kind must be/);
  expect(() => new PositionalEncoding(4, { maxLen: 2 }).forward(zeros([3, 4]))).toThrow(
    /length ≤ 2, 4\], got \[3, 4\]/,
  );
});
