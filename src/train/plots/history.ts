/** Curves of a run: losses, metrics, the learning rate. */
import { checkOptions, DataError, OptionError } from '../../base/errors.ts';
import { drawLite, plotTheme, type PlotOptions, type Spec, type Theme } from './vega.ts';

/** What is needed of a run's history: records of epochs, flat, and the loss of every batch where it is known. */
export interface PlottedHistory {
  readonly epochs: readonly Readonly<Record<string, unknown>>[];
  readonly batchLosses?: readonly number[];
}

export interface HistoryPlotOptions extends PlotOptions {
  /** Which curves, by the names of records: `['loss', 'accuracy']`. Default: the loss and every metric. */
  readonly show?: readonly string[];
}

const WIDTH = 340;
const HEIGHT = 210;
/** Batches beyond this many are thinned out: more points than pixels say nothing. */
const MOST_POINTS = 1000;

const SERIES = ['training', 'validation'];
const NO_CURVES = new Set(['epoch', 'lr', 'seconds']);

/** `accuracy` for `valAccuracy`; null for what is of the training data. */
function validatedName(name: string): string | null {
  const first = name.charAt(3);
  return name.startsWith('val') && first !== '' && first === first.toUpperCase() && first !== first.toLowerCase()
    ? first.toLowerCase() + name.slice(4)
    : null;
}

const validationName = (name: string): string => `val${name.charAt(0).toUpperCase()}${name.slice(1)}`;

/** The curves that a history has, the loss first. */
function curvesOf({ epochs }: PlottedHistory): string[] {
  const names = new Set(['loss']);
  for (const record of epochs) {
    for (const [name, x] of Object.entries(record)) {
      if (typeof x === 'number' && !NO_CURVES.has(name)) names.add(validatedName(name) ?? name);
    }
  }
  return [...names];
}

interface Point {
  readonly epoch: number;
  readonly y: number;
  readonly series: string;
}

function pointsOf({ epochs }: PlottedHistory, name: string): Point[] {
  const finite = (x: unknown): x is number => typeof x === 'number' && Number.isFinite(x);
  return epochs.flatMap((record, i) => {
    const epoch = finite(record['epoch']) ? record['epoch'] : i + 1;
    return [record[name], record[validationName(name)]].flatMap((y, at) =>
      finite(y) ? [{ epoch, y, series: SERIES[at]! }] : [],
    );
  });
}

/** The batches' losses, each where its epoch was, thinned out. */
function batchesOf({ epochs, batchLosses = [] }: PlottedHistory): { epoch: number; y: number }[] {
  const perEpoch = batchLosses.length / Math.max(1, epochs.length);
  const every = Math.ceil(batchLosses.length / MOST_POINTS);
  return batchLosses
    .map((y, i) => ({ epoch: (i + 1) / perEpoch, y }))
    .filter(({ y }, i) => i % every === 0 && Number.isFinite(y));
}

const EPOCHS: Spec = { field: 'epoch', type: 'quantitative', title: 'epoch', axis: { tickMinStep: 1, format: 'd' } };

function panel(history: PlottedHistory, name: string, shown: readonly string[], theme: Theme): Spec {
  const points = pointsOf(history, name);
  const batches = name === 'loss' ? batchesOf(history) : [];
  const y = { field: 'y', type: 'quantitative', title: name, scale: { zero: name === 'loss' } };
  const color = {
    field: 'series',
    type: 'nominal',
    title: null,
    scale: { domain: shown, range: shown.map((series) => (series === SERIES[0] ? theme.strong : theme.classes[0])) },
    legend: { symbolType: 'stroke', symbolStrokeWidth: 3 },
  };
  const faint = {
    data: { values: batches },
    mark: { type: 'line', color: theme.faint, opacity: 0.5, strokeWidth: 1, aria: false },
    encoding: { x: EPOCHS, y },
  };
  const curves = {
    data: { values: points },
    mark: { type: 'line', strokeWidth: 2, ...(points.length > 80 ? {} : { point: { size: 24 } }), aria: false },
    encoding: { x: EPOCHS, y, color },
  };
  return { width: WIDTH, height: HEIGHT, layer: batches.length === 0 ? [curves] : [faint, curves] };
}

