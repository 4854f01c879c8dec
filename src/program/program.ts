/** Program: a function's primitives in order, each variable assigned once (SSA), shapes and dtypes known. */
import type { DType } from '../base/dtypes.ts';
import { ChainruleError, showShape } from '../base/errors.ts';
import { sameShape, type Shape } from '../base/shapes.ts';
import type { Structure } from '../base/trees.ts';
import type { Attributes, Primitive } from '../ops/primitive.ts';
import type { Scope } from '../value/recording.ts';
import type { Value } from '../value/value.ts';
import { printProgram } from './print.ts';

/** A variable: numbered in order of definition. */
export interface Var {
  readonly index: number;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly label: string | null;
}

/** One application of a primitive. */
export interface Instruction {
  readonly primitive: Primitive;
  readonly inputs: readonly Var[];
  readonly outputs: readonly Var[];
  readonly attrs: Attributes;
  readonly scope: Scope | null;
  /** False for what ran under noGrad: derivatives do not pass. */
  readonly differentiable: boolean;
}

/** A Value from outside that the function used: a cell by identity, anything else a constant. */
export interface Capture {
  readonly variable: Var;
  readonly value: Value;
}

/** What `trace` returns: data that prints as text, one line for each primitive. */
export interface Program {
  readonly inputs: readonly Var[];
  readonly captures: readonly Capture[];
  readonly instructions: readonly Instruction[];
  readonly outputs: readonly Var[];
  /** How outputs are put together into what the function returned. */
  readonly result: Structure;
  toString(): string;
}

/** A checked Program. @throws ChainruleError if a variable is used before its definition or an instruction lies about its result. */
export function makeProgram(parts: Omit<Program, 'toString'>): Program {
  const program: Program = { ...parts, toString: () => printProgram(program) };
  validate(program);
  return program;
}

/** Every variable is defined once and before its uses, and every instruction's outputs are what its primitive infers. */
export function validate(program: Program): void {
  const defined = new Set<Var>();
  const define = (v: Var): void => {
    if (defined.has(v)) throw new ChainruleError(`variable %${v.index} is defined twice`, { op: 'trace' });
    defined.add(v);
  };
  const use = (v: Var, by: string): void => {
    if (!defined.has(v))
      throw new ChainruleError(`variable %${v.index} is used by ${by} before its definition`, { op: 'trace' });
  };
  program.inputs.forEach(define);
  program.captures.forEach(({ variable }) => define(variable));
  for (const { primitive, inputs, outputs, attrs } of program.instructions) {
    inputs.forEach((v) => use(v, primitive.name));
    primitive.infer(inputs, attrs).forEach((aval, i) => {
      const v = outputs[i];
      if (v === undefined || v.dtype !== aval.dtype || !sameShape(v.shape, aval.shape)) {
        throw new ChainruleError(
          `${primitive.name} gives ${showShape(aval.shape)} ${aval.dtype}, not what %${v?.index ?? '?'} is`,
          { op: 'trace' },
        );
      }
    });
    outputs.forEach(define);
  }
  program.outputs.forEach((v) => use(v, 'the result'));
}
