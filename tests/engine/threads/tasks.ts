/** Tasks written by hand, on int32 arrays; and the programs that the tests make of them. */
import { WasmModule, type FunctionBody, type FunctionRef, type Local } from '../../../src/base/wasm/index.ts';
import type { Task } from '../../../src/engine/emission.ts';
import type { Buffer } from '../../../src/engine/steps.ts';
import type { Linking } from '../../../src/engine/threads/link.ts';
import type { Address, Call, Phase } from '../../../src/engine/threads/phase.ts';
import { importRuntime, writeRun } from '../../../src/engine/threads/run.ts';

export const CONTROL = 1024;
export const SCRATCH = 4096;
export const SCRATCH_BYTES = 256;
/** Arrays lie from here on. */
export const ARRAYS = 65536;

export interface Kernels {
  /** a[i] = i · factor + a[i] · 7 */
  readonly mix: FunctionRef;
  /** b[i] = a[i] + 3 · a[n − 1 − i]: needs all of a. */
  readonly mirror: (n: number) => FunctionRef;
  /** Unit r adds the r-th run of `width` elements of a, by way of its scratch, into b[r]. */
  readonly sums: (width: number) => FunctionRef;
  /** Traps at unit `at`. */
  readonly trap: (at: number) => FunctionRef;
  /** Traps on every thread but the main one. */
  readonly trapInWorkers: () => FunctionRef;
  /** a[i] = the address of the scratch, which tells the thread */
  readonly who: (times: number) => FunctionRef;
  /** a[i] = a[i] · 31 + 17, so many times over: work that needs no memory. */
  readonly spin: (times: number) => FunctionRef;
}

/** A kernel whose body does one unit. */
function perUnit(
  m: WasmModule,
  buffers: number,
  write: (f: FunctionBody, unit: Local, args: readonly Local[], scratch: Local) => void,
): FunctionRef {
  return m.function(undefined, new Array<'i32'>(3 + buffers).fill('i32'), [], (f) => {
    const [unit, end, scratch, ...args] = f.params as [Local, Local, Local, ...Local[]];
    f.block([], (done) => {
      f.loop([], (again) => {
        f.get(unit).get(end).op('i32.ge_s').brIf(done);
        write(f, unit, args, scratch);
        f.get(unit).i32(1).op('i32.add').set(unit).br(again);
      });
    });
  });
}

const place = (f: FunctionBody, array: Local, index: () => void): void => {
  f.get(array);
  index();
  f.i32(4).op('i32.mul').op('i32.add');
};

/** x = x · 31 + 17, so many times. */
function idle(f: FunctionBody, times: number, x: Local): void {
  const i = f.local('i32');
  f.i32(times).set(i);
  f.loop([], (again) => {
    f.get(x).i32(31).op('i32.mul').i32(17).op('i32.add').set(x);
    f.get(i).i32(1).op('i32.sub').tee(i).brIf(again);
  });
}

export function kernelsOf(m: WasmModule): Kernels {
  return {
    mix: perUnit(m, 1, (f, unit, [a]) => {
      place(f, a!, () => f.get(unit));
      f.get(unit).i32(5).op('i32.mul');
      place(f, a!, () => f.get(unit));
      f.memory('i32.load').i32(7).op('i32.mul').op('i32.add').memory('i32.store');
    }),
    mirror: (n) =>
      perUnit(m, 2, (f, unit, [a, b]) => {
        place(f, b!, () => f.get(unit));
        place(f, a!, () => f.get(unit));
        f.memory('i32.load');
        place(f, a!, () =>
          f
            .i32(n - 1)
            .get(unit)
            .op('i32.sub'),
        );
        f.memory('i32.load').i32(3).op('i32.mul').op('i32.add').memory('i32.store');
      }),
    sums: (width) =>
      perUnit(m, 2, (f, unit, [a, b], scratch) => {
        const i = f.local('i32');
        f.get(scratch).i32(0).memory('i32.store').i32(0).set(i);
        f.loop([], (again) => {
          f.get(scratch).get(scratch).memory('i32.load');
          place(f, a!, () => f.get(unit).i32(width).op('i32.mul').get(i).op('i32.add'));
          f.memory('i32.load').op('i32.add').memory('i32.store');
          f.get(i).i32(1).op('i32.add').tee(i).i32(width).op('i32.lt_s').brIf(again);
        });
        place(f, b!, () => f.get(unit));
        f.get(scratch).memory('i32.load').memory('i32.store');
      }),
    trap: (at) =>
      perUnit(m, 0, (f, unit) => {
        f.get(unit).i32(at).op('i32.eq');
        f.if([], () => f.unreachable());
      }),
    trapInWorkers: () =>
      perUnit(m, 0, (f, _unit, _args, scratch) => {
        f.get(scratch).i32(SCRATCH).op('i32.ne');
        f.if([], () => f.unreachable());
        idle(f, 1000, f.local('i32'));
      }),
    who: (times) =>
      perUnit(m, 1, (f, unit, [a], scratch) => {
        place(f, a!, () => f.get(unit));
        f.get(scratch);
        f.memory('i32.store');
        idle(f, times, f.local('i32'));
      }),
    spin: (times) =>
      perUnit(m, 1, (f, unit, [a]) => {
        const x = f.local('i32');
        place(f, a!, () => f.get(unit));
        f.memory('i32.load').set(x);
        idle(f, times, x);
        place(f, a!, () => f.get(unit));
        f.get(x).memory('i32.store');
      }),
  };
}

/** A call of a kernel; `nanoseconds` decides whether it is split. */
export function call(kernel: FunctionRef, units: number, args: readonly Address[], nanoseconds = 1e9): Call {
  const buffer: Buffer = { id: 0, dtype: 'int32', size: 0 };
  const task: Task = { function: kernel, args: args.map(() => buffer), units, scratch: SCRATCH_BYTES, nanoseconds };
  return { task, args };
}

/** A program for so many threads, in a memory that begins with zeros. */
export function program(
  threads: number,
  phases: (kernels: Kernels) => readonly Phase[],
  options: { readonly memory?: WebAssembly.Memory; readonly host?: (index: number) => void } = {},
): Linking {
  const m = new WasmModule();
  const runtime = importRuntime(m, threads);
  const layout = { control: CONTROL, scratch: SCRATCH, scratchBytes: SCRATCH_BYTES };
  const { parallel } = writeRun(m, runtime, phases(kernelsOf(m)), layout);
  const { memory = newMemory(threads), host = () => undefined } = options;
  return { module: new WebAssembly.Module(m.encode()), memory, host, threads, control: CONTROL, parallel };
}

function newMemory(threads: number): WebAssembly.Memory {
  const initial = 8;
  return new WebAssembly.Memory(threads > 1 ? { initial, maximum: initial, shared: true } : { initial });
}

/** The int32 numbers from an address on. */
export const numbers = ({ memory }: Linking, address: number, count: number): number[] => [
  ...new Int32Array(memory.buffer, address, count),
];
