/** Batches of a data set, epoch by epoch. https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.DataLoader */
import type { DType } from '../base/dtypes.ts';
import { checkOptions, DataError, OptionError } from '../base/errors.ts';
import { isValue, type Value } from '../value/value.ts';
import { requireCount, requireOneOf } from './arguments.ts';
import { asFloats, collate as defaultCollate, type Collated } from './collate.ts';
import { isGatherable, type Indexed } from './dataset.ts';
import { draws, type Draws } from './draws.ts';
import { freshSeed, seededStream } from './random.ts';
import { orderOf, weightedIndices } from './sampling.ts';
import { ahead, chunks, chunksAsync, shuffled, shuffledAsync } from './streaming.ts';

/** Examples one after the other; a function is called anew for every epoch. */
export type Streamed<T> = Iterable<T> | AsyncIterable<T> | (() => Iterable<T> | AsyncIterable<T>);

export type Source<T> = readonly T[] | Indexed<T> | Streamed<T>;

/** A batch again. That `[x, y]` is a pair TypeScript does not see here, so its length goes unchecked. */
type Again<B> = B extends readonly unknown[] ? readonly B[number][] : B;

export interface DataLoaderOptions<T, B> {
  /** Default 1. */
  readonly batchSize?: number;
  /** A new random order every epoch; default false. Streams are shuffled within a buffer. */
  readonly shuffle?: boolean;
  /** The order of epoch e is a function of seed and e; default: a seed drawn from `manualSeed`'s generator. */
  readonly seed?: number;
  /** Leave out the last batch if it is smaller; default false. */
  readonly dropLast?: boolean;
  /** Makes a batch of examples; default `collate`. */
  readonly collate?: (examples: Awaited<T>[]) => B;
  /**
   * Changes each batch, such as `([x, y], draws) => [augment(x, draws), y]` with random image transforms. The random
   * numbers of an example depend on the seed, the epoch and the example; not on its place or on the batch size. (With
   * `weights`, and in a stream, they depend on the place instead.)
   */
  readonly transform?: (batch: B, draws: Draws) => Again<B>;
  /** How many batches are asked for ahead of the one in use, under `for await`; default 2. */
  readonly prefetch?: number;
  /** Draw examples in proportion to these, with replacement, instead of visiting each once. */
  readonly weights?: ArrayLike<number>;
  /**
   * How many examples an epoch draws, with `shuffle` (each at most once) or with `weights`; default as many as there are.
   */
  readonly samples?: number;
  /** How many examples of a stream are held to shuffle among; default 1000. */
  readonly shuffleBuffer?: number;
  /** What floats become: 'float32' (default) or 'float64'. */
  readonly dtype?: 'float32' | 'float64';
}

const OPTIONS = [
  'batchSize',
  'shuffle',
  'seed',
  'dropLast',
  'collate',
  'transform',
  'prefetch',
  'weights',
  'samples',
  'shuffleBuffer',
  'dtype',
];

const isIndexed = (x: object): x is Indexed<unknown> => typeof (x as Partial<Indexed<unknown>>).get === 'function';

const isAsync = (x: object): x is AsyncIterable<unknown> => Symbol.asyncIterator in x && !(Symbol.iterator in x);

/**
 * Batches of a data set, an array of examples, or a stream that may be larger than memory. Every walk is an epoch: with
 * `shuffle` each has an order of its own, a function of the seed and `epoch`. Data in memory is walked with `for … of`;
 * data behind promises or async iterables with `for await`, which asks for `prefetch` batches ahead.
 * @throws OptionError for an impossible option; DataError for a source that is empty or needs `for await`.
 * @example
 * const loader = new DataLoader(new TensorDataset(images, labels), { batchSize: 64, shuffle: true, seed: 0 });
 * for (const [x, y] of loader) step(x, y);
 */
export class DataLoader<T, B = Collated<Awaited<T>>> implements Iterable<B>, AsyncIterable<B> {
  readonly source: Source<T>;
  readonly batchSize: number;
  seed: number;
  /** The number of the next walk; set it, and the seed, to resume in the order of that epoch. */
  epoch: number = 0;
  readonly #options: DataLoaderOptions<T, B>;

