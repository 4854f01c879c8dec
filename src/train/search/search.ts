/** Searching for hyperparameters: by a grid, at random, with cross-validation. */
import { ChainruleError, checkOptions, OptionError } from '../../base/errors.ts';
import { generatorState, restoreGenerator } from '../../base/random.ts';
import { requireCount, requireOneOf } from '../../data/arguments.ts';
import type { Dataset, Indexed } from '../../data/dataset.ts';
import { seededStream } from '../../data/random.ts';
import { manualSeed } from '../../value/random.ts';
import { checkSpace, combinations, drawFrom, type Chosen, type Plain, type Space } from './space.ts';
import { foldsOf, type FoldData, type FoldOptions, type Folds } from './folds.ts';
import { openJournal, type Journal, type Outcome } from './journal.ts';
import { SearchResults, textOfParameters, type TrialResult } from './results.ts';

/** What a training gives: its score on the validation data, or several numbers by name, as `evaluate` does. */
export type Scores = number | Readonly<Record<string, number>>;

/** The parts of the data that a training gets. */
export type Part<D> = D extends Indexed<infer T> ? Dataset<T> : D;

/** Trains with these parameters on one fold, and says how well it went. */
export type TrainFunction<P, D> = (parameters: P, fold: FoldData<Part<D>>) => Scores | Promise<Scores>;

export interface SearchOptions<D = unknown> extends FoldOptions {
  /** `{ x, y }` of Values, or a Dataset, to be divided into folds. Without data each configuration is trained once. */
  readonly data?: D;
  /** Of the folds and of every training; default 0. */
  readonly seed?: number;
  /** Which of several numbers decides. */
  readonly metric?: string;
  /** Whether more is better; default `max`, for losses (`loss`, `valLoss`) `min`. */
  readonly mode?: 'max' | 'min';
  /** A JSONL file that every result is written to, and from which an interrupted search goes on. */
  readonly file?: string;
  /** Whether what has failed according to the file is tried again; default false. */
  readonly retryFailed?: boolean;
  /** Called after each configuration. */
  readonly onTrial?: (trial: TrialResult<Readonly<Record<string, Plain>>>, done: number, total: number) => void;
  /** Ends the search after the training under way; results are of what is complete. */
  readonly signal?: AbortSignal;
}

export interface RandomSearchOptions<D = unknown> extends SearchOptions<D> {
  /** How many configurations are drawn. */
  readonly trials: number;
}

const OPTIONS = 'data folds validation stratify seed metric mode file retryFailed onTrial signal'.split(' ');

type Parameters = Readonly<Record<string, Plain>>;
type AnyTrain = (parameters: never, fold: never) => Scores | Promise<Scores>;

/** A search, checked. */
interface Search {
  readonly op: string;
  readonly train: AnyTrain;
  readonly configurations: readonly Parameters[];
  readonly folds: Folds<unknown>;
  readonly seed: number;
  readonly journal: Journal;
  readonly options: SearchOptions;
}

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The numbers of a training by name. @throws OptionError for what is none. */
function readScores(op: string, given: unknown): Readonly<Record<string, number>> {
  const scores = typeof given === 'number' ? { score: given } : given;
  const isRecord = typeof scores === 'object' && scores !== null && !Array.isArray(scores);
  const numbers = isRecord ? Object.entries(scores).filter(([, x]) => typeof x === 'number') : [];
  if (numbers.length > 0) return Object.fromEntries(numbers);
  throw new OptionError(`the training returned ${given === null ? 'null' : typeof given}, no score`, {
    op,
    option: 'train',
    hint: 'Return a number, or what evaluate gives.',
  });
}

/** Which of the numbers decides. */
function metricOf(op: string, scores: Readonly<Record<string, number>>, wanted: string | undefined): string {
  const names = Object.keys(scores);
  if (wanted !== undefined && names.includes(wanted)) return wanted;
  if (wanted === undefined && names.length === 1) return names[0]!;
  throw new OptionError(
    wanted === undefined
      ? `the training returned ${names.join(', ')}: which decides?`
      : `the training returned ${names.join(', ')}, and no ${wanted}`,
    { op, option: 'metric', hint: `Say { metric: ${JSON.stringify(names[0])} }.` },
  );
}

