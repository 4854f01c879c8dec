/** What every tokenizer does, and the tokens by their ids. */
import { DataError } from '../base/errors.ts';
import { isValue, type Value } from '../value/value.ts';

/** Ids, as numbers or a Value. */
export type Ids = ArrayLike<number> | Value;

export interface TokenizerJson {
  /** The class that `fromJSON` makes of it. */
  readonly type: string;
}

/** Text as whole numbers and back. Fitted on training text by its class's `train`, saved as JSON. */
export interface Tokenizer {
  /** The tokens as text, each at its id. */
  readonly tokens: readonly string[];
  /** How many tokens there are: the classes of a language model, the rows of its embedding. */
  readonly size: number;
  encode(text: string): Int32Array;
  /** @throws DataError for an id that stands for no token. */
  decode(ids: Ids): string;
  toJSON(): TokenizerJson;
}

export const idsOf = (ids: Ids): ArrayLike<number> => (isValue(ids) ? ids.data : ids);

/** A field of saved JSON that is a list of text. @throws DataError */
export function textsIn(op: string, json: object, key: string): readonly string[] {
  const list = (json as Readonly<Record<string, unknown>>)[key];
  if (Array.isArray(list) && list.length > 0 && list.every((t) => typeof t === 'string')) return list;
  throw new DataError(`the saved ${key} are not a list of text`, { op });
}

/** Tokens and their ids, both ways. */
export class Vocabulary {
  readonly tokens: readonly string[];
  readonly #ids: ReadonlyMap<string, number>;

  constructor(tokens: readonly string[]) {
    this.tokens = tokens;
    this.#ids = new Map(tokens.map((token, id) => [token, id]));
  }

  idOf(token: string): number | undefined {
    return this.#ids.get(token);
  }

  /** @throws DataError for an id that stands for no token. */
  tokenOf(op: string, id: number): string {
    const token = this.tokens[id];
    if (token !== undefined) return token;
    throw new DataError(`id ${id} stands for no token; there are ${this.tokens.length}`, { op });
  }
}
