/** What runs a Program: the contract between `compile` and whatever it runs on. */
import type { Program } from '../program/program.ts';
import type { ProgramStats } from '../program/stats.ts';
import type { Value } from '../value/value.ts';

export interface ExecutableOptions {
  /** `fast` lets products use fused multiply-adds: other bits, on machines that have them. */
  readonly precision: 'default' | 'fast';
  /** At most so many threads; absent: as many as there are cores, where work is large enough. */
  readonly threads?: number;
}

/** What is known of a compiled program: the cost of its Program after all passes, and how it runs. */
export interface ExecutableStats extends ProgramStats {
  /** What it runs on. */
  readonly backend: 'wasm' | 'interpreter';
  /** How many steps the instructions became, in all and of each kind (`loop`, `reduce`, `product`, …). */
  readonly steps: number;
  readonly byStep: Readonly<Record<string, number>>;
  /** Ops that have no kernel and run by their reference kernels, each as often as it occurs: correct, and slower. */
  readonly fallbacks: readonly string[];
  /** Bytes that live only while it runs; none before its first run. */
  readonly arenaBytes: number;
  /** Bytes of generated code. */
  readonly codeBytes: number;
  /** Bytes of the memory that it works in, with all that lives there: other programs' cells, too. */
  readonly memoryBytes: number;
}

export interface Executable {
  /**
   * Runs once on Values of the Program's inputs' shapes and dtypes; gives the Values of `result`, without graph. Effects
   * are committed, and the random generator moved on, when all has been computed: an error leaves everything as it was.
   */
  run(inputs: readonly Value[]): Value[];
  stats(): ExecutableStats;
  /** Gives back what it holds outside of the JavaScript heap. It is not run again. */
  dispose(): void;
}

export type Backend = (program: Program, options: ExecutableOptions) => Executable;
