/** chainrule/train: training loops and their pictures. */
import '../value/install.ts';

export type { CompileChoice } from './compiled.ts';
export {
  accuracy,
  predict,
  trainModel,
  type EpochRecord,
  type History,
  type PredictOptions,
  type TrainOptions,
} from './loop.ts';
export { plotDecisionBoundary } from './boundary.ts';
export { plotLoss } from './plot.ts';
export { bar, lines, silent, type Progress, type Terminal } from './progress.ts';
export { canPlot, type PlotOptions } from './vega.ts';
export {
  choice,
  integer,
  logUniform,
  uniform,
  type Chosen,
  type Distribution,
  type Plain,
  type Space,
} from './space.ts';
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
} from './save.ts';
export { diagnose, Diagnosis, type DiagnosedBatch, type DiagnoseOptions } from './diagnose/diagnose.ts';
export type { ActivationReport } from './diagnose/activations.ts';
export type { Curves, CurveVerdict } from './diagnose/curves.ts';
export type { Finding, FindingKind } from './diagnose/finding.ts';
export type { LayerReport } from './diagnose/layers.ts';
export type { Statistics } from './diagnose/numbers.ts';
