/* eslint-disable @typescript-eslint/no-explicit-any, @typescript-eslint/no-unsafe-return, @typescript-eslint/no-unsafe-call -- PyTorch's calls are loosely typed; the gold files are their check */
/** PyTorch's modules by name: how each is built from PyTorch's options here, and called. */
import type { Value } from 'chainrule';
import * as nn from 'chainrule/nn';
import { Unsupported } from './compare.ts';

type Loose = any;

type TorchOptions = Readonly<Record<string, unknown>>;

/** Calls a model on PyTorch's inputs, in PyTorch's order. */
export type ModuleCall = (model: Loose, inputs: readonly Value[]) => unknown;

export interface TorchModule {
  readonly build: (options: TorchOptions) => nn.AnyModule;
  readonly call: ModuleCall;
}

interface Signature {
  /** PyTorch's names of the arguments that come first here, in the order in which they do. */
  readonly first?: readonly string[];
  /** PyTorch's names of the options. */
  readonly options?: readonly string[];
  /** Whether there is a `dtype`. */
  readonly typed?: boolean;
  readonly call?: ModuleCall;
}

/** They change how PyTorch computes, not what; or say where. */
const WITHOUT_EFFECT: readonly string[] = ['inplace', 'device', 'dtype'];

/** Not here: a case that sets one to something else than PyTorch's default is not run. */
const NOT_HERE: readonly string[] = ['scale_grad_by_freq', 'sparse', '_weight', '_freeze', 'padding_mode'];

const RENAMED: Readonly<Record<string, string>> = { start_dim: 'startAxis', end_dim: 'endAxis', dim: 'axis' };

const camel = (key: string): string => RENAMED[key] ?? key.replace(/_(\w)/g, (_, c: string) => c.toUpperCase());

const isOff = (x: unknown): boolean => x === false || x === null || x === 'zeros';

const inOrder: ModuleCall = (model, inputs) => model.forward(...inputs);

/** @throws Unsupported for a class that is not here, or an option that it does not have. */
function build(
  name: string,
  { first = [], options = [], typed = false }: Signature,
  given: TorchOptions,
): nn.AnyModule {
  const Class = (nn as unknown as Record<string, Loose>)[name];
  if (Class === undefined) throw new Unsupported(`there is no ${name}`);
  for (const [key, x] of Object.entries(given)) {
    if (first.includes(key) || options.includes(key) || WITHOUT_EFFECT.includes(key)) continue;
    if (NOT_HERE.includes(key) && isOff(x)) continue;
    throw new Unsupported(`${name} has no option ${key}`);
  }
  const own: Record<string, unknown> = typed ? { dtype: 'float64' } : {};
  for (const key of options) if (key in given) own[camel(key)] = given[key];
  return new Class(...first.map((key) => given[key]), ...(Object.keys(own).length === 0 ? [] : [own]));
}

const POOL = { first: ['kernel_size'] };
const MAX_POOL: Signature = { ...POOL, options: ['stride', 'padding', 'dilation', 'return_indices', 'ceil_mode'] };
const AVG_POOL_1D: Signature = { ...POOL, options: ['stride', 'padding', 'ceil_mode', 'count_include_pad'] };
const AVG_POOL: Signature = { ...POOL, options: [...AVG_POOL_1D.options!, 'divisor_override'] };
const ADAPTIVE: Signature = { first: ['output_size'] };
const ADAPTIVE_MAX: Signature = { first: ['output_size'], options: ['return_indices'] };

const CHANNELS = ['in_channels', 'out_channels', 'kernel_size'];
const CONV_OPTIONS = ['stride', 'padding', 'dilation', 'groups', 'bias'];
const CONV: Signature = { first: CHANNELS, options: [...CONV_OPTIONS, 'padding_mode'], typed: true };
const TRANSPOSED: Signature = { ...CONV, options: [...CONV_OPTIONS, 'output_padding'] };

const CHANNEL_NORM: Signature = {
  first: ['num_features'],
  options: ['eps', 'momentum', 'affine', 'track_running_stats'],
  typed: true,
};

const AXIS: Signature = { options: ['dim'] };
const DROPOUT: Signature = { options: ['p'] };

const SIZES = ['input_size', 'hidden_size'];
const RECURRENT = ['num_layers', 'bias', 'batch_first', 'dropout', 'bidirectional'];
const TRANSFORMER_LAYER: Signature = {
  first: ['d_model', 'nhead'],
  options: ['dim_feedforward', 'dropout', 'activation', 'layer_norm_eps', 'batch_first', 'norm_first', 'bias'],
  typed: true,
};
/** PyTorch's pair of states comes as two tensors. */
const withPair: ModuleCall = (model, [x, ...state]) => model.forward(x, state.length === 0 ? null : state);

