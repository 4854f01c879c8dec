/** The table of PyTorch's modules: nothing is missing, nothing silently ignored. */
import { describe, expect, test } from '@jest/globals';
import * as nn from 'chainrule/nn';
import { Unsupported } from './compare.ts';
import { torchModule } from './torch-modules.ts';

/** Layers that PyTorch does not have, and those made of other modules. */
const OTHERS = [
  'GaussianNoise',
  'MLP',
  'Maxout',
  'Module',
  'ModuleList',
  'Perceptron',
  'PositionalEncoding',
  'Sequential',
  'TransformerDecoder',
  'TransformerEncoder',
];

const layers = Object.entries(nn as Readonly<Record<string, unknown>>).flatMap(([name, member]) =>
  typeof member === 'function' && (member === nn.Module || member.prototype instanceof nn.Module) ? [name] : [],
);

describe('the table', () => {
  test('has every layer that PyTorch has', () => {
    expect(layers.filter((name) => torchModule(name) === null).toSorted()).toEqual(OTHERS);
  });

  test("builds from PyTorch's options, in float64", () => {
    const layer = torchModule('LSTM')!.build({ input_size: 2, hidden_size: 3, num_layers: 2, proj_size: 1 });
    expect(layer.namedParameters().map(([name]) => name)).toContain('weight_hr_l1');
    expect(layer.parameters().every((w) => w.dtype === 'float64')).toBe(true);
  });

  test('leaves out what only says where or how', () => {
    const options = { num_embeddings: 2, embedding_dim: 3, sparse: false, device: null };
    expect(torchModule('Embedding')!.build(options)).toBeInstanceOf(nn.Embedding);
    const transposed = { in_channels: 1, out_channels: 1, kernel_size: 2, padding_mode: 'zeros' };
    expect(torchModule('ConvTranspose1d')!.build(transposed)).toBeInstanceOf(nn.ConvTranspose1d);
  });

  test('says what is not here', () => {
    expect(torchModule('LPPool2d')).toBeNull();
    expect(() => torchModule('Linear')!.build({ in_features: 1, out_features: 1, gain: 2 })).toThrow(Unsupported);
    const scaled = { num_embeddings: 2, embedding_dim: 3, scale_grad_by_freq: true };
    expect(() => torchModule('Embedding')!.build(scaled)).toThrow('Embedding has no option scale_grad_by_freq');
  });
});
