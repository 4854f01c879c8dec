/** What `fit`, `evaluate` and `predict` take as data, as batches. */
import { isFloat, type DType } from '../base/dtypes.ts';
import { DataError, OptionError, ShapeError, showShape } from '../base/errors.ts';
import { flatten, isPlainObject, unflatten, type Structure } from '../base/trees.ts';
import { requireCount } from '../data/arguments.ts';
import { Dataset, isGatherable, TensorDataset } from '../data/dataset.ts';
import { DataLoader, type DataLoaderOptions } from '../data/loader.ts';
import { isValue, type Value } from '../value/value.ts';

type LoaderOptions = Pick<DataLoaderOptions<unknown, unknown>, 'batchSize' | 'shuffle' | 'dtype'>;

/** A batch: what the model gets, and what is held against its prediction. */
export interface Batch {
  readonly x: unknown;
  readonly y: unknown;
  /** How many examples it has. */
  readonly rows: number;
}

/** Inputs of a model, Values whose first axes count the examples; several come as an array. */
export type Inputs = Value | readonly Value[];

/** A batch as an iterable gives it: `[x, y]` or `{ x, y }`. */
export type BatchLike = readonly [x: unknown, y: unknown] | { readonly x: unknown; readonly y: unknown };

/** Batches one after the other; a function is called anew for every epoch. */
export type BatchStream =
  Iterable<BatchLike> | AsyncIterable<BatchLike> | (() => Iterable<BatchLike> | AsyncIterable<BatchLike>);

/** A DataLoader of whatever examples and batches. */
export interface Loader extends Iterable<unknown>, AsyncIterable<unknown> {
  readonly batchSize: number;
  epoch: number;
}

/**
 * Data: Values in memory as `{ x, y }` or `[x, y]`, a Dataset of examples `[x, y]` or `{ x, y }`, a DataLoader, or
 * batches from any iterable.
 */
export type TrainingData =
  { readonly x: Inputs; readonly y: unknown } | readonly [x: Value, y: Value] | Dataset<unknown> | Loader | BatchStream;

type Walk<T> = Iterable<T> | AsyncIterable<T>;

/** Data that can be walked as often as there are epochs. */
export interface Feed {
  /** What is walked, as callbacks see it. */
  readonly source: Walk<unknown>;
  /** Batches in an epoch; null where nobody knows. */
  readonly length: number | null;
  /** Whether a walk gives the same examples again. */
  readonly loader: DataLoader<unknown, unknown> | null;
  /** All rows, where they are in memory. */
  readonly rows: Batch | null;
  walk(): Walk<Batch>;
}

export interface FeedOptions {
  readonly batchSize?: number | undefined;
  readonly shuffle?: boolean | undefined;
  /** What floats become. */
  readonly dtype: 'float32' | 'float64';
  /** How data that come without batches are batched, unless the options say. */
  readonly defaults: { readonly batchSize: number; readonly shuffle: boolean };
}

/** For training: small batches in a new random order each epoch. */
export const SHUFFLED: FeedOptions['defaults'] = { batchSize: 32, shuffle: true };

/** For looking: large batches in order. */
export const IN_ORDER: FeedOptions['defaults'] = { batchSize: 512, shuffle: false };

const isLoader = (x: unknown): x is DataLoader<unknown, unknown> => x instanceof DataLoader;

const isStream = (x: unknown): x is Walk<unknown> =>
  typeof x === 'object' && x !== null && (Symbol.iterator in x || Symbol.asyncIterator in x);

function kindOf(x: unknown): string {
  if (isValue(x)) return `a Value ${showShape(x.shape)}`;
  if (x === null) return 'null';
  return Array.isArray(x) ? `an array of ${x.length}` : typeof x === 'object' ? 'an object' : `a ${typeof x}`;
}

