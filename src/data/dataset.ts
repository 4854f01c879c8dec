/** Data by index. https://docs.pytorch.org/docs/stable/data.html#map-style-datasets */
import { AxisError, DataError, ShapeError, showShapes } from '../base/errors.ts';
import { isValue, type Value } from '../value/value.ts';
import { rowsOf } from './collate.ts';

/** What a DataLoader reads by index: an array does as well. */
export interface Indexed<T> {
  readonly length: number;
  get(index: number): T;
}

/**
 * Examples by index. A data set of your own says its `length` and `get(index)`; `get` may return a promise, and the
 * loader is then read with `for await`.
 * @example
 * class Squares extends Dataset<{ x: number; y: number }> {
 *   readonly length: number = 100;
 *   get(i: number): { x: number; y: number } { return { x: i, y: i * i }; }
 * }
 */
export abstract class Dataset<T> implements Indexed<T>, Iterable<T> {
  abstract readonly length: number;
  abstract get(index: number): T;

  /** The examples at these indices. @example dataset.subset([0, 2]).length // 2 */
  subset(indices: ArrayLike<number>): Dataset<T> {
    return new Subset(this, indices);
  }

  /** Every example through f, when it is asked for. @example dataset.map(({ x, y }) => [x / 255, y]) */
  map<U>(f: (example: T, index: number) => U): Dataset<U> {
    return new Mapped(this, f);
  }

  *[Symbol.iterator](): Generator<T, void, undefined> {
    for (let i = 0; i < this.length; i++) yield this.get(i);
  }
}

/** A data set that makes whole batches faster than example by example. */
export interface Gatherable {
  gather(indices: ArrayLike<number>): unknown;
}

export const isGatherable = (x: object): x is Gatherable =>
  typeof (x as Partial<Gatherable>).gather === 'function' && (x as { gathers?: boolean }).gathers !== false;

/** The index within the length. @throws AxisError */
export function checkIndex(op: string, index: number, length: number): number {
  if (Number.isInteger(index) && index >= 0 && index < length) return index;
  throw new AxisError(`no example ${String(index)}; there are ${length}`, { op });
}

/**
 * The examples of another data set at some indices, in their order. `dataset.subset(indices)` makes one.
 * @throws AxisError for an index outside the data set.
 * @example new Subset(dataset, [4, 2]).get(0) // dataset.get(4)
 */
export class Subset<T> extends Dataset<T> {
  readonly dataset: Indexed<T>;
  readonly indices: Int32Array;

  constructor(dataset: Indexed<T>, indices: ArrayLike<number>) {
    super();
    this.dataset = dataset;
    this.indices = Int32Array.from(indices, (i) => checkIndex('Subset', i, dataset.length));
  }

  get length(): number {
    return this.indices.length;
  }

  get(index: number): T {
    return this.dataset.get(this.indices[checkIndex('Subset', index, this.length)]!);
  }

  get gathers(): boolean {
    return isGatherable(this.dataset);
  }

  gather(indices: ArrayLike<number>): unknown {
    return (this.dataset as Indexed<T> & Gatherable).gather(Int32Array.from(indices, (i) => this.indices[i]!));
  }
}

class Mapped<S, T> extends Dataset<T> {
  readonly #from: Indexed<S>;
  readonly #f: (example: S, index: number) => T;

  constructor(from: Indexed<S>, f: (example: S, index: number) => T) {
    super();
    this.#from = from;
    this.#f = f;
  }

  get length(): number {
    return this.#from.length;
  }

  get(index: number): T {
    return this.#f(this.#from.get(index), index);
  }
}

/** A Value for each of the Values that a TensorDataset holds. */
export type Fields<V extends readonly Value[]> = { -readonly [K in keyof V]: Value };

/**
 * Values whose first axes count the examples. https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.TensorDataset
 * @throws ShapeError where the first axes differ; DataError without Values.
 * @example new TensorDataset(images, labels).get(0) // [image, label]
 */
export class TensorDataset<V extends readonly Value[]> extends Dataset<Fields<V>> {
  readonly tensors: V;
  readonly length: number;

  constructor(...tensors: V) {
    super();
    const shapes = tensors.map((x, i) => {
      if (isValue(x)) return x.shape;
      throw new DataError(`argument ${i} is ${x === null ? 'null' : typeof x}, not a Value`, {
        op: 'TensorDataset',
        hint: 'Wrap arrays: new TensorDataset(constant(x), constant(y)). A DataLoader also takes an array of examples.',
      });
    });
    if (tensors.length === 0) throw new DataError('needs at least one Value', { op: 'TensorDataset' });
    if (shapes.some((s) => s.length === 0 || s[0] !== shapes[0]![0])) {
      throw new ShapeError(`first axes differ: ${showShapes(shapes)}`, { op: 'TensorDataset', shapes });
    }
    this.tensors = tensors;
    this.length = shapes[0]![0]!;
  }

  get(index: number): Fields<V> {
    const at = checkIndex('TensorDataset', index, this.length);
    const one = this.tensors.map((x) => {
      const row = rowsOf(x, [at]);
      return row.reshape(row.shape.slice(1)).detach();
    });
    return one as unknown as Fields<V>;
  }

  /** The examples at the indices as one batch: for each Value its rows. */
  gather(indices: ArrayLike<number>): Fields<V> {
    const checked = Int32Array.from(indices, (i) => checkIndex('TensorDataset', i, this.length));
    return this.tensors.map((x) => rowsOf(x, checked)) as unknown as Fields<V>;
  }
}
