/** checkGradients and gradientReport: a user's function, its inputs or where they come from. */
import { ChainruleError, GradientMismatchError } from '../base/errors.ts';
import { isValue, type Value } from '../value/value.ts';
import { fastCheck, isArbitrary, type Arbitrary } from './fast-check.ts';
import { settingsOf, type GradientOptions, type Settings } from './options.ts';
import { problemOf, type AnyFunction } from './problem.ts';
import { describeFailures, reportOn, type GradientReport } from './report.ts';
import { shrinkInput } from './shrink.ts';

/**
 * A list with an entry for each argument: a Value, a number, a tree of them, or a fast-check arbitrary of such; or one
 * arbitrary of the whole list. A lone Value, number or arbitrary stands for a list of one.
 */
export type Inputs = readonly unknown[] | Value | number | Arbitrary<unknown>;

function argumentList(op: string, inputs: Inputs): readonly unknown[] {
  if (Array.isArray(inputs)) return inputs as readonly unknown[];
  if (isValue(inputs) || typeof inputs === 'number') return [inputs];
  throw new TypeError(
    `${op}: inputs are a list with an entry for each argument, such as [x, w], or a fast-check arbitrary of one`,
  );
}

/** An arbitrary of argument lists, or null where all is plain. */
function arbitraryOf(op: string, inputs: Inputs): Arbitrary<readonly unknown[]> | null {
  if (isArbitrary(inputs)) return inputs.map((x) => (Array.isArray(x) ? (x as unknown[]) : [x]));
  const list = argumentList(op, inputs);
  if (!list.some(isArbitrary)) return null;
  const fc = fastCheck(op);
  return fc.tuple(...list.map((x) => (isArbitrary(x) ? x : fc.constant(x))));
}

interface Run {
  readonly args: readonly unknown[];
  readonly report: GradientReport;
  /** How the failing input was found; null for plain inputs. */
  readonly found: string | null;
}

const runAt = (
  op: string,
  f: AnyFunction,
  args: readonly unknown[],
  settings: Settings,
  from?: number,
): GradientReport => reportOn(problemOf(op, f, args, settings.argnums), settings, from);

/** Thrown inside a property whose report is not ok. */
class Failed extends Error {}

/** The lowest order that fails: 0 for faults of f as a whole, Infinity where all is well. */
function gravityOf({ ok, mismatches, faults }: GradientReport): number {
  if (ok) return Infinity;
  return Math.min(faults.length > 0 ? 0 : Infinity, ...mismatches.map(({ order }) => order));
}

const isShrinkable = ({ faults, mismatches }: GradientReport): boolean =>
  faults.length > 0 || mismatches.some(({ verdict }) => verdict === 'mismatch');

/** A failing input as simple as it can be made; what throws is no such failure. */
function simplified(
  op: string,
  f: AnyFunction,
  args: readonly unknown[],
  settings: Settings,
  gravity: number,
): readonly unknown[] {
  return shrinkInput(args, (candidate) => {
    try {
      const report = runAt(op, f, candidate, settings);
      return isShrinkable(report) && gravityOf(report) <= gravity;
    } catch {
      return false;
    }
  });
}

function runPlain(op: string, f: AnyFunction, args: readonly unknown[], settings: Settings): Run {
  const report = runAt(op, f, args, settings);
  if (!settings.shrink || !isShrinkable(report)) return { args, report, found: null };
  const simpler = simplified(op, f, args, settings, gravityOf(report));
  return simpler === args
    ? { args, report, found: null }
    : { args: simpler, report: runAt(op, f, simpler, settings), found: 'a simpler input that fails too' };
}

/** fast-check samples and shrinks. First derivatives at all inputs come first: if they are wrong, they tell most. */
function runSampled(op: string, f: AnyFunction, inputs: Arbitrary<readonly unknown[]>, settings: Settings): Run {
  const first = runStage(op, f, inputs, { ...settings, order: 1 }, 1);
  if (!first.report.ok || settings.order === 1) return first;
  const higher = runStage(op, f, inputs, settings, 2);
  return higher.report.ok ? { ...higher, report: runAt(op, f, higher.args, settings) } : higher;
}

