/** Layers of images and features: what they are called, what they keep, what they refuse. */
import { compile, constant, grad, manualSeed, ones, randn, value, vmap, type Value } from 'chainrule';
import {
  AdaptiveAvgPool2d,
  AdaptiveMaxPool2d,
  AvgPool2d,
  BatchNorm1d,
  BatchNorm2d,
  Conv1d,
  Conv2d,
  Conv3d,
  ConvTranspose1d,
  ConvTranspose2d,
  GroupNorm,
  InstanceNorm1d,
  InstanceNorm2d,
  LayerNorm,
  LocalResponseNorm,
  MaxPool1d,
  MaxPool2d,
  MaxPool3d,
  RMSNorm,
  Sequential,
  type Module,
} from 'chainrule/nn';
import { SGD } from 'chainrule/optim';

beforeEach(() => manualSeed(5));

const names = (m: Module): string[] => Object.keys(m.stateDict());
const shapes = (m: Module): string[] => m.parameters().map((p) => p.shape.join('×'));

describe('parameters and buffers', () => {
  test("have PyTorch's names and layouts", () => {
    expect(shapes(new Conv1d(4, 6, 3, { groups: 2 }))).toEqual(['6×2×3', '6']);
    expect(shapes(new Conv3d(1, 2, [1, 2, 3], { bias: false }))).toEqual(['2×1×1×2×3']);
    expect(shapes(new ConvTranspose2d(4, 6, [2, 3], { groups: 2 }))).toEqual(['4×3×2×3', '6']);
    expect(names(new BatchNorm2d(3))).toEqual(['weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked']);
    expect(names(new BatchNorm1d(3, { affine: false, trackRunningStats: false }))).toEqual([]);
    expect(names(new InstanceNorm2d(3))).toEqual([]);
    expect(names(new LayerNorm([2, 3], { bias: false }))).toEqual(['weight']);
    expect(names(new RMSNorm(3))).toEqual(['weight']);
    expect(names(new GroupNorm(1, 3, { affine: false }))).toEqual([]);
  });

  test('are float32 unless told otherwise; inputs are cast to them', () => {
    const x = constant(randn([2, 3, 4, 4], { dtype: 'float64' }).data, { shape: [2, 3, 4, 4] });
    for (const layer of [new Conv2d(3, 2, 3), new BatchNorm2d(3), new GroupNorm(3, 3), new LayerNorm(4)])
      expect(layer.forward(x).dtype).toBe('float32');
    expect(new Conv2d(3, 2, 3, { dtype: 'float64' }).forward(x).dtype).toBe('float64');
    expect(new BatchNorm2d(3, { dtype: 'float64' }).runningVar!.dtype).toBe('float64');
  });

  test("start within PyTorch's bounds", () => {
    const { weight, bias } = new Conv2d(4, 64, 3, { groups: 2 });
    const bound = 1 / Math.sqrt(2 * 9);
    for (const p of [weight, bias!]) {
      const largest = p.abs().amax().item();
      expect(largest).toBeLessThanOrEqual(bound);
      expect(largest).toBeGreaterThan(0.8 * bound);
    }
  });
});

describe('padding modes', () => {
  test('add what lies at the ends before the kernel comes', () => {
    const x = constant([[[1, 2, 4, 8]]]);
    const sum = (paddingMode: 'zeros' | 'reflect' | 'replicate' | 'circular'): unknown => {
      const layer = new Conv1d(1, 1, 3, { padding: 1, paddingMode, bias: false });
      layer.weight.assign(ones([1, 1, 3]));
      return layer.forward(x).toArray();
    };
    expect(sum('zeros')).toEqual([[[3, 7, 14, 12]]]);
    expect(sum('reflect')).toEqual([[[5, 7, 14, 16]]]);
    expect(sum('replicate')).toEqual([[[4, 7, 14, 20]]]);
    expect(sum('circular')).toEqual([[[11, 7, 14, 13]]]);
  });

  test("'same' keeps the size, of even kernels and dilated ones too", () => {
    const x = randn([2, 5, 6]);
    for (const paddingMode of ['zeros', 'reflect'] as const)
      expect(new Conv2d(2, 3, [2, 3], { padding: 'same', dilation: [1, 2], paddingMode }).forward(x).shape).toEqual([
        3, 5, 6,
      ]);
  });
});

