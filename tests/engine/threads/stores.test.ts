import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { SharedStores, type SharedStore } from '../../../src/engine/threads/stores.ts';

const MB = 2 ** 20;

/** A pool, and the memories it has made sure of before lending them again. */
function pool(stores: number, bytes: number): { pool: SharedStores; reused: WebAssembly.Memory[] } {
  const reused: WebAssembly.Memory[] = [];
  return { pool: new SharedStores({ stores, bytes }, (memory) => void reused.push(memory)), reused };
}

describe('shared memories are capped', () => {
  test('in number', () => {
    const { pool: stores } = pool(2, 100 * MB);
    expect(stores.take(MB)).toBeDefined();
    expect(stores.take(MB)).toBeDefined();
    expect(stores.take(MB)).toBeUndefined();
    expect(stores.usage).toEqual({ lent: 2, free: 0, bytes: 2 * MB });
  });

  test('in bytes, rounded up to pages', () => {
    const { pool: stores } = pool(10, 4 * MB);
    const store = stores.take(3 * MB - 5)!;
    expect(store.bytes).toBe(3 * MB);
    expect(store.memory.buffer).toHaveProperty('byteLength', 3 * MB);
    expect(stores.take(2 * MB)).toBeUndefined();
    expect(stores.take(MB)).toBeDefined();
  });

  test('when they grow; views from before stay valid', () => {
    const { pool: stores } = pool(10, 4 * MB);
    const store = stores.take(MB)!;
    const view = new Int32Array(store.memory.buffer);
    expect(store.grow(3 * MB)).toBe(true);
    expect(store.grow(2 * MB)).toBe(true);
    expect(store.bytes).toBe(3 * MB);
    expect(store.grow(5 * MB)).toBe(false);
    view[0] = 7;
    expect(new Int32Array(store.memory.buffer)[0]).toBe(7);
  });
});

describe('shared memories are used again', () => {
  test('when released: the smallest that is large enough, once nobody uses it any more', () => {
    const { pool: stores, reused } = pool(3, 100 * MB);
    const [small, middle, large] = [1, 2, 4].map((n) => stores.take(n * MB)!) as [
      SharedStore,
      SharedStore,
      SharedStore,
    ];
    [large, small, middle].forEach((store) => store.release());
    expect(reused).toEqual([large.memory, small.memory, middle.memory]);
    expect(stores.take(1.5 * MB)!.memory).toBe(middle.memory);
    expect(stores.take(MB)!.memory).toBe(small.memory);
    expect(stores.usage).toEqual({ lent: 2, free: 1, bytes: 7 * MB });
  });

  test('when none is large enough and no other may be made: the largest grows', () => {
    const { pool: stores } = pool(1, 4 * MB);
    const store = stores.take(MB)!;
    store.release();
    expect(stores.take(3 * MB)!.memory).toBe(store.memory);
    expect(stores.usage).toEqual({ lent: 1, free: 0, bytes: 3 * MB });
  });

  test('released twice is released once', () => {
    const { pool: stores } = pool(2, 4 * MB);
    const store = stores.take(MB)!;
    store.release();
    const next = stores.take(MB)!;
    store.release();
    expect(stores.usage).toEqual({ lent: 1, free: 0, bytes: MB });
    expect(next.memory).toBe(store.memory);
  });

  test('when dropped, once the collector has found out', async () => {
    const root = resolve(__dirname, '../../..');
    const script = [join(root, 'node_modules/ts-node/dist/bin.js'), 'tests/engine/threads/dropped-stores.ts'];
    const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', ...script], { cwd: root });
    expect(JSON.parse(stdout)).toEqual({
      taken: { lent: 4, free: 0, bytes: 4 * MB },
      dropped: { lent: 0, free: 4, bytes: 4 * MB },
      again: true,
    });
  });
});
