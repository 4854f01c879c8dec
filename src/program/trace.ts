/** trace: runs a function once on data-less Values and keeps what it did. */
import { isFloat } from '../base/dtypes.ts';
import { flatten, unflatten } from '../base/trees.ts';
import type { Aval } from '../ops/primitive.ts';
import { CellLifting, type Argument, type Facts } from '../value/lifting.ts';
import { refusePromise, requireFunction, state, withLifting, withTrace } from '../value/recording.ts';
import type { Trace } from '../value/trace.ts';
import { lift } from '../value/lift.ts';
import { creationNumber, isValue, makeSymbol, setLabel, type Value } from '../value/value.ts';
import { collect, type Written } from './collect.ts';
import type { Program } from './program.ts';

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
export const symbol = (
  aval: Aval,
  trace: Trace,
  label: string | null = null,
  requiresGrad: boolean = isFloat(aval.dtype),
): Value => {
  const x = makeSymbol(aval.shape, aval.dtype, requiresGrad, trace);
  if (label !== null) setLabel(x, label);
  return x;
};

/** Cells are read where they are used, while a program is traced around it. */
const operandsOf = (xs: readonly Value[]): readonly Value[] =>
  state.lifting === null ? xs : xs.map((x) => state.lifting!.operand(x));

/**
 * A Program of a function of flat operands: of a body that runs any number of times, so that it cannot write into cells.
 * `by` is named in errors.
 */
export function traceFlat(
  by: string,
  f: (...xs: Value[]) => unknown,
  avals: readonly Aval[],
  labels: readonly (string | null)[] = [],
): Program {
  return withTrace(by, creationNumber(), (trace) => {
    const inputs = avals.map((aval, i) => symbol(aval, trace, labels[i] ?? null));
    const { leaves, structure } = flattenResult(f(...inputs), by);
    return collect(trace, inputs, operandsOf(leaves), structure, null).program;
  });
}

/** A Program of a whole function, with what it writes, and what it relied on. */
export interface Traced extends Written {
  readonly facts: Facts;
  /** For each result, whether it requires gradients. */
  readonly requiresGrad: readonly boolean[];
}

export interface ProgramOptions {
  readonly labels?: readonly (string | null)[];
  /** Arguments require gradients exactly if the sources do; else all that can. */
  readonly exactly?: boolean;
}

/**
 * Traces a function of flat arguments with cells as symbols. If it makes cells of its own and writes them, it is traced
 * once more: what is there by then lasts (the state of an optimizer) and is an effect, what is made again is local.
 */
export function traceProgram(
  by: string,
  f: (...xs: Value[]) => unknown,
  sources: readonly Value[],
  options: ProgramOptions = {},
): Traced {
  const first = traceOnce(by, f, sources, options);
  return first.wroteOwn ? traceOnce(by, f, sources, options).traced : first.traced;
}

function traceOnce(
  by: string,
  f: (...xs: Value[]) => unknown,
  sources: readonly Value[],
  { labels = [], exactly = false }: ProgramOptions,
): { traced: Traced; wroteOwn: boolean } {
  return withTrace(by, creationNumber(), (trace) => {
    const symbols = sources.map((x, i) =>
      symbol(x, trace, labels[i] ?? null, exactly ? x._requiresGrad : isFloat(x.dtype)),
    );
    const given = argumentsFor(sources, symbols, trace);
    const lifting = new CellLifting(trace, given);
    return withLifting(lifting, () => {
      const { leaves, structure } = flattenResult(f(...given.map((argument) => argument.given)), by);
      const results = operandsOf(leaves);
      const written = collect(trace, symbols, results, structure, lifting);
      const requiresGrad = results.map((x) => x._requiresGrad);
      return { traced: { ...written, facts: lifting.facts, requiresGrad }, wroteOwn: lifting.wroteOwn };
    });
  });
}

/** What the function gets. A cell that is given twice is one thing. */
function argumentsFor(sources: readonly Value[], symbols: readonly Value[], trace: Trace): Argument[] {
  const cells = new Map<Value, Argument>();
  return sources.map((source, i) => {
    const symbol = symbols[i]!;
    if (!source._isCell) return { given: symbol, symbol, source };
    const known = cells.get(source);
    if (known !== undefined) return known;
    const given = makeSymbol(source.shape, source.dtype, symbol._requiresGrad, trace);
    symbol._twin = given;
    if (symbol.label !== null) setLabel(given, symbol.label);
    const argument = { given, symbol, source };
    cells.set(source, argument);
    return argument;
  });
}

/**
 * Runs f once on data-less Values of the examples' shapes and dtypes, and returns what it did as a printable Program.
 * Cells that f captures are remembered by identity; other captured Values are constants. What f writes into cells and
 * gradients is not written: the Program says so.
 * @throws TraceError if f reads a number of its arguments, or of a cell.
 * @example trace((x) => x.mul(x).sum(), zeros([3])).toString()
 */
export function trace(f: (...args: never[]) => unknown, ...examples: unknown[]): Program {
  requireFunction(f, 'trace');
  const { leaves, structure } = flatten(examples, isLeaf);
  const values = leaves.map((x) => lift(x, 'trace'));
  const labels = values.map((x) => x.label);
  const call = (...xs: Value[]): unknown => f(...(unflatten(structure, xs) as never[]));
  // Inside another program its cells are that program's.
  return state.lifting === null
    ? traceProgram('trace', call, values, { labels }).program
    : traceFlat('trace', call, values, labels);
}