const signatures: Readonly<Record<string, Signature>> = {
  Linear: { first: ['in_features', 'out_features'], options: ['bias'], typed: true },
  Bilinear: { first: ['in1_features', 'in2_features', 'out_features'], options: ['bias'], typed: true },
  Conv1d: CONV,
  Conv2d: CONV,
  Conv3d: CONV,
  ConvTranspose1d: TRANSPOSED,
  ConvTranspose2d: TRANSPOSED,
  ConvTranspose3d: TRANSPOSED,
  MaxPool1d: MAX_POOL,
  MaxPool2d: MAX_POOL,
  MaxPool3d: MAX_POOL,
  AvgPool1d: AVG_POOL_1D,
  AvgPool2d: AVG_POOL,
  AvgPool3d: AVG_POOL,
  AdaptiveAvgPool1d: ADAPTIVE,
  AdaptiveAvgPool2d: ADAPTIVE,
  AdaptiveAvgPool3d: ADAPTIVE,
  AdaptiveMaxPool1d: ADAPTIVE_MAX,
  AdaptiveMaxPool2d: ADAPTIVE_MAX,
  AdaptiveMaxPool3d: ADAPTIVE_MAX,
  BatchNorm1d: CHANNEL_NORM,
  BatchNorm2d: CHANNEL_NORM,
  BatchNorm3d: CHANNEL_NORM,
  InstanceNorm1d: CHANNEL_NORM,
  InstanceNorm2d: CHANNEL_NORM,
  InstanceNorm3d: CHANNEL_NORM,
  LayerNorm: { first: ['normalized_shape'], options: ['eps', 'elementwise_affine', 'bias'], typed: true },
  RMSNorm: { first: ['normalized_shape'], options: ['eps', 'elementwise_affine'], typed: true },
  GroupNorm: { first: ['num_groups', 'num_channels'], options: ['eps', 'affine'], typed: true },
  LocalResponseNorm: { first: ['size'], options: ['alpha', 'beta', 'k'] },
  Dropout: DROPOUT,
  Dropout1d: DROPOUT,
  Dropout2d: DROPOUT,
  Dropout3d: DROPOUT,
  AlphaDropout: DROPOUT,
  Embedding: {
    first: ['num_embeddings', 'embedding_dim'],
    options: ['padding_idx', 'max_norm', 'norm_type'],
    typed: true,
  },
  EmbeddingBag: {
    first: ['num_embeddings', 'embedding_dim'],
    options: ['max_norm', 'norm_type', 'mode', 'include_last_offset', 'padding_idx'],
    typed: true,
  },
  Flatten: { options: ['start_dim', 'end_dim'] },
  Unflatten: { first: ['dim', 'unflattened_size'] },
  PixelShuffle: { first: ['upscale_factor'] },
  PixelUnshuffle: { first: ['downscale_factor'] },
  Upsample: { options: ['size', 'scale_factor', 'mode', 'align_corners', 'recompute_scale_factor'] },
  RNN: { first: SIZES, options: [...RECURRENT, 'nonlinearity'], typed: true },
  LSTM: { first: SIZES, options: [...RECURRENT, 'proj_size'], typed: true, call: withPair },
  GRU: { first: SIZES, options: RECURRENT, typed: true },
  RNNCell: { first: SIZES, options: ['bias', 'nonlinearity'], typed: true },
  LSTMCell: { first: SIZES, options: ['bias'], typed: true, call: withPair },
  GRUCell: { first: SIZES, options: ['bias'], typed: true },
  MultiheadAttention: {
    first: ['embed_dim', 'num_heads'],
    options: ['dropout', 'bias', 'add_bias_kv', 'add_zero_attn', 'kdim', 'vdim', 'batch_first'],
    typed: true,
  },
  TransformerEncoderLayer: TRANSFORMER_LAYER,
  TransformerDecoderLayer: TRANSFORMER_LAYER,
  Transformer: {
    ...TRANSFORMER_LAYER,
    options: [...TRANSFORMER_LAYER.options!, 'num_encoder_layers', 'num_decoder_layers'],
  },
  PReLU: { options: ['num_parameters', 'init'], typed: true },
  RReLU: { options: ['lower', 'upper'] },
  LeakyReLU: { options: ['negative_slope'] },
  ELU: { options: ['alpha'] },
  CELU: { options: ['alpha'] },
  GELU: { options: ['approximate'] },
  Softplus: { options: ['beta', 'threshold'] },
  Hardtanh: { options: ['min_val', 'max_val'] },
  Threshold: { first: ['threshold', 'value'] },
  Hardshrink: { options: ['lambd'] },
  Softshrink: { options: ['lambd'] },
  Softmax: AXIS,
  LogSoftmax: AXIS,
  Softmin: AXIS,
  GLU: AXIS,
  Softmax2d: {},
  ReLU: {},
  ReLU6: {},
  SELU: {},
  SiLU: {},
  Mish: {},
  Softsign: {},
  Tanh: {},
  Tanhshrink: {},
  Sigmoid: {},
  LogSigmoid: {},
  Hardsigmoid: {},
  Hardswish: {},
  Identity: {},
};

/** The module of PyTorch's name; null if there is none here. */
export function torchModule(name: string): TorchModule | null {
  const signature = signatures[name];
  if (signature === undefined || !(name in nn)) return null;
  return { build: (options) => build(name, signature, options), call: signature.call ?? inOrder };
}
