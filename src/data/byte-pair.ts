/** Byte-pair encoding. Sennrich et al. 2016, https://arxiv.org/abs/1508.07909; on bytes as in GPT-2. */
import { checkOptions, DataError, OptionError } from '../base/errors.ts';
import { requireCount } from './arguments.ts';
import { mergeWord, type Merges } from './byte-pair-merging.ts';
import { learnMerges, pairKey, type Pair } from './byte-pair-training.ts';
import { idsOf, type Ids, type Tokenizer, type TokenizerJson } from './vocabulary.ts';

export interface BytePairOptions {
  /** How many tokens there are at most: 256 bytes, the merges and the special tokens; default 1256. */
  readonly vocabSize?: number;
  /** Pairs that come less often are not merged; default 2. */
  readonly minFrequency?: number;
  /** Text such as '<|endoftext|>' that is one token by itself and never cut; their ids are the last ones. */
  readonly specialTokens?: readonly string[];
}

export interface BytePairJson extends TokenizerJson {
  readonly type: 'BytePairTokenizer';
  /** What each token from 256 on is made of. */
  readonly merges: readonly Pair[];
  readonly specialTokens: readonly string[];
}

const OP = 'BytePairTokenizer';

/**
 * GPT-2's words: a contraction, or letters, digits or other signs each with the space before them, or white space. The
 * matches are the whole text.
 */
const WORD = /'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

const wordsOf = (text: string): string[] => text.match(WORD) ?? [];

/** Words beyond this length are not remembered, nor more than this many of them. */
const REMEMBERED_LENGTH = 64;
const REMEMBERED_WORDS = 100_000;

/** A token's bytes as text; a piece of a character as its bytes. */
function shown(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return Array.from(bytes, (b) => (b < 128 ? String.fromCharCode(b) : `<0x${b.toString(16).toUpperCase()}>`)).join(
      '',
    );
  }
}

function bytesOfTokens(merges: readonly Pair[], specials: readonly string[]): Uint8Array[] {
  const bytes = Array.from({ length: 256 }, (_, b) => Uint8Array.of(b));
  for (const [left, right] of merges) bytes.push(Uint8Array.of(...bytes[left]!, ...bytes[right]!));
  const encoder = new TextEncoder();
  for (const special of specials) bytes.push(encoder.encode(special));
  return bytes;
}

/** Finds special tokens; of two that begin alike the longer one. */
function finderOf(specials: readonly string[]): RegExp | null {
  if (specials.length === 0) return null;
  const longest = [...specials].sort((a, b) => b.length - a.length);
  return new RegExp(`(${longest.map((s) => s.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('|')})`);
}

function checkSpecials(specials: readonly string[]): readonly string[] {
  const wrong = specials.findIndex((s, i) => typeof s !== 'string' || s === '' || specials.indexOf(s) !== i);
  if (wrong < 0) return specials;
  throw new OptionError(
    `special token ${wrong}, ${JSON.stringify(specials[wrong])}, is empty, no text or there already`,
    { op: OP, option: 'specialTokens' },
  );
}

/**
 * Text as the pieces that come most often in the training text, down to single bytes: every text can be encoded, and
 * decoding undoes encoding exactly (half a surrogate pair, which is no character, becomes U+FFFD). Ids 0 … 255 are the
 * bytes, then come the merges in the order in which they were learnt, then the special tokens. Training and encoding
 * cut the text into GPT-2's words, and no token reaches over a word's end. One text gives one tokenizer.
 * @throws DataError without text to train on, or for an id that stands for no token; OptionError for a vocabulary
 * smaller than the bytes and the special tokens.
 * @example
 * const tokenizer = BytePairTokenizer.train(text, { vocabSize: 1024, specialTokens: ['<|endoftext|>'] });
 * tokenizer.decode(tokenizer.encode('To be, or not to be 😀')) // 'To be, or not to be 😀'
 */
export class BytePairTokenizer implements Tokenizer {
  readonly merges: readonly Pair[];
  readonly specialTokens: readonly string[];
  readonly #bytes: readonly Uint8Array[];
  readonly #merges: Merges;
  readonly #finder: RegExp | null;
  readonly #remembered = new Map<string, readonly number[]>();
  #tokens: readonly string[] | null = null;