/**
 * How a run went: the loss and each metric over the epochs, of training and of validation data; the losses of single
 * batches stand faintly behind.
 * @throws DataError for a history without epochs; OptionError for curves that it does not have.
 * @example writeFileSync('history.svg', await plotHistory(history))
 * @example await plotHistory(history, { show: ['accuracy'], theme: 'dark' })
 */
export async function plotHistory(history: PlottedHistory, options: HistoryPlotOptions = {}): Promise<string> {
  const op = 'plotHistory';
  checkOptions(op, options, ['theme', 'show']);
  const { show, ...rest } = options;
  const theme = plotTheme(op, rest);
  if (history.epochs.length === 0) throw new DataError('the history has no epochs', { op });
  const known = curvesOf(history);
  const missing = show?.find((name) => !known.includes(name));
  if (missing !== undefined) {
    throw new OptionError(`there is no curve ${JSON.stringify(missing)}`, {
      op,
      option: 'show',
      hint: `There are ${known.join(', ')}.`,
    });
  }
  const names = show ?? known;
  const series = new Set(names.flatMap((name) => pointsOf(history, name).map((point) => point.series)));
  // One legend for all panels: they have to agree about it.
  const shown = SERIES.filter((each) => series.has(each));
  const panels = names.map((name) => panel(history, name, shown, theme));
  return drawLite({ title: 'Training', columns: 2, spacing: 28, concat: panels }, theme);
}

export interface RatePlotOptions extends PlotOptions {
  /** Default linear. */
  readonly scale?: 'linear' | 'log';
}

/** The rates of a history, by epochs; of a list, by steps. */
function ratesOf(op: string, from: PlottedHistory | readonly number[]): { x: string; rates: number[] } {
  const isList = Array.isArray(from);
  const given = isList ? (from as readonly number[]) : (from as PlottedHistory).epochs.map((record) => record['lr']);
  const rates = given.filter((rate) => typeof rate === 'number');
  if (rates.length > 0) return { x: isList ? 'step' : 'epoch', rates };
  throw new DataError('there are no learning rates', { op, hint: 'Give what fit returns, or a list of rates.' });
}

/**
 * The learning rate over the epochs of a run, or over the steps of a schedule given as a list.
 * @throws DataError where there are no rates.
 * @example await plotLearningRate(history)
 * @example
 * const rates = Array.from({ length: 100 }, () => { scheduler.step(); return optimizer.lr })
 * writeFileSync('schedule.svg', await plotLearningRate(rates, { scale: 'log' }))
 */
export async function plotLearningRate(
  history: PlottedHistory | readonly number[],
  options: RatePlotOptions = {},
): Promise<string> {
  const op = 'plotLearningRate';
  checkOptions(op, options, ['theme', 'scale']);
  const { scale = 'linear', ...rest } = options;
  const theme = plotTheme(op, rest);
  if (!['linear', 'log'].includes(scale)) {
    throw new OptionError(`scale is linear or log, not ${JSON.stringify(scale)}`, { op, option: 'scale' });
  }
  const { x, rates } = ratesOf(op, history);
  const values = rates.map((rate, i) => ({ at: i + 1, rate })).filter(({ rate }) => scale === 'linear' || rate > 0);
  const spec = {
    title: 'Learning rate',
    width: 480,
    height: HEIGHT,
    data: { values },
    mark: { type: 'line', interpolate: 'step', color: theme.strong, strokeWidth: 2, aria: false },
    encoding: {
      x: { field: 'at', type: 'quantitative', title: x, axis: { tickMinStep: 1, format: 'd' }, scale: { nice: false } },
      y: {
        field: 'rate',
        type: 'quantitative',
        title: 'learning rate',
        scale: { type: scale },
        axis: { format: '~g' },
      },
    },
  };
  return drawLite(spec, theme);
}
