/** The steps of a Program: its inputs and captures, its instructions, and what it writes into cells. */
import { NO_ATTRIBUTES, primitive, type Aval, type Primitive } from '../ops/primitive.ts';
import { resultCount, type Capture, type Effect, type Program, type Var } from '../program/program.ts';
import { isTraced, read, type Value } from '../value/value.ts';
import type { Output, Place, Step, Steps } from './steps.ts';

/** What a write is drawn as. It is never run. */
const writing = (glyph: string): Primitive =>
  primitive({
    name: 'assign',
    glyph,
    infer: (inputs) => inputs,
    compute: { kind: 'view' },
    derivatives: { kind: 'none' },
    batch: (inputs) => inputs,
  });

const ASSIGNED = writing('←');
const CLEARED = writing('← null');

const nameOf = (label: string | null, slot: Effect['slot']): string | null =>
  slot === 'content' ? label : `${label ?? ''}.grad`;

/** The numbers behind a capture, where there are any now. */
function numbersOf({ value, slot }: Capture): Value | null {
  const held = slot === 'grad' ? value.grad : read(value);
  return held === null || isTraced(held) ? null : held;
}

class Builder {
  readonly steps: Step[] = [];
  private readonly places: Map<Var, Place> = new Map();

  placeOf(v: Var): Place {
    return this.places.get(v)!;
  }

  define(variables: readonly Var[], step: Partial<Step>, outputs: readonly Output[]): void {
    variables.forEach((v, output) => this.places.set(v, { step: this.steps.length, output }));
    this.add(step, outputs);
  }

  /** The place of the first of the outputs. */
  add(step: Partial<Step>, outputs: readonly Output[]): Place {
    const index = this.steps.length;
    const leaf = { primitive: null, attrs: NO_ATTRIBUTES, scope: null, operands: [], isInput: false };
    this.steps.push({ ...leaf, ...step, index, outputs });
    return { step: index, output: 0 };
  }
}

const plain = ({ shape, dtype, label }: Var): Output => ({ shape, dtype, label, value: null });

function capture(capture: Capture, to: Builder): void {
  const { variable, value, slot } = capture;
  const label = slot === 'content' ? (variable.label ?? value.label) : nameOf(value.label, slot);
  const isInput = slot === 'content' && value._requiresGrad;
  to.define([variable], { scope: value._scope, isInput }, [{ ...plain(variable), label, value: numbersOf(capture) }]);
}

/** A node for what a cell or its gradient becomes. */
function write({ slot, target, output }: Effect, program: Program, to: Builder): Place {
  const cell: Aval & { readonly label: string | null } = typeof target === 'number' ? program.inputs[target]! : target;
  const shown: Output = { shape: cell.shape, dtype: cell.dtype, label: nameOf(cell.label, slot), value: null };
  if (output === null) return to.add({ primitive: CLEARED }, [shown]);
  return to.add({ primitive: ASSIGNED, operands: [to.placeOf(program.outputs[output]!)] }, [shown]);
}

/** Roots are the results, then what the Program writes. */
export function stepsOfProgram(program: Program): Steps {
  const to = new Builder();
  program.inputs.forEach((v) => to.define([v], { isInput: true }, [plain(v)]));
  program.captures.forEach((given) => capture(given, to));
  for (const { primitive: applied, inputs, outputs, attrs, scope } of program.instructions) {
    const operands = inputs.map((v) => to.placeOf(v));
    to.define(outputs, { primitive: applied, operands, attrs, scope }, outputs.map(plain));
  }
  const results = program.outputs.slice(0, resultCount(program)).map((v) => to.placeOf(v));
  return { steps: to.steps, roots: [...results, ...program.effects.map((effect) => write(effect, program, to))] };
}
