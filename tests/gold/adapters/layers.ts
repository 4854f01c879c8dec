/* eslint-disable @typescript-eslint/no-unsafe-return -- see call.ts */
/** Convolution, pooling, resampling, attention. */
import type { Adapter } from '../compare.ts';
import { adapt, fn, named, optionsOf, type Kwargs } from './call.ts';

const convolution = (name: string, signature: readonly string[]): Adapter =>
  adapt(([x, weight, ...rest], kwargs: Kwargs) => fn(name)(x, weight, optionsOf(named(rest, signature, kwargs))));

const CONV = ['bias', 'stride', 'padding', 'dilation', 'groups'];
const TRANSPOSED = ['bias', 'stride', 'padding', 'output_padding', 'groups', 'dilation'];

const pooling = (name: string, signature: readonly string[]): Adapter =>
  adapt(([x, ...rest], kwargs: Kwargs) => {
    const { kernelSize, ...options } = optionsOf(named(rest, ['kernel_size', ...signature], kwargs));
    return fn(name)(x, kernelSize, options);
  });

const MAX = ['stride', 'padding', 'dilation', 'ceil_mode', 'return_indices'];
const AVG = ['stride', 'padding', 'ceil_mode', 'count_include_pad', 'divisor_override'];

const adaptive = (name: string): Adapter =>
  adapt(([x, ...rest], kwargs: Kwargs) => {
    const { output_size, return_indices } = named(rest, ['output_size', 'return_indices'], kwargs);
    return fn(name)(x, output_size, ...(return_indices === undefined ? [] : [{ returnIndices: return_indices }]));
  });

const interpolate: Adapter = adapt(([x, ...rest], kwargs: Kwargs) =>
  fn('interpolate')(
    x,
    optionsOf(named(rest, ['size', 'scale_factor', 'mode', 'align_corners', 'recompute_scale_factor'], kwargs)),
  ),
);

export const layers: Readonly<Record<string, Adapter>> = {
  'nn.functional.conv1d': convolution('conv1d', CONV),
  'nn.functional.conv2d': convolution('conv2d', CONV),
  'nn.functional.conv3d': convolution('conv3d', CONV),
  'nn.functional.conv_transpose1d': convolution('convTranspose1d', TRANSPOSED),
  'nn.functional.conv_transpose2d': convolution('convTranspose2d', TRANSPOSED),
  'nn.functional.conv_transpose3d': convolution('convTranspose3d', TRANSPOSED),
  'nn.functional.max_pool1d': pooling('maxPool1d', MAX),
  'nn.functional.max_pool2d': pooling('maxPool2d', MAX),
  'nn.functional.max_pool3d': pooling('maxPool3d', MAX),
  'nn.functional.avg_pool1d': pooling('avgPool1d', AVG),
  'nn.functional.avg_pool2d': pooling('avgPool2d', AVG),
  'nn.functional.avg_pool3d': pooling('avgPool3d', AVG),
  'nn.functional.adaptive_avg_pool1d': adaptive('adaptiveAvgPool1d'),
  'nn.functional.adaptive_avg_pool2d': adaptive('adaptiveAvgPool2d'),
  'nn.functional.adaptive_avg_pool3d': adaptive('adaptiveAvgPool3d'),
  'nn.functional.adaptive_max_pool1d': adaptive('adaptiveMaxPool1d'),
  'nn.functional.adaptive_max_pool2d': adaptive('adaptiveMaxPool2d'),
  'nn.functional.adaptive_max_pool3d': adaptive('adaptiveMaxPool3d'),
  ...Object.fromEntries(
    ['nearest', 'nearest-exact', 'linear', 'bilinear', 'bicubic', 'trilinear', 'area'].map((mode) => [
      `nn.functional.interpolate.${mode}`,
      interpolate,
    ]),
  ),
  'nn.functional.pixel_shuffle': adapt(([x, ...rest], kwargs: Kwargs) => {
    const { upscale_factor } = named(rest, ['upscale_factor'], kwargs);
    return fn('pixelShuffle')(x, upscale_factor);
  }),
  'nn.functional.pixel_unshuffle': adapt(([x, ...rest], kwargs: Kwargs) => {
    const { downscale_factor } = named(rest, ['downscale_factor'], kwargs);
    return fn('pixelUnshuffle')(x, downscale_factor);
  }),
  'nn.functional.scaled_dot_product_attention': adapt(([query, ...rest], kwargs: Kwargs) => {
    const signature = ['key', 'value', 'attn_mask', 'dropout_p', 'is_causal', 'scale', 'enable_gqa'];
    const { key, value, ...options } = named(rest, signature, kwargs);
    return fn('scaledDotProductAttention')(query, key, value, optionsOf(options));
  }),
};
