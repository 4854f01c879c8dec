/** A word's bytes merged as training merged them. */
import { pairKey, type Pair } from './byte-pair-training.ts';
import { Heap } from './heap.ts';

/** What pairs become, and what merged tokens are made of. */
export interface Merges {
  /** The pair that token 256 + i is made of. */
  readonly pairs: readonly Pair[];
  /** What each pair becomes, by its key. */
  readonly merged: ReadonlyMap<number, number>;
}

/** No token: beyond the word's ends, and where one has been merged into the one before it. */
const NONE = -1;

/** A list of tokens of which neighbours merge; the time is about proportional to its length. */
class Word {
  readonly #ids: Int32Array;
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  readonly #merges: Merges;
  /** Where pairs begin that may become a token, by that token. */
  readonly #places = new Map<number, number[]>();
  /** The tokens of #places. What was learnt earlier has a smaller id, and is made first. */
  readonly #tokens = new Heap<number>((a, b) => a < b);

  constructor(bytes: Uint8Array, merges: Merges) {
    this.#ids = Int32Array.from(bytes);
    this.#next = this.#ids.map((_, i) => (i + 1 < bytes.length ? i + 1 : NONE));
    this.#previous = this.#ids.map((_, i) => i - 1);
    this.#merges = merges;
    for (let i = 0; i < bytes.length; i++) this.#consider(i);
  }

  /** The pair that begins here may be one to merge. */
  #consider(at: number): void {
    if (at === NONE || this.#next[at] === NONE) return;
    const token = this.#merges.merged.get(pairKey(this.#ids[at]!, this.#ids[this.#next[at]!]!));
    if (token === undefined) return;
    const places = this.#places.get(token);
    if (places !== undefined) {
      places.push(at);
      return;
    }
    this.#places.set(token, [at]);
    this.#tokens.push(token);
  }

  mergeAll(): void {
    // What a merge makes possible is made of its token, so it has a larger id and is still to come.
    for (let token = this.#tokens.pop(); token !== undefined; token = this.#tokens.pop()) {
      const [left, right] = this.#merges.pairs[token - 256]!;
      // From left to right: of three equal tokens the first two merge.
      const places = Int32Array.from(this.#places.get(token)!).sort();
      for (const at of places) this.#mergeAt(at, left, right, token);
    }
  }

  #mergeAt(at: number, left: number, right: number, token: number): void {
    const second = this.#next[at]!;
    // One of the two may have been merged with another neighbour since.
    if (this.#ids[at] !== left || second === NONE || this.#ids[second] !== right) return;
    const after = this.#next[second]!;
    this.#ids[at] = token;
    this.#ids[second] = NONE;
    this.#next[at] = after;
    if (after !== NONE) this.#previous[after] = at;
    this.#consider(this.#previous[at]!);
    this.#consider(at);
  }

  ids(): readonly number[] {
    return Array.from(this.#ids).filter((id) => id !== NONE);
  }
}

/** The ids of a word. */
export function mergeWord(bytes: Uint8Array, merges: Merges): readonly number[] {
  const word = new Word(bytes, merges);
  word.mergeAll();
  return word.ids();
}
