/** Which learning rate to begin with: the range test. */
import { checkOptions, DataError, OptionError } from '../base/errors.ts';
import { requireBetween, requireCount } from '../data/arguments.ts';
import { Module, type AnyModule } from '../nn/module.ts';
import { Optimizer } from '../optim/optimizer.ts';
import { power } from '../optim/schedules/numbers.ts';
import type { CompileChoice } from './compiled.ts';
import { each, feedOf, SHUFFLED, type Batch, type Feed, type TrainingData } from './feed.ts';
import { NotFiniteError } from './finite.ts';
import { forwardOf, type Forward } from './forward.ts';
import { dtypeOf } from './mode.ts';
import { pacer } from './pause.ts';
import { drawLite, plotTheme, type PlotOptions } from './plots/vega.ts';
import { stepOf, type Loss, type Step } from './step.ts';
import { undisturbedAsync } from './undisturbed.ts';

export interface FindLearningRateOptions {
  readonly loss: Loss;
  readonly optimizer: Optimizer;
  /** The first rate; default 1e-6. */
  readonly from?: number;
  /** The last rate; default 10. */
  readonly to?: number;
  /** How many batches, each at a larger rate; default 100. Data are walked again where they have fewer. */
  readonly batches?: number;
  /** Default 32; for data that come without batches. */
  readonly batchSize?: number;
  /** The test ends where the loss is so many times the least so far; default 4. */
  readonly divergence?: number;
  /** As for `fit`. */
  readonly forward?: Forward;
  /** As for `fit`. */
  readonly compile?: CompileChoice;
}

const OPTIONS = ['loss', 'optimizer', 'from', 'to', 'batches', 'batchSize', 'divergence', 'forward', 'compile'];
const op = 'findLearningRate';

/** On each side of a batch, so much of the test is averaged over: single batches are noisy. */
const WINDOW = 0.03;
/** A descent is looked at over so much of the test, on each side. */
const STRIDE = 0.06;
/** A loss that never falls by this share of where it began is no descent. */
const LEAST_FALL = 0.05;

/** Mean over the window around each; the window is as wide to the left as to the right, so that nothing moves. */
function smooth(losses: readonly number[]): number[] {
  const most = Math.max(1, Math.round(losses.length * WINDOW));
  return losses.map((_, i) => {
    const reach = Math.min(most, i, losses.length - 1 - i);
    const near = losses.slice(i - reach, i + reach + 1);
    return near.reduce((a, b) => a + b, 0) / near.length;
  });
}

/** Where the smoothed loss falls fastest on its way to the least; null if it does not fall. */
function steepest(smoothed: readonly number[]): number | null {
  const least = smoothed.indexOf(Math.min(...smoothed));
  const fall = smoothed[0]! - smoothed[least]!;
  if (least < 2 || fall < LEAST_FALL * Math.abs(smoothed[0]!)) return null;
  // Over some steps at once: between neighbours, noise is steeper than any descent.
  const reach = Math.max(1, Math.min(Math.round(smoothed.length * STRIDE), least >> 1));
  let [found, slope] = [reach, 0];
  for (let i = reach; i + reach <= least; i++) {
    const here = smoothed[i + reach]! - smoothed[i - reach]!;
    if (here < slope) [found, slope] = [i, here];
  }
  return found;
}

/** What a range test has seen. */
export class LearningRateRange {
  /** The rates that were tried, growing by the same factor from batch to batch. */
  readonly rates: readonly number[];
  /** The loss of the batch at each rate, before its update. */
  readonly losses: readonly number[];
  /** The losses, averaged over their neighbours. */
  readonly smoothed: readonly number[];
  /** Where the smoothed loss fell fastest; null if it did not fall. */
  readonly suggestion: number | null;
  /** The rate at which the loss grew out of bounds; null if it did not. */
  readonly diverged: number | null;

  constructor(rates: readonly number[], losses: readonly number[], diverged: number | null) {
    this.rates = rates;
    this.losses = losses;
    this.smoothed = smooth(losses);
    const at = steepest(this.smoothed);
    this.suggestion = at === null ? null : rates[at]!;
    this.diverged = diverged;
  }

