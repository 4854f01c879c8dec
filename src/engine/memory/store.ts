/** Stores: memories in which cells live between runs, and programs work. */
import { bytesPerElement, type DType, type Storage } from '../../base/dtypes.ts';
import { ChainruleError } from '../../base/errors.ts';
import { aligned, Heap } from './heap.ts';

const PAGE = 65536;
const MOST_PAGES = 65536;
/** Kernels may read a little beyond an array: one page is never handed out. */
const SPARE = PAGE;
/** The first bytes stay unused, so that no address is 0. */
const FIRST = 64;
/** Nobody asks what of a store is still in use before it has handed out so many bytes. */
const PATIENCE: number = 1 << 26;

type Views = Readonly<Record<DType, Storage>>;

export interface Region {
  readonly start: number;
  readonly bytes: number;
}

/**
 * What somebody has taken from a store. It does not know the store, so that a finalizer may hold it: in a loop that never
 * yields no finalizer runs, and a store that nobody uses any more has to be free to go all the same.
 */
export class Lease {
  readonly regions: Region[] = [];
  /** When it was last of use, on the store's clock. */
  seen: number;
  /** What else is in use as long as this is. */
  needs: readonly Lease[] = [];
  private readonly ended: Lease[];
  private isOver = false;

  /** For Store only. */
  constructor(ended: Lease[], seen: number) {
    this.ended = ended;
    this.seen = seen;
  }

  get bytes(): number {
    return this.regions.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Its regions go back to the store. */
  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.ended.push(this);
  }
}

/** A memory that threads share, on loan. */
interface Loan {
  readonly memory: WebAssembly.Memory;
  /** Makes it at least so large; false where there is no more. */
  grow(bytes: number): boolean;
}

/** A store, or where it went: one that is left is not kept by those that were left before it. */
interface Place {
  store: Store | null;
  next: Place | null;
}

export class Store {
  readonly memory: WebAssembly.Memory;
  private readonly loan: Loan | null;
  private readonly heap: Heap = new Heap(FIRST);
  private buffer: ArrayBufferLike;
  private cached: Views;
  private shared: Region | null = null;
  private readonly leases: Set<Lease> = new Set();
  private readonly ended: Lease[] = [];
  private clock = 0;
  private patience: number = PATIENCE;
  private readonly place: Place = { store: this, next: null };
  /** Whether it has been chosen because there was no more shared memory. */
  readonly isRefuge: boolean;

  /** In a memory of its own, which the collector gives back, or in one that threads share. */
  constructor(loan: Loan | null = null, isRefuge: boolean = false) {
    this.loan = loan;
    this.isRefuge = isRefuge;
    const memory = loan?.memory ?? new WebAssembly.Memory({ initial: 2 });
    this.memory = memory;
    this.buffer = memory.buffer;
    this.cached = viewsOf(this.buffer);
  }

  get isShared(): boolean {
    return this.loan !== null;
  }

  get bytes(): number {
    return this.memory.buffer.byteLength;
  }

  /** Bytes of it that somebody has taken. */
  get bytesTaken(): number {
    this.sweep();
    return this.heap.taken;
  }

  /** All of the memory, as elements of each dtype. */
  get views(): Views {
    // Growing detaches an unshared buffer.
    if (this.memory.buffer !== this.buffer) {
      this.buffer = this.memory.buffer;
      this.cached = viewsOf(this.buffer);
    }
    return this.cached;
  }

  /** The elements of an array at a byte address. */
  view(dtype: DType, address: number, length: number): Storage {
    const first = address / bytesPerElement(dtype);
    return this.views[dtype].subarray(first, first + length);
  }

  lease(): Lease {
    const lease = new Lease(this.ended, this.clock);
    this.leases.add(lease);
    return lease;
  }

  /** @throws StoreFull where the memory, or what is left of the shared ones, ends. */
  take(bytes: number, lease: Lease): Region {
    const region = this.reserve(bytes);
    lease.regions.push(region);
    return region;
  }

  private reserve(bytes: number): Region {
    this.sweep();
    const region = { start: this.heap.take(bytes), bytes };
    try {
      this.reach(this.heap.end + SPARE);
    } catch (error) {
      this.heap.give(region.start, region.bytes);
      throw error;
    }
    return region;
  }

  /** Says that a program has run. */
  use(lease: Lease): void {
    lease.seen = this.clock;
  }

  /**
   * Whether much of what is taken has been of no use of late. In a loop that never yields nobody learns what has been
   * dropped; but programs that are still there run, and can move on to another store with their cells.
   */
  isStale(): boolean {
    this.sweep();
    const { taken } = this.heap;
    if (taken < this.patience) return false;
    const inUse = this.bytesInUse();
    this.clock++;
    this.patience = 2 * taken;
    return inUse < taken * 0.75;
  }

  private bytesInUse(): number {
    const inUse = new Set<Lease>();
    for (const lease of this.leases) {
      if (lease.seen !== this.clock) continue;
      inUse.add(lease);
      for (const needed of lease.needs) inUse.add(needed);
    }
    let sum = this.shared?.bytes ?? 0;
    for (const lease of inUse) sum += lease.bytes;
    return sum;
  }

  /** The store that this one's programs and cells belong to by now: itself, or the one that they have been moving to. */
  get newest(): Store {
    let { place } = this;
    while (place.next !== null) place = place.next;
    return place.store!;
  }

  /** From now on all that lives here belongs there, and moves when it is next needed. */
  moveTo(next: Store): void {
    const { place } = next.newest;
    if (this.place.next !== null || place === this.place) return;
    this.place.next = place;
    this.place.store = null;
  }

  /** What leases that are over held is free. */
  private sweep(): void {
    for (let lease = this.ended.pop(); lease !== undefined; lease = this.ended.pop()) {
      this.leases.delete(lease);
      for (const { start, bytes } of lease.regions) this.heap.give(start, bytes);
    }
  }

  /** Working space for one program at a time: all programs of a store take it from the same place. */
  arena(bytes: number): Region {
    if (this.shared === null || this.shared.bytes < bytes) {
      // Programs that have the former one keep it: their code knows its address.
      this.shared = this.reserve(Math.max(bytes, Math.floor((this.shared?.bytes ?? 0) * 1.5)));
    }
    return this.shared;
  }

  private reach(end: number): void {
    const pages = Math.ceil(aligned(end) / PAGE);
    const missing = pages - this.bytes / PAGE;
    if (missing <= 0) return;
    if (pages > MOST_PAGES) throw new StoreFull(refusal(end));
    if (this.loan !== null) {
      if (!this.loan.grow(pages * PAGE)) throw new StoreFull(refusal(end));
      return;
    }
    try {
      this.memory.grow(missing);
    } catch (cause) {
      throw new StoreFull(refusal(end, cause));
    }
  }
}

/** There is no more memory here: there may be in another store. */
export class StoreFull extends Error {
  /** What to say if there is not. */
  readonly refusal: ChainruleError;

  constructor(refusal: ChainruleError) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

function refusal(bytes: number, cause?: unknown): ChainruleError {
  return new ChainruleError(`needs ${(bytes / 1073741824).toFixed(2)} GB at once; WebAssembly's memory ends at 4 GB`, {
    op: 'compile',
    hint: 'Use smaller batches, checkpoint(f), or several compiled functions.',
    ...(cause === undefined ? {} : { cause }),
  });
}

const viewsOf = (buffer: ArrayBufferLike): Views => ({
  float64: new Float64Array(buffer),
  float32: new Float32Array(buffer),
  int32: new Int32Array(buffer),
  bool: new Uint8Array(buffer),
});
