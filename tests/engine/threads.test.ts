import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { defaultThreads } from '../../src/engine/threads/environment.ts';
import { LinkedRun } from '../../src/engine/threads/link.ts';
import { ThreadPool, threadPool } from '../../src/engine/threads/pool.ts';
import type { Call, Phase } from '../../src/engine/threads/phase.ts';
import { ARRAYS, call, numbers, program, SCRATCH, type Kernels } from './threads/tasks.ts';

// On a busy machine workers may come late, which is nobody's fault.
jest.setTimeout(60_000);

const soon = (): Promise<void> => new Promise((done) => setTimeout(done, 5));

/** Workers start, wake and end when the machine lets them. */
async function until(isSo: () => boolean): Promise<void> {
  const patience = performance.now() + 30_000;
  while (!isSo()) {
    if (performance.now() > patience) throw new Error(`in vain: ${String(isSo)}`);
    await soon();
  }
}

/** So often that workers that are called, and come only after a while, still find something to do. */
function overAndOver(isSo: () => boolean): boolean {
  const end = performance.now() + 100;
  while (performance.now() < end) if (isSo()) return true;
  return false;
}

async function workersReady(count: number): Promise<void> {
  new LinkedRun(program(count + 1, (k) => [{ calls: [call(k.who(1), 8, [ARRAYS])] }])).dispose();
  await until(() => threadPool().ready >= count);
}

/** Runs until it throws; workers come to help in time. */
async function failure(linked: LinkedRun): Promise<unknown> {
  let error: unknown;
  await until(() => {
    try {
      return overAndOver(() => (linked.run(), false));
    } catch (thrown) {
      error = thrown;
      return true;
    }
  });
  return error;
}

describe('a program does its phases in order', () => {
  const n = 1000;
  const phases = (k: Kernels): readonly Phase[] => [
    { calls: [call(k.mix, n, [ARRAYS])] },
    { calls: [call(k.mirror(n), n, [ARRAYS, { slot: 64 }])], hosts: [7, 8] },
    { calls: [call(k.sums(10), n / 10, [{ slot: 64 }, ARRAYS + 8 * n]), call(k.mix, n, [ARRAYS])] },
  ];

  test.each([1, 2, 4])('%i threads, whoever is there', (threads) => {
    const hosts: number[] = [];
    const linking = program(threads, phases, { host: (i) => void hosts.push(i) });
    new Int32Array(linking.memory.buffer)[16] = ARRAYS + 4 * n;
    const linked = new LinkedRun(linking);
    linked.run();
    expect(hosts).toEqual([7, 8]);
    const a = Array.from({ length: n }, (_, i) => 5 * i);
    const b = a.map((x, i) => x + 3 * a[n - 1 - i]!);
    const sums = Array.from({ length: n / 10 }, (_, r) => b.slice(10 * r, 10 * r + 10).reduce((x, y) => x + y));
    expect(numbers(linking, ARRAYS, n)).toEqual(a.map((x, i) => 7 * x + 5 * i));
    expect(numbers(linking, ARRAYS + 4 * n, n)).toEqual(b);
    expect(numbers(linking, ARRAYS + 8 * n, n / 10)).toEqual(sums);
    linked.dispose();
  });

  test('what is small stays on one thread and needs no pool', () => {
    expect(program(4, (k) => [{ calls: [call(k.mix, n, [ARRAYS], 15_000)] }]).parallel).toBe(false);
    expect(program(4, (k) => [{ calls: [call(k.mix, 1, [ARRAYS])] }]).parallel).toBe(false);
    expect(program(4, () => []).parallel).toBe(false);
  });

  test('a call with too few addresses is refused', () => {
    expect(() => program(1, (k) => [{ calls: [{ ...call(k.mix, n, [ARRAYS]), args: [] }] }])).toThrow(
      'a task of 1 buffers, whose function takes 4 parameters, is called with 0 addresses',
    );
  });
});