  toString(): string {
    const show = (x: number): string => x.toExponential(1);
    const [first, last] = [this.rates[0]!, this.rates.at(-1)!];
    const found =
      this.suggestion === null
        ? 'the loss never fell: look at the model with diagnose, or begin at a smaller rate'
        : `the loss falls fastest at ${show(this.suggestion)}`;
    const end = this.diverged === null ? '' : `, and diverges at ${show(this.diverged)}`;
    return `rates ${show(first)} … ${show(last)}, ${this.rates.length} batches: ${found}${end}`;
  }

  /**
   * The loss against the rate, as SVG; the suggested rate is marked.
   * @example writeFileSync('rates.svg', await (await findLearningRate(model, data, options)).plot())
   */
  plot(options: PlotOptions = {}): Promise<string> {
    return plotRange(this, options);
  }

  static {
    // What Node's console shows.
    Object.defineProperty(this.prototype, Symbol.for('nodejs.util.inspect.custom'), {
      value(this: LearningRateRange): string {
        return this.toString();
      },
    });
  }
}

async function plotRange(range: LearningRateRange, options: PlotOptions): Promise<string> {
  const theme = plotTheme('plot', options);
  const { rates, losses, smoothed, suggestion } = range;
  // What comes after the loss has begun to explode would press the rest flat.
  const top = Math.max(...losses.slice(0, 5)) * 1.6;
  const points = (ys: readonly number[]): object[] =>
    ys.map((loss, i) => ({ rate: rates[i], loss })).filter(({ loss }) => loss <= top);
  const x = {
    field: 'rate',
    type: 'quantitative',
    title: 'learning rate',
    scale: { type: 'log', nice: false },
    axis: { format: '.0e', tickCount: 8 },
  };
  const y = { field: 'loss', type: 'quantitative', title: 'loss', scale: { zero: false } };
  const line = (ys: readonly number[], color: string, width: number): object => ({
    data: { values: points(ys) },
    mark: { type: 'line', color, strokeWidth: width, aria: false },
    encoding: { x, y },
  });
  const mark = {
    data: { values: [{ rate: suggestion }] },
    mark: { type: 'rule', color: theme.classes[0], strokeDash: [5, 4], strokeWidth: 1.5, aria: false },
    encoding: { x },
  };
  const title = suggestion === null ? 'Learning rates' : `Learning rates: steepest at ${suggestion.toExponential(1)}`;
  const curves = [line(losses, theme.faint, 1), line(smoothed, theme.strong, 2)];
  return drawLite({ title, width: 480, height: 240, layer: suggestion === null ? curves : [...curves, mark] }, theme);
}

interface Test {
  readonly rateAt: (i: number) => number;
  readonly batches: number;
  readonly divergence: number;
}

function testOf(model: unknown, options: FindLearningRateOptions): Test {
  checkOptions(op, options, OPTIONS);
  const { loss, optimizer, from = 1e-6, to = 10, batches = 100, divergence = 4 } = options;
  if (!(model instanceof Module)) {
    throw new OptionError(`the model must be a Module, got ${typeof model}`, { op, option: 'model' });
  }
  if (typeof loss !== 'function') {
    throw new OptionError(`loss must be a function, got ${typeof loss}`, { op, option: 'loss' });
  }
  if (!((optimizer as unknown) instanceof Optimizer)) {
    throw new OptionError(`optimizer must be an optimizer, got ${typeof optimizer}`, { op, option: 'optimizer' });
  }
  requireCount(op, 'batches', batches, 5);
  requireBetween(op, 'divergence', divergence, 1, Infinity);
  if (!(from > 0 && from < to && Number.isFinite(to))) {
    throw new OptionError(`rates go from a number > 0 to a larger one, got ${String(from)} and ${String(to)}`, {
      op,
      option: 'from',
    });
  }
  return { rateAt: (i) => from * power(to / from, i / (batches - 1)), batches, divergence };
}

