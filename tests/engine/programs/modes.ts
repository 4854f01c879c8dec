/** Ways of running a function, and what can be seen of each: results, cells, gradients, random numbers, errors. */
import * as chainrule from 'chainrule';
import {
  compile,
  constant,
  interpret,
  isValue,
  manualSeed,
  noGrad,
  trace,
  type CompiledProgram,
  type Value,
} from 'chainrule';
import * as optim from 'chainrule/optim';
import { interpretAll } from '../../../src/program/interpret.ts';
import { optimize } from '../../../src/program/passes/index.ts';
import { sameNumbers } from '../../../src/testing/problem.ts';
import { resultsOf } from '../../../src/testing/laws/law.ts';

/** A function, arguments for each call, and the cells that it may change. */
export interface Made {
  readonly f: (...xs: Value[]) => unknown;
  readonly calls: readonly (readonly Value[])[];
  readonly cells: readonly Value[];
}

/** Makes everything anew, so that each way of running starts from the same state. */
export type Make = (library: typeof chainrule, optimizers: typeof optim) => Made;

/** A way of running f; null where it cannot. */
export interface Mode {
  readonly name: string;
  /** What runs in place of f. */
  prepare(made: Made): (...xs: Value[]) => unknown;
  /** Whether f may assign cells, call backward and step. */
  readonly effects: boolean;
}

const eager: Mode = { name: 'eager', effects: true, prepare: ({ f }) => f };

const interpreted: Mode = {
  name: 'interpreted',
  effects: false,
  prepare: ({ f, calls }) => {
    const program = trace(f, ...(calls[0] as Value[]));
    return (...xs) => interpret(program, xs);
  },
};