/** How many examples: the first axis of the first Value. */
function rowsOf(op: string, x: unknown, y: unknown): number {
  const [first] = flatten([x, y], isValue).leaves;
  const rows = first?.shape[0];
  if (rows !== undefined) return rows;
  throw new ShapeError(
    first === undefined ? 'a batch holds no Value' : 'the Values of a batch have no first axis to count examples',
    { op, ...(first === undefined ? {} : { shapes: [first.shape] }), hint: 'A batch is [x, y] or { x, y }.' },
  );
}

/** What an iterable has given, as a batch. @throws DataError unless it is one. */
export function batchOf(op: string, given: unknown): Batch {
  const [x, y] = partsOf(op, given);
  return { x, y, rows: rowsOf(op, x, y) };
}

function partsOf(op: string, given: unknown): readonly [unknown, unknown] {
  if (isValue(given)) return [given, undefined];
  if (Array.isArray(given) && (given.length === 1 || given.length === 2)) return [given[0], given[1]];
  if (isPlainObject(given) && 'x' in given) return [given['x'], given['y']];
  throw new DataError(`a batch is ${kindOf(given)}, neither [x, y] nor { x, y }`, {
    op,
    hint: 'Map the examples of the data set to [x, y]; several inputs are [[x1, x2], y].',
  });
}

/** Floats in the wanted dtype, once and for all. */
const ready = (x: Value, dtype: DType): Value => (isFloat(x.dtype) ? x.detach().to(dtype).detach() : x.detach());

const loaderOptions = ({ batchSize, shuffle, dtype, defaults }: FeedOptions): LoaderOptions => ({
  batchSize: batchSize ?? defaults.batchSize,
  shuffle: shuffle ?? defaults.shuffle,
  dtype,
});

/** Values in memory: shuffled batches of their rows. */
function inMemory(op: string, x: unknown, y: unknown, options: FeedOptions): Feed {
  const { leaves, structure } = flatten([x, y], isValue);
  refuseOthers(op, structure, y);
  const rows = rowsOf(op, x, y);
  if (rows === 0) throw new ShapeError('there are no rows', { op, shapes: leaves.map(({ shape }) => shape) });
  const kept = leaves.map((leaf) => ready(leaf, options.dtype));
  const loader = new DataLoader(new TensorDataset(...kept), loaderOptions(options));
  const rowsIn = (parts: readonly unknown[]): number => (parts[0] as Value).shape[0]!;
  const general = (parts: readonly unknown[]): Batch => {
    const [px, py] = unflatten(structure, parts) as [unknown, unknown];
    return { x: px, y: py, rows: rowsIn(parts) };
  };
  // The usual case, once for every batch.
  const isPair = isValue(x) && isValue(y);
  const toBatch = isPair ? (parts: readonly unknown[]) => ({ x: parts[0], y: parts[1], rows: rowsIn(parts) }) : general;
  return {
    source: loader,
    length: loader.length,
    loader: loader as unknown as DataLoader<unknown, unknown>,
    rows: toBatch(kept),
    walk: () => mapped(loader, toBatch as (parts: unknown) => Batch),
  };
}

/** Whatever is no Value would be the same for every batch. */
function refuseOthers(op: string, structure: Structure, y: unknown): void {
  const visit = (s: Structure): void => {
    if (s.kind === 'array' || s.kind === 'object') return s.children.forEach(visit);
    if (s.kind === 'leaf' || (s.value === undefined && y === undefined)) return;
    throw new DataError(`x and y must be Values, got ${kindOf(s.value)}`, {
      op,
      hint: 'Wrap arrays: { x: constant(x), y: constant(y) }.',
    });
  };
  visit(structure);
}

function* mapped<T, U>(source: Iterable<T>, f: (item: T) => U): Generator<U, void, undefined> {
  for (const item of source) yield f(item);
}

async function* mappedAsync<T, U>(source: AsyncIterable<T>, f: (item: T) => U): AsyncGenerator<U, void, undefined> {
  for await (const item of source) yield f(item);
}

