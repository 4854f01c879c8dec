/** Training, validation and test sets; folds for cross-validation. */
import { checkOptions, OptionError } from '../base/errors.ts';
import { isValue, type Value } from '../value/value.ts';
import { requireBetween, requireCount } from './arguments.ts';
import { Subset, type Dataset, type Indexed } from './dataset.ts';
import { seededStream, upTo, type Stream } from './random.ts';

/** A class for each example: whole numbers or names. */
export type Labels = ArrayLike<number | string> | Value;

export interface SplitOptions {
  /** The share of the examples, or how many of them (a whole number ≥ 1), to validate on; default 0. */
  readonly validation?: number;
  /** The same, to test on; default 0. */
  readonly test?: number;
  /** Labels whose proportions every part keeps. */
  readonly stratify?: Labels;
  /** Default true. */
  readonly shuffle?: boolean;
  /** Default: drawn from `manualSeed`'s generator. */
  readonly seed?: number;
}

export interface Parts<T> {
  readonly train: T;
  readonly validation: T;
  readonly test: T;
}

function labelsOf(op: string, labels: Labels, n: number): ArrayLike<number | string> {
  const list = isValue(labels) ? labels.data : labels;
  if (list.length === n) return list;
  throw new OptionError(`${list.length} labels for ${n} examples`, { op, option: 'stratify' });
}

/** The indices of each class, in order of first appearance; without labels all in one. */
function groupsOf(op: string, n: number, labels: Labels | undefined): Int32Array[] {
  if (labels === undefined) return [upTo(n)];
  const list = labelsOf(op, labels, n);
  const groups = new Map<number | string, number[]>();
  for (let i = 0; i < n; i++) {
    const group = groups.get(list[i]!);
    if (group === undefined) groups.set(list[i]!, [i]);
    else group.push(i);
  }
  return [...groups.values()].map((group) => Int32Array.from(group));
}

/** A share or a number of examples, as a number of examples. */
function countOf(option: string, x: number | undefined, n: number): number {
  const part = requireBetween('split', option, x ?? 0, 0, n);
  if (part < 1) return Math.round(part * n);
  return requireCount('split', option, part);
}

/** How many of `total` each group gives, in proportion to its size: largest remainders first. */
function apportion(total: number, sizes: readonly number[]): number[] {
  const all = sizes.reduce((a, b) => a + b, 0);
  const exact = sizes.map((size) => (all === 0 ? 0 : (total * size) / all));
  const counts = exact.map(Math.floor);
  const missing = total - counts.reduce((a, b) => a + b, 0);
  const byRemainder = exact.map((x, i) => [x - counts[i]!, i] as const).sort((a, b) => b[0] - a[0] || a[1] - b[1]);
  for (const [, i] of byRemainder.slice(0, missing)) counts[i]!++;
  return counts;
}

/** In the order of the data, or shuffled across the groups. */
const arranged = (parts: readonly Int32Array[], stream: Stream | null): Int32Array => {
  const all = Int32Array.from(parts.flatMap((part) => [...part]));
  return stream === null ? all.sort() : stream.shuffle(all);
};

/**
 * Indices of a training, a validation and a test set: each example is in exactly one. Without shuffling the test set is
 * the end of the data (of each class with `stratify`), the validation set what stands before it.
 * @throws OptionError where nothing is left to train on, or the labels are not as many as the examples.
 * @example splitIndices(100, { validation: 0.1, test: 0.2, seed: 0 }).train.length // 70
 */
