/** Layers that disturb their input at random while training. */
import { compile, constant, grad, manualSeed, ones, randn, vmap, zeros, type Value } from 'chainrule';
import { AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d, GaussianNoise } from 'chainrule/nn';

const mean = (x: Value): number => x.mean().item();

describe.each([
  ['Dropout', () => new Dropout(0.3), [4, 5]],
  ['Dropout1d', () => new Dropout1d(0.3), [2, 3, 4]],
  ['Dropout2d', () => new Dropout2d(0.3), [2, 3, 4, 4]],
  ['Dropout3d', () => new Dropout3d(0.3), [2, 3, 2, 2, 2]],
  ['AlphaDropout', () => new AlphaDropout(0.3), [4, 5]],
  ['GaussianNoise', () => new GaussianNoise(0.3), [4, 5]],
] as const)('%s', (_, make, shape) => {
  test('passes its input on in evaluation, and changes it while training', () => {
    const x = randn(shape);
    const layer = make();
    manualSeed(1);
    expect(layer.forward(x).toArray()).not.toEqual(x.toArray());
    expect(layer.eval().forward(x)).toBe(x);
  });

  test('draws the same compiled, afresh at each call, and follows the mode', () => {
    const x = randn(shape, { dtype: 'float32' });
    const layer = make();
    const f = compile((v: Value) => layer.forward(v));
    manualSeed(5);
    const eager = [layer.forward(x).toArray(), layer.forward(x).toArray()];
    manualSeed(5);
    expect([f(x).toArray(), f(x).toArray()]).toEqual(eager);
    expect(eager[0]).not.toEqual(eager[1]);
    layer.eval();
    expect(f(x).toArray()).toEqual(x.toArray());
  });
});

test('Dropout zeroes a share p and scales the rest, so that the mean stays', () => {
  manualSeed(2);
  const y = new Dropout(0.25).forward(ones([20000]));
  expect(new Set(y.data)).toEqual(new Set([0, 1 / 0.75]));
  expect(y.data.filter((v) => v === 0).length / y.size).toBeCloseTo(0.25, 1);
  expect(mean(y)).toBeCloseTo(1, 1);
});

test('its gradient passes where the element stayed', () => {
  const layer = new Dropout();
  manualSeed(7);
  const y = layer.forward(ones([8]));
  manualSeed(7);
  expect(grad((v: Value) => layer.forward(v).sum())(ones([8])).toArray()).toEqual(y.toArray());
});

test('examples of a vmap draw for themselves', () => {
  const rows = vmap((v: Value) => new Dropout().forward(v))(ones([2, 64])).toArray() as number[][];
  expect(rows[0]).not.toEqual(rows[1]);
});

test('p = 0 changes nothing, p = 1 leaves nothing', () => {
  expect(new Dropout(0).forward(ones([3])).toArray()).toEqual([1, 1, 1]);
  expect(new Dropout({ p: 1 }).forward(ones([3])).toArray()).toEqual([0, 0, 0]);
  expect(new AlphaDropout(1).forward(ones([3])).toArray()).toEqual([0, 0, 0]);
});

test('Dropout2d drops whole channels', () => {
  manualSeed(3);
  const y = new Dropout2d(0.5)
    .forward(ones([4, 8, 3, 3]))
    .reshape([32, 9])
    .toArray() as number[][];
  expect(y.every((channel) => new Set(channel).size === 1)).toBe(true);
  expect(new Set(y.map((channel) => channel[0]))).toEqual(new Set([0, 2]));
  expect(() => new Dropout2d().forward(zeros([2, 2]))).toThrow(/Dropout2d: takes \[N, C, H, W\] or \[C, H, W\]/);
});

test('AlphaDropout keeps mean and variance of standard normal input', () => {
  manualSeed(4);
  const y = new AlphaDropout(0.2).forward(randn([50000]));
  expect(mean(y)).toBeCloseTo(0, 1);
  expect(y.std().item()).toBeCloseTo(1, 1);
});

test('GaussianNoise has the standard deviation it was given', () => {
  manualSeed(4);
  expect(
    new GaussianNoise({ std: 0.5 })
      .forward(zeros([50000]))
      .std()
      .item(),
  ).toBeCloseTo(0.5, 1);
});

test('integers become floats; impossible options are refused', () => {
  expect(new Dropout().forward(constant([1, 2], { dtype: 'int32' })).dtype).toBe('float64');
  expect(() => new Dropout(1.5)).toThrow(/Dropout: p must be a probability from 0 to 1, got 1.5/);
  expect(() => new Dropout({ rate: 1 } as never)).toThrow(/unknown option "rate"/);
  expect(() => new GaussianNoise(-1)).toThrow(/std must not be negative/);
});
