/** The interpreter: runs a Program's primitives one by one. It is the meaning of a Program; engines are held against it. */
import { ChainruleError } from '../base/errors.ts';
import { apply } from '../value/apply.ts';
import { noGrad } from '../value/recording.ts';
import type { Value } from '../value/value.ts';
import type { Instruction, Program, Var } from './program.ts';

const run = ({ primitive, attrs, differentiable }: Instruction, inputs: readonly Value[]): readonly Value[] =>
  differentiable ? apply(primitive, inputs, attrs) : noGrad(() => apply(primitive, inputs, attrs));

/**
 * Runs a Program; the flat results. Recorded, traced or batched operands give recorded, traced or batched results.
 * @throws ChainruleError for another number of operands than the Program takes.
 * @example interpret(trace((x) => x.mul(2), value(1)), [value(3)])[0] // 6
 */
export function interpret(program: Program, inputs: readonly Value[]): Value[] {
  if (inputs.length !== program.inputs.length) {
    throw new ChainruleError(`the Program takes ${program.inputs.length} operands, got ${inputs.length}`, {
      op: 'interpret',
    });
  }
  const values = new Map<Var, Value>();
  program.inputs.forEach((v, i) => values.set(v, inputs[i]!));
  program.captures.forEach(({ variable, value }) => values.set(variable, value));
  for (const instruction of program.instructions) {
    const results = run(
      instruction,
      instruction.inputs.map((v) => values.get(v)!),
    );
    instruction.outputs.forEach((v, i) => values.set(v, results[i]!));
  }
  return program.outputs.map((v) => values.get(v)!);
}
