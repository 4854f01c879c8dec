/** Programs from Programs: the way of every pass. */
import { immediate, type Value } from '../value/value.ts';
import type { Aval } from '../ops/primitive.ts';
import type { Content } from '../base/storage.ts';
import { noGrad } from '../value/recording.ts';
import { makeProgram, type Capture, type Instruction, type Program, type Var } from './program.ts';

/** A Program on its way into another. */
export interface Rewriting {
  /** What stands for a variable of the old Program, or itself. */
  of(v: Var): Var;
  /** From here on `by` stands for v. */
  replace(v: Var, by: Var): void;
  /** Appends an instruction; its operands are variables of the new Program. */
  emit(instruction: Instruction): void;
  /** A variable of its own. */
  fresh(like: Aval): Var;
  /** A further constant. */
  constant(value: Value): Var;
  /** Keeps a capture. */
  keep(capture: Capture): void;
}

export interface Visitor {
  /** Default: kept. */
  capture?(capture: Capture, to: Rewriting): void;
  /** Operands are variables of the new Program already. */
  instruction(instruction: Instruction, to: Rewriting): void;
}

const firstFree = (program: Program): number => {
  let last = -1;
  const see = ({ index }: Var): void => void (last = Math.max(last, index));
  program.inputs.forEach(see);
  program.captures.forEach(({ variable }) => see(variable));
  program.instructions.forEach(({ outputs }) => outputs.forEach(see));
  return last + 1;
};

/**
 * The Program that a visitor makes of captures and instructions, one after the other. What is neither kept nor replaced
 * must not be used. Results and effects stay where they were.
 */
export function rewrite(program: Program, visitor: Visitor): Program {
  const replaced = new Map<Var, Var>();
  const instructions: Instruction[] = [];
  const captures: Capture[] = [];
  let next = firstFree(program);
  const of = (v: Var): Var => replaced.get(v) ?? v;
  const fresh = ({ shape, dtype }: Aval): Var => ({ index: next++, shape, dtype, label: null });
  const to: Rewriting = {
    of,
    fresh,
    replace: (v, by) => void replaced.set(v, by),
    emit: (instruction) => void instructions.push(instruction),
    keep: (capture) => void captures.push(capture),
    constant: (value) => {
      const variable = fresh(value);
      captures.push({ variable, value, slot: 'content' });
      return variable;
    },
  };
  for (const capture of program.captures) {
    if (visitor.capture === undefined) captures.push(capture);
    else visitor.capture(capture, to);
  }
  const isReplaced = (v: Var): boolean => replaced.has(v);
  for (const instruction of program.instructions) {
    const { inputs } = instruction;
    visitor.instruction(inputs.some(isReplaced) ? { ...instruction, inputs: inputs.map(of) } : instruction, to);
  }
  return makeProgram({ ...program, captures, instructions, outputs: program.outputs.map(of) });
}

/** A constant that is not part of any graph. */
export const constantOf = ({ shape, dtype }: Aval, content: Content): Value =>
  noGrad(() => immediate(shape, dtype, content));
