/** chainrule/train: training loops and their pictures. */
import '../value/install.ts';

export type { CompileChoice } from './compiled.ts';
export type { Awaitable, Callback, EpochRecord, History, Run, RunState } from './callback.ts';
export {
  bestCheckpoint,
  checkpoint,
  lastCheckpoint,
  type CheckpointCallback,
  type CheckpointOptions,
} from './saving/checkpoint.ts';
export { EarlyStopping, type EarlyStoppingOptions } from './early-stopping.ts';
export { evaluate, type EvaluateOptions } from './evaluate.ts';
export type { BatchLike, BatchStream, Inputs, TrainingData } from './feed.ts';
export { fit } from './fit.ts';
export type { FitOptions } from './fit-options.ts';
export type { Forward } from './forward.ts';
export type { Metric, MetricFunction, MetricLike } from './metrics/metric.ts';
export { accuracy, Accuracy, topKAccuracy, TopKAccuracy, type TopKOptions } from './metrics/accuracy.ts';
export type { Average } from './metrics/averages.ts';
export { confusionMatrix, ConfusionMatrix, type ConfusionOptions } from './metrics/confusion.ts';
export type { Numbers, ReadOptions } from './metrics/input.ts';
export { perplexity, Perplexity, type PerplexityOptions } from './metrics/perplexity.ts';
export { f1, F1Score, precision, Precision, recall, Recall, type PrecisionOptions } from './metrics/precision.ts';
export { averagePrecision, AveragePrecision, rocAuc, RocAuc, type RankingOptions } from './metrics/ranking.ts';
export {
  mae,
  MeanAbsoluteError,
  MeanSquaredError,
  mse,
  r2,
  R2,
  rmse,
  RootMeanSquaredError,
} from './metrics/regression.ts';
export type { TallyOptions } from './metrics/tally.ts';
export { TrainingAnomalyError } from './not-finite.ts';
export { predict, type PredictOptions } from './predict.ts';
export type { RateFunction, ScheduleLike, ScheduleOptions, Scheduler } from './schedule.ts';
export type { Loss } from './step.ts';
export { plotDecisionBoundary, type BoundaryPlotOptions } from './plots/boundary.ts';
export { plotLoss } from './plots/loss.ts';
export { bar, lines, type Terminal } from './progress/progress.ts';
export { notebook, type Display } from './progress/notebook.ts';
export { canPlot, type PlotOptions } from './plots/vega.ts';
export {
  choice,
  integer,
  logUniform,
  uniform,
  type Chosen,
  type Distribution,
  type Plain,
  type Space,
} from './search/space.ts';
export {
  loadModel,
  loadWeights,
  modelFromBytes,
  modelToBytes,
  saveModel,
  type Classes,
  type LoadedModel,
  type LoadModelOptions,
  type SaveModelOptions,
} from './saving/save.ts';
export { diagnose, Diagnosis, type DiagnoseOptions } from './diagnose/diagnose.ts';
export type { ActivationReport } from './diagnose/activations.ts';
export type { Curves, CurveVerdict } from './diagnose/curves.ts';
export type { Finding, FindingKind } from './diagnose/finding.ts';
export type { LayerReport } from './diagnose/layers.ts';
export type { Statistics } from './diagnose/numbers.ts';
export { plotConfusionMatrix, type ConfusionPlotOptions } from './plots/confusion.ts';
export { plotFilters, type FilterPlotOptions } from './plots/filters.ts';
export { plotHistograms, type HistogramPlotOptions } from './plots/histograms.ts';
export {
  plotHistory,
  plotLearningRate,
  type HistoryPlotOptions,
  type PlottedHistory,
  type RatePlotOptions,
} from './plots/history.ts';
export { plotRocCurve } from './plots/roc.ts';
export { plotLines, type LinesOptions } from './plots/lines.ts';
export { csvLog, jsonLog, type CsvLogOptions } from './logs.ts';
export { tensorBoard, type TensorBoardOptions } from './tensorboard/callback.ts';
export { SummaryWriter } from './tensorboard/writer.ts';
export { findLearningRate, LearningRateRange, type FindLearningRateOptions } from './find-learning-rate.ts';
export type { Divisible, FoldData, FoldOptions } from './search/folds.ts';
export { SearchResults, type Succeeded, type TrialResult } from './search/results.ts';
export {
  crossValidate,
  gridSearch,
  randomSearch,
  type Part,
  type RandomSearchOptions,
  type Scores,
  type SearchOptions,
  type TrainFunction,
} from './search/search.ts';
export { loadState, saveState, type SaveStateOptions } from './saving/state-file.ts';
