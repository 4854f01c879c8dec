/** Layers without convolution, recurrence or attention: reshaping, tables, thresholds. */
import { compile, constant, grad, randn, zeros, type Value } from 'chainrule';
import * as nn from 'chainrule/nn';

const int = (data: number[] | number[][]): Value => constant(data as number[], { dtype: 'int32' });

describe('layers that rearrange', () => {
  test('Flatten and Unflatten undo each other', () => {
    const x = randn([2, 3, 4, 5]);
    const flat = new nn.Flatten().forward(x);
    expect(flat.shape).toEqual([2, 60]);
    expect(new nn.Unflatten(1, [3, -1, 5]).forward(flat).toArray()).toEqual(x.toArray());
    expect(new nn.Flatten({ startAxis: 0, endAxis: 1 }).forward(x).shape).toEqual([6, 4, 5]);
    expect(() => new nn.Unflatten(1, [7, -1]).forward(flat)).toThrow(/axis 1 of \[2, 60\] cannot become \[7, -1\]/);
    expect(() => new nn.Unflatten(1, [-2])).toThrow(/sizes must be a list/);
  });

  test('PixelShuffle and PixelUnshuffle undo each other', () => {
    const x = randn([1, 8, 3, 2]);
    const y = new nn.PixelShuffle(2).forward(x);
    expect(y.shape).toEqual([1, 2, 6, 4]);
    expect(new nn.PixelUnshuffle(2).forward(y).toArray()).toEqual(x.toArray());
    expect(() => new nn.PixelShuffle(0)).toThrow(/upscaleFactor must be a whole number ≥ 1/);
  });

  test('Upsample resizes as interpolate does', () => {
    const x = randn([1, 1, 2, 3]);
    const layer = new nn.Upsample({ scaleFactor: 2, mode: 'bilinear', alignCorners: true });
    expect(layer.forward(x).shape).toEqual([1, 1, 4, 6]);
    expect(() => new nn.Upsample({})).toThrow(/either size or scaleFactor/);
  });
});

describe('Embedding', () => {
  test('looks rows up, for indices of any shape', () => {
    const layer = new nn.Embedding(4, 2);
    const rows = layer.weight.toArray() as number[][];
    expect(
      layer
        .forward(
          int([
            [0, 3],
            [1, 1],
          ]),
        )
        .toArray(),
    ).toEqual([
      [rows[0], rows[3]],
      [rows[1], rows[1]],
    ]);
    expect(layer.forward(constant([2])).toArray()).toEqual([rows[2]]);
    expect(compile((i: Value) => layer.forward(i))(int([3, 0])).toArray()).toEqual([rows[3], rows[0]]);
  });

  test('rows at paddingIdx start as zeros and get no gradient', () => {
    const layer = new nn.Embedding(3, 2, { paddingIdx: -1, dtype: 'float64' });
    expect(layer.forward(int([2])).toArray()).toEqual([[0, 0]]);
    layer
      .forward(int([2, 0, 2, 0]))
      .sum()
      .backward();
    expect(layer.weight.grad!.toArray()).toEqual([
      [2, 2],
      [0, 0],
      [0, 0],
    ]);
  });

  test('maxNorm shortens the rows that are looked up, in the weight, compiled too', () => {
    for (const run of [(f: (i: Value) => Value) => f, (f: (i: Value) => Value) => compile(f)]) {
      const layer = new nn.Embedding(3, 2, { maxNorm: 1, dtype: 'float64' });
      layer.weight.assign(
        constant([
          [3, 4],
          [0.3, 0.4],
          [6, 8],
        ]),
      );
      run((i: Value) => layer.forward(i))(int([0, 1, 0]));
      const [long, short, untouched] = layer.weight.toArray() as number[][];
      expect(Math.hypot(...long!)).toBeCloseTo(1, 6);
      expect([short, untouched]).toEqual([
        [0.3, 0.4],
        [6, 8],
      ]);
    }
  });

  test('refuses what is no index', () => {
    const layer = new nn.Embedding(3, 2);
    expect(() => layer.forward(int([3]))).toThrow(/embedding: index 3/);
    expect(() => layer.forward(constant([0.5]))).toThrow(/embedding: indices must be whole numbers, got 0.5/);
    expect(() => new nn.Embedding(3, 2, { paddingIdx: 3 })).toThrow(/paddingIdx must be from -3 to 2, got 3/);
    expect(() => new nn.Embedding(3, 0)).toThrow(/embeddingDim must be a whole number/);
  });
});

