/** Which pairs of tokens a byte-pair tokenizer merges, learnt from text. */

/** The two ids that a merge joins. */
export type Pair = readonly [left: number, right: number];

/** Ids stay below this, so that a pair is one exact number. */
const BASE = 1 << 26;

export const pairKey = (left: number, right: number): number => left * BASE + right;
const leftOf = (key: number): number => Math.floor(key / BASE);
const rightOf = (key: number): number => key % BASE;

/** The ids with every such pair, from left to right, replaced by one id; in place. Returns how many ids are left. */
export function mergePair(ids: number[], length: number, left: number, right: number, merged: number): number {
  let to = 0;
  for (let from = 0; from < length; from++, to++) {
    const joins = ids[from] === left && from + 1 < length && ids[from + 1] === right;
    ids[to] = joins ? merged : ids[from]!;
    if (joins) from++;
  }
  return to;
}

interface Candidate {
  readonly key: number;
  readonly count: number;
}

/** The more frequent first; of equally frequent ones the one whose ids are smaller, so that training is repeatable. */
const before = (a: Candidate, b: Candidate): boolean => a.count > b.count || (a.count === b.count && a.key < b.key);

/** A binary heap, the first candidate on top. */
class Heap {
  readonly #items: Candidate[] = [];

  push(item: Candidate): void {
    const items = this.#items;
    let at = items.push(item) - 1;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (!before(item, items[parent]!)) break;
      items[at] = items[parent]!;
      at = parent;
    }
    items[at] = item;
  }

  pop(): Candidate | undefined {
    const items = this.#items;
    const top = items[0];
    const last = items.pop();
    if (top === undefined || last === undefined || items.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && before(items[child + 1]!, items[child]!)) child++;
      if (!before(items[child]!, last)) break;
      items[at] = items[child]!;
      at = child;
    }
    items[at] = last;
    return top;
  }
}

interface Word {
  readonly ids: number[];
  readonly count: number;
}

/** How often each pair occurs, and in which words it may. */
class PairCounts {
  readonly #counts = new Map<number, number>();
  readonly #words = new Map<number, Set<number>>();
  readonly #heap = new Heap();
  readonly #touched = new Set<number>();

  /** Counts the pairs of a word, or with a negative `sign` takes them back. */
  add(word: Word, index: number, sign: 1 | -1): void {
    for (let i = 0; i + 1 < word.ids.length; i++) {
      const key = pairKey(word.ids[i]!, word.ids[i + 1]!);
      this.#counts.set(key, (this.#counts.get(key) ?? 0) + sign * word.count);
      this.#touched.add(key);
      if (sign < 0) continue;
      const words = this.#words.get(key);
      if (words === undefined) this.#words.set(key, new Set([index]));
      else words.add(index);
    }
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

/**
 * The merges, in the order in which they are made: always the pair that is most frequent in the words, the new token
 * having the next free id from 256 on.
 */
export function learnMerges(counted: ReadonlyMap<string, number>, most: number, minFrequency: number): Pair[] {
  const encoder = new TextEncoder();
  const words = Array.from(counted, ([text, count]): Word => ({ ids: [...encoder.encode(text)], count }));
  const pairs = new PairCounts();
  words.forEach((word, index) => pairs.add(word, index, 1));
  const merges: Pair[] = [];
  while (merges.length < most) {
    const best = pairs.best();
    if (best === undefined || best.count < minFrequency) break;
    const [left, right] = [leftOf(best.key), rightOf(best.key)];
    const merged = 256 + merges.length;
    for (const index of [...pairs.wordsOf(best.key)]) {
      const word = words[index]!;
      pairs.add(word, index, -1);
      word.ids.length = mergePair(word.ids, word.ids.length, left, right, merged);
      pairs.add(word, index, 1);
    }
    pairs.forget(best.key);
    merges.push([left, right]);
  }
  return merges;
}
