/** What scripts/browser-threads.mjs runs in a browser: lines of what was found, each [what, so]. */
import { defaultThreads, mayShareMemory, mayWait } from '../../../src/engine/threads/environment.ts';
import { LinkedRun } from '../../../src/engine/threads/link.ts';
import { threadPool } from '../../../src/engine/threads/pool.ts';
import type { Phase } from '../../../src/engine/threads/phase.ts';
import { sharedStores } from '../../../src/engine/threads/stores.ts';
import { ARRAYS, call, CONTROL, numbers, program, type Kernels } from './tasks.ts';

type Finding = readonly [what: string, found: unknown];

const n = 300;
const phases = (k: Kernels): readonly Phase[] => [
  { calls: [call(k.mix, n, [ARRAYS])] },
  { calls: [call(k.mirror(n), n, [ARRAYS, ARRAYS + 4 * n])] },
  { calls: [call(k.sums(3), n / 3, [ARRAYS + 4 * n, ARRAYS])] },
];

const pause = (): Promise<void> => new Promise((done) => setTimeout(done, 200));

/** What so many runs leave, of a program for so many threads. */
function results(threads: number, runs: number): string {
  const linking = program(threads, phases);
  const linked = new LinkedRun(linking);
  for (let i = 0; i < runs; i++) linked.run();
  linked.dispose();
  return numbers(linking, ARRAYS, 2 * n).join();
}

function median(times: number[]): number {
  return times.sort((a, b) => a - b)[times.length >> 1]!;
}

/** Median milliseconds of a run of work that needs no memory. */
function timeOf(threads: number, times: number): number {
  const linked = new LinkedRun(program(threads, (k) => [{ calls: [call(k.spin(times), 64, [ARRAYS])] }]));
  for (let i = 0; i < 50; i++) linked.run();
  const taken = Array.from({ length: 50 }, () => {
    const start = performance.now();
    for (let i = 0; i < 4; i++) linked.run();
    return (performance.now() - start) / 4;
  });
  linked.dispose();
  return median(taken);
}

function trapInWorker(): string {
  const linked = new LinkedRun(program(2, (k) => [{ calls: [call(k.trapInWorkers(), 64, [])] }]));
  const end = performance.now() + 5000;
  while (performance.now() < end) {
    try {
      linked.run();
    } catch (error) {
      return String((error as Error).message);
    }
  }
  return 'nothing was thrown';
}

/** In a page that shares memory. */
async function shared(workers: number): Promise<Finding[]> {
  const expected = results(1, 5);
  const found: Finding[] = [['at once, without any worker', results(4, 5) === expected]];
  const end = performance.now() + 20_000;
  while (threadPool().ready < workers && performance.now() < end) await pause();
  // A page that forbids workers is told so only in an event.
  if (workers === 0) await pause();
  found.push(['workers', threadPool().ready]);
  found.push(['with workers', [2, 3, 4].every((threads) => results(threads, 5) === expected)]);
  found.push(['thousands of runs', results(4, 3000) === results(1, 3000)]);
  const store = sharedStores().take(1 << 20)!;
  const linking = program(4, phases, { memory: store.memory });
  const linked = new LinkedRun(linking);
  for (let i = 0; i < 5; i++) linked.run();
  found.push(['in a store', numbers({ ...linking, control: CONTROL }, ARRAYS, 2 * n).join() === expected]);
  linked.dispose();
  store.release();
  if (workers === 0) return found;
  found.push(['a trap in a worker', trapInWorker()]);
  found.push(['and then', results(4, 5) === expected]);
  const [one, two] = [timeOf(1, 30_000), timeOf(2, 30_000)];
  found.push(['one thread, two (ms)', `${one.toFixed(2)}, ${two.toFixed(2)}: ${(one / two).toFixed(2)} ×`]);
  return found;
}

export async function findings(workers: number): Promise<Finding[]> {
  const warnings: unknown[] = [];
  console.warn = (text: unknown) => warnings.push(text);
  const found: Finding[] = [
    ['may share memory', mayShareMemory()],
    ['may wait', mayShareMemory() && mayWait()],
    ['threads', defaultThreads() > 1],
  ];
  if (mayShareMemory()) found.push(...(await shared(workers)));
  else found.push(['with one thread', results(1, 1).length > 0]);
  return [...found, ['warnings', warnings.length]];
}
