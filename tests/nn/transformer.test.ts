import { beforeEach, describe, expect, test } from '@jest/globals';
import { compile, constant, manualSeed, ones, randn, value, zeros, type Value } from 'chainrule';
import {
  Embedding,
  LayerNorm,
  Linear,
  Module,
  Sequential,
  Transformer,
  TransformerDecoder,
  TransformerDecoderLayer,
  TransformerEncoder,
  TransformerEncoderLayer,
  type TransformerLayerOptions,
} from 'chainrule/nn';
import { Adam } from 'chainrule/optim';
import { equalValues } from 'chainrule/testing';

expect.addEqualityTesters([equalValues]);
beforeEach(() => manualSeed(0));

const drawn = (...shape: number[]): Value => value(randn(shape));

const close = (a: Value, b: Value): void => {
  expect(a.shape).toEqual(b.shape);
  a.data.forEach((x: number, i: number) => expect(x).toBeCloseTo(b.data[i]!, 12));
};

/** Called as it would be from JavaScript. */
interface Loose {
  forward(...args: unknown[]): unknown;
}

const OPTIONS = { dimFeedforward: 8, dropout: 0, batchFirst: true, dtype: 'float64' } as const;
const encoderLayer = (options: TransformerLayerOptions = {}): TransformerEncoderLayer =>
  new TransformerEncoderLayer(4, 2, { ...OPTIONS, ...options });
const decoderLayer = (options: TransformerLayerOptions = {}): TransformerDecoderLayer =>
  new TransformerDecoderLayer(4, 2, { ...OPTIONS, ...options });

describe('an encoder layer', () => {
  const network = (l: TransformerEncoderLayer | TransformerDecoderLayer, x: Value): Value =>
    l.linear2.forward(l.linear1.forward(x).relu());

  test('shortcuts around attention and network, norms behind them', () => {
    const l = encoderLayer();
    const src = drawn(2, 3, 4);
    const x = l.norm1.forward(src.add(l.selfAttn.forward(src).output));
    close(l.forward(src), l.norm2.forward(x.add(network(l, x))));
  });

  test('normFirst: norms in front', () => {
    const l = encoderLayer({ normFirst: true });
    const src = drawn(2, 3, 4);
    const x = src.add(l.selfAttn.forward(l.norm1.forward(src)).output);
    close(l.forward(src), x.add(network(l, l.norm2.forward(x))));
  });

  test('causal: later positions have no influence on earlier ones', () => {
    const l = encoderLayer();
    const src = drawn(1, 4, 4);
    const changed = src.add(constant([0, 0, 0, 1]).reshape([1, 4, 1]));
    const [a, b] = [src, changed].map((x) => l.forward(x, { isCausal: true })) as [Value, Value];
    close(a.narrow(1, 0, 3), b.narrow(1, 0, 3));
    close(a, l.forward(src, { srcMask: Transformer.generateSquareSubsequentMask(4) }));
    expect(a).not.toEqual(l.forward(src));
  });

  test('padding has no influence on what is not padding', () => {
    const l = encoderLayer();
    const src = drawn(1, 4, 4);
    const srcKeyPaddingMask = constant([[false, false, false, true]]);
    close(l.forward(src, { srcKeyPaddingMask }).narrow(1, 0, 3), l.forward(src.narrow(1, 0, 3)));
  });

  test('the activation, by name or as a function', () => {
    const gelu = encoderLayer({ activation: 'gelu' });
    const own = encoderLayer({ activation: (x) => x.gelu() });
    own.loadStateDict(gelu.stateDict());
    const src = drawn(3, 4);
    expect(own.forward(src)).toEqual(gelu.forward(src));
  });

  test('dropout is for training', () => {
    const l = encoderLayer({ dropout: 0.5 });
    const src = drawn(2, 3, 4);
    expect(l.forward(src)).not.toEqual(l.forward(src));
    l.eval();
    expect(l.forward(src)).toEqual(l.forward(src));
  });
});

describe('a decoder layer', () => {
  test('looks at itself, then at the memory', () => {
    const l = decoderLayer();
    const [tgt, memory] = [drawn(2, 3, 4), drawn(2, 5, 4)];
    const x = l.norm1.forward(tgt.add(l.selfAttn.forward(tgt, tgt, tgt, { isCausal: true }).output));
    const y = l.norm2.forward(x.add(l.multiheadAttn.forward(x, memory).output));
    const z = l.norm3.forward(y.add(l.linear2.forward(l.linear1.forward(y).relu())));
    close(l.forward(tgt, memory, { tgtIsCausal: true }), z);
  });

  test('each attention has masks of its own', () => {
    const l = decoderLayer();
    const [tgt, memory] = [drawn(1, 3, 4), drawn(1, 5, 4)];
    const padded = constant([[false, false, false, true, true]]);
    const cut = l.forward(tgt, memory.narrow(1, 0, 3));
    close(l.forward(tgt, memory, { memoryKeyPaddingMask: padded }), cut);
    close(l.forward(tgt, memory, { memoryMask: padded.broadcastTo([3, 5]) }), cut);
    const tgtKeyPaddingMask = constant([[false, false, true]]);
    const shorter = l.forward(tgt.narrow(1, 0, 2), memory);
    close(l.forward(tgt, memory, { tgtKeyPaddingMask }).narrow(1, 0, 2), shorter);
  });
});

