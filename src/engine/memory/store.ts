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

  /** In a memory of its own, which the collector gives back, or in one that threads share. */
  constructor(loan: Loan | null = null) {
    this.loan = loan;
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

  /** @throws ChainruleError where the memory would pass 4 GB. */
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
    if (this.loan !== null) {
      if (!this.loan.grow(pages * PAGE)) throw new StoreFull(refusal(end));
      return;
    }
    if (pages > MOST_PAGES) throw refusal(end);
    try {
      this.memory.grow(missing);
    } catch (cause) {
      throw refusal(end, cause);
    }
  }
}

/** A shared memory can grow no more: one of its own may do. */
export class StoreFull extends Error {
  constructor(cause: Error) {
    super(cause.message, { cause });
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
