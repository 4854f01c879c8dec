/** Functions that are run compiled where they can be. */
import { TraceError } from '../base/errors.ts';
import { compile, type CompileOptions } from '../engine/compile.ts';

/** Compiled, with these options; or, if false, op by op. The numbers are the same, to the bit. */
export type CompileChoice = boolean | CompileOptions;

/** A function of trees of Values that gives the same numbers, compiled or not. */
export interface Runner<A extends unknown[], R> {
  readonly run: (...args: A) => R;
  /** Gives back the memory of what was compiled. */
  readonly dispose: () => void;
}

/**
 * Runs f compiled if the caller wishes and f can be traced. A function that reads numbers cannot: it is run op by op from
 * then on, and the console says so. Tracing runs nothing, so nothing has happened by then. `direct` is f with what running
 * op by op needs besides.
 */
export function runner<A extends unknown[], R>(
  op: string,
  f: (...args: A) => R,
  choice: CompileChoice,
  direct: (...args: A) => R = f,
): Runner<A, R> {
  if (choice === false) return { run: direct, dispose: () => {} };
  const compiled = compile(f as never, choice === true ? {} : choice) as unknown as ((...args: A) => R) & {
    dispose(): void;
  };
  let run: (...args: A) => R = (...args) => {
    try {
      return compiled(...args);
    } catch (error) {
      if (!(error instanceof TraceError)) throw error;
      console.warn(
        `${op} runs op by op, which is slower: ${error.message}\n{ compile: false } does so without a word.`,
      );
      run = direct;
      return direct(...args);
    }
  };
  return { run: (...args) => run(...args), dispose: () => compiled.dispose() };
}
