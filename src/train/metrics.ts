/** Metrics by their names. */
import { Metrics, type Metric, type MetricLike } from './metric.ts';
import { Accuracy } from './metrics-accuracy.ts';

const MAKERS: Readonly<Record<string, () => Metric>> = {
  accuracy: () => new Accuracy(),
};

/** Names that `metrics: […]` knows. */
export const metricNames: readonly string[] = Object.keys(MAKERS);

/** @throws OptionError for names that there are not, and for two that are called the same. */
export const metricsOf = (op: string, given: readonly MetricLike[]): Metrics =>
  new Metrics(op, given, (name) => (Object.hasOwn(MAKERS, name) ? MAKERS[name]!() : null), metricNames);
