/** The layers that are no convolutions, recurrences or attention, in one list. */
export * from './activations.ts';
export * from './activations-axis.ts';
export * from './activations-learnt.ts';
export * from './activations-tuned.ts';
