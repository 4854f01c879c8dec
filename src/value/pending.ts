/**
 * Cotangents waiting for their nodes, handed out by descending creation number: a node's consumers are younger than
 * it, so when its turn comes its cotangent is complete, and no topological sort is needed. Numbers are nearly dense;
 * pages keep the cost of one step constant where they are, and a heap of page numbers keeps it small where they are not.
 */
import type { Value } from './value.ts';

const PAGE_BITS = 8;
const PAGE_SIZE = 1 << PAGE_BITS;
const IN_PAGE = PAGE_SIZE - 1;

/** Shifts are for 32 bits; a long-running program makes more Values than that. */
const pageNumberOf = (id: number): number => (id <= 0x7fffffff ? id >> PAGE_BITS : Math.floor(id / PAGE_SIZE));

const emptySlots = (): (Value | undefined)[] => new Array<Value | undefined>(PAGE_SIZE).fill(undefined);

interface Page {
  number: number;
  readonly nodes: (Value | undefined)[];
  readonly cotangents: (Value | undefined)[];
  /** Slots above it are empty. */
  top: number;
}

export class PendingCotangents {
  readonly #pages = new Map<number, Page>();
  /** A binary heap of page numbers, the highest first. */
  readonly #heap: number[] = [];
  #latest: Page | null = null;
  /** A page that has been emptied, for the next one needed. */
  #spare: Page | null = null;

  /** Adds a cotangent to a node's sum, in the order of the calls. */
  add(node: Value, cotangent: Value): void {
    const page = this.#page(pageNumberOf(node.id));
    const slot = node.id & IN_PAGE;
    const sum = page.cotangents[slot];
    page.nodes[slot] = node;
    page.cotangents[slot] = sum === undefined ? cotangent : sum.add(cotangent);
    if (slot > page.top) page.top = slot;
  }

  /** Removes and returns the cotangent of one node. */
  take(node: Value): Value | undefined {
    const page = this.#pages.get(pageNumberOf(node.id));
    if (page === undefined) return undefined;
    const slot = node.id & IN_PAGE;
    const cotangent = page.cotangents[slot];
    page.nodes[slot] = undefined;
    page.cotangents[slot] = undefined;
    return cotangent;
  }

  /** The youngest node that waits; undefined when none does. */
  youngest(): Value | undefined {
    while (this.#heap.length > 0) {
      const page = this.#page(this.#heap[0]!);
      for (; page.top >= 0; page.top--) {
        const node = page.nodes[page.top];
        if (node !== undefined) return node;
      }
      this.#pages.delete(page.number);
      this.#latest = null;
      this.#spare = page;
      this.#popPage();
    }
    return undefined;
  }

  #page(number: number): Page {
    if (this.#latest !== null && this.#latest.number === number) return this.#latest;
    let page = this.#pages.get(number);
    if (page === undefined) {
      page = this.#spare ?? { number, nodes: emptySlots(), cotangents: emptySlots(), top: -1 };
      page.number = number;
      this.#spare = null;
      this.#pages.set(number, page);
      this.#pushPage(number);
    }
    this.#latest = page;
    return page;
  }

  #pushPage(number: number): void {
    const heap = this.#heap;
    let i = heap.push(number) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (heap[parent]! >= number) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = number;
  }

  #popPage(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    const n = heap.length;
    if (n === 0) return;
    let i = 0;
    for (let child = 1; child < n; child = 2 * i + 1) {
      if (child + 1 < n && heap[child + 1]! > heap[child]!) child++;
      if (heap[child]! <= last) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
  }
}
