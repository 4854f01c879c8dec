/** Edges: which node reads from which, with the local derivative. */
import { defaultDtype } from '../base/dtypes.ts';
import { contentOf, isTraced, type Value } from '../value/value.ts';
import { shortNumber, summarize } from './numbers.ts';
import type { Settings } from './options.ts';
import { partialsOfScope, partialsOfStep } from './partials.ts';
import type { Plan } from './plan.ts';
import type { Output, Place, Step } from './steps.ts';
import { symbolOf } from './symbols.ts';

export interface PlannedEdge {
  readonly from: number;
  readonly to: number;
  /** The operand that it stands for, where it stands for one. */
  readonly step: number;
  readonly operand: number;
}

/** Where each group stands in its repeated block. */
function orderInBlocks(plan: Plan): Int32Array {
  const order = new Int32Array(plan.groups.length).fill(-1);
  plan.blocks.forEach((block) => block.groups.forEach((g, i) => (order[g] = i)));
  return order;
}

/**
 * Every operand of a drawn step is an edge, so `a.add(a)` has two; into folded scopes, and where further copies add
 * something, one for each pair of nodes. What goes from one repetition of a block to the next is left out.
 */
export function planEdges(plan: Plan): PlannedEdge[] {
  const order = orderInBlocks(plan);
  const edges: PlannedEdge[] = [];
  const seen = new Set<number>();
  const isCarried = (from: number, to: number): boolean => {
    const block = plan.groups[to]!.block;
    return block !== null && plan.groups[from]!.block === block && order[from]! >= order[to]!;
  };
  const visit = (step: Step, to: number, all: boolean): void =>
    step.operands.forEach((place, operand) => {
      const from = plan.groupOf[plan.resolve(place).step]!;
      const key = from * plan.groups.length + to;
      if (from === to || isCarried(from, to) || (!all && seen.has(key))) return;
      seen.add(key);
      edges.push({ from, to, step: step.index, operand });
    });
  const own = new Set(plan.groups.flatMap((group) => (group.kind === 'single' ? group.steps : [])));
  for (const step of plan.graph.steps) {
    const to = plan.groupOf[step.index]!;
    if (to >= 0 && own.has(step.index)) visit(step, to, true);
  }
  for (const step of plan.graph.steps) {
    const to = plan.groupOf[step.index]!;
    if (to >= 0 && !own.has(step.index)) visit(step, to, false);
  }
  return edges.sort((a, b) => a.to - b.to || a.step - b.step || a.operand - b.operand);
}

// Partials ---------------------------------------------------------------------------------------------------------

const outputAt = (plan: Plan, place: Place): Output => plan.graph.steps[place.step]!.outputs[place.output]!;

/** A number where all elements agree. */
function partialText(x: Value): string {
  const content = contentOf(x);
  if (typeof content === 'number') return shortNumber(content, x.dtype);
  const same = content.length > 0 && content.every((y) => Object.is(y, content[0]));
  return same ? shortNumber(content[0]!, x.dtype) : summarize(content, x.dtype, x.rank).text;
}

/** A name to write in formulas: the label, or a constant's number. */
function nameOf(plan: Plan, place: Place): string | null {
  const at = plan.resolve(place);
  const output = outputAt(plan, at);
  if (output.label !== null) return output.label;
  const isNumber = plan.graph.steps[at.step]!.primitive === null && output.value?.size === 1;
  return isNumber ? shortNumber(Number(output.value.data[0])) : null;
}

/** Any element will do to look at a rule from. */
function firstNumber(output: Output): number {
  if (output.value === null) return 0.6180339887;
  const content = contentOf(output.value);
  return typeof content === 'number' ? content : (content[0] ?? 0.5);
}

function joined(symbol: string | null, number: string | null): string | null {
  if (symbol === null || number === null || symbol === number) return symbol ?? number;
  return `${symbol} = ${number}`;
}

/** The text on each edge; null where nothing is to be said. */
export function partialTexts(plan: Plan, edges: readonly PlannedEdge[], mode: Settings['partials']): (string | null)[] {
  if (mode === false) return edges.map(() => null);
  const ofStep = memo((index: number) => {
    const step = plan.graph.steps[index]!;
    const operands = step.operands.map((place) => outputAt(plan, place).value);
    return partialsOfStep(step, operands);
  });
  const ofScope = memo((g: number) => scopePartials(plan, g));
  return edges.map(({ from, to, step, operand }) => {
    const group = plan.groups[to]!;
    if (group.kind === 'elided' || plan.groups[from]!.kind === 'elided') return null;
    const source = plan.resolve(plan.graph.steps[step]!.operands[operand]!);
    const folded = group.kind === 'scope';
    const partial = folded ? ofScope(to)?.get(source.step) : ofStep(step)[operand];
    const number = partial == null || isTraced(partial) ? null : partialText(partial);
    if (mode === 'values' || folded) return number;
    const symbol = number === null && hasNumbers(plan, step) ? null : stepSymbol(plan, step, operand);
    return mode === 'symbols' ? (symbol ?? number) : joined(symbol, number);
  });
}

const hasNumbers = (plan: Plan, step: number): boolean => plan.graph.steps[step]!.outputs[0]!.value !== null;

function stepSymbol(plan: Plan, index: number, operand: number): string | null {
  const step = plan.graph.steps[index]!;
  const numbers = step.operands.map((place) => firstNumber(outputAt(plan, place)));
  return symbolOf(
    step,
    operand,
    numbers,
    step.operands.map((place) => nameOf(plan, place)),
  );
}

/** Derivatives of a folded scope's result with respect to the outputs of steps outside. */
function scopePartials(plan: Plan, g: number): ReadonlyMap<number, Value> | null {
  const group = plan.groups[g]!;
  const own = new Set(group.steps);
  const outputs = group.steps.flatMap((step) => plan.graph.steps[step]!.outputs.map((output) => output.value));
  const last = outputs.at(-1);
  if (last == null || !last._requiresGrad) return null;
  const outside = new Map<Value, number>();
  for (const step of group.steps) {
    for (const operand of plan.graph.steps[step]!.operands) {
      const source = plan.resolve(operand);
      const value = own.has(source.step) ? null : outputAt(plan, source).value;
      if (value !== null) outside.set(value, source.step);
    }
  }
  const found = partialsOfScope([last], new Set(outside.keys()));
  return new Map(
    [...found].flatMap(([value, partial]) => (outside.has(value) ? [[outside.get(value)!, partial]] : [])),
  );
}

function memo<K, V>(f: (key: K) => V): (key: K) => V {
  const known = new Map<K, V>();
  return (key) => {
    if (!known.has(key)) known.set(key, f(key));
    return known.get(key)!;
  };
}

/** The element type that needs no mention. */
export const isUsualDtype = (dtype: Output['dtype']): boolean => dtype === defaultDtype();
