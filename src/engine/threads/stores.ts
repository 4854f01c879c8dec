/**
 * The capped pool of shared memories. Collectors are slow to give shared memories back, and in a loop that never yields
 * they never do (300 dropped ones of 64 MB held 20 GB), so there are only so many, and they are used again.
 */
import { threadPool } from './pool.ts';

const PAGE = 65536;
const MOST_PAGES = 65536;

export interface StoreLimits {
  /** How many memories there may be at a time. */
  readonly stores: number;
  /** How many bytes they may hold together. */
  readonly bytes: number;
}

/** Up to this many bytes of ballast; more would tell the collector nothing new. */
const MOST_BALLAST: number = 1 << 28;

/**
 * A shared memory on loan. Whoever uses the memory, or views of it, keeps the store: once nobody does, the memory is
 * lent again. It holds anything at the start.
 */
export class SharedStore {
  readonly memory: WebAssembly.Memory;
  private readonly owner: SharedStores;
  /** As many bytes as the collector can see: it does not count what a WebAssembly.Memory holds. Never touched. */
  private ballast: ArrayBuffer;

  /** For SharedStores only. */
  constructor(memory: WebAssembly.Memory, owner: SharedStores) {
    this.memory = memory;
    this.owner = owner;
    this.ballast = ballastOf(memory);
  }

  get bytes(): number {
    return this.memory.buffer.byteLength;
  }

  /** Makes it at least so large; false where the pool's limits do not allow it. Older views stay valid. */
  grow(bytes: number): boolean {
    if (bytes <= this.bytes) return true;
    if (!this.owner.enlarge(this.memory, bytes)) return false;
    this.ballast = ballastOf(this.memory);
    return true;
  }

  /** Gives the memory back, now. Programs in it must be disposed: nothing may use it any more. */
  release(): void {
    this.owner.takeBack(this, this.memory);
  }
}

export class SharedStores {
  private readonly limits: StoreLimits;
  private readonly free: WebAssembly.Memory[] = [];
  private readonly lent: Set<WebAssembly.Memory> = new Set();
  private readonly dropped: FinalizationRegistry<WebAssembly.Memory>;
  private readonly beforeReuse: (memory: WebAssembly.Memory) => void;

  /** `beforeReuse` sees to it that no thread uses a memory any more. */
  constructor(limits: StoreLimits, beforeReuse: (memory: WebAssembly.Memory) => void) {
    this.limits = limits;
    this.beforeReuse = beforeReuse;
    this.dropped = new FinalizationRegistry((memory) => this.reclaim(memory));
  }

  /** Memories, and their bytes, lent and free. */
  get usage(): { readonly lent: number; readonly free: number; readonly bytes: number } {
    return { lent: this.lent.size, free: this.free.length, bytes: this.bytes };
  }

  /** A memory of at least so many bytes; undefined where the limits, or the machine, do not allow it: use an unshared one. */
  take(bytes: number): SharedStore | undefined {
    const memory = this.takeFree(bytes) ?? this.create(bytes) ?? this.enlargeFree(bytes);
    if (memory === undefined) return undefined;
    this.lent.add(memory);
    const store = new SharedStore(memory, this);
    this.dropped.register(store, memory, store);
    return store;
  }

  /** For SharedStore only. */
  enlarge(memory: WebAssembly.Memory, bytes: number): boolean {
    const more = pagesFor(bytes) - memory.buffer.byteLength / PAGE;
    if (this.bytes + more * PAGE > this.limits.bytes) return false;
    try {
      memory.grow(more);
      return true;
    } catch {
      return false;
    }
  }

  /** For SharedStore only. */
  takeBack(store: SharedStore, memory: WebAssembly.Memory): void {
    if (this.dropped.unregister(store)) this.reclaim(memory);
  }

  private get bytes(): number {
    let sum = 0;
    for (const memory of this.free) sum += memory.buffer.byteLength;
    for (const memory of this.lent) sum += memory.buffer.byteLength;
    return sum;
  }

  private reclaim(memory: WebAssembly.Memory): void {
    if (!this.lent.delete(memory)) return;
    this.beforeReuse(memory);
    this.free.push(memory);
    this.free.sort((a, b) => a.buffer.byteLength - b.buffer.byteLength);
  }

  /** The smallest that is large enough. */
  private takeFree(bytes: number): WebAssembly.Memory | undefined {
    const found = this.free.findIndex((memory) => memory.buffer.byteLength >= bytes);
    return found < 0 ? undefined : this.free.splice(found, 1)[0];
  }

  private enlargeFree(bytes: number): WebAssembly.Memory | undefined {
    const largest = this.free[this.free.length - 1];
    if (largest === undefined || !this.enlarge(largest, bytes)) return undefined;
    return this.free.pop();
  }

  private create(bytes: number): WebAssembly.Memory | undefined {
    const pages = pagesFor(bytes);
    if (this.free.length + this.lent.size >= this.limits.stores) return undefined;
    if (this.bytes + pages * PAGE > this.limits.bytes) return undefined;
    // The maximum is an address range, not memory; where even that is scarce a smaller one may do.
    for (let maximum = MOST_PAGES; maximum >= pages; maximum /= 4) {
      try {
        return new WebAssembly.Memory({ initial: pages, maximum, shared: true });
      } catch {
        continue;
      }
    }
    return undefined;
  }
}

const pagesFor = (bytes: number): number => Math.max(1, Math.ceil(bytes / PAGE));

function ballastOf({ buffer }: WebAssembly.Memory): ArrayBuffer {
  try {
    return new ArrayBuffer(Math.min(buffer.byteLength, MOST_BALLAST));
  } catch {
    return new ArrayBuffer(0);
  }
}

const LIMITS: StoreLimits = { stores: 16, bytes: 1 << 30 };

let stores: SharedStores | undefined;

/** The one pool of shared memories there is, made when it is first needed. */
export const sharedStores = (): SharedStores =>
  (stores ??= new SharedStores(LIMITS, (memory) => threadPool().dismissAll(memory)));