describe('running statistics', () => {
  const batches = [randn([6, 2]), randn([4, 2]).mul(3), randn([5, 2]).add(2)].map((x) =>
    constant(x.data, { shape: x.shape }),
  );
  const meanOf = (x: Value): number[] => x.mean(0).toArray() as number[];

  test('move by momentum while training, and stay in evaluation', () => {
    const layer = new BatchNorm1d(2, { momentum: 0.25, dtype: 'float64' });
    layer.forward(batches[0]!);
    const expected = meanOf(batches[0]!).map((m) => 0.25 * m);
    (layer.runningMean!.toArray() as number[]).forEach((m, i) => expect(m).toBeCloseTo(expected[i]!, 12));
    const before = layer.runningVar!.toArray();
    layer.eval().forward(batches[1]!);
    expect(layer.runningVar!.toArray()).toEqual(before);
    expect(layer.numBatchesTracked!.item()).toBe(1);
  });

  test('with momentum null count all batches alike', () => {
    const layer = new BatchNorm1d(2, { momentum: null, dtype: 'float64' });
    const step = compile((x: Value) => layer.forward(x));
    batches.forEach((x, i) => (i === 1 ? layer.forward(x) : step(x)));
    const means = batches.map(meanOf);
    (layer.runningMean!.toArray() as number[]).forEach((m, i) =>
      expect(m).toBeCloseTo(means.reduce((sum, own) => sum + own[i]!, 0) / 3, 12),
    );
    expect(layer.numBatchesTracked!.item()).toBe(3);
  });

  test('a refused batch changes nothing', () => {
    const layer = new BatchNorm1d(2);
    expect(() => layer.forward(ones([1, 2]))).toThrow(/one value for each channel.*at least two/s);
    expect(layer.numBatchesTracked!.item()).toBe(0);
  });

  test('a channel without spread becomes its bias exactly, however far from 0', () => {
    const x = constant(new Float32Array(24).fill(1000.1), { shape: [4, 2, 3] });
    expect(new Set(new BatchNorm1d(2).forward(x).data)).toEqual(new Set([0]));
    expect(new Set(new LayerNorm(3).forward(x).data)).toEqual(new Set([0]));
  });

  test('a large common offset costs no digits in float32', () => {
    const small = Float32Array.from({ length: 64 }, (_, i) => Math.fround(((i * 37) % 64) / 64));
    const plain = new GroupNorm(1, 1, { affine: false }).forward(constant(small, { shape: [1, 1, 64] }));
    const far = new GroupNorm(1, 1, { affine: false }).forward(
      constant(
        small.map((v) => v + 4096),
        { shape: [1, 1, 64] },
      ),
    );
    expect(far.sub(plain).abs().amax().item()).toBeLessThan(1e-6);
  });
});

describe('a training step', () => {
  const model = (): Sequential =>
    new Sequential(
      new Conv2d(1, 4, 3, { padding: 1, paddingMode: 'circular', bias: false }),
      new BatchNorm2d(4),
      new MaxPool2d(2),
      new ConvTranspose2d(4, 4, 2, { stride: 2 }),
      new InstanceNorm2d(4, { affine: true, trackRunningStats: true }),
      new GroupNorm(2, 4),
      new LocalResponseNorm(3),
      new AvgPool2d(2, { ceilMode: true }),
      new LayerNorm(4),
      new AdaptiveAvgPool2d([2, null]),
      new RMSNorm([2, 4]),
    );

  test('compiled gives the bits of the same step op by op: parameters, buffers, loss; nothing is interpreted', () => {
    const [a, b] = [model(), model()];
    b.loadStateDict(a.stateDict());
    const stepOf = (m: Sequential): ((x: Value) => Value) => {
      const optimizer = new SGD(m.parameters(), { lr: 0.1 });
      return (x) => {
        m.zeroGrad();
        const y = m.forward(x);
        const loss = y.mul(y.sin()).sum();
        loss.backward();
        optimizer.step();
        return loss;
      };
    };
    const [plain, fast] = [stepOf(a), compile(stepOf(b))];
    for (let i = 0; i < 3; i++) {
      const x = constant(randn([3, 1, 8, 8], { dtype: 'float32' }).data, { shape: [3, 1, 8, 8] });
      expect(fast(x).item()).toBe(plain(x).item());
    }
    const [left, right] = [a.stateDict(), b.stateDict()];
    for (const name of Object.keys(left)) expect([name, right[name]!.toArray()]).toEqual([name, left[name]!.toArray()]);
    expect(fast.programs.flatMap((p) => p.stats().fallbacks)).toEqual([]);
  });

  test('layers work inside grad and vmap', () => {
    const layer = new LayerNorm(3, { dtype: 'float64' });
    const f = (x: Value): Value =>
      layer
        .forward(x)
        .square()
        .mul(constant([1, 2, 3]))
        .sum();
    const x = value([
      [1, 2, 4],
      [0, 5, 1],
    ]);
    const rows = [0, 1].map((i) => grad(f)(x.unbind(0)[i]!).toArray());
    expect(vmap(grad(f))(x).toArray()).toEqual(rows);
    const conv = new Conv1d(1, 2, 2);
    expect(vmap((row: Value) => conv.forward(row))(ones([3, 1, 4])).shape).toEqual([3, 2, 3]);
  });
});