function runStage(
  op: string,
  f: AnyFunction,
  inputs: Arbitrary<readonly unknown[]>,
  settings: Settings,
  from: number,
): Run {
  const fc = fastCheck(op);
  let last: Run | null = null;
  const property = fc.property(inputs, (args) => {
    const report = runAt(op, f, args, settings, from);
    last = { args, report, found: null };
    if (!report.ok) throw new Failed();
  });
  const { numRuns, seed, path } = settings;
  const details = fc.check(property, {
    numRuns,
    ...(seed === undefined ? {} : { seed }),
    ...(path === undefined ? {} : { path }),
    ...(settings.shrink ? {} : { endOnFailure: true }),
  });
  if (!details.failed) {
    if (last !== null) return last;
    throw new ChainruleError('no input was tried', { op, hint: 'The arbitrary rejected all of them.' });
  }
  const where = `{ seed: ${details.seed}, path: ${JSON.stringify(details.counterexamplePath ?? '0')} }`;
  if (details.counterexample === null) {
    throw new ChainruleError(`the arbitrary gives no inputs (${details.numSkips} were rejected)`, { op });
  }
  const args = details.counterexample[0];
  // What f itself throws is the user's to see, with the input that made it.
  if (!(details.errorInstance instanceof Failed)) {
    const cause = details.errorInstance as Error;
    throw new ChainruleError(`f threw ${String(cause)}\n${describeInput(args)}\n  ${where}`, { op, cause });
  }
  const found = `the smallest failing input of run ${details.numRuns} (${details.numShrinks} shrinks); repeat with ${where}`;
  return { args, report: runAt(op, f, args, settings, from), found };
}

function run(op: string, f: AnyFunction, inputs: Inputs, options: GradientOptions | undefined): Run {
  const settings = settingsOf(op, options);
  if (typeof f !== 'function') throw new TypeError(`${op}: the first argument is the function to check`);
  const arbitrary = arbitraryOf(op, inputs);
  return arbitrary === null
    ? runPlain(op, f, argumentList(op, inputs), settings)
    : runSampled(op, f, arbitrary, settings);
}

const LONG = 600;

function show(x: unknown): string {
  if (Array.isArray(x)) return `[${x.map(show).join(', ')}]`;
  if (typeof x === 'object' && x !== null && !isValue(x)) {
    return `{ ${Object.entries(x)
      .map(([key, entry]) => `${key}: ${show(entry)}`)
      .join(', ')} }`;
  }
  return String(x);
}

const describeInput = (args: readonly unknown[]): string =>
  args
    .map((x, i) => `  argument ${i}: ${show(x)}`)
    .map((line) => (line.length > LONG ? `${line.slice(0, LONG)} …` : line))
    .join('\n');

const indented = (text: string): string => text.replaceAll(/^/gm, '  ');

/**
 * Checks the derivatives of f at the given inputs, or at inputs that fast-check samples and shrinks: reverse and forward
 * mode against central differences in float64, the modes against each other, and the same for derivatives of
 * derivatives up to `order` (2). f takes and returns Values, numbers, or trees of them; integers and booleans are
 * passed on but not differentiated; float32 inputs are handed over as float64, for differences need the digits.
 *
 * Where f has a kink (its one-sided derivatives differ), any derivative between the two is accepted;
 * `gradientReport` tells where.
 * @throws GradientMismatchError naming argument, element, mode, order, expected and got, and the simplest failing input.
 * @throws OptionError for options that do not exist; ChainruleError where nothing can be differentiated.
 * @example checkGradients((x, w) => x.matmul(w).tanh(), [value([1, 2]), value([[3], [4]])])
 * @example checkGradients((x) => x.softmax(0), [arbitraryValue({ shapes: [[3], [2, 4]] })], { order: 1 })
 */
export function checkGradients(f: AnyFunction, inputs: Inputs, options?: GradientOptions): void {
  const { args, report, found } = run('checkGradients', f, inputs, options);
  if (report.ok) return;
  const at = found === null ? 'at' : `at ${found}`;
  throw new GradientMismatchError(
    `the derivatives are not what differences say\n${indented(describeFailures(report))}\n  ${at}\n${indented(describeInput(args))}`,
    { op: 'checkGradients' },
  );
}

/**
 * The figures behind `checkGradients`, for every element of every argument: expected, got, error and verdict. Does not
 * throw for wrong derivatives. With arbitraries: of the smallest failing input, or of the last one if none fails.
 * @example gradientReport((x) => x.relu(), [value([-1, 0, 1])]).kinks.length // 1 in each mode and order
 */
export const gradientReport = (f: AnyFunction, inputs: Inputs, options?: GradientOptions): GradientReport =>
  run('gradientReport', f, inputs, { shrink: false, ...options }).report;
