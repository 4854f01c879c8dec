/** Program: a function's primitives in order, each variable assigned once (SSA), shapes and dtypes known. */
import type { DType } from '../base/dtypes.ts';
import { ChainruleError, showShape } from '../base/errors.ts';
import { sameShape, type Shape } from '../base/shapes.ts';
import type { Structure } from '../base/trees.ts';
import type { Attributes, Primitive } from '../ops/primitive.ts';
import type { Scope } from '../value/recording.ts';
import type { Value } from '../value/value.ts';
import { printProgram } from './print.ts';
import { programStats, type ProgramStats } from './stats.ts';

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
  /** What of it: its content when the Program starts, or (of a cell that has one) its `.grad`. */
  readonly slot: Slot;
}

/** What of a cell: its numbers, or its gradient's. */
export type Slot = 'content' | 'grad';

/**
 * Something that the function has written. The interpreter and engines compute it like a result; who runs the Program
 * commits it when all has gone well.
 */
export interface Effect {
  readonly slot: Slot;
  /** The cell; or the position of the input whose Value it is. */
  readonly target: Value | number;
  /** The position in `outputs`; null where `.grad` becomes null. */
  readonly output: number | null;
}

/** What `trace` returns: data that prints as text, one line for each primitive. */
export interface Program {
  readonly inputs: readonly Var[];
  readonly captures: readonly Capture[];
  readonly instructions: readonly Instruction[];
  /** First those of `result`, then those of effects. */
  readonly outputs: readonly Var[];
  /** How outputs are put together into what the function returned. */
  readonly result: Structure;
  /** At most one for each slot of each target. */
  readonly effects: readonly Effect[];
  /**
   * How many draws a run makes, whether or not their numbers are used: the generator moves on by as many. Which of them
   * an instruction that draws makes is its attribute `draw`, so that it is the same one whatever becomes of the others.
   */
  readonly draws: number;
  toString(): string;
  /** What it costs: instructions, arithmetic, memory. */
  stats(): ProgramStats;
}

/** What a Program is made of; without effects and draws unless they are given. */
export type ProgramParts = Omit<Program, 'toString' | 'stats' | 'effects' | 'draws'> &
  Partial<Pick<Program, 'effects' | 'draws'>>;

/** A checked Program. @throws ChainruleError if a variable is used before its definition or an instruction lies about its result. */
export function makeProgram(parts: ProgramParts): Program {
  const program: Program = {
    effects: [],
    draws: 0,
    ...parts,
    toString: () => printProgram(program),
    stats: () => programStats(program),
  };
  validate(program);
  return program;
}

/** How many of the outputs are of `result`; those of effects stand behind them. */
export const resultCount = ({ outputs, effects }: Program): number =>
  outputs.length - effects.filter(({ output }) => output !== null).length;

/** Which draw of the run an instruction makes; null if it makes none. */
export const drawOf = ({ primitive, attrs }: Pick<Instruction, 'primitive' | 'attrs'>): number | null =>
  primitive.effect === 'random' && typeof attrs['draw'] === 'number' ? attrs['draw'] : null;

/** The variables defined so far. Nearly always an index is one variable's alone, and an array is faster than a set. */
class Defined {
  private readonly byIndex: (Var | undefined)[] = [];
  private readonly others: Set<Var> = new Set();

  has(v: Var): boolean {
    return this.byIndex[v.index] === v || (this.others.size > 0 && this.others.has(v));
  }

  add(v: Var): void {
    if (this.byIndex[v.index] === undefined) this.byIndex[v.index] = v;
    else this.others.add(v);
  }
}

/** Every variable is defined once and before its uses, and every instruction's outputs are what its primitive infers. */
export function validate(program: Program): void {
  const defined = new Defined();
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
  validateEffects(program);
  validateDraws(program);
}

function validateEffects(program: Program): void {
  let next = resultCount(program);
  for (const { slot, target, output } of program.effects) {
    const to: Pick<Value, 'shape' | 'dtype'> | undefined = typeof target === 'number' ? program.inputs[target] : target;
    if (to === undefined)
      throw new ChainruleError(`an effect on input ${String(target)}, which is not there`, { op: 'trace' });
    if (output === null) {
      if (slot === 'grad') continue;
      throw new ChainruleError('only gradients can become null', { op: 'trace' });
    }
    if (output !== next++)
      throw new ChainruleError('outputs of effects must follow those of the result', { op: 'trace' });
    const v = program.outputs[output]!;
    if (v.dtype === to.dtype && sameShape(v.shape, to.shape)) continue;
    throw new ChainruleError(
      `an effect gives ${showShape(v.shape)} ${v.dtype} to what is ${showShape(to.shape)} ${to.dtype}`,
      { op: 'trace' },
    );
  }
}

function validateDraws(program: Program): void {
  const drawn = new Set<number>();
  for (const instruction of program.instructions) {
    if (instruction.primitive.effect !== 'random') continue;
    const draw = drawOf(instruction);
    if (draw === null || draw >= program.draws || drawn.has(draw)) {
      const name = instruction.primitive.name;
      throw new ChainruleError(`${name} makes draw ${String(draw)} of ${program.draws}`, { op: 'trace' });
    }
    drawn.add(draw);
  }
}
