/** What equals something simpler, bit for bit, is replaced by it. The rules are in the records of the primitives. */
import type { Applied, Simpler, Symbolic } from '../../ops/simplify.ts';
import { contentOf, immediate } from '../../value/value.ts';
import type { Capture, Instruction, Program, Var } from '../program.ts';
import { rewrite, type Rewriting } from '../rewrite.ts';

/** Variables as the rules see them, and back. */
class Symbols {
  private readonly bySymbol: Map<Symbolic, Var> = new Map();
  private readonly byVariable: Map<Var, Symbolic> = new Map();

  define(variable: Var, symbol: Symbolic): void {
    this.bySymbol.set(symbol, variable);
    this.byVariable.set(variable, symbol);
  }

  of(variable: Var): Symbolic {
    const known = this.byVariable.get(variable);
    if (known !== undefined) return known;
    const { shape, dtype } = variable;
    const symbol: Symbolic = { shape, dtype, fill: null, from: null };
    this.define(variable, symbol);
    return symbol;
  }

  /** The variable behind a symbol; a constant that a rule has made gets one. */
  variableOf(symbol: Symbolic, to: Rewriting): Var {
    const known = this.bySymbol.get(symbol);
    if (known !== undefined) return known;
    const variable = to.constant(immediate(symbol.shape, symbol.dtype, symbol.fill!));
    this.define(variable, symbol);
    return variable;
  }
}

function fillOf({ value }: Capture): number | null {
  const content = value._isCell ? null : contentOf(value);
  return typeof content === 'number' ? content : null;
}

const isApplied = (simpler: Exclude<Simpler, null>): simpler is Applied => 'primitive' in simpler;

/** The application after as many rules as apply, or the Value that it turns out to be. */
function simplest(at: Applied): Applied | Symbolic {
  let current = at;
  for (;;) {
    const simpler = current.primitive.simplify(current);
    if (simpler === null) return current;
    if (!isApplied(simpler)) return simpler;
    current = simpler;
  }
}

/** The Program without applications that change nothing: x·1, −(−x), casts and views there and back, x where x else x. */
export function simplify(program: Program): Program {
  const symbols = new Symbols();
  const visit = (instruction: Instruction, to: Rewriting): void => {
    const { primitive, inputs, attrs, outputs } = instruction;
    const [out] = outputs;
    if (outputs.length !== 1 || primitive.effect !== null) return to.emit(instruction);
    const result = simplest({ primitive, inputs: inputs.map((v) => symbols.of(v)), attrs });
    if (!isApplied(result)) return to.replace(out!, symbols.variableOf(result, to));
    const operands = result.inputs.map((x) => symbols.variableOf(x, to));
    to.emit({ ...instruction, primitive: result.primitive, inputs: operands, attrs: result.attrs });
    symbols.define(out!, { shape: out!.shape, dtype: out!.dtype, fill: null, from: result });
  };
  return rewrite(program, {
    capture(capture, to) {
      const { shape, dtype } = capture.variable;
      symbols.define(capture.variable, { shape, dtype, fill: fillOf(capture), from: null });
      to.keep(capture);
    },
    instruction: visit,
  });
}
