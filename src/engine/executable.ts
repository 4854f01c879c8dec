/** What runs a Program: the contract between `compile` and whatever it runs on. */
import type { Program } from '../program/program.ts';
import type { Value } from '../value/value.ts';

export interface ExecutableOptions {
  /** `fast` lets products use fused multiply-adds: other bits, on machines that have them. */
  readonly precision: 'default' | 'fast';
  /** At most so many threads; absent: as many as there are cores, where work is large enough. */
  readonly threads?: number;
}

/** What is known of a program that runs: a backend adds what it knows. */
export interface ExecutableStats {
  /** What it runs on. */
  readonly backend: string;
  /** Instructions of the Program as it was traced. */
  readonly instructions: number;
  readonly [name: string]: unknown;
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
