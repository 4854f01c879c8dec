/** What the machine and the page allow. */
import { optionalBuiltin } from '../../base/node.ts';

/** Beyond this many threads, memory is what limits, not arithmetic. */
const MOST_THREADS = 8;

/** Whether memories can be shared between threads: browsers ask for cross-origin isolation. */
export function mayShareMemory(): boolean {
  const { crossOriginIsolated } = globalThis as { crossOriginIsolated?: boolean };
  return typeof SharedArrayBuffer === 'function' && crossOriginIsolated !== false;
}

/**
 * How many threads a program uses unless told otherwise: one for each core, at most 8; 1 where memories cannot be shared.
 *
 * @example compile(f, { threads: defaultThreads() }) // what compile(f) does
 */
export function defaultThreads(): number {
  if (!mayShareMemory()) return 1;
  const os = optionalBuiltin('node:os');
  const cores = os?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency ?? 1;
  return Math.max(1, Math.min(MOST_THREADS, cores));
}

let waiting: boolean | undefined;

/** Whether this thread may sleep until another one writes: the main thread of a browser may not. */
export function mayWait(): boolean {
  return (waiting ??= tryWaiting());
}

function tryWaiting(): boolean {
  try {
    // Returns at once where it is allowed: the word is 0, not 1.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1);
    return true;
  } catch {
    return false;
  }
}
