/** What turns steps into code shares: one WebAssembly module for a plan, one function for each kind of work. */
import type { SlowFunctions } from '../base/lanes/scalar-form.ts';
import type { FunctionRef, WasmModule } from '../base/wasm/index.ts';
import type { Buffer } from './steps.ts';

export interface Emission {
  readonly module: WasmModule;
  /** The functions that rare lanes call. */
  readonly slow: SlowFunctions;
  /** Whether products may use relaxed fused multiply-adds. */
  readonly fast: boolean;
  /** One function for all who ask with the same key: what differs only in addresses is written once. */
  shared(key: string, write: () => FunctionRef): FunctionRef;
}

/**
 * Work in units that are independent of each other: any partition of 0 … units − 1 among any number of threads, in any
 * order, gives the same bits.
 */
export interface Task {
  /** Parameters, all i32: the first unit, the unit behind the last, the address of the thread's scratch bytes; then one address for each of `args`. */
  readonly function: FunctionRef;
  /** Where its buffers start. */
  readonly args: readonly Buffer[];
  readonly units: number;
  /** Bytes that a thread needs for itself while it works; multiples of 16. They hold anything at the start. */
  readonly scratch: number;
  /** About how many nanoseconds all units take on one thread: decides whether threads are worth their while. */
  readonly nanoseconds: number;
}
