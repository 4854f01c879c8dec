/** Initialisers: variances as their authors say, structure where there is one. */
import { compile, manualSeed, type Value } from 'chainrule';
import { init, Linear } from 'chainrule/nn';

const deviation = (x: Value): number => x.std().item();
const largest = (x: Value): number => x.abs().amax().item();

describe.each([
  ['xavier', init.xavierUniform, init.xavierNormal, Math.sqrt(2 / (200 + 100))],
  ['he', init.heUniform, init.heNormal, Math.sqrt(2 / 200)],
  ['kaiming', init.kaimingUniform, init.kaimingNormal, Math.sqrt(2 / 200)],
  ['lecun', init.lecunUniform, init.lecunNormal, Math.sqrt(1 / 200)],
] as const)('%s', (_, uniform, normal, std) => {
  test('has the variance it promises, float32 unless told', () => {
    manualSeed(1);
    const x = uniform([100, 200]);
    expect(x.dtype).toBe('float32');
    expect(deviation(x) / std).toBeCloseTo(1, 1);
    expect(largest(x)).toBeLessThanOrEqual(std * Math.sqrt(3) * (1 + 1e-6));
    expect(deviation(normal([100, 200], { dtype: 'float64' })) / std).toBeCloseTo(1, 1);
  });

  test('is a leaf, and needs two axes', () => {
    const layer = new Linear(3, 4);
    layer.weight.assign(uniform(layer.weight.shape));
    expect(() => normal([5])).toThrow(/needs a weight \[outputs, inputs, …\], got \[5\]/);
  });
});

test('gains and fans', () => {
  expect(init.calculateGain('tanh')).toBeCloseTo(5 / 3);
  expect(init.calculateGain('leakyRelu', 0.2)).toBeCloseTo(Math.sqrt(2 / 1.04));
  expect(() => init.calculateGain('rleu' as never)).toThrow(/unknown nonlinearity "rleu".*relu/s);
  expect(() => init.heNormal([2, 2], { mode: 'fan' as never })).toThrow(/mode must be 'fanIn' or 'fanOut'/);
  manualSeed(2);
  const out = init.kaimingNormal([50, 10, 3, 3], { mode: 'fanOut', nonlinearity: 'linear', dtype: 'float64' });
  expect(deviation(out) * Math.sqrt(450)).toBeCloseTo(1, 1);
});

test.each([[[3, 5]], [[5, 3]], [[4, 4]], [[2, 3, 2]]])('orthogonal %p has orthonormal rows or columns', (shape) => {
  const x = init.orthogonal(shape, { gain: 2, dtype: 'float64' });
  const m = x.reshape([shape[0]!, -1]);
  const [rows, columns] = m.shape as [number, number];
  const product = rows <= columns ? m.matmul(m.permute([1, 0])) : m.permute([1, 0]).matmul(m);
  const n = Math.min(rows, columns);
  (product.toArray() as number[][]).forEach((row, i) =>
    row.forEach((v, j) => expect(v).toBeCloseTo(i === j && i < n ? 4 : 0, 10)),
  );
});

test('truncNormal stays within its limits, with the moments of a truncated normal', () => {
  manualSeed(3);
  const x = init.truncNormal([20000], { dtype: 'float64' });
  expect(largest(x)).toBeLessThanOrEqual(2);
  expect(x.mean().item()).toBeCloseTo(0, 1);
  expect(deviation(x)).toBeCloseTo(0.8796, 1);
  const one = init.truncNormal([5000], { mean: 1, std: 0.5, a: 1, b: 1.5, dtype: 'float64' });
  expect([one.amin().item() >= 1, one.amax().item() <= 1.5]).toEqual([true, true]);
  expect(() => init.truncNormal([2], { a: 2, b: 1 })).toThrow(/needs a < b/);
});

test('sparse leaves the same number of zeros in each column', () => {
  const x = init.sparse([10, 6], { sparsity: 0.35 });
  expect(x.eq(0).to('int32').sum(0).toArray()).toEqual([4, 4, 4, 4, 4, 4]);
  expect(() => init.sparse([10, 6], { sparsity: 2 })).toThrow(/sparsity must be a probability/);
});

test('identities and constants', () => {
  expect(init.eye([2, 3]).toArray()).toEqual([
    [1, 0, 0],
    [0, 1, 0],
  ]);
  expect(init.dirac([2, 1, 3], { groups: 2 }).toArray()).toEqual([[[0, 1, 0]], [[0, 1, 0]]]);
  expect(init.constant([2], 3).toArray()).toEqual([3, 3]);
  expect([init.zeros([1]).item(), init.ones([1]).item()]).toEqual([0, 1]);
  expect(() => init.dirac([3, 1, 3], { groups: 2 })).toThrow(/groups 2 must divide the 3 outputs/);
  const x = init.uniform([1000], -1, 3);
  expect([x.amin().item() >= -1, x.amax().item() < 3]).toEqual([true, true]);
});

test('draws the same inside compile', () => {
  manualSeed(9);
  const eager = init.xavierNormal([2, 2]).toArray();
  manualSeed(9);
  expect(compile(() => init.xavierNormal([2, 2]))().toArray()).toEqual(eager);
});