describe('the same bits for any number of threads', () => {
  const most = 300;
  const at = (array: number): number => ARRAYS + 4 * most * array;
  const work = fc.record({
    kernel: fc.constantFrom('mix' as const, 'mirror' as const, 'sums' as const, 'spin' as const),
    units: fc.integer({ min: 0, max: most }),
    nanoseconds: fc.constantFrom(0, 9_000, 21_000, 100_000, 1e9),
    beside: fc.boolean(),
  });
  type Work = typeof work extends fc.Arbitrary<infer T> ? T : never;

  /** Phases that read what the one before wrote; some do two things at a time, in arrays of their own. */
  function phasesOf(k: Kernels, works: readonly Work[]): readonly Phase[] {
    return works.map(({ kernel, units, nanoseconds, beside }): Phase => {
      const one = {
        mix: () => call(k.mix, units, [at(0)], nanoseconds),
        mirror: () => call(k.mirror(most), units, [at(0), at(1)], nanoseconds),
        sums: () => call(k.sums(3), Math.floor(units / 3), [at(1), at(0)], nanoseconds),
        spin: () => call(k.spin(20), units, [at(0)], nanoseconds),
      }[kernel]();
      const other: Call = call(k.mix, units, [at(2)], nanoseconds);
      return { calls: beside ? [one, other] : [one] };
    });
  }

  function results(threads: number, works: readonly Work[]): readonly number[] {
    const linking = program(threads, (k) => phasesOf(k, works));
    const linked = new LinkedRun(linking);
    for (let i = 0; i < 3; i++) linked.run();
    linked.dispose();
    return numbers(linking, ARRAYS, 3 * most);
  }

  test('programs of any phases', async () => {
    await workersReady(3);
    fc.assert(
      fc.property(fc.array(work, { maxLength: 12 }), (works) => {
        const expected = results(1, works);
        for (const threads of [2, 3, 4]) expect(results(threads, works)).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  test('thousands of runs, while programs take turns', async () => {
    await workersReady(3);
    const build = (threads: number): { linked: LinkedRun; read: () => number[] } => {
      const linking = program(threads, (k) => [
        { calls: [call(k.mix, most, [at(0)])] },
        { calls: [call(k.mirror(most), most, [at(0), at(1)])] },
        { calls: [call(k.sums(3), most / 3, [at(1), at(0)])] },
      ]);
      return { linked: new LinkedRun(linking), read: () => numbers(linking, ARRAYS, 2 * most) };
    };
    const all = [1, 2, 4, 3].map(build);
    for (let i = 0; i < 3000; i++) {
      for (const { linked } of all) linked.run();
      if (i % 1000 === 0) await soon();
    }
    for (const { read } of all) expect(read()).toEqual(all[0]!.read());
    for (const { linked } of all) linked.dispose();
  });
});

describe('workers', () => {
  test('take part as soon as they are there, each with its own scratch', async () => {
    const linking = program(3, (k) => [{ calls: [call(k.who(20_000), 64, [ARRAYS])] }]);
    const linked = new LinkedRun(linking);
    const isShared = (): boolean => new Set(numbers(linking, ARRAYS, 64)).size === 3;
    await until(() => overAndOver(() => (linked.run(), isShared())));
    const scratches = numbers(linking, ARRAYS, 64).map((address) => (address - SCRATCH) / 256);
    expect(new Set(scratches)).toEqual(new Set([0, 1, 2]));
    linked.dispose();
  });

  test('a program for fewer threads than there are workers is left alone by the others', async () => {
    await workersReady(3);
    const linking = program(2, (k) => [{ calls: [call(k.who(2000), 64, [ARRAYS])] }]);
    const linked = new LinkedRun(linking);
    for (let i = 0; i < 200; i++) {
      linked.run();
      for (const address of numbers(linking, ARRAYS, 64)) expect(address).toBeLessThan(SCRATCH + 2 * 256);
    }
    linked.dispose();
  });

  test('end when nobody needs them for a while, and start again', async () => {
    const pool = new ThreadPool(300);
    const linking = program(3, (k) => [{ calls: [call(k.mix, 64, [ARRAYS])] }]);
    const linked = new LinkedRun(linking, pool);
    await until(() => pool.ready === 2);
    await until(() => pool.ready === 0);
    linked.run();
    await until(() => pool.ready > 0);
    linked.run();
    linked.dispose();
    pool.close();
  });

  test('all at once: a pool that is closed goes on with one thread, and starts workers for the next program', async () => {
    const pool = new ThreadPool();
    const phases = (k: Kernels): readonly Phase[] => [{ calls: [call(k.who(10), 64, [ARRAYS])] }];
    const linked = new LinkedRun(program(2, phases), pool);
    await until(() => pool.ready === 1);
    pool.close();
    expect(pool.ready).toBe(0);
    linked.run();
    const next = new LinkedRun(program(2, phases), pool);
    await until(() => pool.ready === 1);
    next.run();
    pool.close();
  });
});

describe('failures come to the one who runs the program', () => {
  const healthy = (): LinkedRun => new LinkedRun(program(4, (k) => [{ calls: [call(k.mix, 64, [ARRAYS])] }]));

  test('a trap in a worker, as often as it happens', async () => {
    const linked = new LinkedRun(program(2, (k) => [{ calls: [call(k.trapInWorkers(), 64, [])] }]));
    for (let i = 0; i < 3; i++) {
      await expect(failure(linked)).resolves.toMatchObject({
        code: 'CHAINRULE',
        message: 'compile: worker thread 1 failed: unreachable',
      });
    }
    healthy().run();
    linked.dispose();
  });

  test('a trap wherever it is', async () => {
    await workersReady(3);
    const linked = new LinkedRun(program(4, (k) => [{ calls: [call(k.trap(40), 64, [])] }]));
    for (let i = 0; i < 100; i++) expect(() => linked.run()).toThrow('unreachable');
    healthy().run();
    linked.dispose();
  });

  test('an exception of a host function, as it is; the program can run again', () => {
    const thrown = new RangeError('no');
    let count = 0;
    const host = (): void => {
      if (count++ === 1) throw thrown;
    };
    const linking = program(2, (k) => [{ calls: [call(k.mix, 64, [ARRAYS])] }, { calls: [], hosts: [0] }], { host });
    const linked = new LinkedRun(linking);
    linked.run();
    expect(() => linked.run()).toThrow(thrown);
    linked.run();
    expect(numbers(linking, ARRAYS, 2)).toEqual([0, 5 * (49 + 7 + 1)]);
    linked.dispose();
  });

  test('a module that a worker cannot have', async () => {
    await workersReady(1);
    const pool = threadPool();
    const { memory } = program(2, () => []);
    const { module } = program(1, () => []);
    const enrolled = pool.enrol({ module, memory, threads: 2, control: 1024 });
    await until(() => {
      pool.enter(enrolled);
      return enrolled.words[48] !== 0;
    });
    expect(pool.failureIn(enrolled).message).toMatch(/^compile: worker thread 1 failed: WebAssembly.Instance\(\)/);
    pool.dismiss(enrolled);
  });

  test('a worker that dies: the next run says so, the one after it has a new worker', async () => {
    const pool = new ThreadPool();
    const linked = new LinkedRun(
      program(2, (k) => [{ calls: [call(k.mix, 64, [ARRAYS])] }]),
      pool,
    );
    await until(() => pool.ready === 1);
    (pool as unknown as { post(worker: number, message: unknown): void }).post(1, null);
    pool.wake();
    expect(await failure(linked)).toMatchObject({ message: expect.stringContaining('worker thread 1 died') });
    await until(() => pool.ready === 1);
    linked.run();
    pool.close();
  });

  test('a disposed program does not run', () => {
    const linked = healthy();
    linked.dispose();
    linked.dispose();
    expect(() => linked.run()).toThrow('the program is disposed');
  });
});

describe('programs come and go', () => {
  test('a host function runs another program, and disposes of it', async () => {
    await workersReady(3);
    const inner = (): number => {
      const linking = program(4, (k) => [{ calls: [call(k.mix, 64, [ARRAYS])] }]);
      const linked = new LinkedRun(linking);
      linked.run();
      linked.dispose();
      return numbers(linking, ARRAYS, 2)[1]!;
    };
    const seen: number[] = [];
    const linking = program(
      4,
      (k) => [{ calls: [call(k.mix, 64, [ARRAYS])] }, { calls: [call(k.mix, 64, [ARRAYS])], hosts: [0] }],
      { host: () => void seen.push(inner()) },
    );
    const outer = new LinkedRun(linking);
    for (let i = 0; i < 50; i++) outer.run();
    expect(new Set(seen)).toEqual(new Set([5]));
    outer.dispose();
  });

  test('100 programs in one memory, each disposed: none stays, and none disturbs the next', async () => {
    await workersReady(3);
    const before = threadPool().enrolled;
    const { memory } = program(2, () => []);
    const words = new Int32Array(memory.buffer);
    for (let i = 0; i < 100; i++) {
      const linking = program(2 + (i % 3), (k) => [{ calls: [call(k.mix, 200, [ARRAYS])] }], { memory });
      const linked = new LinkedRun(linking);
      words.fill(0, ARRAYS / 4);
      linked.run();
      linked.run();
      expect(numbers(linking, ARRAYS, 200)).toEqual(Array.from({ length: 200 }, (_, n) => 40 * n));
      linked.dispose();
      words.fill(-1, 0, ARRAYS / 4);
    }
    expect(threadPool().enrolled).toBe(before);
  });
});

describe('a process', () => {
  const root = resolve(__dirname, '../..');
  const tsNode = join(root, 'node_modules/ts-node/dist/bin.js');
  const script = 'tests/engine/threads/process.ts';
  const started = (workers: number, ...options: string[]): Promise<{ stdout: string; stderr: string }> =>
    promisify(execFile)(process.execPath, [...options, tsNode, script, String(workers)], { cwd: root });

  test('ends by itself while workers sleep', async () => {
    const { stdout, stderr } = await started(3);
    expect(JSON.parse(stdout)).toEqual({ first: expect.any(Array), workers: 3 });
    expect(stderr).toBe('');
  });

  test('that may not start workers gets the same numbers from one thread, and says so once', async () => {
    const { stdout, stderr } = await started(0, '--experimental-permission', '--allow-fs-read=*', '--allow-addons');
    const { first, workers } = JSON.parse(stdout) as { first: number[]; workers: number };
    expect({ first: first.length, workers }).toEqual({ first: 4, workers: 0 });
    expect(stderr.match(/chainrule: no worker threads/g)).toHaveLength(1);
  });

  test('has as many threads as cores, at most 8', () => {
    expect(defaultThreads()).toBeGreaterThanOrEqual(1);
    expect(defaultThreads()).toBeLessThanOrEqual(8);
  });
});