/** One training, with random numbers of its own. */
async function outcomeOf({ op, train, folds, seed }: Search, parameters: Parameters, fold: number): Promise<Outcome> {
  const started = performance.now();
  const elapsed = (): number => Number(((performance.now() - started) / 1000).toFixed(3));
  const own = seed + fold;
  manualSeed(own);
  try {
    const scores = readScores(op, await train(parameters as never, folds.at(fold, own) as never));
    return { parameters, fold, seconds: elapsed(), scores };
  } catch (error) {
    // A training that says nothing usable would fail with every configuration.
    if (error instanceof OptionError && error.op === op) throw error;
    return { parameters, fold, seconds: elapsed(), error: message(error) };
  }
}

const mean = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length;

/** What the folds say together. */
function resultOf(
  op: string,
  index: number,
  parameters: Parameters,
  all: readonly Outcome[],
  wanted: string | undefined,
): TrialResult<Parameters> {
  const seconds = all.reduce((sum, outcome) => sum + outcome.seconds, 0);
  const failed = all.find(({ error }) => error !== undefined);
  const nothing = { scores: [], mean: NaN, std: NaN, metrics: {} };
  const failure = (fold: number, why: string): TrialResult<Parameters> => ({
    index,
    parameters,
    ...nothing,
    seconds,
    error: `fold ${fold}: ${why}`,
  });
  if (failed !== undefined) return failure(failed.fold, failed.error!);
  const name = metricOf(op, all[0]!.scores!, wanted);
  // What no number of JSON's is comes back as text.
  const scores = all.map((outcome) => Number(outcome.scores![name] ?? NaN));
  const broken = scores.findIndex((score) => !Number.isFinite(score));
  if (broken >= 0) return failure(broken, `${name} is ${scores[broken]}`);
  const middle = mean(scores);
  const others = Object.keys(all[0]!.scores!).filter((each) => each !== name);
  return {
    index,
    parameters,
    scores,
    mean: middle,
    std: Math.sqrt(mean(scores.map((score) => (score - middle) * (score - middle)))),
    metrics: Object.fromEntries(others.map((each) => [each, mean(all.map((o) => Number(o.scores![each] ?? NaN)))])),
    seconds,
    error: null,
  };
}

/** All folds of a configuration, up to the first that fails; null if the search was ended within. */
async function trialOf(search: Search, index: number): Promise<TrialResult<Parameters> | null> {
  const { op, folds, journal, options } = search;
  const parameters = search.configurations[index]!;
  const outcomes: Outcome[] = [];
  for (let fold = 0; fold < folds.count; fold++) {
    const known = journal.find(parameters, fold);
    if (known === undefined && options.signal?.aborted === true) return null;
    const outcome = known ?? (await outcomeOf(search, parameters, fold));
    if (known === undefined) journal.add(outcome);
    outcomes.push(outcome);
    if (outcome.error !== undefined) break;
  }
  return resultOf(op, index, parameters, outcomes, options.metric);
}

/** Every configuration was tried, and none came to an end. */
function allFailed(op: string, trials: readonly TrialResult<Parameters>[]): ChainruleError {
  const told = trials.slice(0, 3).map(({ parameters, error }) => `\n  ${textOfParameters(parameters)}: ${error}`);
  return new ChainruleError(`all ${trials.length} configurations failed:${told.join('')}`, {
    op,
    hint: 'Try the training function by itself with one of them; { retryFailed: true } tries again what a file says has failed.',
  });
}

async function runSearch(search: Search): Promise<SearchResults<Parameters>> {
  const { op, configurations, options } = search;
  const trials: TrialResult<Parameters>[] = [];
  const before = generatorState();
  try {
    for (let index = 0; index < configurations.length; index++) {
      const trial = await trialOf(search, index);
      if (trial === null) break;
      trials.push(trial);
      options.onTrial?.(trial, trials.length, configurations.length);
    }
  } finally {
    restoreGenerator(before);
  }
  if (trials.length === 0) throw new ChainruleError('the search was ended before anything was complete', { op });
  if (trials.every(({ error }) => error !== null)) throw allFailed(op, trials);
  const metric = nameOfMetric(search, trials);
  return new SearchResults(trials, metric, options.mode ?? (/^loss$|Loss$/.test(metric) ? 'min' : 'max'));
}

/** What the scores are called. */
function nameOfMetric({ op, journal, options }: Search, trials: readonly TrialResult<Parameters>[]): string {
  if (options.metric !== undefined) return options.metric;
  const { parameters } = trials.find(({ error }) => error === null)!;
  return metricOf(op, journal.find(parameters, 0)!.scores!, undefined);
}

