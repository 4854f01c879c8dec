import { beforeEach, describe, expect, test } from '@jest/globals';
import { compile, concat, constant, manualSeed, ones, randn, value, vmap, zeros, type Value } from 'chainrule';
import { MultiheadAttention, type AttentionCallOptions, type MultiheadAttentionOptions } from 'chainrule/nn';
import { equalValues } from 'chainrule/testing';

expect.addEqualityTesters([equalValues]);
beforeEach(() => manualSeed(0));

const drawn = (...shape: number[]): Value => value(randn(shape));

const close = (a: Value, b: Value): void => {
  expect(a.shape).toEqual(b.shape);
  a.data.forEach((x: number, i: number) => expect(x).toBeCloseTo(b.data[i]!, 12));
};

const attention = (options: MultiheadAttentionOptions = {}): MultiheadAttention =>
  new MultiheadAttention(6, 2, { dtype: 'float64', batchFirst: true, ...options });

describe('what it computes', () => {
  test('each head attends with features of its own; their results are projected together', () => {
    const layer = attention({ bias: false });
    const [x, memory] = [drawn(4, 6), drawn(5, 6)];
    const [wq, wk, wv] = layer.inProjWeight!.split(6);
    const heads = [0, 1].map((head) => {
      const of = (w: Value, y: Value): Value => y.matmul(w.narrow(0, 3 * head, 3).transpose(0, 1));
      const weights = of(wq!, x).matmul(of(wk!, memory).transpose(0, 1)).div(Math.sqrt(3)).softmax(-1);
      return { weights, output: weights.matmul(of(wv!, memory)) };
    });
    const joined = concat(heads.map(({ output }): Value => output), 1); // prettier-ignore
    const { output, weights } = layer.forward(x, memory, memory);
    close(output, joined.matmul(layer.outProj.weight.transpose(0, 1)));
    close(weights, heads[0]!.weights.add(heads[1]!.weights).div(2));
  });

  test('forward(x) is self-attention, forward(x, y) looks at y', () => {
    const layer = attention();
    const [x, y] = [drawn(2, 4, 6), drawn(2, 3, 6)];
    close(layer.forward(x).output, layer.forward(x, x.add(0), x.add(0)).output);
    close(layer.forward(x, y).output, layer.forward(x, y, y.add(0)).output);
  });

  test('batches come second unless batchFirst; one example needs none', () => {
    const layer = attention({ kdim: 4, vdim: 5 });
    const second = attention({ kdim: 4, vdim: 5, batchFirst: false });
    second.loadStateDict(layer.stateDict());
    const [q, k, v] = [drawn(2, 3, 6), drawn(2, 4, 4), drawn(2, 4, 5)];
    const { output, weights } = layer.forward(q, k, v);
    const swapped = (x: Value): Value => x.transpose(0, 1);
    const other = second.forward(swapped(q), swapped(k), swapped(v));
    close(swapped(other.output), output);
    close(other.weights, weights);
    const [q1, k1, v1] = [q, k, v].map((x) => x.narrow(0, 1, 1).squeeze(0)) as [Value, Value, Value];
    for (const one of [layer.forward(q1, k1, v1), second.forward(q1, k1, v1)]) {
      close(one.output, output.narrow(0, 1, 1).squeeze(0));
      close(one.weights, weights.narrow(0, 1, 1).squeeze(0));
    }
  });

  test('weights: of each query they sum to 1; averaged over heads, each, or none', () => {
    const layer = attention();
    const x = drawn(2, 4, 6);
    const { weights } = layer.forward(x, x, x, { averageAttnWeights: false });
    expect(weights.shape).toEqual([2, 2, 4, 4]);
    close(weights.sum(-1), ones([2, 2, 4]));
    close(layer.forward(x).weights, weights.mean(1));
    const none: null = layer.forward(x, x, x, { needWeights: false }).weights;
    expect(none).toBeNull();
  });

  test('parameters have the names and shapes of PyTorch', () => {
    const shapes = (layer: MultiheadAttention): [string, readonly number[]][] =>
      layer.namedParameters().map(([name, leaf]) => [name, leaf.shape]);
    expect(shapes(attention({ addBiasKv: true }))).toEqual([
      ['in_proj_weight', [18, 6]],
      ['in_proj_bias', [18]],
      ['bias_k', [1, 1, 6]],
      ['bias_v', [1, 1, 6]],
      ['out_proj.weight', [6, 6]],
      ['out_proj.bias', [6]],
    ]);
    expect(shapes(attention({ kdim: 4, vdim: 5, bias: false }))).toEqual([
      ['q_proj_weight', [6, 6]],
      ['k_proj_weight', [6, 4]],
      ['v_proj_weight', [6, 5]],
      ['out_proj.weight', [6, 6]],
    ]);
  });
});