  private constructor(merges: readonly Pair[], specialTokens: readonly string[]) {
    this.merges = merges;
    this.specialTokens = specialTokens;
    this.#bytes = bytesOfTokens(merges, specialTokens);
    const merged = new Map(merges.map(([left, right], i) => [pairKey(left, right), 256 + i]));
    this.#merges = { pairs: merges, merged };
    this.#finder = finderOf(specialTokens);
  }

  /** One whose merges come from this text, or from several. */
  static train(text: string | Iterable<string>, options: BytePairOptions = {}): BytePairTokenizer {
    checkOptions(OP, options, ['vocabSize', 'minFrequency', 'specialTokens']);
    const specials = checkSpecials([...(options.specialTokens ?? [])]);
    const vocabSize = requireCount(OP, 'vocabSize', options.vocabSize ?? 1256, 256 + specials.length);
    const minFrequency = requireCount(OP, 'minFrequency', options.minFrequency ?? 2);
    const finder = finderOf(specials);
    const counts = new Map<string, number>();
    for (const one of typeof text === 'string' ? [text] : text) {
      const pieces = finder === null ? [one] : one.split(finder).filter((_, i) => i % 2 === 0);
      for (const word of pieces.flatMap(wordsOf)) counts.set(word, (counts.get(word) ?? 0) + 1);
    }
    if (counts.size === 0) throw new DataError('there is no text to train on', { op: OP });
    return new BytePairTokenizer(learnMerges(counts, vocabSize - 256 - specials.length, minFrequency), specials);
  }

  /** Each token as text; a piece of a character is shown as its bytes, such as <0xF0>. */
  get tokens(): readonly string[] {
    return (this.#tokens ??= this.#bytes.map(shown));
  }

  get size(): number {
    return this.#bytes.length;
  }

  encode(text: string): Int32Array {
    const ids: number[] = [];
    // Splitting by a captured pattern gives text and special tokens in turn.
    (this.#finder === null ? [text] : text.split(this.#finder)).forEach((piece, i) => {
      if (i % 2 === 1) ids.push(256 + this.merges.length + this.specialTokens.indexOf(piece));
      else for (const word of wordsOf(piece)) for (const id of this.#encodeWord(word)) ids.push(id);
    });
    return Int32Array.from(ids);
  }

  #encodeWord(word: string): readonly number[] {
    const known = this.#remembered.get(word);
    if (known !== undefined) return known;
    const ids = mergeWord(new TextEncoder().encode(word), this.#merges);
    if (word.length <= REMEMBERED_LENGTH && this.#remembered.size < REMEMBERED_WORDS) this.#remembered.set(word, ids);
    return ids;
  }

  decode(ids: Ids): string {
    const parts = Array.from(idsOf(ids), (id) => {
      const bytes = this.#bytes[id];
      if (bytes !== undefined) return bytes;
      throw new DataError(`id ${id} stands for no token; there are ${this.size}`, { op: OP });
    });
    const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(all);
  }

  toJSON(): BytePairJson {
    return { type: OP, merges: this.merges, specialTokens: this.specialTokens };
  }

  /** One that `toJSON` saved. @throws DataError where it is damaged. @example BytePairTokenizer.fromJSON(JSON.parse(text)) */
  static fromJSON(json: object): BytePairTokenizer {
    const { merges, specialTokens } = json as { merges?: unknown; specialTokens?: unknown };
    if (!Array.isArray(merges) || !merges.every(isPairOfEarlier)) {
      throw new DataError('the saved merges are not pairs of earlier tokens', { op: OP });
    }
    if (!Array.isArray(specialTokens)) throw new DataError('the saved specialTokens are not a list', { op: OP });
    return new BytePairTokenizer(merges as Pair[], checkSpecials(specialTokens as string[]));
  }
}

/** Whether merge i joins two tokens that are there before it. */
function isPairOfEarlier(pair: unknown, i: number): boolean {
  if (!Array.isArray(pair) || pair.length !== 2) return false;
  return pair.every((id) => Number.isInteger(id) && (id as number) >= 0 && (id as number) < 256 + i);
}
