/**
 * Run as a process of its own, with --expose-gc: whether shared memories that were dropped are lent again. In a process
 * that has run other tests, the collector may not come round to telling.
 */
import { SharedStores } from '../../../src/engine/threads/stores.ts';

const MB = 2 ** 20;
const [COUNT, ROUNDS] = [4, 1000];
const stores = new SharedStores({ stores: COUNT, bytes: 64 * MB }, () => undefined);
for (let i = 0; i < COUNT; i++) stores.take(MB);
const taken = stores.usage;

async function main(): Promise<void> {
  for (let i = 0; i < ROUNDS && stores.usage.free < COUNT; i++) {
    globalThis.gc!();
    await new Promise((done) => setTimeout(done, 5));
  }
  const dropped = stores.usage;
  console.log(JSON.stringify({ taken, dropped, again: stores.take(MB) !== undefined }));
}

void main();