describe('stacks', () => {
  test('copies of a layer, with parameters of their own', () => {
    const given = encoderLayer();
    const encoder = new TransformerEncoder(given, 2, { norm: new LayerNorm(4, { dtype: 'float64' }) });
    const src = drawn(2, 3, 4);
    close(encoder.forward(src), encoder.norm!.forward(given.forward(given.forward(src))));
    encoder.layers.at(0)!.parameters()[0]!.assign(0);
    expect(encoder.layers.at(1)!.parameters()[0]).not.toEqual(encoder.layers.at(0)!.parameters()[0]);
    expect(given.selfAttn.inProjWeight).not.toEqual(zeros([12, 4]));
  });

  test('copies hold what became of the layer: its dtype, its mode, what is frozen', () => {
    const layer = encoderLayer({ dtype: 'float32' }).to('float64').freeze().eval();
    const copy = new TransformerEncoder(layer, 1).layers.at(0)!;
    expect(copy.parameters().map(({ dtype, requiresGrad }) => [dtype, requiresGrad])).toEqual(
      layer.parameters().map(() => ['float64', false]),
    );
    expect(copy.training).toBe(false);
    expect(copy.stateDict()).toEqual(layer.stateDict());
  });

  test('a layer of your own will do', () => {
    class Twice extends Module<[src: Value]> {
      override forward(src: Value): Value {
        return src.mul(2);
      }
    }
    expect(new TransformerEncoder(new Twice(), 3).forward(ones([1, 1])).item()).toBe(8);
  });

  test('a Transformer: the decoder looks at what the encoder gives', () => {
    const model = new Transformer(4, 2, { ...OPTIONS, numEncoderLayers: 2, numDecoderLayers: 1 });
    const [src, tgt] = [drawn(2, 5, 4), drawn(2, 3, 4)];
    const srcKeyPaddingMask = zeros([2, 5]).gt(0);
    const memory = model.encoder.forward(src, { srcKeyPaddingMask });
    close(
      model.forward(src, tgt, { srcKeyPaddingMask, tgtIsCausal: true }),
      model.decoder.forward(tgt, memory, { tgtIsCausal: true }),
    );
    expect(model.namedParameters().map(([name]) => name)).toContain('decoder.layers.0.multihead_attn.out_proj.weight');
  });

  test('the mask of the future', () => {
    const mask = Transformer.generateSquareSubsequentMask(2, { dtype: 'float64' });
    expect(mask.toArray()).toEqual([
      [0, -Infinity],
      [0, 0],
    ]);
  });
});

test('inputs are cast: what comes out has the dtype of the parameters', () => {
  for (const normFirst of [true, false]) {
    const options = { dtype: 'float32', normFirst } as const;
    const [x, memory] = [drawn(2, 3, 4), drawn(2, 5, 4)];
    expect(encoderLayer(options).forward(x).dtype).toBe('float32');
    expect(decoderLayer(options).forward(x, memory).dtype).toBe('float32');
  }
});

test('an encoder layer is a part of a Sequential', () => {
  const model = new Sequential(new Embedding(5, 4), encoderLayer({ dtype: 'float32' }), new Linear(4, 2));
  expect(model.forward(constant([[1, 2, 3]], { dtype: 'int32' })).shape).toEqual([1, 3, 2]);
});

test('compiled training holds the eager bits', () => {
  const run = (wrap: (step: (x: Value) => Value) => (x: Value) => Value): unknown[] => {
    manualSeed(7);
    const model = new TransformerEncoderLayer(8, 2, { dimFeedforward: 8, batchFirst: true, normFirst: true });
    const optimizer = new Adam(model.parameters(), { lr: 0.01 });
    const step = wrap((x) => {
      optimizer.zeroGrad();
      const loss = model.forward(x, { isCausal: true }).sub(x).square().mean();
      loss.backward();
      optimizer.step();
      return loss;
    });
    const x = constant(randn([2, 4, 8]).data, { shape: [2, 4, 8], dtype: 'float32' });
    return [...[1, 2, 3].map(() => step(x)), model.stateDict()];
  };
  expect(run((step) => compile(step))).toEqual(run((step) => step));
});

describe('errors', () => {
  test.each<[string, () => unknown, RegExp]>([
    ['an option', () => encoderLayer({ hidden: 3 } as never), /TransformerEncoderLayer: unknown option.*hidden/],
    [
      'an activation',
      () => decoderLayer({ activation: 'swish' as never }),
      /TransformerDecoderLayer: unknown activation/,
    ],
    ['heads', () => new TransformerEncoderLayer(4, 3), /4 features do not split into 3 heads/],
    [
      'no memory',
      () => (decoderLayer() as unknown as Loose).forward(ones([3, 4])),
      /memory must be a Value, got undefined.*tgt, memory/s,
    ],
    [
      'positions',
      () => (encoderLayer() as unknown as Loose).forward(ones([3, 4]), ones([3, 3])),
      /by name, not by position.*srcMask/s,
    ],
    [
      'arrays',
      () => encoderLayer().forward(ones([1, 4]), { srcMask: [[0]] as never }),
      /srcMask must be a Value.*an array/,
    ],
    [
      'flags',
      () => encoderLayer().forward(ones([1, 4]), { isCausal: 1 as never }),
      /isCausal must be true or false, got number/,
    ],
    ['a mask', () => encoderLayer().forward(ones([3, 4]), { mask: null } as never), /unknown option.*mask/],
    ['counts', () => new TransformerEncoder(encoderLayer(), 0), /numLayers must be a whole number ≥ 1/],
    ['no layer', () => new TransformerDecoder(3 as never, 2), /TransformerDecoder: decoderLayer is no Module/],
    ['no norm', () => new TransformerEncoder(encoderLayer(), 1, { norm: 3 as never }), /norm is no Module/],
    ['features', () => new Transformer(4, 2, OPTIONS).forward(ones([1, 2, 4]), ones([1, 2, 3])), /end with 4 features/],
  ])('name %s', (_, call, message) => {
    expect(call).toThrow(message);
  });
});
