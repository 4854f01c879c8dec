/** Which bytes of an address space are taken: first fit, neighbours that are free become one. */

/** Every block starts at a multiple of this: a cache line, so that threads do not write into each other's. */
export const ALIGNMENT = 64;

interface Free {
  start: number;
  end: number;
}

export const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

export class Heap {
  /** Free blocks below the end, by address. */
  private readonly free: Free[] = [];
  private readonly first: number;
  private top: number;
  private sum = 0;

  constructor(first: number = 0) {
    this.first = first;
    this.top = first;
  }

  /** Behind the last byte that is taken. */
  get end(): number {
    return this.top;
  }

  /** Bytes that are taken. */
  get taken(): number {
    return this.sum;
  }

  get isEmpty(): boolean {
    return this.top === this.first;
  }

  /** Takes a block and returns where it starts; of no bytes, too. */
  take(bytes: number): number {
    const size = Math.max(ALIGNMENT, aligned(bytes));
    this.sum += size;
    const i = this.free.findIndex(({ start, end }) => end - start >= size);
    if (i < 0) return this.takeFromTop(size);
    const block = this.free[i]!;
    const { start } = block;
    block.start += size;
    if (block.start === block.end) this.free.splice(i, 1);
    return start;
  }

  private takeFromTop(size: number): number {
    const last = this.free[this.free.length - 1];
    const start = last !== undefined && last.end === this.top ? this.free.pop()!.start : this.top;
    this.top = start + size;
    return start;
  }

  /** Gives a block back, of as many bytes as were asked for. */
  give(start: number, bytes: number): void {
    const size = Math.max(ALIGNMENT, aligned(bytes));
    const end = start + size;
    this.sum -= size;
    let i = this.free.findIndex((block) => block.start >= end);
    if (i < 0) i = this.free.length;
    this.free.splice(i, 0, { start, end });
    this.joinAt(i);
    this.joinAt(i - 1);
    const last = this.free[this.free.length - 1]!;
    if (last.end === this.top) this.top = this.free.pop()!.start;
  }

  /** Joins block i with the one behind it. */
  private joinAt(i: number): void {
    const [block, next] = [this.free[i], this.free[i + 1]];
    if (block === undefined || next === undefined || block.end !== next.start) return;
    block.end = next.end;
    this.free.splice(i + 1, 1);
  }
}