/** Sets the rate of the first group; the others keep their proportions to it. */
function rateSetter(optimizer: Optimizer): (rate: number) => void {
  const groups = optimizer.paramGroups;
  const first = groups[0].lr || 1;
  const shares = groups.map(({ lr }, i) => (i === 0 ? 1 : lr / first));
  return (rate) => groups.forEach((group, i) => (group.lr = rate * shares[i]!));
}

/** Batches, epoch after epoch, until enough have been seen or `learn` says no. */
async function walk(feed: Feed, learn: (batch: Batch) => boolean): Promise<void> {
  const pause = pacer();
  for (let goesOn = true; goesOn;) {
    let seen = 0;
    await each(feed.walk(), (batch) => {
      seen++;
      goesOn = learn(batch);
      return pause()?.then(() => goesOn) ?? goesOn;
    });
    if (seen === 0) {
      throw new DataError('the data gave no more batches', { op, hint: 'Give a function that opens the data anew.' });
    }
  }
}

/** The loss; null where it is no number. */
function lossOf(step: Step, { x, y }: Batch): number | null {
  try {
    return step.run(x, y).loss.item();
  } catch (error) {
    if (error instanceof NotFiniteError) return null;
    throw error;
  }
}

async function run(feed: Feed, step: Step, setRate: (rate: number) => void, test: Test): Promise<LearningRateRange> {
  const [rates, losses]: [number[], number[]] = [[], []];
  let [least, diverged]: [number, number | null] = [Infinity, null];
  await walk(feed, (batch) => {
    const rate = test.rateAt(rates.length);
    setRate(rate);
    const loss = lossOf(step, batch);
    if (loss === null || loss > test.divergence * Math.abs(least)) {
      diverged = rate;
      return false;
    }
    rates.push(rate);
    losses.push(loss);
    // The first batches tell what is usual; a single lucky one later does not count alone.
    least = Math.min(least, losses.slice(-5).reduce((a, b) => a + b, 0) / Math.min(5, losses.length));
    return rates.length < test.batches;
  });
  if (losses.length > 0) return new LearningRateRange(rates, losses, diverged);
  throw new DataError('the loss of the very first batch is not finite', {
    op,
    hint: 'diagnose(model, batch, { loss }) tells where it comes from.',
  });
}

/**
 * Leslie Smith's range test: trains on one batch after the other with a rate that grows from a very small to a very large
 * one, and looks at the loss. Where it falls fastest is a good rate to begin with (for one-cycle schedules: the largest).
 * The model, the optimizer, the order of the data and the random numbers are afterwards as they were.
 * "Cyclical Learning Rates for Training Neural Networks", 2017. https://arxiv.org/abs/1506.01186
 * @throws OptionError for impossible options; DataError for data without batches.
 * @example
 * const found = await findLearningRate(model, { x, y }, { loss: crossEntropy, optimizer })
 * console.log(found) // rates 1.0e-6 … 5.2e+0, 96 batches: the loss falls fastest at 3.1e-2, and diverges at 5.2e+0
 * optimizer.lr = found.suggestion ?? optimizer.lr
 */
export async function findLearningRate(
  model: AnyModule,
  data: TrainingData,
  options: FindLearningRateOptions,
): Promise<LearningRateRange> {
  const test = testOf(model, options);
  const { optimizer, loss, batchSize, compile = true } = options;
  return undisturbedAsync(model, optimizer, async () => {
    const feed = feedOf(op, data, { batchSize, dtype: dtypeOf(model), defaults: SHUFFLED });
    const { loader } = feed;
    const epoch = loader?.epoch;
    model.train();
    const step = stepOf({
      model,
      optimizer,
      forward: forwardOf(op, model, options.forward),
      loss,
      clipNorm: null,
      clipValue: null,
      accumulate: 1,
      ema: null,
      keepsPrediction: false,
      compile,
    });
    try {
      return await run(feed, step, rateSetter(optimizer), test);
    } finally {
      step.dispose();
      if (loader !== null) loader.epoch = epoch!;
    }
  });
}
