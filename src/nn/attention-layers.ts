/** Attention and what is made of it. */
export { scaledDotProductAttention, type AttentionOptions } from '../ops/attention.ts';
export type { AttentionMasks } from './attention-masks.ts';
export * from './attention.ts';
