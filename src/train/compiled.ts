/** Functions that are run compiled where they can be. */
import { TraceError } from '../base/errors.ts';
import { compile, type CompileOptions } from '../engine/compile.ts';
import type { Value } from '../value/value.ts';

/** Compiled, with these options; or, if false, op by op. The numbers are the same, to the bit. */
export type CompileChoice = boolean | CompileOptions;

/** A function that gives the same numbers, compiled or not. */
export interface Runner<A extends Value[]> {
  readonly run: (...args: A) => Value;
  /** Gives back the memory of what was compiled. */
  readonly dispose: () => void;
}

/**
 * Runs f compiled if the caller wishes and f can be traced. A function that reads numbers cannot: it is run op by op from
 * then on, and the console says so. Tracing runs nothing, so nothing has happened by then.
 */
export function runner<A extends Value[]>(op: string, f: (...args: A) => Value, choice: CompileChoice): Runner<A> {
  if (choice === false) return { run: f, dispose: () => {} };
  const compiled = compile(f, choice === true ? {} : choice);
  let run = compiled as (...args: A) => Value;
  const tryCompiled = (...args: A): Value => {
    try {
      return compiled(...(args as never));
    } catch (error) {
      if (!(error instanceof TraceError)) throw error;
      console.warn(
        `${op} runs op by op, which is slower: ${error.message}\n{ compile: false } does so without a word.`,
      );
      run = f;
      return f(...args);
    }
  };
  run = tryCompiled;
  return { run: (...args) => run(...args), dispose: () => compiled.dispose() };
}
