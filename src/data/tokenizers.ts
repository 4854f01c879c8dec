/** Text as whole numbers: by character or by word. Fitted on training text, saved as JSON. */
import { checkOptions, DataError } from '../base/errors.ts';
import { requireCount } from './arguments.ts';
import { idsOf, textsIn, Vocabulary, type Ids, type Tokenizer, type TokenizerJson } from './vocabulary.ts';

export interface CharTokenizerJson extends TokenizerJson {
  readonly type: 'CharTokenizer';
  readonly tokens: readonly string[];
}

export interface WordTokenizerJson extends TokenizerJson {
  readonly type: 'WordTokenizer';
  readonly tokens: readonly string[];
  readonly lowercase: boolean;
}

/** What stands for a word that training did not see: always id 0 of a WordTokenizer. */
const UNKNOWN = '<unk>';

/**
 * Text by character (Unicode code point), numbered in sorted order. Decoding undoes encoding exactly.
 * @throws DataError for a character that the training text does not have, with its place.
 * @example
 * const tokenizer = CharTokenizer.train(text);
 * tokenizer.decode(tokenizer.encode('To be')) // 'To be'
 */
export class CharTokenizer implements Tokenizer {
  readonly #vocabulary: Vocabulary;

  private constructor(tokens: readonly string[]) {
    this.#vocabulary = new Vocabulary(tokens);
  }

  /** One that knows the characters of this text. */
  static train(text: string): CharTokenizer {
    if (text === '') throw new DataError('there is no text to train on', { op: 'CharTokenizer' });
    return new CharTokenizer([...new Set(text)].sort());
  }

  get tokens(): readonly string[] {
    return this.#vocabulary.tokens;
  }

  get size(): number {
    return this.tokens.length;
  }

  encode(text: string): Int32Array {
    return Int32Array.from(Array.from(text), (char, i) => {
      const id = this.#vocabulary.idOf(char);
      if (id !== undefined) return id;
      throw new DataError(`character ${i}, ${JSON.stringify(char)}, was not in the training text`, {
        op: 'CharTokenizer',
      });
    });
  }

  decode(ids: Ids): string {
    return Array.from(idsOf(ids), (id) => this.#vocabulary.tokenOf('CharTokenizer', id)).join('');
  }

  toJSON(): CharTokenizerJson {
    return { type: 'CharTokenizer', tokens: this.tokens };
  }

  /** One that `toJSON` saved. @example CharTokenizer.fromJSON(JSON.parse(text)) */
  static fromJSON(json: object): CharTokenizer {
    return new CharTokenizer(textsIn('CharTokenizer', json, 'tokens'));
  }
}

export interface WordOptions {
  /** How many tokens to keep at most, the unknown one included; default all. */
  readonly size?: number;
  /** Leave out words that come less often; default 1. */
  readonly minCount?: number;
  /** Default false. */
  readonly lowercase?: boolean;
}

/** Runs of letters and digits (with apostrophes inside), and every other visible character by itself. */
const WORD = /[\p{L}\p{N}]+(?:['’][\p{L}\p{N}]+)*|[^\s\p{L}\p{N}]/gu;

const wordsOf = (text: string, lowercase: boolean): string[] =>
  (lowercase ? text.toLowerCase() : text).match(WORD) ?? [];

/**
 * Text by word and punctuation mark, the most frequent first; id 0 stands for words that training did not see.
 * Decoding joins the tokens with spaces.
 * @throws DataError without words to train on.
 * @example
 * const tokenizer = WordTokenizer.train('the cat and the dog', { lowercase: true });
 * tokenizer.encode('the bird') // [1, 0]
 */
export class WordTokenizer implements Tokenizer {
  readonly lowercase: boolean;
  readonly #vocabulary: Vocabulary;

  private constructor(tokens: readonly string[], lowercase: boolean) {
    this.#vocabulary = new Vocabulary(tokens);
    this.lowercase = lowercase;
  }

  /** One that knows the words of this text. */
  static train(text: string, options: WordOptions = {}): WordTokenizer {
    const op = 'WordTokenizer';
    checkOptions(op, options, ['size', 'minCount', 'lowercase']);
    const { lowercase = false } = options;
    const minCount = requireCount(op, 'minCount', options.minCount ?? 1);
    const size = options.size === undefined ? Infinity : requireCount(op, 'size', options.size, 2);
    const counts = new Map<string, number>();
    for (const word of wordsOf(text, lowercase)) counts.set(word, (counts.get(word) ?? 0) + 1);
    if (counts.size === 0) throw new DataError('there are no words to train on', { op });
    const kept = [...counts].filter(([, n]) => n >= minCount).sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
    return new WordTokenizer([UNKNOWN, ...kept.slice(0, size - 1).map(([word]) => word)], lowercase);
  }

  get tokens(): readonly string[] {
    return this.#vocabulary.tokens;
  }

  get size(): number {
    return this.tokens.length;
  }

  encode(text: string): Int32Array {
    return Int32Array.from(wordsOf(text, this.lowercase), (word) => this.#vocabulary.idOf(word) ?? 0);
  }

  decode(ids: Ids): string {
    return Array.from(idsOf(ids), (id) => this.#vocabulary.tokenOf('WordTokenizer', id)).join(' ');
  }

  toJSON(): WordTokenizerJson {
    return { type: 'WordTokenizer', tokens: this.tokens, lowercase: this.lowercase };
  }

  /** One that `toJSON` saved. @example WordTokenizer.fromJSON(JSON.parse(text)) */
  static fromJSON(json: object): WordTokenizer {
    return new WordTokenizer(
      textsIn('WordTokenizer', json, 'tokens'),
      (json as Partial<WordTokenizerJson>).lowercase === true,
    );
  }
}
