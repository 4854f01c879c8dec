/** What depends on constants only is computed once, when the Program is made. */
import { ChainruleError } from '../../base/errors.ts';
import { sizeOf } from '../../base/shapes.ts';
import type { Aval } from '../../ops/primitive.ts';
import { apply } from '../../value/apply.ts';
import { noGrad } from '../../value/recording.ts';
import { contentOf, type Value } from '../../value/value.ts';
import type { Instruction, Program, Var } from '../program.ts';
import { rewrite } from '../rewrite.ts';

/** Results up to so many elements are always worth keeping. */
const SMALL = 1 << 10;
/** Larger ones only up to this, and if they are not larger than what they are made of. */
const LARGE = 1 << 20;

const elements = (avals: readonly Aval[]): number => avals.reduce((n, { shape }) => n + sizeOf(shape), 0);

const isFill = (x: Value): boolean => typeof contentOf(x) === 'number';

/** Copies and elementwise results of fills are fills, and cost nothing. */
function staysFill({ primitive: { compute } }: Instruction, operands: readonly Value[]): boolean {
  if (!operands.every(isFill)) return false;
  if (compute.kind === 'lane' || compute.kind === 'view') return true;
  return compute.kind === 'kernel' && compute.copies === true && operands.length === 1;
}

function isWorthIt(instruction: Instruction, operands: readonly Value[]): boolean {
  const size = elements(instruction.outputs);
  if (size <= SMALL || staysFill(instruction, operands)) return true;
  return size <= LARGE && size <= elements(operands);
}

/** The results; null where the application is refused, which is to be said when the Program runs, not before. */
function evaluate({ primitive, attrs }: Instruction, operands: readonly Value[]): readonly Value[] | null {
  try {
    return noGrad(() => apply(primitive, operands, attrs));
  } catch (error) {
    if (error instanceof ChainruleError) return null;
    throw error;
  }
}

/** The Program with what its constants give as further constants, unless that would take more memory than time. */
export function foldConstants(program: Program): Program {
  const constants = new Map<Var, Value>();
  return rewrite(program, {
    capture(capture, to) {
      if (!capture.value._isCell) constants.set(capture.variable, capture.value);
      to.keep(capture);
    },
    instruction(instruction, to) {
      const operands = instruction.inputs.flatMap((v) => constants.get(v) ?? []);
      const isConstant = instruction.primitive.effect === null && operands.length === instruction.inputs.length;
      const results = isConstant && isWorthIt(instruction, operands) ? evaluate(instruction, operands) : null;
      if (results === null) return to.emit(instruction);
      instruction.outputs.forEach((v, i) => {
        const variable = to.constant(results[i]!);
        constants.set(variable, results[i]!);
        to.replace(v, variable);
      });
    },
  });
}
