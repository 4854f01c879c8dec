import { ARRAYS, call, write, type Kernels } from './threads/tasks.ts';
import type { Phase } from '../../src/engine/threads/phase.ts';

const PAGES = 8;

function newMemory(threads: number): WebAssembly.Memory {
  return new WebAssembly.Memory(threads > 1 ? { initial: PAGES, maximum: 65536, shared: true } : { initial: PAGES });
}

describe('the code that runs a program', () => {
  const n = 1000;
  const phases = (k: Kernels): readonly Phase[] => [
    { calls: [call(k.mix, n, [ARRAYS])] },
    { calls: [call(k.mirror(n), n, [ARRAYS, { slot: 64 }])], hosts: [7, 8] },
    { calls: [call(k.sums(10), n / 10, [{ slot: 64 }, ARRAYS + 8 * n]), call(k.mix, n, [ARRAYS])] },
  ];

  test.each([1, 2, 4])('gives the same without any worker: written for %i threads', (threads) => {
    const memory = newMemory(threads);
    const words = new Int32Array(memory.buffer);
    words[16] = ARRAYS + 4 * n;
    const hosts: number[] = [];
    const engine = { memory, host: (i: number) => hosts.push(i), wake: () => undefined };
    const { module } = write(threads, phases);
    const run = new WebAssembly.Instance(module, { engine }).exports['run'] as () => number;
    expect(run()).toBe(0);
    expect(hosts).toEqual([7, 8]);
    const a = Array.from({ length: n }, (_, i) => 5 * i);
    const b = a.map((x, i) => x + 3 * a[n - 1 - i]!);
    const sums = Array.from({ length: n / 10 }, (_, r) => b.slice(10 * r, 10 * r + 10).reduce((x, y) => x + y));
    const at = ARRAYS / 4;
    expect([...words.subarray(at, at + n)]).toEqual(a.map((x, i) => 7 * x + 5 * i));
    expect([...words.subarray(at + n, at + 2 * n)]).toEqual(b);
    expect([...words.subarray(at + 2 * n, at + 2 * n + n / 10)]).toEqual(sums);
  });

  test('small phases stay on one thread', () => {
    const { parallel } = write(4, (k) => [{ calls: [call(k.mix, n, [ARRAYS], 15_000)] }]);
    expect(parallel).toBe(false);
  });

  test('a call with too few addresses is refused', () => {
    expect(() => write(1, (k) => [{ calls: [{ ...call(k.mix, n, [ARRAYS]), args: [] }] }])).toThrow(
      'a task of 1 buffers, whose function takes 4 parameters, is called with 0 addresses',
    );
  });
});
