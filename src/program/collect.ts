/** From the Values that a traced function has recorded to the Program that they are. */
import type { Structure } from '../base/trees.ts';
import { isCurrent, type CellLifting } from '../value/lifting.ts';
import { graphOf, outputsOf } from '../value/order.ts';
import type { Trace } from '../value/trace.ts';
import { cellOf, contentOf, immediate, setLabel, type Value } from '../value/value.ts';
import {
  makeProgram,
  type Capture,
  type Effect,
  type Instruction,
  type Program,
  type Slot,
  type Var,
} from './program.ts';

/** A flag that the function has set: `owner[name] = value`. */
export interface FlagWrite {
  readonly owner: object;
  readonly name: string;
  readonly value: unknown;
}

export interface Written {
  readonly program: Program;
  /** Arguments whose `.grad`s are further inputs, behind the others. */
  readonly gradInputs: readonly number[];
  readonly flagWrites: readonly FlagWrite[];
}

interface Write {
  readonly slot: Slot;
  readonly target: Value | number;
  readonly content: Value | null;
}

/** Everything between `inputs` and `outputs` that belongs to the trace; with a lifting, what was written as well. */
export function collect(
  trace: Trace,
  inputs: readonly Value[],
  outputs: readonly Value[],
  result: Structure,
  lifting: CellLifting | null,
): Written {
  const gradInputs = lifting === null ? [] : [...lifting.gradInputs];
  const writes = lifting === null ? [] : writesOf(lifting);
  const written = writes.flatMap(({ content }) => (content === null ? [] : [content]));
  const parts = new Collector(trace, lifting).collect(
    [...inputs, ...gradInputs.map(([, symbol]) => symbol)],
    [...outputs, ...written],
  );
  let next = outputs.length;
  const effects = writes.map(({ slot, target, content }): Effect => ({
    slot,
    target,
    output: content === null ? null : next++,
  }));
  return {
    program: makeProgram({ ...parts, result, effects, draws: trace.draws.length }),
    gradInputs: gradInputs.map(([position]) => position),
    flagWrites: lifting === null ? [] : flagWritesOf(lifting),
  };
}

/** What lasts of what was written, in the order of first writing; without what is as it was. */
function writesOf(lifting: CellLifting): readonly Write[] {
  const targetOf = (x: Value): Value | number => lifting.positionOf(x) ?? x;
  const writes: Write[] = [];
  for (const [x, content] of lifting.contents) {
    const held = lifting.resolve(content);
    if (lifting.lasts(x) && !lifting.isInitial(x, 'content', held))
      writes.push({ slot: 'content', target: targetOf(x), content: held });
  }
  for (const [x, gradient] of lifting.grads) {
    const held = gradient === null ? null : lifting.resolve(gradient);
    const same = held === null ? lifting.initialGradOf(x) === 'none' : lifting.isInitial(x, 'grad', held);
    if (lifting.lasts(x) && !same) writes.push({ slot: 'grad', target: targetOf(x), content: held });
  }
  return writes;
}

const flagWritesOf = (lifting: CellLifting): FlagWrite[] =>
  [...lifting.writtenFlags].flatMap(([owner, written]) =>
    [...written].map(([name, value]) => ({ owner, name, value })),
  );

class Collector {
  readonly #trace: Trace;
  readonly #lifting: CellLifting | null;
  readonly #vars = new Map<Value, Var>();
  /** By what they were captured from: a cell's content and its gradient are two. */
  readonly #captured = { content: new Map<Value, Var>(), grad: new Map<Value, Var>() };
  readonly #captures: Capture[] = [];
  #defined = 0;

  constructor(trace: Trace, lifting: CellLifting | null) {
    this.#trace = trace;
    this.#lifting = lifting;
  }

  collect(
    inputs: readonly Value[],
    outputs: readonly Value[],
  ): Pick<Program, 'inputs' | 'captures' | 'instructions' | 'outputs'> {
    const variables = inputs.map((x) => this.#define(x));
    const roots = [...outputs, ...this.#trace.draws].map((x) => this.#resolve(x));
    const inputsOf = (x: Value): readonly Value[] => this.#inputsOf(x);
    const nodes = graphOf(roots, (x) => x._trace === this.#trace, inputsOf).filter((x) => x._op !== null);
    nodes.forEach((node) => inputsOf(node).forEach((x) => this.#capture(x)));
    roots.forEach((x) => this.#capture(x));
    const draws = new Map(this.#trace.draws.map((x, i) => [x, i]));
    const instructions = nodes.map((node) => this.#instruction(node, draws.get(node)));
    return {
      inputs: variables,
      captures: this.#captures,
      instructions,
      outputs: outputs.map((x) => this.#vars.get(this.#resolve(x))!),
    };
  }

  #resolve(x: Value): Value {
    return this.#lifting === null ? x : this.#lifting.resolve(x);
  }

  #inputsOf(x: Value): readonly Value[] {
    return this.#lifting === null ? x._inputs : x._inputs.map((input) => this.#lifting!.resolve(input));
  }

  #define(x: Value): Var {
    const v: Var = { index: this.#defined++, shape: x.shape, dtype: x.dtype, label: x.label };
    this.#vars.set(x, v);
    return v;
  }

  #instruction(node: Value, draw: number | undefined): Instruction {
    return {
      primitive: node._op!,
      inputs: this.#inputsOf(node).map((x) => this.#vars.get(x)!),
      outputs: outputsOf(node).map((x) => this.#define(x)),
      attrs: draw === undefined ? node._attrs : { ...node._attrs, draw },
      scope: node._scope,
      differentiable: node._op!.derivatives.kind === 'none' || outputsOf(node).some((x) => x._requiresGrad),
    };
  }

  #capture(x: Value): void {
    if (this.#vars.has(x)) return;
    const symbol = this.#lifting?.captures.get(x);
    if (symbol !== undefined) return this.#captureFrom(x, symbol.cell, symbol.slot);
    if (x._trace === this.#trace) return;
    if (this.#isOwnLeaf(x)) return this.#captureFrom(x, constantOf(x), 'content');
    this.#captureFrom(x, isCurrent(x) ? cellOf(x) : x, 'content');
  }

  /** Leaves that the traced program has made itself are constants of it. */
  #isOwnLeaf(x: Value): boolean {
    return this.#lifting !== null && x._op === null && cellOf(x).id > this.#trace.floor;
  }

  #captureFrom(x: Value, value: Value, slot: Slot): void {
    const known = this.#captured[slot].get(value);
    if (known !== undefined) return void this.#vars.set(x, known);
    const variable = this.#define(x);
    this.#captured[slot].set(value, variable);
    this.#captures.push({ variable, value, slot });
  }
}

/** A leaf's content by itself. */
function constantOf(leaf: Value): Value {
  const constant = immediate(leaf.shape, leaf.dtype, contentOf(leaf));
  if (leaf.label !== null) setLabel(constant, leaf.label);
  return constant;
}
