/** Metrics by their names. */
import { Metrics, type Metric, type MetricLike } from './metric.ts';
import { Accuracy, TopKAccuracy } from './accuracy.ts';
import { Perplexity } from './perplexity.ts';
import { F1Score, Precision, Recall } from './precision.ts';
import { AveragePrecision, RocAuc } from './ranking.ts';
import { MeanAbsoluteError, MeanSquaredError, R2, RootMeanSquaredError } from './regression.ts';

const MAKERS: Readonly<Record<string, () => Metric>> = {
  accuracy: () => new Accuracy(),
  topKAccuracy: () => new TopKAccuracy(),
  precision: () => new Precision(),
  recall: () => new Recall(),
  f1: () => new F1Score(),
  rocAuc: () => new RocAuc(),
  averagePrecision: () => new AveragePrecision(),
  perplexity: () => new Perplexity(),
  r2: () => new R2(),
  mae: () => new MeanAbsoluteError(),
  mse: () => new MeanSquaredError(),
  rmse: () => new RootMeanSquaredError(),
};

/** `top3Accuracy`. */
const TOP = /^top([1-9]\d*)Accuracy$/;

function make(name: string): Metric | null {
  if (Object.hasOwn(MAKERS, name)) return MAKERS[name]!();
  const top = TOP.exec(name);
  return top === null ? null : new TopKAccuracy({ k: Number(top[1]) });
}

/** @throws OptionError for names that there are not, and for two that are called the same. */
export const metricsOf = (op: string, given: readonly MetricLike<never, never>[]): Metrics =>
  new Metrics(op, given, make, Object.keys(MAKERS));
