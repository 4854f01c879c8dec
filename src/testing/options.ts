/** What can be asked of a gradient check. */
import { checkOptions, OptionError } from '../base/errors.ts';

export type Mode = 'reverse' | 'forward';

export interface GradientOptions {
  /** Derivatives up to this order (default 2). */
  readonly order?: number;
  /** Default both. */
  readonly modes?: readonly Mode[];
  /** Largest error, relative to the derivative or to the largest one of the same check (default 1e-6). */
  readonly tolerance?: number;
  /** Which arguments to differentiate; default all float ones. */
  readonly argnums?: readonly number[];
  /** The relative step of the differences; default 2⁻¹⁰. */
  readonly step?: number;
  /** What to do where f has a kink: `report` it (default), or `fail`. */
  readonly kinks?: 'report' | 'fail';
  /** Inputs with more elements are checked at this many of them, spread evenly (default 256). */
  readonly maxElements?: number;
  /** Look for a simpler failing input (default true). */
  readonly shrink?: boolean;
  /** With arbitraries: how many inputs are tried (default 30). */
  readonly numRuns?: number;
  /** With arbitraries: repeats a run that fast-check reported. */
  readonly seed?: number;
  /** With arbitraries: goes straight to a failure that fast-check reported. */
  readonly path?: string;
}

export interface Settings {
  readonly order: number;
  readonly modes: readonly Mode[];
  readonly tolerance: number;
  readonly argnums: readonly number[] | undefined;
  readonly step: number | undefined;
  readonly kinks: 'report' | 'fail';
  readonly maxElements: number;
  readonly shrink: boolean;
  readonly numRuns: number;
  readonly seed: number | undefined;
  readonly path: string | undefined;
}

const KNOWN: readonly (keyof GradientOptions)[] = [
  'order',
  'modes',
  'tolerance',
  'argnums',
  'step',
  'kinks',
  'maxElements',
  'shrink',
  'numRuns',
  'seed',
  'path',
];

function requireOption(op: string, option: string, holds: boolean, got: unknown, wanted: string): void {
  if (!holds) throw new OptionError(`${option} must be ${wanted}, got ${JSON.stringify(got)}`, { op, option });
}

const isPositive = (x: number): boolean => typeof x === 'number' && x > 0 && x < Infinity;
const isCount = (x: number): boolean => Number.isInteger(x) && x >= 1;

/** @throws OptionError for unknown options and impossible values. */
export function settingsOf(op: string, options: GradientOptions = {}): Settings {
  checkOptions(op, options, KNOWN);
  const { order = 2, modes = ['reverse', 'forward'], tolerance = 1e-6, step, kinks = 'report' } = options;
  const { maxElements = 256, numRuns = 30, argnums } = options;
  requireOption(op, 'order', isCount(order), order, 'a whole number ≥ 1');
  const known = Array.isArray(modes) && modes.length > 0 && modes.every((m) => m === 'reverse' || m === 'forward');
  requireOption(op, 'modes', known, modes, `a list of 'reverse' and 'forward'`);
  requireOption(op, 'tolerance', isPositive(tolerance), tolerance, 'a positive number');
  requireOption(op, 'step', step === undefined || isPositive(step), step, 'a positive number');
  requireOption(op, 'kinks', kinks === 'report' || kinks === 'fail', kinks, `'report' or 'fail'`);
  requireOption(op, 'maxElements', isCount(maxElements), maxElements, 'a whole number ≥ 1');
  requireOption(op, 'numRuns', isCount(numRuns), numRuns, 'a whole number ≥ 1');
  requireOption(op, 'argnums', argnums === undefined || Array.isArray(argnums), argnums, 'a list of positions');
  const { shrink = true, seed, path } = options;
  return { order, modes, tolerance, argnums, step, kinks, maxElements, shrink, numRuns, seed, path };
}
