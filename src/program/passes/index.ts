/** The passes between a traced Program and an engine. Each keeps every bit of every result, effect and draw. */
import type { Program } from '../program.ts';
import { eliminateCommon } from './eliminate-common.ts';
import { eliminateDead } from './eliminate-dead.ts';
import { foldConstants } from './fold-constants.ts';
import { inlineCalls } from './inline-calls.ts';
import { simplify } from './simplify.ts';

export interface Pass {
  readonly name: string;
  /** The same function as a simpler Program: to be run, not to be differentiated. */
  readonly run: (program: Program) => Program;
}

/** In the order in which they help each other. */
export const passes: readonly Pass[] = [
  { name: 'inline calls', run: inlineCalls },
  { name: 'fold constants', run: foldConstants },
  { name: 'simplify', run: simplify },
  { name: 'eliminate common subexpressions', run: eliminateCommon },
  { name: 'eliminate dead code', run: eliminateDead },
];

/** The Program after all passes. `see` gets the Program after each: what pictures of the way are made from. */
export function optimize(program: Program, see?: (pass: string, program: Program) => void): Program {
  return passes.reduce((before, { name, run }) => {
    const after = run(before);
    see?.(name, after);
    return after;
  }, program);
}
