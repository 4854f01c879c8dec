/** Which pairs of tokens a byte-pair tokenizer merges, learnt from text. */

import { Heap } from './heap.ts';

/** The two ids that a merge joins. */
export type Pair = readonly [left: number, right: number];

/** Ids stay below this, so that a pair is one exact number. */
const BASE = 1 << 26;

export const pairKey = (left: number, right: number): number => left * BASE + right;
const leftOf = (key: number): number => Math.floor(key / BASE);
const rightOf = (key: number): number => key % BASE;

interface Candidate {
  readonly key: number;
  readonly count: number;
}

/** The more frequent first; of equally frequent ones the one whose ids are smaller, so that training is repeatable. */
const before = (a: Candidate, b: Candidate): boolean => a.count > b.count || (a.count === b.count && a.key < b.key);

interface Word {
  readonly ids: number[];
  readonly count: number;
}

/** How often each pair occurs, and in which words it may. */
class PairCounts {
  readonly #counts = new Map<number, number>();
  readonly #words = new Map<number, Set<number>>();
  readonly #heap = new Heap(before);
  readonly #touched = new Set<number>();

  /** So many more of a pair, or fewer, in the word of this number. */
  add(left: number, right: number, more: number, word: number): void {
    const key = pairKey(left, right);
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + more);
    this.#touched.add(key);
    if (more < 0) return;
    const words = this.#words.get(key);
    if (words === undefined) this.#words.set(key, new Set([word]));
    else words.add(word);
  }

  /** The words that hold the pair, or held it once. */
  wordsOf(key: number): Iterable<number> {
    return this.#words.get(key) ?? [];
  }

  forget(key: number): void {
    this.#counts.delete(key);
    this.#words.delete(key);
  }

  /** The most frequent pair. What the heap says of a pair is out of date once its count has changed. */
  best(): Candidate | undefined {
    for (const key of this.#touched) {
      const count = this.#counts.get(key) ?? 0;
      if (count > 0) this.#heap.push({ key, count });
    }
    this.#touched.clear();
    for (;;) {
      const top = this.#heap.pop();
      if (top === undefined || top.count === this.#counts.get(top.key)) return top;
    }
  }
}

/** Merges a pair wherever it stands in a word, from left to right; only the pairs beside it change their counts. */
function merge({ ids, count }: Word, [left, right]: Pair, merged: number, pairs: PairCounts, word: number): void {
  let to = 0;
  for (let from = 0; from < ids.length; from++, to++) {
    if (ids[from] !== left || ids[from + 1] !== right) {
      ids[to] = ids[from]!;
      continue;
    }
    if (to > 0) {
      pairs.add(ids[to - 1]!, left, -count, word);
      pairs.add(ids[to - 1]!, merged, count, word);
    }
    if (from + 2 < ids.length) {
      pairs.add(right, ids[from + 2]!, -count, word);
      pairs.add(merged, ids[from + 2]!, count, word);
    }
    ids[to] = merged;
    from++;
  }
  ids.length = to;
}

/**
 * The merges, in the order in which they are made: always the pair that is most frequent in the words, the new token
 * having the next free id from 256 on.
 */
export function learnMerges(counted: ReadonlyMap<string, number>, most: number, minFrequency: number): Pair[] {
  const encoder = new TextEncoder();
  const words = Array.from(counted, ([text, count]): Word => ({ ids: [...encoder.encode(text)], count }));
  const pairs = new PairCounts();
  words.forEach(({ ids, count }, index) => {
    for (let i = 0; i + 1 < ids.length; i++) pairs.add(ids[i]!, ids[i + 1]!, count, index);
  });
  const merges: Pair[] = [];
  while (merges.length < most) {
    const best = pairs.best();
    if (best === undefined || best.count < minFrequency) break;
    const pair: Pair = [leftOf(best.key), rightOf(best.key)];
    const merged = 256 + merges.length;
    for (const index of [...pairs.wordsOf(best.key)]) merge(words[index]!, pair, merged, pairs, index);
    pairs.forget(best.key);
    merges.push(pair);
  }
  return merges;
}
