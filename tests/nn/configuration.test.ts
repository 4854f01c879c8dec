/** Configurations: a module can be made anew from what it was constructed with. */
import * as nn from 'chainrule/nn';
import {
  LayerNorm,
  Linear,
  Module,
  ModuleList,
  ReLU,
  Sequential,
  TransformerDecoderLayer,
  TransformerEncoderLayer,
  type AnyModule,
} from 'chainrule/nn';

type Construct = new (...args: readonly unknown[]) => AnyModule;

/** Arguments of every layer, with options that its defaults do not have. */
const EXAMPLES: Readonly<Record<string, readonly (readonly unknown[])[]>> = {
  AdaptiveAvgPool1d: [[3]],
  AdaptiveAvgPool2d: [[[3, null]]],
  AdaptiveAvgPool3d: [[[3, null, 1]]],
  AdaptiveMaxPool1d: [[3, { returnIndices: true }]],
  AdaptiveMaxPool2d: [[[3, null]]],
  AdaptiveMaxPool3d: [[2]],
  AlphaDropout: [[0.2]],
  AvgPool1d: [[2, { padding: 1 }]],
  AvgPool2d: [[2, { divisorOverride: 3 }]],
  AvgPool3d: [[2]],
  BatchNorm1d: [[3, { affine: false }], [3]],
  BatchNorm2d: [[3, { trackRunningStats: false }]],
  BatchNorm3d: [[3, { momentum: null }]],
  Bilinear: [[2, 3, 4, { bias: false }]],
  CELU: [[2]],
  Conv1d: [[2, 4, 3, { groups: 2 }]],
  Conv2d: [[2, 4, [3, 1], { bias: false, padding: 'same' }]],
  Conv3d: [[1, 2, 2]],
  ConvTranspose1d: [[4, 2, 3, { groups: 2 }]],
  ConvTranspose2d: [[4, 2, 3, { dtype: 'float64' }]],
  ConvTranspose3d: [[4, 2, [1, 2, 1]]],
  Dropout: [[0.1], [{ p: 0.2 }], []],
  Dropout1d: [[0.1]],
  Dropout2d: [[0.1]],
  Dropout3d: [[0.1]],
  ELU: [[2]],
  Embedding: [[5, 3, { paddingIdx: 0 }]],
  EmbeddingBag: [[5, 3, { mode: 'sum' }]],
  Flatten: [[{ startAxis: 2 }]],
  GELU: [[{ approximate: 'tanh' }]],
  GLU: [[0]],
  GRU: [[2, 3, { numLayers: 2, dropout: 0.1 }]],
  GRUCell: [[2, 3, { bias: false }]],
  GaussianNoise: [[0.3]],
  GroupNorm: [[2, 4, { affine: false }]],
  Hardshrink: [[0.1]],
  Hardtanh: [[{ minVal: -2 }]],
  InstanceNorm1d: [[3, { affine: true }]],
  InstanceNorm2d: [[3, { trackRunningStats: true }]],
  InstanceNorm3d: [[3]],
  LSTM: [[2, 3, { projSize: 2, bidirectional: true }]],
  LSTMCell: [[2, 3, { dtype: 'float64' }]],
  LayerNorm: [[[2, 3], { bias: false }]],
  LeakyReLU: [[{ negativeSlope: 0.3 }]],
  Linear: [[2, 3, { bias: false }]],
  LocalResponseNorm: [[3, { k: 2 }]],
  LogSoftmax: [[0]],
  MLP: [[[2, 3, 1], { activation: 'tanh', bias: false }]],
  MaxPool1d: [[2, { returnIndices: true }]],
  MaxPool2d: [[2, { stride: 1 }]],
  MaxPool3d: [[2]],
  Maxout: [[2, 3, { pieces: 3 }]],
  MultiheadAttention: [[4, 2, { kdim: 3, bias: false }]],
  ModuleList: [[[new Linear(1, 2), new ReLU()]]],
  PReLU: [[{ numParameters: 3 }]],
  Perceptron: [[2, { lr: 0.5 }]],
  PixelShuffle: [[2]],
  PixelUnshuffle: [[2]],
  PositionalEncoding: [[4, { kind: 'learned', maxLen: 8 }], [4]],
  RMSNorm: [[3, { elementwiseAffine: false }]],
  RNN: [[2, 3, { nonlinearity: 'relu', batchFirst: true }]],
  RNNCell: [[2, 3, { nonlinearity: 'relu' }]],
  RReLU: [[{ lower: 0.2 }]],
  Sequential: [[new Linear(1, 2), new ReLU()], [{ a: new Linear(1, 2), b: new ReLU() }], []],
  Softmax: [[0]],
  Softmin: [[0]],
  Softplus: [[{ beta: 2 }]],
  Softshrink: [[0.1]],
  Threshold: [[1, 2]],
  Transformer: [[4, 2, { numEncoderLayers: 1, numDecoderLayers: 1, dimFeedforward: 4 }]],
  TransformerDecoder: [[new TransformerDecoderLayer(4, 2, { dimFeedforward: 8 }), 2, { norm: new LayerNorm(4) }]],
  TransformerDecoderLayer: [[4, 2, { dimFeedforward: 8, activation: 'gelu' }]],
  TransformerEncoder: [[new TransformerEncoderLayer(4, 2, { dimFeedforward: 8 }), 2]],
  TransformerEncoderLayer: [[4, 2, { dimFeedforward: 8, normFirst: true }]],
  Unflatten: [[1, [2, -1]]],
  Upsample: [[{ scaleFactor: 2 }]],
};

