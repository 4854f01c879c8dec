/** Attention and what is made of it. */
export { scaledDotProductAttention, type AttentionOptions } from '../ops/attention.ts';
export type { AttentionMasks } from './attention-masks.ts';
export * from './attention.ts';
export * from './transformer.ts';
export {
  TransformerDecoderLayer,
  TransformerEncoderLayer,
  type DecoderMasks,
  type EncoderMasks,
  type TransformerLayerOptions,
} from './transformer-layers.ts';
export * from './transformer-stacks.ts';
