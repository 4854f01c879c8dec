/** chainrule/train: training loops and their pictures. */
export { accuracy, predict, trainModel, type EpochRecord, type History, type TrainOptions } from './loop.ts';
export { plotDecisionBoundary, plotLoss } from './plot.ts';
export { bar, lines, silent, type Progress } from './progress.ts';
