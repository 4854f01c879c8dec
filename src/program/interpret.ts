/** The interpreter: runs a Program's primitives one by one. It is the meaning of a Program; engines are held against it. */
import { ChainruleError } from '../base/errors.ts';
import { generatorState, restoreGenerator } from '../base/random.ts';
import { apply } from '../value/apply.ts';
import { noGrad, state } from '../value/recording.ts';
import type { Value } from '../value/value.ts';
import { drawOf, resultCount, type Capture, type Instruction, type Program, type Var } from './program.ts';

const run = ({ primitive, attrs, differentiable }: Instruction, inputs: readonly Value[]): readonly Value[] =>
  differentiable ? apply(primitive, inputs, attrs) : noGrad(() => apply(primitive, inputs, attrs));

/**
 * Runs a Program; the flat results. Recorded, traced or batched operands give recorded, traced or batched results.
 * What the function has written is computed, but not written: that is for `compile`.
 * @throws ChainruleError for another number of operands than the Program takes.
 * @example interpret(trace((x) => x.mul(2), value(1)), [value(3)])[0] // 6
 */
export const interpret = (program: Program, inputs: readonly Value[]): Value[] =>
  interpretAll(program, inputs).slice(0, resultCount(program));

/** The same with the outputs of effects behind the results. */
export function interpretAll(program: Program, inputs: readonly Value[]): Value[] {
  if (inputs.length !== program.inputs.length) {
    throw new ChainruleError(`the Program takes ${program.inputs.length} operands, got ${inputs.length}`, {
      op: 'interpret',
    });
  }
  const values = new Map<Var, Value>();
  program.inputs.forEach((v, i) => values.set(v, inputs[i]!));
  program.captures.forEach((capture) => values.set(capture.variable, captured(capture)));
  const draws = new Draws(program);
  for (const instruction of program.instructions) {
    draws.before(instruction);
    const results = run(
      instruction,
      instruction.inputs.map((v) => values.get(v)!),
    );
    instruction.outputs.forEach((v, i) => values.set(v, results[i]!));
  }
  draws.end();
  return program.outputs.map((v) => values.get(v)!);
}

/** What a hidden input holds now. */
function captured({ value, slot }: Capture): Value {
  const held = slot === 'grad' ? value.grad : value;
  if (held !== null) return held;
  throw new ChainruleError('the Program was traced when a gradient was there that is null now', { op: 'interpret' });
}

/** Each draw has its own place in the sequence, also where passes have left out others. Traced draws are made later. */
class Draws {
  readonly #start = generatorState();
  readonly #program: Program;
  readonly #counts: boolean;

  constructor(program: Program) {
    this.#program = program;
    this.#counts = program.draws > 0 && state.trace === null;
  }

  before(instruction: Instruction): void {
    const draw = this.#counts ? drawOf(instruction) : null;
    if (draw !== null) this.#moveTo(draw);
  }

  end(): void {
    if (this.#counts) this.#moveTo(this.#program.draws);
  }

  #moveTo(draw: number): void {
    restoreGenerator({ seed: this.#start.seed, draws: this.#start.draws + draw });
  }
}
