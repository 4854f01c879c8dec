/** Learning-rate schedules. */
export { ChainedScheduler } from './chained.ts';
export { CosineAnnealingLR, type CosineAnnealingLROptions } from './cosine.ts';
export { CyclicLR, type CyclicLROptions, type CyclicMode } from './cyclic.ts';
export {
  ExponentialLR,
  InverseTimeDecay,
  PolynomialLR,
  type ExponentialLROptions,
  type InverseTimeDecayOptions,
  type PolynomialLROptions,
} from './decay.ts';
export { LambdaLR, MultiplicativeLR, type EpochFunction, type LambdaLROptions } from './lambda.ts';
export type { PerGroup } from './numbers.ts';
export { OneCycleLR, type OneCycleLROptions } from './one-cycle.ts';
export { ReduceLROnPlateau, type ReduceLROnPlateauOptions } from './plateau.ts';
export { LRScheduler, type Schedule, type SchedulerState } from './scheduler.ts';
export { SequentialLR, type SequentialLROptions } from './sequential.ts';
export { MultiStepLR, StepLR, type MultiStepLROptions, type StepLROptions } from './step.ts';
export { CosineAnnealingWarmRestarts, type CosineAnnealingWarmRestartsOptions } from './warm-restarts.ts';
export { ConstantLR, LinearLR, type ConstantLROptions, type LinearLROptions } from './warmup.ts';