  constructor(source: Source<T>, options: DataLoaderOptions<T, B> = {}) {
    const op = 'DataLoader';
    checkOptions(op, options, OPTIONS);
    if ((typeof source !== 'object' && typeof source !== 'function') || source === null || isValue(source)) {
      throw new DataError(`cannot walk ${isValue(source) ? 'a Value' : String(source)}`, {
        op,
        hint: 'Give a Dataset such as new TensorDataset(x, y), an array of examples, or an iterable.',
      });
    }
    this.source = source;
    this.batchSize = requireCount(op, 'batchSize', options.batchSize ?? 1);
    requireCount(op, 'prefetch', options.prefetch ?? 2, 0);
    requireCount(op, 'shuffleBuffer', options.shuffleBuffer ?? 1000);
    requireOneOf(op, 'dtype', options.dtype ?? 'float32', ['float32', 'float64']);
    this.#options = options;
    this.#checkSampling();
    if (options.seed !== undefined) seededStream(op, options.seed);
    this.seed = options.seed ?? freshSeed();
  }

  #checkSampling(): void {
    const { weights, samples, shuffle } = this.#options;
    const fail = (message: string, option: string): never => {
      throw new OptionError(message, { op: 'DataLoader', option });
    };
    if (weights === undefined && samples === undefined) return;
    const n = this.examples;
    if (n === undefined) fail('a stream has no samples or weights: its examples are not known beforehand', 'weights');
    if (weights === undefined) {
      if (shuffle !== true) fail('samples are drawn at random: they need shuffle or weights', 'samples');
      if (requireCount('DataLoader', 'samples', samples) > n!) fail(`${samples} samples of ${n} examples`, 'samples');
      return;
    }
    if (shuffle === true) fail('weights draw a random order by themselves; leave shuffle out', 'shuffle');
    if (weights.length !== n) fail(`${weights.length} weights for ${n} examples`, 'weights');
    if (weights.length > 0) weightedIndices('DataLoader', weights, samples ?? n!, seededStream('DataLoader', 0));
  }

  /** How many examples there are; undefined for a stream. */
  get examples(): number | undefined {
    const { source } = this;
    return Array.isArray(source) || (typeof source === 'object' && isIndexed(source))
      ? (source as { readonly length: number }).length
      : undefined;
  }

  /** Whether batches are rows of the data set as they are: no `collate`, no `transform`. */
  get isVerbatim(): boolean {
    return this.#options.collate === undefined && this.#options.transform === undefined;
  }

  /** How many batches a walk gives. @throws DataError for a stream, which does not know. */
  get length(): number {
    const n = this.examples;
    if (n === undefined) throw new DataError('a stream does not know its length', { op: 'DataLoader' });
    const visited = this.#options.samples ?? n;
    return this.#options.dropLast === true ? Math.floor(visited / this.batchSize) : Math.ceil(visited / this.batchSize);
  }

  /** The number of this walk; the next one has an order of its own. */
  #begin(): number {
    return this.epoch++;
  }

  #orders(epoch: number): Int32Array[] {
    const { weights, samples, shuffle } = this.#options;
    const stream = seededStream('DataLoader', this.seed, epoch);
    const n = this.examples!;
    if (n === 0) throw new DataError('the data set has no examples', { op: 'DataLoader' });
    const order =
      weights === undefined
        ? orderOf(n, shuffle === true ? stream : null, samples ?? n)
        : weightedIndices('DataLoader', weights, samples ?? n, stream);
    return Array.from({ length: this.length }, (_, i) => order.subarray(i * this.batchSize, (i + 1) * this.batchSize));
  }

  /** The batch through `transform`; `first` is its first example's place in the walk. */
  #transformed(batch: B, epoch: number, first: number, examples: Int32Array | readonly unknown[]): B {
    const { transform, weights } = this.#options;
    if (transform === undefined) return batch;
    // An example that is drawn several times, or has no number, goes by its place.
    const numbered = examples instanceof Int32Array && weights === undefined;
    const keys = numbered ? examples : Float64Array.from({ length: examples.length }, (_, i) => first + i);
    return transform(batch, draws(this.seed, keys, epoch)) as B;
  }

  #gather(indices: Int32Array): B | undefined {
    const { source } = this;
    if (this.#options.collate !== undefined || typeof source !== 'object' || !isGatherable(source)) return undefined;
    return (source.gather(indices) as Value[]).map((x) => asFloats(x, this.#dtype)) as B;
  }

  get #dtype(): DType {
    return this.#options.dtype ?? 'float32';
  }

  #batch(examples: readonly unknown[]): B {
    const { collate } = this.#options;
    if (collate !== undefined) return collate(examples as Awaited<T>[]);
    return defaultCollate(examples, this.#dtype) as B;
  }

  #examples(indices: Int32Array): T[] {
    const { source } = this;
    if (Array.isArray(source)) return Array.from(indices, (i) => (source as readonly T[])[i]!);
    return Array.from(indices, (i) => (source as Indexed<T>).get(i));
  }

  /** The examples, none of which may be a promise. */
  #present(indices: Int32Array): T[] {
    const examples = this.#examples(indices);
    return examples.some((x) => x instanceof Promise) ? needsAwait('get returned a promise') : examples;
  }

  #stream(): Iterable<T> | AsyncIterable<T> {
    const source = this.source as Streamed<T>;
    return typeof source === 'function' ? source() : source;
  }

  *[Symbol.iterator](): Generator<B, void, undefined> {
    const epoch = this.#begin();
    if (this.examples === undefined) return yield* this.#streamed(epoch);
    let first = 0;
    for (const indices of this.#orders(epoch)) {
      yield this.#transformed(this.#gather(indices) ?? this.#batch(this.#present(indices)), epoch, first, indices);
      first += indices.length;
    }
  }

  *#streamed(epoch: number): Generator<B, void, undefined> {
    const stream = this.#stream();
    if (isAsync(stream)) return needsAwait('the source is an async iterable');
    const { shuffle, shuffleBuffer = 1000, dropLast } = this.#options;
    const random = seededStream('DataLoader', this.seed, epoch);
    const examples = shuffle === true ? shuffled(stream, shuffleBuffer, random) : stream;
    let first = 0;
    for (const chunk of chunks(examples, this.batchSize, dropLast === true)) {
      yield this.#transformed(this.#batch(chunk), epoch, first, chunk);
      first += chunk.length;
    }
  }

  [Symbol.asyncIterator](): AsyncGenerator<B, void, undefined> {
    return ahead(this.#walkAsync(), this.#options.prefetch ?? 2);
  }

  async *#walkAsync(): AsyncGenerator<B, void, undefined> {
    const epoch = this.#begin();
    if (this.examples === undefined) return yield* this.#streamedAsync(epoch);
    let first = 0;
    for (const indices of this.#orders(epoch)) {
      const batch = this.#gather(indices) ?? this.#batch(await Promise.all(this.#examples(indices)));
      yield this.#transformed(batch, epoch, first, indices);
      first += indices.length;
    }
  }

  async *#streamedAsync(epoch: number): AsyncGenerator<B, void, undefined> {
    const { shuffle, shuffleBuffer = 1000, dropLast } = this.#options;
    const random = seededStream('DataLoader', this.seed, epoch);
    const stream = this.#stream();
    const examples = shuffle === true ? shuffledAsync(stream, shuffleBuffer, random) : stream;
    let first = 0;
    for await (const chunk of chunksAsync(examples, this.batchSize, dropLast === true)) {
      yield this.#transformed(this.#batch(chunk), epoch, first, chunk);
      first += chunk.length;
    }
  }
}

function needsAwait(why: string): never {
  throw new DataError(`${why}, which for … of cannot wait for`, {
    op: 'DataLoader',
    hint: 'Walk it with: for await (const batch of loader) …',
  });
}