const layers = Object.entries(nn as Readonly<Record<string, unknown>>).filter(
  (entry): entry is [string, Construct] =>
    typeof entry[1] === 'function' && entry[1].prototype instanceof Module && entry[0] !== 'Module',
);

const cases = layers.flatMap(([name, Class]) => {
  const examples = EXAMPLES[name] ?? (Class.length === 0 ? [[]] : []);
  return examples.map((args) => [name, JSON.stringify(args), Class, args] as const);
});

const shapesOf = (module: AnyModule): unknown =>
  Object.entries(module.stateDict()).map(([name, x]) => [name, x.shape, x.dtype]);

test('every layer that takes arguments has an example here', () => {
  const missing = layers.filter(([name, Class]) => Class.length > 0 && EXAMPLES[name] === undefined);
  expect(missing.map(([name]) => name)).toEqual([]);
});

describe('a module made from the configuration of another', () => {
  test.each(cases)('%s %s has its state, its look and its configuration', (_, __, Class, args) => {
    const first = new Class(...args);
    const second = new Class(...first.configuration);
    expect(shapesOf(second)).toEqual(shapesOf(first));
    expect(second.extraRepr()).toBe(first.extraRepr());
    expect(String(second)).toBe(String(first));
    expect(second.configuration).toEqual(first.configuration);
  });

  test.each(cases)('%s %s is that of the first, which keeps the arguments', (_, __, Class, args) => {
    const given = JSON.stringify(args);
    if (given !== '[]') expect(JSON.stringify(new Class(...args).configuration)).toContain(given.slice(1, -1));
  });
});

describe('a configuration', () => {
  test('is not changed by what becomes of the arguments', () => {
    const options = { bias: false };
    const layer = new Linear(2, 3, options);
    options.bias = true;
    expect(layer.configuration).toEqual([2, 3, { bias: false }]);
  });

  test('of containers is what they hold now', () => {
    const [a, b] = [new ReLU(), new Linear(1, 1)];
    expect(new Sequential(a).append(b).configuration).toEqual([a, b]);
    expect(new Sequential({ a }).append(b, 'b').configuration).toEqual([{ a, b }]);
    expect(new ModuleList([a]).push(b).configuration).toEqual([[a, b]]);
    function* made(): Generator<AnyModule> {
      yield a;
    }
    expect(new ModuleList(made()).configuration).toEqual([[a]]);
  });

  test('of a class of your own is what it passes to super, or what it says', () => {
    class Net extends Module {
      readonly out: Linear;
      constructor(width: number) {
        super(width);
        this.out = new Linear(width, 1);
      }
      override forward(): never {
        throw new Error('not called');
      }
    }
    class Tower extends Sequential {
      readonly width: number;
      constructor(width: number) {
        super(new Linear(1, width), new Linear(width, 1));
        this.width = width;
      }
      override get configuration(): readonly unknown[] {
        return [this.width];
      }
    }
    expect(new Net(3).configuration).toEqual([3]);
    expect(new Tower(3).configuration).toEqual([3]);
  });
});