describe('masks', () => {
  const layer = attention();
  const x = drawn(2, 3, 6);

  test('what is masked has no influence', () => {
    const padding = constant([
      [false, false, true],
      [false, true, true],
    ]);
    const { output, weights } = layer.forward(x, x, x, { keyPaddingMask: padding });
    close(output.narrow(0, 0, 1), layer.forward(x, x.narrow(1, 0, 2)).output.narrow(0, 0, 1));
    expect(weights.narrow(2, 2, 1)).toEqual(zeros([2, 3, 1]));
  });

  test('bool masks true where nothing is looked at; float is added', () => {
    const mask = constant([
      [false, true, true],
      [false, false, true],
      [false, false, false],
    ]);
    const added = zeros([3, 3]).where(mask.logicalNot(), -Infinity);
    const { output } = layer.forward(x, x, x, { attnMask: mask });
    close(layer.forward(x, x, x, { attnMask: added }).output, output);
    close(layer.forward(x, x, x, { isCausal: true }).output, output);
    close(layer.forward(x, x, x, { isCausal: true, attnMask: mask }).output, output);
    const each = mask.unsqueeze(0).broadcastTo([4, 3, 3]);
    close(layer.forward(x, x, x, { attnMask: each, needWeights: false }).output, output);
  });

  test('of nothing to look at: zeros projected, or NaN with weights', () => {
    const nothing = constant([
      [true, true, true],
      [false, false, false],
    ]);
    const { output } = layer.forward(x, x, x, { keyPaddingMask: nothing, needWeights: false });
    close(output.narrow(0, 0, 1), layer.outProj.bias!.broadcastTo([1, 3, 6]));
    const { weights } = layer.forward(x, x, x, { keyPaddingMask: nothing });
    expect(weights.narrow(0, 0, 1).data.every(Number.isNaN)).toBe(true);
    expect(weights.narrow(0, 1, 1).data.every(Number.isFinite)).toBe(true);
  });

  test('keys of its own are never masked', () => {
    const own = attention({ addBiasKv: true, addZeroAttn: true });
    const masks = { attnMask: ones([3, 3]).gt(0), keyPaddingMask: zeros([2, 3]).eq(0), isCausal: true };
    const { weights, output } = own.forward(x, x, x, masks);
    expect(weights.shape).toEqual([2, 3, 5]);
    expect(weights.narrow(2, 0, 3)).toEqual(zeros([2, 3, 3]));
    expect(output.data.every(Number.isFinite)).toBe(true);
  });
});

describe('training', () => {
  test('dropout is for training', () => {
    const layer = attention({ dropout: 0.5 });
    const x = drawn(2, 3, 6);
    expect(layer.forward(x).output).not.toEqual(layer.forward(x).output);
    layer.eval();
    expect(layer.forward(x).output).toEqual(layer.forward(x).output);
  });

  test('compiled: the same bits, forwards and backwards', () => {
    const layer = new MultiheadAttention(6, 2, { batchFirst: true });
    const step = (x: Value): Value => {
      const { output } = layer.forward(x, x, x, { isCausal: true, needWeights: false });
      output.square().sum().backward();
      return output;
    };
    const x = constant(randn([2, 4, 6]).data, { shape: [2, 4, 6], dtype: 'float32' });
    const eager = [step(x), ...layer.parameters().map((p) => p.grad)];
    layer.zeroGrad();
    const compiled = compile(step);
    expect([compiled(x), ...layer.parameters().map((p) => p.grad)]).toEqual(eager);
    expect(compiled.programs[0]!.stats().fallbacks).toEqual([]);
  });

  test('mapped over examples it is the batch', () => {
    const layer = attention();
    const x = drawn(3, 4, 6);
    close(vmap((one: Value) => layer.forward(one).output)(x), layer.forward(x).output);
  });

  test('made anew from its configuration', () => {
    const layer = attention({ kdim: 3, dropout: 0.1 });
    const twin = new MultiheadAttention(...(layer.configuration as ConstructorParameters<typeof MultiheadAttention>));
    expect(String(twin)).toBe(String(layer));
    expect(String(layer)).toContain('MultiheadAttention(6, numHeads=2, kdim=3, dropout=0.1, batchFirst');
  });
});

describe('errors', () => {
  const layer = attention();
  const x = zeros([2, 3, 6]);
  const masked = (options: AttentionCallOptions): unknown => layer.forward(x, x, x, options);

  test.each<[string, () => unknown, RegExp]>([
    ['heads', () => new MultiheadAttention(6, 4), /MultiheadAttention: 6 features do not split into 4 heads/],
    ['dropout', () => attention({ dropout: 2 }), /dropout must be a probability/],
    ['an option', () => attention({ heads: 2 } as never), /MultiheadAttention: unknown option.*heads/],
    ['features', () => layer.forward(zeros([2, 3, 5])), /takes \[N, L, 6\], \[N, S, 6\], \[N, S, 6\], got \[2, 3, 5\]/],
    ['batches', () => layer.forward(x, zeros([3, 3, 6])), /got \[2, 3, 6\] and \[3, 3, 6\]/],
    [
      'the order',
      () => attention({ batchFirst: false }).forward(x, zeros([3, 2, 6])),
      /\[L, N, 6\].*batchFirst: true/s,
    ],
    ['a mask', () => masked({ attnMask: zeros([2, 3]) }), /attnMask must be \[3, 3\] or \[4, 3, 3\], got \[2, 3\]/],
    ['padding', () => masked({ keyPaddingMask: zeros([3, 2]) }), /keyPaddingMask must be \[2, 3\], got \[3, 2\]/],
    ['integers', () => masked({ attnMask: zeros([3, 3]).to('int32') }), /attnMask is bool or float, got int32/],
  ])('name %s', (_, call, message) => {
    expect(call).toThrow(message);
  });
});
