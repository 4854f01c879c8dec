/** Letting others have a turn: timers, input, the painting of a page. */

/** So many milliseconds of work are done in one go. */
const TURN = 25;

const sleep = (): Promise<void> =>
  new Promise((resolve) => {
    const { setImmediate: soon } = globalThis as { setImmediate?: (f: () => void) => unknown };
    if (soon !== undefined) return void soon(resolve);
    // A timeout of 0 becomes one of 4 ms when it is asked for again and again; a message does not.
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });

/** A function that is asked after each batch: now and then it gives a promise to wait for, else null. */
export function pacer(): () => Promise<void> | null {
  let since = performance.now();
  return () => {
    if (performance.now() - since < TURN) return null;
    return sleep().then(() => {
      since = performance.now();
    });
  };
}
