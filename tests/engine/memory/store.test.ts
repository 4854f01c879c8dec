import { Store, StoreFull, type Lease } from '../../../src/engine/memory/store.ts';

const MEGABYTE = 2 ** 20;

/** A lease of so many bytes. */
function leaseOf(store: Store, bytes: number): Lease {
  const lease = store.lease();
  store.take(bytes, lease);
  return lease;
}

describe('a store', () => {
  test('hands out bytes again once their lease is over', () => {
    const store = new Store();
    for (let i = 0; i < 1000; i++) leaseOf(store, MEGABYTE).end();
    expect(store.bytes).toBeLessThan(3 * MEGABYTE);
  });

  test('gives a region back once, however often its lease ends', () => {
    const store = new Store();
    const lease = leaseOf(store, 64);
    lease.end();
    lease.end();
    const [a, b] = [store.lease(), store.lease()];
    expect(store.take(64, a).start).not.toBe(store.take(64, b).start);
  });

  test('ends at 4 GB, and is then as it was', () => {
    const store = new Store();
    const before = store.bytes;
    const lease = store.lease();
    expect(() => store.take(2 ** 32, lease)).toThrow(StoreFull);
    expect([store.bytes, lease.bytes]).toEqual([before, 0]);
    expect(store.take(64, lease).bytes).toBe(64);
  });

  test('is stale when much of it has been of no use for long, and only then', () => {
    const used = new Store();
    const kept = leaseOf(used, 16 * MEGABYTE);
    const round = (): boolean => {
      used.use(kept);
      used.use(leaseOf(used, 16 * MEGABYTE));
      return used.isStale();
    };
    expect(Array.from({ length: 8 }, round)).toEqual([false, false, false, false, false, false, true, false]);

    const [busy, leases] = [new Store(), [] as Lease[]];
    for (let i = 0; i < 20; i++) {
      leases.push(leaseOf(busy, 16 * MEGABYTE));
      leases.forEach((lease) => busy.use(lease));
      expect(busy.isStale()).toBe(false);
    }
  });

  test('needs what its leases need', () => {
    const store = new Store();
    const cell = leaseOf(store, 100 * MEGABYTE);
    const program = leaseOf(store, MEGABYTE);
    program.needs = [cell];
    expect(store.isStale()).toBe(false);
    leaseOf(store, 110 * MEGABYTE);
    store.use(program);
    expect(store.isStale()).toBe(false);
  });

  test('that is left knows where its cells went, however far', () => {
    const [a, b, c] = [new Store(), new Store(), new Store()];
    a.moveTo(b);
    b.moveTo(c);
    c.moveTo(a);
    expect([a, b, c].map((store) => store.newest === c)).toEqual([true, true, true]);
  });
});