describe('Bilinear and Maxout', () => {
  test('Bilinear takes two inputs', () => {
    const layer = new nn.Bilinear(3, 4, 5);
    expect(layer.forward(randn([2, 3]), randn([2, 4])).shape).toEqual([2, 5]);
    expect(layer.namedParameters().map(([name, p]) => [name, p.shape])).toEqual([
      ['weight', [5, 3, 4]],
      ['bias', [5]],
    ]);
    expect(() => layer.forward(zeros([2, 3]), zeros([2, 3]))).toThrow(/takes last axes of 3 and 4/);
  });

  test('Maxout is the largest of its pieces', () => {
    const layer = new nn.Maxout(3, 2, { pieces: 3, dtype: 'float64' });
    const x = randn([4, 3]);
    const pieces = layer.linear.forward(x).reshape([4, 2, 3]).amax(2);
    expect(layer.forward(x).toArray()).toEqual(pieces.toArray());
    expect(grad((v: Value) => layer.forward(v).sum())(x).shape).toEqual([4, 3]);
  });
});

describe('the perceptron', () => {
  const inputs = constant([
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ]);
  const gate = (...outputs: number[]): Value => constant(outputs);

  test.each([
    ['AND', gate(0, 0, 0, 1)],
    ['OR', gate(0, 1, 1, 1)],
    ['NAND', gate(1, 1, 1, 0)],
  ])('learns %s', (_, targets) => {
    const unit = new nn.Perceptron(2);
    const { converged, mistakes, epochs } = unit.fit(inputs, targets);
    expect([converged, mistakes.at(-1), mistakes.length]).toEqual([true, 0, epochs]);
    expect(unit.forward(inputs).toArray()).toEqual(targets.toArray());
  });

  test('cannot learn XOR', () => {
    const { converged, epochs } = new nn.Perceptron(2).fit(inputs, gate(0, 1, 1, 0), { epochs: 20 });
    expect([converged, epochs]).toEqual([false, 20]);
  });

  test('updates by lr·(target − output)·x, compiled too', () => {
    const unit = new nn.Perceptron(2, { lr: 0.5, dtype: 'float64' });
    const update = compile((x: Value, t: Value) => unit.update(x, t));
    expect(update(constant([1, 2]), constant(0)).item()).toBe(1);
    expect([unit.weight.toArray(), unit.bias.toArray()]).toEqual([[[-0.5, -1]], [-0.5]]);
    expect(update(constant([1, 2]), constant(0)).item()).toBe(0);
    expect(unit.weight.toArray()).toEqual([[-0.5, -1]]);
  });

  test('refuses data that does not fit', () => {
    expect(() => new nn.Perceptron(2).fit(zeros([3, 2]), zeros([2]))).toThrow(
      /takes examples \[n, 2\] and targets \[n\]/,
    );
    expect(() => new nn.Perceptron(2).forward(zeros([3]))).toThrow(/takes a last axis of 2/);
    expect(() => new nn.Perceptron(2, { lr: 0 })).toThrow(/lr must be positive/);
  });
});

describe('containers', () => {
  test('Sequential by names, by positions, in part, and longer', () => {
    const model = new nn.Sequential({ hidden: new nn.Linear(2, 3), act: new nn.ReLU(), out: new nn.Linear(3, 1) });
    expect(model.namedParameters()[0]![0]).toBe('hidden.weight');
    expect(model.at('act')).toBe(model.at(1));
    expect(model.at(-1)).toBe(model.at('out'));
    expect(model.slice(0, 2).forward(zeros([2])).shape).toEqual([3]);
    expect(model.append(new nn.Tanh()).length).toBe(4);
    expect([...model].map((m) => m.constructor.name)).toEqual(['Linear', 'ReLU', 'Linear', 'Tanh']);
  });

  test('refuse what is no module', () => {
    expect(() => new nn.Sequential(nn.ReLU as never)).toThrow(/Sequential: 0 is no Module but function.*new/s);
    expect(() => new nn.ModuleList([null as never])).toThrow(/ModuleList: 0 is no Module but null/);
    expect(() => new nn.Sequential({ 'a.b': new nn.ReLU() })).toThrow(/contains a dot/);
  });
});
