/** What a picture shows: the options of toDot, toSvg and show. */
import { checkOptions, OptionError } from '../base/errors.ts';

export type Direction = 'LR' | 'TB' | 'RL' | 'BT';

export interface GraphOptions {
  /** Numbers: a scalar's value, a tensor's elements or their range and mean. Default true. */
  readonly values?: boolean;
  /** The gradient of the root (of the sum of all roots' elements) with respect to each node. Default true. */
  readonly gradients?: boolean;
  /** Shapes of tensors. Default true. */
  readonly shapes?: boolean;
  /** Element types. Default false. */
  readonly dtypes?: boolean;
  /**
   * The local derivative ∂node/∂operand on each edge: its number (`values`, or true), a formula in the operands' labels
   * where there is a short one (`symbols`), or both. Default false.
   */
  readonly partials?: boolean | 'values' | 'symbols' | 'both';
  /** Casts and broadcasts that promotion inserted, and the aliases that transforms make. Default false. */
  readonly implicit?: boolean;
  /** Which way the computation runs. Default `LR`. */
  readonly direction?: Direction;
  /** Named scopes as frames around their nodes. Default true. */
  readonly scopes?: boolean;
  /**
   * Which scopes become one node: none (false), the outermost (true), those nested at least so deep (a number, 0 being
   * the outermost), those of the given names. Default `auto`: composite ops such as softmax; in a graph beyond `limit`,
   * as many more as are needed.
   */
  readonly fold?: boolean | number | 'auto' | readonly string[];
  /** Repeated blocks and parallel copies as one, marked `×12`. Default `auto`: in a graph beyond `limit`. */
  readonly repeats?: boolean | 'auto';
  /** How many nodes are drawn; the rest is told as `… 2,412 more nodes`. Default 150. */
  readonly limit?: number;
  /** What colours mean: the kind of node, or the size of its gradient. Default `kind`. */
  readonly colorBy?: 'kind' | 'gradient';
  /** Root mean square below which a gradient counts as vanished, above which as exploded. Default 1e-6 and 1e3. */
  readonly thresholds?: { readonly vanished?: number; readonly exploded?: number };
  /** An explanation of the colours. Default: where `colorBy` is `gradient`. */
  readonly legend?: boolean;
  /** `auto` follows the reader's light or dark mode (in SVG; DOT is light). Default `auto`. */
  readonly theme?: 'auto' | 'light' | 'dark';
  /** The picture's title, read out by screen readers. Default: a description. */
  readonly title?: string;
  /** Where the ids of nodes and edges begin: `chainrule` gives `chainrule-n0`. Tell pictures on one page apart. */
  readonly id?: string;
}

export interface Settings {
  readonly values: boolean;
  readonly gradients: boolean;
  readonly shapes: boolean;
  readonly dtypes: boolean;
  readonly partials: false | 'values' | 'symbols' | 'both';
  readonly implicit: boolean;
  readonly direction: Direction;
  readonly scopes: boolean;
  readonly fold: boolean | number | 'auto' | readonly string[];
  readonly repeats: boolean | 'auto';
  readonly limit: number;
  readonly colorBy: 'kind' | 'gradient';
  readonly vanished: number;
  readonly exploded: number;
  readonly legend: boolean;
  readonly theme: 'auto' | 'light' | 'dark';
  readonly title: string | null;
  readonly id: string;
}

const SWITCHES = ['values', 'gradients', 'shapes', 'dtypes', 'implicit', 'scopes', 'legend'] as const;

const CHOICES: Readonly<Record<string, readonly unknown[]>> = {
  partials: [true, false, 'values', 'symbols', 'both'],
  direction: ['LR', 'TB', 'RL', 'BT'],
  repeats: [true, false, 'auto'],
  colorBy: ['kind', 'gradient'],
  theme: ['auto', 'light', 'dark'],
};

const GRAPH_OPTIONS: readonly string[] = [
  ...SWITCHES,
  ...Object.keys(CHOICES),
  'fold',
  'limit',
  'thresholds',
  'title',
  'id',
];

const refuse = (op: string, option: string, got: unknown, expected: string): never => {
  throw new OptionError(`${option} must be ${expected}, got ${JSON.stringify(got) ?? typeof got}`, { op, option });
};

function checkChoices(op: string, options: Readonly<Record<string, unknown>>): void {
  for (const option of SWITCHES) {
    const given = options[option];
    if (given !== undefined && typeof given !== 'boolean') refuse(op, option, given, 'true or false');
  }
  for (const [option, known] of Object.entries(CHOICES)) {
    const given = options[option];
    if (given !== undefined && !known.includes(given)) refuse(op, option, given, `one of ${known.join(', ')}`);
  }
}

function checkFold(op: string, fold: unknown): void {
  if (fold === undefined || typeof fold === 'boolean' || fold === 'auto') return;
  if (typeof fold === 'number' && Number.isInteger(fold) && fold >= 0) return;
  if (Array.isArray(fold) && fold.every((name) => typeof name === 'string')) return;
  refuse(op, 'fold', fold, `true, false, 'auto', a depth (0, 1, …) or a list of scope names`);
}

function checkThreshold(op: string, name: string, x: unknown): void {
  if (x !== undefined && !(typeof x === 'number' && x >= 0)) refuse(op, `thresholds.${name}`, x, 'a number ≥ 0');
}

function checkNumbersAndTexts(op: string, options: GraphOptions): void {
  const { limit, thresholds, title, id } = options;
  if (limit !== undefined && !(limit === Infinity || (Number.isInteger(limit) && limit >= 1)))
    refuse(op, 'limit', limit, 'a whole number ≥ 1, or Infinity');
  checkOptions(`${op}({ thresholds })`, thresholds, ['vanished', 'exploded']);
  checkThreshold(op, 'vanished', thresholds?.vanished);
  checkThreshold(op, 'exploded', thresholds?.exploded);
  if (title !== undefined && typeof title !== 'string') refuse(op, 'title', title, 'a string');
  if (id !== undefined && !(typeof id === 'string' && /^[A-Za-z][\w-]*$/.test(id)))
    refuse(op, 'id', id, 'a letter followed by letters, digits, - and _');
}

/** @throws OptionError for unknown options and impossible values. */
export function settingsOf(op: string, options: GraphOptions = {}, also: readonly string[] = []): Settings {
  checkOptions(op, options, [...GRAPH_OPTIONS, ...also]);
  checkChoices(op, options as Readonly<Record<string, unknown>>);
  checkFold(op, options.fold);
  checkNumbersAndTexts(op, options);
  const colorBy = options.colorBy ?? 'kind';
  const partials = options.partials ?? false;
  return {
    values: options.values ?? true,
    gradients: options.gradients ?? true,
    shapes: options.shapes ?? true,
    dtypes: options.dtypes ?? false,
    partials: partials === true ? 'values' : partials,
    implicit: options.implicit ?? false,
    direction: options.direction ?? 'LR',
    scopes: options.scopes ?? true,
    fold: options.fold ?? 'auto',
    repeats: options.repeats ?? 'auto',
    limit: options.limit ?? 150,
    colorBy,
    vanished: options.thresholds?.vanished ?? 1e-6,
    exploded: options.thresholds?.exploded ?? 1e3,
    legend: options.legend ?? colorBy === 'gradient',
    theme: options.theme ?? 'auto',
    title: options.title ?? null,
    id: options.id ?? 'chainrule',
  };
}
