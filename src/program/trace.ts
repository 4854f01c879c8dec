/** trace: runs a function once on data-less Values and keeps what it did. */
import { isFloat } from '../base/dtypes.ts';
import { flatten, unflatten } from '../base/trees.ts';
import type { Aval } from '../ops/primitive.ts';
import { refusePromise, requireFunction, withTrace } from '../value/recording.ts';
import type { Trace } from '../value/trace.ts';
import { lift } from '../value/lift.ts';
import { graphOf, outputsOf } from '../value/order.ts';
import { cellOf, isValue, makeSymbol, read, setLabel, type Value } from '../value/value.ts';
import { makeProgram, type Capture, type Instruction, type Program, type Var } from './program.ts';

export type Leaf = Value | number | boolean;

/** A leaf of the trees that transforms take: a Value, a number, a boolean. */
export const isLeaf = (x: unknown): x is Leaf => isValue(x) || typeof x === 'number' || typeof x === 'boolean';

/** The result's leaves as Values, with its structure. @throws TypeError for a Promise. */
export function flattenResult(
  result: unknown,
  by: string,
): { leaves: Value[]; structure: ReturnType<typeof flatten>['structure'] } {
  refusePromise(result, by);
  const { leaves, structure } = flatten(result, isLeaf);
  return { leaves: leaves.map((x) => lift(x, by)), structure };
}

/**
 * A data-less Value. Float ones require gradients, so that what runs under noGrad can be told from what does not:
 * a Program may be differentiated later, whoever asks.
 */
export const symbol = (aval: Aval, trace: Trace, label: string | null = null): Value => {
  const x = makeSymbol(aval.shape, aval.dtype, isFloat(aval.dtype), trace);
  if (label !== null) setLabel(x, label);
  return x;
};

/** False for a snapshot whose cell has been assigned since: a constant, then. */
const isCurrent = (x: Value): boolean => read(cellOf(x)) === x;

/** Everything between `inputs` and `outputs` that belongs to the trace, as a Program. */
function collect(
  trace: Trace,
  inputs: readonly Value[],
  outputs: readonly Value[],
  result: Program['result'],
): Program {
  const vars = new Map<Value, Var>();
  const define = (x: Value): Var => {
    const v: Var = { index: vars.size, shape: x.shape, dtype: x.dtype, label: x.label };
    vars.set(x, v);
    return v;
  };
  const variables = inputs.map(define);
  const nodes = graphOf(outputs, (x) => x._trace === trace).filter((x) => !vars.has(x));
  const captures: Capture[] = [];
  const captured = new Map<Value, Var>();
  const capture = (x: Value): void => {
    if (x._trace === trace || vars.has(x)) return;
    const cell = isCurrent(x) ? cellOf(x) : x;
    const known = captured.get(cell);
    if (known !== undefined) return void vars.set(x, known);
    const variable = define(x);
    captured.set(cell, variable);
    captures.push({ variable, value: cell });
  };
  nodes.forEach((node) => node._inputs.forEach(capture));
  outputs.forEach(capture);
  const instructions = nodes.map((node): Instruction => ({
    primitive: node._op!,
    inputs: node._inputs.map((x) => vars.get(x)!),
    outputs: outputsOf(node).map(define),
    attrs: node._attrs,
    scope: node._scope,
    differentiable: node._op!.derivatives.kind === 'none' || outputsOf(node).some((x) => x._requiresGrad),
  }));
  return makeProgram({ inputs: variables, captures, instructions, outputs: outputs.map((x) => vars.get(x)!), result });
}

/** A Program of a function of flat operands. `by` is named in errors. */
export function traceFlat(
  by: string,
  f: (...xs: Value[]) => unknown,
  avals: readonly Aval[],
  labels: readonly (string | null)[] = [],
): Program {
  return withTrace(by, (trace) => {
    const inputs = avals.map((aval, i) => symbol(aval, trace, labels[i] ?? null));
    const { leaves, structure } = flattenResult(f(...inputs), by);
    return collect(trace, inputs, leaves, structure);
  });
}

/**
 * Runs f once on data-less Values of the examples' shapes and dtypes, and returns what it did as a printable Program.
 * Cells that f captures are remembered by identity; other captured Values are constants.
 * @throws TraceError if f reads a number of its arguments.
 * @example trace((x) => x.mul(x).sum(), zeros([3])).toString()
 */
export function trace(f: (...args: never[]) => unknown, ...examples: unknown[]): Program {
  requireFunction(f, 'trace');
  const { leaves, structure } = flatten(examples, isLeaf);
  const values = leaves.map((x) => lift(x, 'trace'));
  const call = (...xs: Value[]): unknown => f(...(unflatten(structure, xs) as never[]));
  return traceFlat(
    'trace',
    call,
    values,
    values.map((x) => x.label),
  );
}
