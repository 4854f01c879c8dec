/** Checks that the makers, splits and loaders share. */
import { OptionError } from '../base/errors.ts';

/** @throws OptionError unless x is a whole number ≥ least. */
export function requireCount(op: string, option: string, x: unknown, least: number = 1): number {
  if (Number.isSafeInteger(x) && (x as number) >= least) return x as number;
  throw new OptionError(`${option} must be a whole number ≥ ${least}, got ${String(x)}`, { op, option });
}

/** @throws OptionError unless x is a finite number from low to high. */
export function requireBetween(op: string, option: string, x: unknown, low: number, high: number): number {
  if (typeof x === 'number' && x >= low && x <= high && Number.isFinite(x)) return x;
  const range = Number.isFinite(high) ? `from ${low} to ${high}` : `≥ ${low}`;
  throw new OptionError(`${option} must be a finite number ${range}, got ${String(x)}`, { op, option });
}

/** @throws OptionError unless x is one of the choices. */
export function requireOneOf<T extends string>(op: string, option: string, x: unknown, choices: readonly T[]): T {
  if (choices.includes(x as T)) return x as T;
  throw new OptionError(`${option} is one of ${choices.join(', ')}, not ${JSON.stringify(x)}`, { op, option });
}
