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

/** Where a program is to work; its cells move there. */
export function chooseStore(wish: Wish): Store {
  const homes = homesOf(wish.slots);
  const best = largestOf(homes);
  const chosen = best === undefined ? firstStore(wish) : (betterThan(best, wish) ?? best);
  // Whatever else shares memory with one of the cells comes along, or two programs would pull it to and fro.
  for (const home of homes.keys()) if (home !== chosen) home.moveTo(chosen);
  return chosen;
}

/** The last resort for a program that has no room where it is. */
export function refugeFor(slots: Wish['slots']): Store {
  const refuge = new Store(null, true);
  for (const home of homesOf(slots).keys()) home.moveTo(refuge);
  return refuge;
}

function firstStore({ slots, bytes, shared }: Wish): Store {
  const lent = shared ? lentStore() : undefined;
  if (lent !== undefined) return lent;
  return slots.length === 0 && bytes <= SMALL_PROGRAM ? commonStore() : new Store();
}

/** Another store than where most of the cells are: where threads would help and cannot, or the store is full of garbage. */
function betterThan(best: Store, { shared }: Wish): Store | undefined {
  const mayShare = !best.isRefuge;
  if (!best.isStale()) return shared && mayShare && !best.isShared ? lentStore() : undefined;
  const lent = (shared || best.isShared) && mayShare ? lentStore() : undefined;
  return lent ?? new Store(null, best.isRefuge);
}

function lentStore(): Store | undefined {
  const loan = sharedStores().take(FIRST_BYTES);
  return loan === undefined ? undefined : new Store(loan);
}

/** How many bytes of the cells belong to which store. */
function homesOf(slots: Wish['slots']): Map<Store, number> {
  const homes = new Map<Store, number>();
  for (const { cell, slot } of slots) {
    const home = homeOf(cell, slot);
    if (home === undefined) continue;
    const store = home.store.newest;
    homes.set(store, (homes.get(store) ?? 0) + home.region.bytes);
  }
  return homes;
}

function largestOf(homes: ReadonlyMap<Store, number>): Store | undefined {
  let best: readonly [Store, number] | undefined;
  for (const entry of homes) if (best === undefined || entry[1] > best[1]) best = entry;
  return best?.[0];
}