/** Whether examples are at hand at once: then nobody has to wait for a batch. */
function isImmediate({ source }: DataLoader<unknown, unknown>): boolean {
  if (Array.isArray(source)) return !source.some((example) => example instanceof Promise);
  return typeof source === 'object' && isGatherable(source);
}

function loaderFeed(op: string, loader: DataLoader<unknown, unknown>): Feed {
  const toBatch = (given: unknown): Batch => batchOf(op, given);
  const immediate = isImmediate(loader);
  if (loader.examples === 0) throw new DataError('the data set has no examples', { op });
  const { source } = loader;
  const isKnown = source instanceof TensorDataset && loader.isVerbatim;
  const tensors = isKnown ? (source.tensors as readonly Value[]) : null;
  return {
    source: loader,
    length: loader.examples === undefined ? null : loader.length,
    loader,
    rows: tensors === null || tensors.length > 2 ? null : batchOf(op, tensors),
    walk: () => (immediate ? mapped(loader, toBatch) : mappedAsync(loader, toBatch)),
  };
}

/** Batches that someone else makes. */
function streamFeed(op: string, given: BatchStream): Feed {
  const open = (): Walk<unknown> => {
    const opened = typeof given === 'function' ? given() : given;
    if (isStream(opened)) return opened;
    throw new DataError(`the data function returned ${kindOf(opened)}, no iterable`, { op });
  };
  const toBatch = (batch: unknown): Batch => batchOf(op, batch);
  return {
    source: typeof given === 'function' ? { [Symbol.asyncIterator]: () => asAsync(open()) } : given,
    length: Array.isArray(given) ? given.length : null,
    loader: null,
    rows: null,
    walk: () => {
      const opened = open();
      return Symbol.iterator in opened ? mapped(opened, toBatch) : mappedAsync(opened, toBatch);
    },
  };
}

async function* asAsync<T>(source: Walk<T>): AsyncGenerator<T, void, undefined> {
  yield* source;
}

function refuseBatching(op: string, what: string, { batchSize, shuffle }: FeedOptions): void {
  const option = batchSize !== undefined ? 'batchSize' : shuffle !== undefined ? 'shuffle' : null;
  if (option === null) return;
  throw new OptionError(`${option} is of no use where data come as ${what}, which makes the batches`, {
    op,
    option,
    hint: `Leave it out, or give { x, y } or a Dataset.`,
  });
}

/** Data as batches. @throws DataError, ShapeError for what is none, or is empty; OptionError for options of no use. */
export function feedOf(op: string, data: unknown, options: FeedOptions): Feed {
  if (options.batchSize !== undefined) requireCount(op, 'batchSize', options.batchSize);
  if (Array.isArray(data) && data.length === 2 && isValue(data[0])) return inMemory(op, data[0], data[1], options);
  if (isPlainObject(data) && 'x' in data) return inMemory(op, data['x'], data['y'], options);
  if (data instanceof Dataset) {
    return loaderFeed(op, new DataLoader<unknown, unknown>(data, loaderOptions(options)));
  }
  if (isLoader(data)) {
    refuseBatching(op, 'a DataLoader', options);
    return loaderFeed(op, data);
  }
  if (typeof data === 'function' || (isStream(data) && !isValue(data))) {
    refuseBatching(op, 'an iterable of batches', options);
    return streamFeed(op, data as BatchStream);
  }
  throw new DataError(`cannot walk ${kindOf(data)}`, {
    op,
    hint: 'Give { x, y }, a Dataset, a DataLoader, or an iterable of batches [x, y].',
  });
}

/** Calls `visit` for each item; waits only where there is something to wait for. Ends where it says false. */
export async function each<T>(walk: Walk<T>, visit: (item: T) => boolean | Promise<boolean>): Promise<void> {
  if (Symbol.iterator in walk) {
    for (const item of walk) {
      const more = visit(item);
      if (!(typeof more === 'boolean' ? more : await more)) return;
    }
    return;
  }
  for await (const item of walk) if (!(await visit(item))) return;
}
