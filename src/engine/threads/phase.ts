/** What a program does, in the order in which it does it: tasks with their addresses, in phases. */
import type { FunctionBody } from '../../base/wasm/index.ts';
import type { Task } from '../emission.ts';

/** A buffer's address: fixed, or read, at every run, from a word of the memory (for cells that programs share). */
export type Address = number | { readonly slot: number };

/** A task and the addresses of its buffers, one for each of `task.args`. */
export interface Call {
  readonly task: Task;
  readonly args: readonly Address[];
}

/** What may run at the same time. All of a phase is done before the next one starts. */
export interface Phase {
  /** Independent of each other: none reads or writes what another writes. */
  readonly calls: readonly Call[];
  /** Host functions, by number: the main thread calls them one after the other, before the phase's tasks. */
  readonly hosts?: readonly number[];
}

/** Where a run's own words lie in memory, in bytes. */
export interface RunLayout {
  /** CONTROL_BYTES for the threads to agree through, at a multiple of 64. One thread needs none. */
  readonly control: number;
  /** Scratch of the main thread; that of thread t lies t · scratchBytes further. At a multiple of 16. */
  readonly scratch: number;
  /** At least the largest `scratch` of any task; a multiple of 16 (of 64, lest threads share cache lines). */
  readonly scratchBytes: number;
}

/** Puts the addresses of a call's buffers on the stack. */
export function writeAddresses(f: FunctionBody, call: Call): void {
  for (const address of call.args) {
    if (typeof address === 'number') f.i32(address);
    else f.i32(address.slot).memory('i32.load');
  }
}
