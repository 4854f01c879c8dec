/** Which store a program works in: where most of what it shares with others lives. */
import type { Value } from '../../value/value.ts';
import { homeOf, type SlotName } from './residency.ts';
import { sharedStores } from '../threads/stores.ts';
import { Store } from './store.ts';

/** Programs without cells of their own share one store while they need no more than this. */
const SMALL_PROGRAM = 1 << 20;
const COMMON_LIMIT = 1 << 24;
/** What a shared memory starts with. */
const FIRST_BYTES = 1 << 17;

let common: Store | null = null;

function commonStore(): Store {
  if (common === null || common.bytes > COMMON_LIMIT) common = new Store();
  return common;
}

export interface Wish {
  readonly slots: readonly { readonly slot: SlotName; readonly cell: Value }[];
  /** At most so many bytes are needed beside the cells. */
  readonly bytes: number;
  /** Whether threads would help. */
  readonly shared: boolean;
}

export function chooseStore({ slots, bytes, shared }: Wish): Store {
  const best = mostSharedWith(slots);
  if (best !== undefined && (best.isShared || !shared)) return best;
  const loan = shared ? sharedStores().take(FIRST_BYTES) : undefined;
  if (loan !== undefined) return new Store(loan);
  if (best !== undefined) return best;
  return slots.length === 0 && bytes <= SMALL_PROGRAM ? commonStore() : new Store();
}

/** The store in which most of the cells' bytes are. */
function mostSharedWith(slots: Wish['slots']): Store | undefined {
  const shares = new Map<Store, number>();
  for (const { cell, slot } of slots) {
    const home = homeOf(cell, slot);
    if (home !== undefined) shares.set(home.store, (shares.get(home.store) ?? 0) + home.region.bytes);
  }
  let best: readonly [Store, number] | undefined;
  for (const entry of shares) if (best === undefined || entry[1] > best[1]) best = entry;
  return best?.[0];
}
