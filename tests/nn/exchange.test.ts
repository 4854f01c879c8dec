/** Weights from PyTorch and back, through files that PyTorch's own library writes: scripts/torch-exchange.py. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { Value } from 'chainrule';
import { readSafetensors, writeSafetensors } from 'chainrule/data';
import {
  BatchNorm1d,
  Conv1d,
  Embedding,
  LayerNorm,
  Linear,
  LSTM,
  Module,
  MultiheadAttention,
  PReLU,
  Sequential,
  Transformer,
} from 'chainrule/nn';

/** The script's model, under the same names. */
class Net extends Module<[tokens: Value]> {
  readonly embed: Embedding = new Embedding(11, 8);
  readonly conv: Conv1d = new Conv1d(8, 8, 3, { padding: 1 });
  readonly norm: BatchNorm1d = new BatchNorm1d(8);
  readonly transformer: Transformer = new Transformer(8, 2, {
    numEncoderLayers: 1,
    numDecoderLayers: 1,
    dimFeedforward: 16,
    dropout: 0,
    activation: 'gelu',
    batchFirst: true,
  });
  readonly lstm: LSTM = new LSTM(8, 5, { batchFirst: true, bidirectional: true, projSize: 3 });
  readonly attention: MultiheadAttention = new MultiheadAttention(6, 3, {
    kdim: 8,
    vdim: 8,
    addBiasKv: true,
    batchFirst: true,
  });
  readonly head: Sequential = new Sequential(new Linear(6, 7), new PReLU(), new LayerNorm(7), new Linear(7, 4));

  override forward(tokens: Value): Value {
    const x = this.conv.forward(this.embed.forward(tokens).transpose(1, 2));
    const y = this.norm.forward(x).transpose(1, 2);
    const z = this.transformer.forward(y, y);
    return this.head.forward(this.attention.forward(this.lstm.forward(z).output, z, z).output);
  }
}

const PREFIX = 'model.';

function stateOf(tensors: Readonly<Record<string, Value>>): Record<string, Value> {
  const own = Object.entries(tensors).filter(([name]) => name.startsWith(PREFIX));
  return Object.fromEntries(own.map(([name, x]) => [name.slice(PREFIX.length), x]));
}

const largestDifference = (a: Value, b: Value): number => a.sub(b).abs().amax().item();

describe('a state dictionary of PyTorch', () => {
  const { tensors } = readSafetensors(join(__dirname, 'data', 'from-torch.safetensors'));

  test('has the names and shapes of the model here', () => {
    const shapes = (state: Readonly<Record<string, Value>>): [string, readonly number[]][] =>
      Object.entries(state)
        .map(([name, { shape }]): [string, readonly number[]] => [name, shape])
        .sort(([a], [b]) => (a < b ? -1 : 1));
    expect(shapes(new Net().stateDict())).toEqual(shapes(stateOf(tensors)));
  });

  test('loaded, gives the output that PyTorch computed', () => {
    const model = new Net().eval();
    model.loadStateDict(stateOf(tensors));
    expect(largestDifference(model.forward(tensors['input']!), tensors['output']!)).toBeLessThan(2e-6);
  });

  test('written again holds the same numbers under the same names', () => {
    const folder = mkdtempSync(join(tmpdir(), 'chainrule-exchange-'));
    try {
      const model = new Net();
      model.loadStateDict(stateOf(tensors));
      const path = join(folder, 'from-chainrule.safetensors');
      writeSafetensors(path, model.stateDict());
      const back = readSafetensors(path).tensors;
      expect(Object.keys(back).sort()).toEqual(Object.keys(stateOf(tensors)).sort());
      for (const [name, x] of Object.entries(stateOf(tensors)))
        expect([name, back[name]!.toArray()]).toEqual([name, x.toArray()]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