const compiled = (threads: number): Mode => ({
  name: `compiled, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
  effects: true,
  prepare: ({ f }) => compile(f as never, { threads }),
});

/** What everything is held against. */
export const reference: Mode = eager;

export const modes: readonly Mode[] = [interpreted, ...[1, 2, 4].map(compiled)];

interface Seen {
  readonly what: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly data: ArrayLike<number>;
}

/** One call as it looks from outside. */
interface Outcome {
  readonly seen: readonly Seen[];
  readonly error: string | null;
}

const look = (what: string, x: Value): Seen => ({ what, shape: x.shape, dtype: x.dtype, data: x.data.slice() });

function lookAll(result: unknown, cells: readonly Value[]): Seen[] {
  const { values } = resultsOf(result);
  return [
    ...values.map((y, i) => look(`result ${i}`, y)),
    ...cells.map((cell, i) => look(`cell ${i}`, cell)),
    ...cells.flatMap((cell, i) => (isValue(cell.grad) ? [look(`gradient of cell ${i}`, cell.grad)] : [])),
    // Where the random numbers stand: the next one tells.
    look('the next random number', chainrule.rand([])),
  ];
}

/** The first line: what follows is advice, or where it was. */
const errorText = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message.split('\n')[0]!}` : String(error);

const SEED = 20;

/** What is done with a function's results outside of it. */
export type Outside = (results: readonly Value[], xs: readonly Value[]) => readonly Value[];

/** As they are. */
export const plainly: Outside = (results) => results;

/** Gradients of a weighted sum of them, in all leaves that have any: compiled functions are differentiated from outside. */
export const differentiated: Outside = (results, xs) => {
  const parts = results.filter((y) => y.requiresGrad).map((y, i) => y.mul(0.5 + i).sum());
  if (parts.length > 0) parts.reduce((a, b) => a.add(b)).backward();
  const gradients = xs.flatMap((x) => (x.grad === null ? [] : [x.grad]));
  xs.forEach((x) => x.zeroGrad());
  return [...results.map((y) => constant(y)), ...gradients];
};

/** Calls until one throws. */
function outcomes(make: Make, mode: Mode, outside: Outside = plainly): Outcome[] {
  manualSeed(SEED);
  const made = make(chainrule, optim);
  const out: Outcome[] = [];
  let run: Made['f'] | null = null;
  for (const call of made.calls) {
    try {
      run ??= mode.prepare(made);
      const result = outside(resultsOf(run(...call)).values, call);
      out.push({ seen: lookAll(result, made.cells), error: null });
    } catch (error) {
      out.push({ seen: [], error: errorText(error) });
      break;
    }
  }
  return out;
}

const show = (x: number | undefined): string => (Object.is(x, -0) ? '-0' : String(x));

function difference(got: Seen, want: Seen): string | null {
  const shapes = [got, want].map(({ shape, dtype }) => `${dtype}[${shape.join(', ')}]`);
  if (got.what !== want.what) return `${got.what} where ${want.what} was expected`;
  if (shapes[0] !== shapes[1]) return `${got.what} is ${shapes[0]}, eagerly ${shapes[1]}`;
  if (sameNumbers(got.data, want.data)) return null;
  const n = want.data.length;
  let i = 0;
  while (i < n && Object.is(got.data[i], want.data[i])) i++;
  return `${got.what}, element ${i} of ${n}: ${show(got.data[i])}, eagerly ${show(want.data[i])}`;
}

/** Errors that depend on numbers: division by zero, an index out of range. */
const OF_NUMBERS = /integer division by zero|out of range/;

/**
 * Whether what threw eagerly is not part of what a call computes: nothing needs it once the Program is simplified. A
 * compiled function leaves it out, and its error with it.
 */
function isDead(make: Make, call: number): boolean {
  const { f, calls } = make(chainrule, optim);
  const run = compile(f as never, { threads: 1 }) as unknown as Made['f'] & { programs: readonly CompiledProgram[] };
  const xs = calls[call]! as Value[];
  try {
    run(...xs);
    const program = optimize(run.programs[0]!.program);
    if (program.inputs.length === xs.length) noGrad(() => interpretAll(program, xs));
    return true;
  } catch {
    return false;
  }
}

function compare(got: readonly Outcome[], want: readonly Outcome[], make: Make): string | null {
  for (const [call, expected] of want.entries()) {
    const actual = got[call];
    const where = `call ${call}`;
    if (actual === undefined) return `${where} was not reached`;
    if (actual.error !== expected.error) {
      if (actual.error === null && OF_NUMBERS.test(expected.error ?? '') && isDead(make, call)) return null;
      return `${where}: ${actual.error ?? 'no error'}, eagerly ${expected.error ?? 'no error'}`;
    }
    if (actual.seen.length !== expected.seen.length) {
      return `${where}: ${actual.seen.length} things to see, eagerly ${expected.seen.length}`;
    }
    for (const [i, seen] of actual.seen.entries()) {
      const other = difference(seen, expected.seen[i]!);
      if (other !== null) return `${where}: ${other}`;
    }
  }
  return null;
}

/** Whether the eager calls throw; the message if so. */
export const eagerError = (make: Make): string | null => outcomes(make, reference).at(-1)?.error ?? null;

export interface Holding {
  /** Whether f assigns cells, calls backward, steps. */
  readonly effects?: boolean;
  readonly outside?: Outside;
  readonly ways?: readonly Mode[];
}

/** What differs between eager and the other ways of running; null if nothing does. */
export function disagreement(make: Make, { effects = false, outside, ways = modes }: Holding = {}): string | null {
  const wanted = outcomes(make, reference, outside);
  for (const mode of ways) {
    if (effects && !mode.effects) continue;
    const other = compare(outcomes(make, mode, outside), wanted, make);
    if (other !== null) return `${mode.name}, ${other}`;
  }
  return null;
}

const compiledTexts = new Map<string, Make>();

/** The program that a text is. */
export function makeOf(text: string): Make {
  let make = compiledTexts.get(text);
  if (make === undefined) {
    // eslint-disable-next-line @typescript-eslint/no-implied-eval -- a program is run from what it prints
    const evaluated = new Function(`return ${text}`) as () => Make;
    make = evaluated();
    compiledTexts.clear();
    compiledTexts.set(text, make);
  }
  return make;
}
