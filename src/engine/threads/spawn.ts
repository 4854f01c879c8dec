/** Starts workers, in Node and in browsers. */
import { optionalBuiltin } from '../../base/node.ts';
import { workerSource, type Message } from './worker-source.ts';

export interface Thread {
  post(message: Message): void;
  /** Ends it at once, wherever it is. */
  terminate(): void;
}

/**
 * Starts a worker, which never keeps the process alive. It begins later: in a browser, once the main thread yields.
 * Throws what the platform throws where workers are forbidden; some tell it only afterwards, by `onFailure`.
 */
export function spawn(onFailure: (reason: unknown) => void): Thread {
  const node = optionalBuiltin('node:worker_threads');
  return node === undefined ? spawnInBrowser(onFailure) : spawnInNode(node, onFailure);
}

type WorkerThreads = NonNullable<ReturnType<typeof optionalBuiltin<'node:worker_threads'>>>;

function spawnInNode({ Worker }: WorkerThreads, onFailure: (reason: unknown) => void): Thread {
  // Loaders and hooks that the process was started with are not for a worker that loads nothing.
  const worker = new Worker(workerSource, { eval: true, execArgv: [], env: {}, name: 'chainrule' });
  worker.on('error', onFailure);
  worker.unref();
  return {
    post: (message) => worker.postMessage(message),
    terminate: () => void worker.terminate(),
  };
}

let address: string | undefined;

function spawnInBrowser(onFailure: (reason: unknown) => void): Thread {
  address ??= URL.createObjectURL(new Blob([workerSource], { type: 'text/javascript' }));
  const worker = new Worker(address, { name: 'chainrule' });
  worker.onerror = (event) => {
    event.preventDefault();
    onFailure(event.message ?? 'the browser did not start it');
  };
  return {
    post: (message) => worker.postMessage(message),
    terminate: () => worker.terminate(),
  };
}
