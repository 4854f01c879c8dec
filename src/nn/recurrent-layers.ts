/** Recurrent layers and cells. */
export * from './recurrent.ts';
export * from './recurrent-cells.ts';
export type { LstmState, Nonlinearity } from './recurrent-arguments.ts';
export type { SequenceLengths } from './recurrent-lengths.ts';
export type { RecurrentWeights } from './recurrent-steps.ts';
