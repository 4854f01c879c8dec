/** Categories as numbers. https://scikit-learn.org/stable/modules/preprocessing.html#encoding-categorical-features */
import { newStorage } from '../base/dtypes.ts';
import { checkOptions, DataError } from '../base/errors.ts';
import { constant } from '../value/create.ts';
import { isValue, makeCell, type Value } from '../value/value.ts';
import { requireOneOf } from './arguments.ts';
import { fitted } from './columns.ts';

export type Category = string | number;

/** A category for each example. */
export type Categories = ArrayLike<Category> | Value;

export interface EncoderJson {
  readonly type: string;
  readonly categories: readonly Category[];
  readonly unknown?: string;
}

const listOf = (x: Categories): ArrayLike<Category> => (isValue(x) ? x.data : x);

/** Numbers by size, then text by code units. */
const inOrder = (a: Category, b: Category): number =>
  typeof a === typeof b ? (a < b ? -1 : Number(a > b)) : typeof a === 'number' ? -1 : 1;

class Vocabulary {
  readonly categories: readonly Category[];
  readonly #indices: ReadonlyMap<Category, number>;

  constructor(categories: readonly Category[]) {
    this.categories = categories;
    this.#indices = new Map(categories.map((c, i) => [c, i]));
  }

  static of(op: string, x: Categories): Vocabulary {
    const found = new Set(Array.from(listOf(x)));
    if (found.size === 0) throw new DataError('there is nothing to fit on', { op });
    return new Vocabulary([...found].sort(inOrder));
  }

  static from(op: string, json: object): Vocabulary {
    const { categories } = json as { categories?: unknown };
    if (Array.isArray(categories) && categories.every((c) => typeof c === 'string' || typeof c === 'number')) {
      return new Vocabulary(categories);
    }
    throw new DataError('the saved categories are not a list of text and numbers', { op });
  }

  /** The index of each category; −1, or a DataError, where it was not seen in training. */
  indices(op: string, x: Categories, refuse: boolean): Int32Array {
    return Int32Array.from(Array.from(listOf(x)), (category, i) => {
      const index = this.#indices.get(category) ?? -1;
      if (index >= 0 || !refuse) return index;
      const known = this.categories.slice(0, 10).map((c) => JSON.stringify(c));
      throw new DataError(`example ${i} is ${JSON.stringify(category)}, which was not there when fitting`, {
        op,
        hint: `Known: ${known.join(', ')}${this.categories.length > 10 ? ', …' : ''}.`,
      });
    });
  }
}

/**
 * Classes as whole numbers from 0, in sorted order.
 * https://scikit-learn.org/stable/modules/generated/sklearn.preprocessing.LabelEncoder.html
 * @throws DataError for a class that was not there when fitting, naming the example.
 * @example new LabelEncoder().fitTransform(['cat', 'ant', 'cat']) // [1, 0, 1]
 */
export class LabelEncoder {
  #vocabulary: Vocabulary | null = null;

  /** The classes, each at its number. */
  get classes(): readonly Category[] {
    return fitted('LabelEncoder', this.#vocabulary).categories;
  }

  fit(x: Categories): this {
    this.#vocabulary = Vocabulary.of('LabelEncoder', x);
    return this;
  }

  /** [n] int32. */
  transform(x: Categories): Value {
    return constant(fitted('LabelEncoder', this.#vocabulary).indices('LabelEncoder', x, true));
  }

  fitTransform(x: Categories): Value {
    return this.fit(x).transform(x);
  }

  /** The classes of these numbers. @throws DataError for a number that stands for none. */
  inverse(x: ArrayLike<number> | Value): Category[] {
    const { classes } = this;
    return Array.from(isValue(x) ? x.data : x, (i) => {
      if (Number.isInteger(i) && i >= 0 && i < classes.length) return classes[i]!;
      throw new DataError(`${i} stands for no class; there are ${classes.length}`, { op: 'LabelEncoder' });
    });
  }

  toJSON(): EncoderJson {
    return { type: 'LabelEncoder', categories: this.classes };
  }

  /** One that `toJSON` saved. @example LabelEncoder.fromJSON(JSON.parse(text)) */
  static fromJSON(json: object): LabelEncoder {
    const encoder = new LabelEncoder();
    encoder.#vocabulary = Vocabulary.from('LabelEncoder', json);
    return encoder;
  }
}

export interface OneHotOptions {
  /** What a category that was not there when fitting becomes: an 'error' (default) or, with 'ignore', zeros. */
  readonly unknown?: 'error' | 'ignore';
}

/**
 * A category as a row of zeros with a one at its place.
 * https://scikit-learn.org/stable/modules/generated/sklearn.preprocessing.OneHotEncoder.html
 * @throws DataError for a category that was not there when fitting, unless it is to be ignored.
 * @example new OneHotEncoder().fitTransform(['b', 'a']) // [[0, 1], [1, 0]]
 */
export class OneHotEncoder {
  readonly unknown: 'error' | 'ignore';
  #vocabulary: Vocabulary | null = null;

  constructor(options: OneHotOptions = {}) {
    checkOptions('OneHotEncoder', options, ['unknown']);
    this.unknown = requireOneOf('OneHotEncoder', 'unknown', options.unknown ?? 'error', ['error', 'ignore']);
  }

  /** The categories, each at its column. */
  get categories(): readonly Category[] {
    return fitted('OneHotEncoder', this.#vocabulary).categories;
  }

  fit(x: Categories): this {
    this.#vocabulary = Vocabulary.of('OneHotEncoder', x);
    return this;
  }

  /** [n, categories] float32. */
  transform(x: Categories): Value {
    const vocabulary = fitted('OneHotEncoder', this.#vocabulary);
    const indices = vocabulary.indices('OneHotEncoder', x, this.unknown === 'error');
    const width = vocabulary.categories.length;
    const data = newStorage('float32', indices.length * width);
    indices.forEach((index, i) => {
      if (index >= 0) data[i * width + index] = 1;
    });
    return makeCell(Object.freeze([indices.length, width]), 'float32', data, false);
  }

  fitTransform(x: Categories): Value {
    return this.fit(x).transform(x);
  }

  toJSON(): EncoderJson {
    return { type: 'OneHotEncoder', categories: this.categories, unknown: this.unknown };
  }

  /** One that `toJSON` saved. @example OneHotEncoder.fromJSON(JSON.parse(text)) */
  static fromJSON(json: object): OneHotEncoder {
    const { unknown } = json as OneHotOptions;
    const encoder = new OneHotEncoder(unknown === undefined ? {} : { unknown });
    encoder.#vocabulary = Vocabulary.from('OneHotEncoder', json);
    return encoder;
  }
}
