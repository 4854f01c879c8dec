/** Calls of Programs are replaced by what they call, so that the other passes and the engine see through them. */
import { rewrite, type Rewriting } from '../rewrite.ts';
import type { Instruction, Program, Var } from '../program.ts';

/** The instructions of `body`, with variables of their own, in the place of a call of it. */
function splice(call: Instruction, body: Program, to: Rewriting): void {
  const own = new Map<Var, Var>();
  body.inputs.forEach((v, i) => own.set(v, call.inputs[i]!));
  body.captures.forEach(({ variable, value }) => own.set(variable, to.constant(value)));
  for (const instruction of body.instructions) {
    const copy = {
      ...instruction,
      inputs: instruction.inputs.map((v) => own.get(v)!),
      outputs: instruction.outputs.map((v) => to.fresh(v)),
      scope: instruction.scope ?? call.scope,
    };
    place(copy, to);
    instruction.outputs.forEach((v, i) => own.set(v, to.of(copy.outputs[i]!)));
  }
  call.outputs.forEach((v, i) => to.replace(v, own.get(body.outputs[i]!)!));
}

function place(instruction: Instruction, to: Rewriting): void {
  const { primitive, inputs, attrs } = instruction;
  const lowering = primitive.compute.kind === 'program' ? primitive.lower(inputs, attrs) : null;
  // Draws of a body are not draws of the Program around it.
  if (lowering?.kind === 'inline' && lowering.body.draws === 0) splice(instruction, lowering.body, to);
  else to.emit(instruction);
}

/** The Program with the bodies of its calls (of checkpoints, custom gradients, short loops) in their places. */
export const inlineCalls = (program: Program): Program => rewrite(program, { instruction: place });
