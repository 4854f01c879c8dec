/** What a search found, as a table. */
import { textTable, type Alignment } from '../../base/text-table.ts';
import type { Plain } from './space.ts';

interface Trial<P> {
  /** Its place in the order in which configurations were tried. */
  readonly index: number;
  readonly parameters: P;
  /** Of each fold; empty if it failed. */
  readonly scores: readonly number[];
  /** Of the scores; NaN if it failed. */
  readonly mean: number;
  /** Their standard deviation over the folds. */
  readonly std: number;
  /** Further numbers that the training gave, averaged over the folds. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Of all folds together. */
  readonly seconds: number;
}

/** What became of one configuration. */
export interface TrialResult<P> extends Trial<P> {
  /** Why it failed, and in which fold; null if it did not. */
  readonly error: string | null;
}

/** A trial that came to an end. */
export interface Succeeded<P> extends Trial<P> {
  readonly error: null;
}

const number = (x: number): string => {
  const size = Math.abs(x);
  return x !== 0 && (size < 1e-3 || size >= 1e5) ? x.toExponential(2) : String(Number(x.toPrecision(4)));
};

const plain = (x: Plain | undefined): string =>
  x === undefined ? '' : typeof x === 'number' ? number(x) : typeof x === 'string' ? x : JSON.stringify(x);

/** `{ lr: 10, width: 8 }`. */
const shown = (parameters: object): string =>
  `{ ${Object.entries(parameters)
    .map(([name, x]) => `${name}: ${plain(x as Plain)}`)
    .join(', ')} }`;

/** How many rows are printed. */
const MOST_ROWS = 30;

function rowOf<P>(trial: TrialResult<P>, rank: number, names: readonly string[], metrics: readonly string[]): string[] {
  const { scores, mean, std, seconds } = trial;
  const spread = scores.length > 1 ? ` ± ${number(Number(std.toPrecision(2)))}` : '';
  return [
    String(rank),
    `${number(mean)}${spread}`,
    ...metrics.map((name) => number(trial.metrics[name] ?? NaN)),
    ...names.map((name) => plain((trial.parameters as Record<string, Plain>)[name])),
    `${seconds.toFixed(1)} s`,
  ];
}

/**
 * All trials of a search, the best in front; printed as a table.
 * @example console.log(results); const { parameters } = results.best
 */
export class SearchResults<P = Readonly<Record<string, Plain>>> {
  /** Those that came to an end, the best first; equal ones in the order in which they were tried. */
  readonly trials: readonly Succeeded<P>[];
  readonly failures: readonly TrialResult<P>[];
  /** What the score is called, and whether more of it is better. */
  readonly metric: string;
  readonly mode: 'max' | 'min';

  constructor(all: readonly TrialResult<P>[], metric: string, mode: 'max' | 'min') {
    const sign = mode === 'max' ? -1 : 1;
    this.trials = all
      .filter((trial): trial is Succeeded<P> => trial.error === null)
      .sort((a, b) => sign * (a.mean - b.mean) || a.index - b.index);
    this.failures = all.filter(({ error }) => error !== null);
    this.metric = metric;
    this.mode = mode;
  }

  get best(): Succeeded<P> {
    return this.trials[0]!;
  }

  toString(): string {
    const names = [...new Set(this.trials.flatMap(({ parameters }) => Object.keys(parameters as object)))];
    const metrics = [...new Set(this.trials.flatMap((trial) => Object.keys(trial.metrics)))];
    const head = ['', this.metric, ...metrics, ...names, 'time'];
    const rows = this.trials.slice(0, MOST_ROWS).map((trial, i) => rowOf(trial, i + 1, names, metrics));
    const more = this.trials.length - rows.length;
    return [
      ...textTable(
        [head, ...rows],
        head.map((): Alignment => 'right'),
      ),
      ...(more > 0 ? [`… and ${more} more`] : []),
      ...this.failures.map(({ parameters, error }) => `failed: ${shown(parameters as object)}: ${error}`),
    ].join('\n');
  }

  static {
    // What Node's console shows.
    Object.defineProperty(this.prototype, Symbol.for('nodejs.util.inspect.custom'), {
      value(this: SearchResults): string {
        return this.toString();
      },
    });
  }
}

/** A configuration in words. */
export const textOfParameters = (parameters: object): string => shown(parameters);
