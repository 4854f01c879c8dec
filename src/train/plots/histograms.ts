/** How weights and gradients are spread, layer by layer. */
import { checkOptions, OptionError } from '../../base/errors.ts';
import { requireCount } from '../../data/arguments.ts';
import type { AnyModule } from '../../nn/module.ts';
import type { Value } from '../../value/value.ts';
import { drawLite, plotTheme, type PlotOptions, type Spec, type Theme } from './vega.ts';

export interface HistogramPlotOptions extends PlotOptions {
  /** Default 40. */
  readonly bins?: number;
  /** Whether biases, and other parameters of one axis, are shown, too; default false, unless there is nothing else. */
  readonly biases?: boolean;
}

interface Bin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** Counts in equal bins from the smallest to the largest finite number; an empty one where there is none. */
function binsOf(x: Value, bins: number): Bin[] {
  let [low, high] = [Infinity, -Infinity];
  for (const element of x.data) {
    if (!Number.isFinite(element)) continue;
    low = Math.min(low, element);
    high = Math.max(high, element);
  }
  if (low > high) return [{ from: 0, to: 1, count: 0 }];
  // All alike: one bin around it.
  const width = (high - low) / bins || Math.abs(low) / bins || 1 / bins;
  const start = high === low ? low - (width * bins) / 2 : low;
  const counts = new Float64Array(bins);
  for (const element of x.data) {
    if (Number.isFinite(element)) counts[Math.min(bins - 1, Math.floor((element - start) / width))]!++;
  }
  return Array.from(counts, (count, i) => ({ from: start + i * width, to: start + (i + 1) * width, count }));
}

function panel(name: string, x: Value, color: string, bins: number): Spec {
  const values = binsOf(x, bins);
  return {
    title: { text: x.data.some(Number.isFinite) ? name : `${name} (no finite numbers)`, fontSize: 11, fontWeight: 500 },
    width: 230,
    height: 80,
    data: { values },
    mark: { type: 'bar', color, aria: false },
    encoding: {
      x: {
        field: 'from',
        type: 'quantitative',
        title: null,
        bin: { binned: true },
        axis: { tickCount: 5, format: '~g', grid: false },
      },
      x2: { field: 'to' },
      y: {
        field: 'count',
        type: 'quantitative',
        title: null,
        scale: { domain: [0, Math.max(1, ...values.map(({ count }) => count))] },
        axis: { tickCount: 3, format: '~s' },
      },
    },
  };
}

function rowOf([name, leaf]: [string, Value], theme: Theme, bins: number): Spec[] {
  const weights = panel(name, leaf, theme.strong, bins);
  return leaf.grad === null ? [weights] : [weights, panel(`gradient of ${name}`, leaf.grad, theme.classes[0]!, bins)];
}

/**
 * Histograms of a model's weights, and beside them of their gradients where there are any: after a backward pass.
 * @throws OptionError for a model without parameters.
 * @example
 * crossEntropy(model.forward(x), y).backward()
 * writeFileSync('histograms.svg', await plotHistograms(model))
 */
export async function plotHistograms(model: AnyModule, options: HistogramPlotOptions = {}): Promise<string> {
  const op = 'plotHistograms';
  checkOptions(op, options, ['theme', 'bins', 'biases']);
  const { bins = 40, biases = false, ...rest } = options;
  const theme = plotTheme(op, rest);
  requireCount(op, 'bins', bins);
  const all = model.namedParameters();
  const weights = all.filter(([, leaf]) => leaf.rank >= 2);
  const shown = biases || weights.length === 0 ? all : weights;
  if (shown.length === 0) {
    throw new OptionError(`${model.constructor.name} has no parameters`, { op, option: 'model' });
  }
  const rows = shown.map((entry) => ({ hconcat: rowOf(entry, theme, bins), spacing: 56, bounds: 'flush' }));
  return drawLite({ title: 'Weights and gradients', spacing: 18, vconcat: rows }, theme);
}
