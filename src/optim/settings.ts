/** The options of an optimizer: what they may be, and what they are unless given. */
import { checkOptions, OptionError } from '../base/errors.ts';

/** What an option may hold. Numbers may change from step to step; choices choose between programs. */
export type Setting = number | readonly [number, number] | boolean | string | null;

/** One option: its default, and a check that throws an OptionError. */
export interface Rule<T> {
  readonly initial: T;
  readonly check: (op: string, option: string, x: unknown) => T;
}

/** The options of an optimizer by name. */
export type Rules<O> = { readonly [K in keyof O]: Rule<O[K]> };

/** Bounds of a number: from `min` on, below `below`, at most `max`. */
export interface Bounds {
  readonly min?: number;
  readonly below?: number;
  readonly max?: number;
}

function describe({ min = 0, below = Infinity, max = Infinity }: Bounds): string {
  if (max < Infinity) return `in [${min}, ${max}]`;
  return below < Infinity ? `in [${min}, ${below})` : `≥ ${min}`;
}

/** @throws OptionError unless x is finite and within the bounds. */
export function checkNumber(op: string, option: string, x: unknown, bounds: Bounds = {}): number {
  const { min = 0, below = Infinity, max = Infinity } = bounds;
  if (typeof x === 'number' && Number.isFinite(x) && x >= min && x < below && x <= max) return x;
  throw new OptionError(`${option} must be a number ${describe(bounds)}, got ${String(x)}`, { op, option });
}

/** @throws OptionError unless x is a whole number, `min` or more. */
export function checkWhole(op: string, option: string, x: unknown, min: number): number {
  if (typeof x === 'number' && Number.isSafeInteger(x) && x >= min) return x;
  throw new OptionError(`${option} must be a whole number ≥ ${min}, got ${String(x)}`, { op, option });
}

/** @throws OptionError unless x is true or false. */
export function checkFlag(op: string, option: string, x: unknown): boolean {
  if (typeof x === 'boolean') return x;
  throw new OptionError(`${option} must be true or false, got ${JSON.stringify(x)}`, { op, option });
}

/** A number, by default ≥ 0. */
export const number = (initial: number, bounds: Bounds = {}): Rule<number> => ({
  initial,
  check: (op, option, x) => checkNumber(op, option, x, bounds),
});

/** A whole number, by default ≥ 1. */
export const whole = (initial: number, min: number = 1): Rule<number> => ({
  initial,
  check: (op, option, x) => checkWhole(op, option, x, min),
});

/** Two numbers. */
export const pair = (initial: readonly [number, number], bounds: Bounds = {}): Rule<readonly [number, number]> => ({
  initial,
  check: (op, option, x) => {
    if (!Array.isArray(x) || x.length !== 2) {
      throw new OptionError(`${option} are two numbers, got ${JSON.stringify(x)}`, { op, option });
    }
    const [first, second] = x.map((each, i) => checkNumber(op, `${option}[${i}]`, each, bounds));
    return [first!, second!];
  },
});

/** A choice; default false. */
export const flag = (initial: boolean = false): Rule<boolean> => ({ initial, check: checkFlag });

/** The numbers of PyTorch's `betas`: decays of running means. */
export const betas = (): Rule<readonly [number, number]> => pair([0.9, 0.999], { below: 1 });

/**
 * All options with their defaults.
 * @throws OptionError for unknown options and for impossible values.
 */
export function settle<O extends object>(op: string, options: Partial<O> | undefined, rules: Rules<O>, initial?: O): O {
  checkOptions(op, options, Object.keys(rules));
  const entries = (Object.keys(rules) as (keyof O & string)[]).map((name) => {
    const given = options?.[name];
    if (given === undefined) return [name, initial?.[name] ?? rules[name].initial];
    return [name, rules[name].check(op, name, given)];
  });
  return Object.fromEntries(entries) as O;
}
