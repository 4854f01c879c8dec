/** The layers that are no convolutions, recurrences or attention, in one list. */
export * from './activations.ts';
export * from './activations-axis.ts';
export * from './activations-learnt.ts';
export * from './activations-tuned.ts';
export * from './bilinear.ts';
export { AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d, GaussianNoise } from './dropout.ts';
export { embedding, Embedding, type EmbeddingCallOptions, type EmbeddingOptions } from './embedding.ts';
export {
  embeddingBag,
  EmbeddingBag,
  type BagMode,
  type EmbeddingBagCallOptions,
  type EmbeddingBagOptions,
} from './embedding-bag.ts';
export * as init from './init-names.ts';
export * from './maxout.ts';
export * from './perceptron.ts';
export * from './positional.ts';
export * from './shaping.ts';
