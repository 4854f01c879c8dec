/** The table: every op of the library. Adding an op is adding its declaration to one of these files. */
export * from './arithmetic.ts';
export * from './cast.ts';
export * from './comparison.ts';
export * from './exponential.ts';
export { gather, scatterAdd } from './indexing.ts';
export { matmul } from './products.ts';
export * from './reductions.ts';
export * from './shape.ts';
export { narrow, slice, type Range } from './slice.ts';
export { topk, type TopkOptions } from './sorting.ts';
