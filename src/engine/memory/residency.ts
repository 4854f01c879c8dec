/** Where cells live between runs: one place in one store for a cell's content, and one for its gradient. */
import type { DType, Storage } from '../../base/dtypes.ts';
import type { Content } from '../../base/storage.ts';
import { sizeOf } from '../../base/shapes.ts';
import { remoteContentOf, remoteGradOf, type Remote } from '../../value/residency.ts';
import { contentOf, type Value } from '../../value/value.ts';
import { bytesOf } from './arena.ts';
import type { Lease, Region, Store } from './store.ts';

export type SlotName = 'content' | 'grad';

/** Writes a Value's elements to a place of that size. */
export function write(view: Storage, content: Content): void {
  if (typeof content === 'number') view.fill(content);
  else view.set(content);
}

/** What a place of the memory holds, as a content of its own. */
export const copyOf = (view: Storage, isScalar: boolean): Content => (isScalar ? view[0]! : view.slice());

export class Residency implements Remote {
  readonly store: Store;
  readonly region: Region;
  readonly lease: Lease;
  private readonly slot: SlotName;
  private readonly dtype: DType;
  private readonly size: number;
  private readonly isScalar: boolean;
  /** The content outside that the memory agrees with; null where the memory is newer. */
  private agreed: Content | null = null;

  constructor(store: Store, slot: SlotName, { dtype, shape }: Value) {
    this.store = store;
    this.slot = slot;
    this.dtype = dtype;
    this.size = sizeOf(shape);
    this.isScalar = shape.length === 0;
    this.lease = store.lease();
    this.region = store.take(bytesOf({ id: 0, dtype, size: this.size }), this.lease);
  }

  private get view(): Storage {
    return this.store.view(this.dtype, this.region.start, this.size);
  }

  fetch(): Content {
    this.agreed = copyOf(this.view, this.isScalar);
    return this.agreed;
  }

  /** Brings in what is newer outside. */
  update(cell: Value): void {
    const remote = this.slot === 'content' ? remoteContentOf(cell) : remoteGradOf(cell);
    if (remote === this) return;
    const content = contentOf(this.slot === 'content' ? cell : cell.grad!);
    if (Object.is(content, this.agreed)) return;
    write(this.view, content);
    this.agreed = content;
  }

  /** Brings home what only this place knows, and gives it up. Programs that use it must look for the cell's new place. */
  leave(cell: Value): void {
    if (remoteContentOf(cell) === this) contentOf(cell);
    if (remoteGradOf(cell) === this) contentOf(cell.grad!);
    this.lease.end();
  }

  /** Says that a program has written here: the memory is newer than anything outside. */
  overwritten(): void {
    this.agreed = null;
  }
}

const homes = new WeakMap<Value, Partial<Record<SlotName, Residency>>>();

/** Where a cell lives now, if anywhere. */
export const homeOf = (cell: Value, slot: SlotName): Residency | undefined => homes.get(cell)?.[slot];

/** The places of cells that are no more. */
const dropped = new FinalizationRegistry<Lease>((lease) => lease.end());

/** A cell's place in a store; it moves there if it lives elsewhere. */
export function settle(cell: Value, slot: SlotName, store: Store): Residency {
  const home = homeOf(cell, slot);
  if (home?.store === store) return home;
  const made = new Residency(store, slot, cell);
  homes.set(cell, { ...homes.get(cell), [slot]: made });
  dropped.register(cell, made.lease);
  home?.leave(cell);
  return made;
}