describe('errors name the layer, the option and the shapes', () => {
  test.each<[() => unknown, RegExp]>([
    [() => new Conv2d(3, 4, 3, { groups: 2 }), /Conv2d: 3 input and 4 output channels do not split into 2 groups/],
    [() => new Conv2d(3, 4, [3, 3, 3]), /Conv2d: kernelSize is a number or 2 of them, got \[3, 3, 3\]/],
    [() => new Conv2d(3, 4, 3, { stride: 2, padding: 'same' }), /Conv2d: padding 'same' needs stride 1, got \[2, 2\]/],
    [
      () => new Conv2d(3, 4, 3, { paddingMode: 'mirror' as 'reflect' }),
      /Conv2d: unknown paddingMode "mirror".*reflect/s,
    ],
    [() => new Conv2d(3, 4, 3, { pad: 1 } as object), /Conv2d: unknown option "pad"/],
    [() => new Conv2d(3, 4, 3).forward(ones([2, 8, 8, 3])), /Conv2d: takes \[N, 3, H, W\].*got \[2, 8, 8, 3\]/],
    [() => new ConvTranspose1d(0, 4, 3), /ConvTranspose1d: inChannels must be a whole number ≥ 1, got 0/],
    [() => new BatchNorm1d(3).forward(ones([2, 4])), /BatchNorm1d: takes \[N, 3\] or \[N, 3, L\], got \[2, 4\]/],
    [() => new BatchNorm2d(3).forward(ones([2, 3])), /BatchNorm2d: takes \[N, 3, H, W\], got \[2, 3\]/],
    [() => new BatchNorm2d(3, { momentum: NaN }), /BatchNorm2d: momentum must be a number or null, got NaN/],
    [() => new InstanceNorm1d(2, { momentum: null }), /InstanceNorm1d: momentum must be a number, got null/],
    [() => new InstanceNorm1d(2).forward(ones([3, 2, 1])), /instanceNorm: x must be .* more than one place/],
    [() => new LayerNorm([]), /LayerNorm: normalizedShape/],
    [() => new LayerNorm(4).forward(ones([2, 3])), /layerNorm: normalizedShape \[4\] is not how x \[2, 3\] ends/],
    [() => new GroupNorm(2, 3), /GroupNorm: 3 channels do not split into 2 groups/],
    [() => new GroupNorm(2, 4).forward(ones([2, 6])), /GroupNorm: takes \[N, 4, …\], got \[2, 6\]/],
    [() => new LocalResponseNorm(1.5), /LocalResponseNorm: size must be a whole number ≥ 1, got 1.5/],
    [() => new MaxPool3d([2, 2]), /MaxPool3d: kernelSize is a number or 3 of them/],
    [() => new MaxPool2d(2, { padding: -1 }), /MaxPool2d: padding must be whole numbers ≥ 0/],
  ])('case %#', (call, message) => {
    expect(call).toThrow(message);
  });
});

describe('max pools with indices', () => {
  test('tell where in the spatial axes the largest were', () => {
    const x = constant([[[1, 5, 2, 0, 3, 4]]]);
    const { values, indices } = new MaxPool1d(2, { returnIndices: true }).forward(x);
    expect(values.toArray()).toEqual([[[5, 2, 4]]]);
    expect(indices.toArray()).toEqual([[[1, 2, 5]]]);
    const adaptive = new AdaptiveMaxPool2d(1, { returnIndices: true }).forward(x.unsqueeze(0));
    expect([adaptive.values.toArray(), adaptive.indices.toArray()]).toEqual([[[[[5]]]], [[[[1]]]]]);
  });

  test('without, are layers of Values as all are', () => {
    const model = new Sequential(new MaxPool1d(2), new MaxPool1d(3, { returnIndices: false }));
    expect(model.forward(constant([[[1, 5, 2, 0, 3, 4]]])).toArray()).toEqual([[[5]]]);
  });
});

describe('the size of a transposed convolution', () => {
  test('may be chosen where the stride leaves it open', () => {
    const layer = new ConvTranspose2d(1, 2, 3, { stride: [2, 3], padding: 1 });
    const x = randn([1, 1, 4, 4]);
    expect(layer.forward(x).shape).toEqual([1, 2, 7, 10]);
    expect(layer.forward(x, [8, 11]).shape).toEqual([1, 2, 8, 11]);
  });

  test('is refused where it does not', () => {
    const layer = new ConvTranspose1d(1, 2, 3, { stride: 2 });
    expect(() => layer.forward(randn([1, 1, 4]), 11)).toThrow(
      /ConvTranspose1d: outputSize \[11\] is not from \[9\] to \[10\], which \[4\] can become/,
    );
  });
});
