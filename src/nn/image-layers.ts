/** Layers of images, signals and volumes: convolution, pooling, normalisation. */
export type { PerAxis } from './convolution-arguments.ts';
export * from './convolution.ts';
export * from './convolution-transposed.ts';
export * from './normalisation-channels.ts';
export * from './normalisation-features.ts';
export * from './pooling.ts';