function searchOf(op: string, train: unknown, configurations: readonly Parameters[], options: SearchOptions): Search {
  if (typeof train !== 'function') {
    throw new OptionError(`the training must be a function (parameters, fold) => score, got ${typeof train}`, {
      op,
      option: 'train',
    });
  }
  const { data, seed = 0, mode, file, retryFailed = false } = options;
  if (mode !== undefined) requireOneOf(op, 'mode', mode, ['max', 'min']);
  requireCount(op, 'seed', seed, 0);
  const folds = foldsOf(op, data, options, seed);
  const setting = { seed, folds: folds.count, examples: folds.examples };
  const journal = openJournal(op, file, setting, retryFailed);
  return { op, train: train as AnyTrain, configurations, folds, seed, journal, options };
}

/**
 * Trains with every combination of the space's values, and tells which does best: on average over the folds where there
 * are data to cross-validate on. Every training is seeded by its fold alone, so that configurations meet the same folds
 * and the same numbers, and a search that goes on after an interruption (`file`) finds what an uninterrupted one does.
 * A training that throws, or whose score is NaN, is a result as well: it is listed, and the search goes on.
 * @throws OptionError for a space that is none; DataError for a file of another search; ChainruleError if every
 * configuration failed.
 * @example
 * const results = await gridSearch(
 *   { lr: [0.1, 0.01], width: [8, 32] },
 *   async ({ lr, width }, { train, validation }) => {
 *     const model = new MLP([4, width, 3])
 *     const optimizer = new Adam(model.parameters(), { lr })
 *     await fit(model, train, { loss: crossEntropy, optimizer, epochs: 50, progress: false })
 *     return evaluate(model, validation, { loss: crossEntropy, metrics: ['accuracy'] })
 *   },
 *   { data: { x, y }, folds: 5, stratify: true, metric: 'accuracy', file: 'search.jsonl' },
 * )
 * console.log(results); results.best.parameters
 */
export async function gridSearch<const S extends Space, D = undefined>(
  space: S,
  train: TrainFunction<Chosen<S>, D>,
  options: SearchOptions<D> = {},
): Promise<SearchResults<Chosen<S>>> {
  const op = 'gridSearch';
  checkOptions(op, options, OPTIONS);
  const configurations = combinations(op, space) as unknown as readonly Parameters[];
  return (await runSearch(searchOf(op, train, configurations, options))) as unknown as SearchResults<Chosen<S>>;
}

/**
 * The same with configurations that are drawn from the space: from lists, and from `uniform`, `logUniform`, `integer` and
 * `choice`. Draw i depends on the seed and i alone: more trials go on where fewer ended. Where few of many parameters
 * matter, random draws find good ones sooner than a grid: Bergstra and Bengio, "Random Search for Hyper-Parameter
 * Optimization", 2012.
 * @throws As `gridSearch`.
 * @example
 * await randomSearch({ lr: logUniform(1e-4, 1e-1), width: integer(8, 64), activation: ['relu', 'tanh'] }, train,
 *   { trials: 20, data: { x, y }, seed: 1 })
 */
export async function randomSearch<const S extends Space, D = undefined>(
  space: S,
  train: TrainFunction<Chosen<S>, D>,
  options: RandomSearchOptions<D>,
): Promise<SearchResults<Chosen<S>>> {
  const op = 'randomSearch';
  checkOptions(op, options, [...OPTIONS, 'trials']);
  checkSpace(op, space);
  const { trials, seed = 0 } = options ?? {};
  requireCount(op, 'trials', trials);
  const configurations = Array.from({ length: trials }, (_, i) => {
    const stream = seededStream(op, seed, i + 1);
    return drawFrom(space, () => stream.uniform()) as Parameters;
  });
  return (await runSearch(searchOf(op, train, configurations, options))) as unknown as SearchResults<Chosen<S>>;
}

/**
 * Trains on every fold of the data but one and validates on that one, for each fold: the scores, their mean and their
 * spread.
 * @throws ChainruleError for a training that fails, in its words.
 * @example
 * const { mean, std } = await crossValidate(
 *   async ({ train, validation }) => { …; return accuracy },
 *   { data: { x, y }, folds: 5, stratify: true })
 */
export async function crossValidate<D>(
  train: (fold: FoldData<Part<D>>) => Scores | Promise<Scores>,
  options: Omit<SearchOptions<D>, 'onTrial'> & { readonly data: D },
): Promise<TrialResult<Readonly<Record<string, never>>>> {
  const op = 'crossValidate';
  checkOptions(op, options, OPTIONS);
  const once =
    typeof train === 'function'
      ? (_: unknown, fold: FoldData<Part<D>>): ReturnType<typeof train> => train(fold)
      : train;
  const { best } = await runSearch(searchOf(op, once, [{}], options));
  return best as unknown as TrialResult<Readonly<Record<string, never>>>;
}