export function splitIndices(n: number, options: SplitOptions = {}): Parts<Int32Array> {
  const op = 'split';
  checkOptions(op, options, ['validation', 'test', 'stratify', 'shuffle', 'seed']);
  requireCount(op, 'n', n);
  const [validation, test] = [countOf('validation', options.validation, n), countOf('test', options.test, n)];
  if (validation + test >= n) {
    throw new OptionError(`validation ${validation} and test ${test} leave none of ${n} examples to train on`, {
      op,
      option: 'validation',
    });
  }
  const stream = (options.shuffle ?? true) ? seededStream(op, options.seed) : null;
  const groups = groupsOf(op, n, options.stratify);
  if (stream !== null) groups.forEach((group) => stream.shuffle(group));
  const tests = apportion(
    test,
    groups.map((g) => g.length),
  );
  const validations = apportion(
    validation,
    groups.map((g, i) => g.length - tests[i]!),
  );
  const cut = (from: (i: number) => number, to: (i: number) => number): Int32Array =>
    arranged(
      groups.map((g, i) => g.subarray(from(i), to(i))),
      stream,
    );
  const ends = groups.map((g, i) => g.length - tests[i]!);
  return {
    train: cut(
      () => 0,
      (i) => ends[i]! - validations[i]!,
    ),
    validation: cut(
      (i) => ends[i]! - validations[i]!,
      (i) => ends[i]!,
    ),
    test: cut(
      (i) => ends[i]!,
      (i) => groups[i]!.length,
    ),
  };
}

/**
 * A data set in three, as `splitIndices` divides it.
 * @example const { train, test } = split(dataset, { test: 0.2, stratify: labels, seed: 0 })
 */
export function split<T>(dataset: Indexed<T>, options: SplitOptions = {}): Parts<Dataset<T>> {
  const { train, validation, test } = splitIndices(dataset.length, options);
  return {
    train: new Subset(dataset, train),
    validation: new Subset(dataset, validation),
    test: new Subset(dataset, test),
  };
}

export interface KFoldOptions {
  /** Default 5. */
  readonly folds?: number;
  /** Labels whose proportions every fold keeps. */
  readonly stratify?: Labels;
  /** Default true. */
  readonly shuffle?: boolean;
  /** Default: drawn from `manualSeed`'s generator. */
  readonly seed?: number;
}

export interface Fold {
  readonly train: Int32Array;
  readonly validation: Int32Array;
}

/**
 * Folds for cross-validation: every example is validated on exactly once, and the folds' sizes differ by at most one
 * (with `stratify` the sizes of each class in them do).
 * @throws OptionError for fewer than 2 folds, or more than examples.
 * @example for (const { train, validation } of kFold(150, { folds: 5, stratify: labels, seed: 0 })) …
 */
export function kFold(n: number, options: KFoldOptions = {}): Fold[] {
  const op = 'kFold';
  checkOptions(op, options, ['folds', 'stratify', 'shuffle', 'seed']);
  const folds = requireCount(op, 'folds', options.folds ?? 5, 2);
  if (folds > n) throw new OptionError(`${folds} folds of ${n} examples`, { op, option: 'folds' });
  const stream = (options.shuffle ?? true) ? seededStream(op, options.seed) : null;
  const foldOf = new Int32Array(n);
  let next = 0;
  for (const group of groupsOf(op, n, options.stratify)) {
    if (stream !== null) stream.shuffle(group);
    // Groups go on dealing where the last one stopped, so that the folds stay equally large.
    const dealt = stream === null && options.stratify === undefined ? blocks(group.length, folds) : null;
    group.forEach((example, i) => (foldOf[example] = dealt?.[i] ?? next++ % folds));
  }
  const all = upTo(n);
  return Array.from({ length: folds }, (_, fold) => ({
    train: all.filter((i) => foldOf[i] !== fold),
    validation: all.filter((i) => foldOf[i] === fold),
  }));
}

/** The fold of each of n examples in consecutive blocks; the first n mod folds have one more. */
function blocks(n: number, folds: number): Int32Array {
  const [size, extra] = [Math.floor(n / folds), n % folds];
  const large = extra * (size + 1);
  return upTo(n).map((i) => (i < large ? Math.floor(i / (size + 1)) : extra + Math.floor((i - large) / size)));
}
