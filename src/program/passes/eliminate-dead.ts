/** What no result and no effect needs is left out. */
import { makeProgram, type Instruction, type Program, type Var } from '../program.ts';

/**
 * The Program without instructions and captures that nothing needs. Draws among them go, too: those that stay know which
 * of the Program's draws they are. Inputs stay, for they are the caller's.
 */
export function eliminateDead(program: Program): Program {
  const needed = new Set<Var>(program.outputs);
  const kept: Instruction[] = [];
  for (let i = program.instructions.length - 1; i >= 0; i--) {
    const instruction = program.instructions[i]!;
    if (!instruction.outputs.some((v) => needed.has(v))) continue;
    instruction.inputs.forEach((v) => needed.add(v));
    kept.push(instruction);
  }
  return makeProgram({
    ...program,
    captures: program.captures.filter(({ variable }) => needed.has(variable)),
    instructions: kept.reverse(),
  });
}
