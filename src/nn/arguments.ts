/** What layers ask of their arguments. */
import { checkOptions, OptionError } from '../base/errors.ts';

/**
 * One number that tunes a layer: given as it is, as the only option of an object, or not at all.
 * @throws OptionError for something else than a number (not NaN), and for unknown options.
 */
export function onlyNumber<K extends string>(
  layer: string,
  option: K,
  given: number | Readonly<Partial<Record<K, number>>> | undefined,
  fallback: number,
): number {
  if (typeof given === 'object') checkOptions(layer, given, [option]);
  const x = (typeof given === 'object' ? given[option] : given) ?? fallback;
  return requireNumber(layer, option, x);
}

/** @throws OptionError unless x is a number other than NaN. */
export function requireNumber(layer: string, option: string, x: unknown): number {
  if (typeof x === 'number' && !Number.isNaN(x)) return x;
  throw new OptionError(`${option} must be a number, got ${String(x)}`, { op: layer, option });
}

/** @throws OptionError unless p is a probability. */
export function checkProbability(layer: string, option: string, p: number): number {
  if (p >= 0 && p <= 1) return p;
  throw new OptionError(`${option} must be a probability from 0 to 1, got ${p}`, { op: layer, option });
}

/** @throws OptionError unless n is a whole number ≥ 1. */
export function checkCount(layer: string, option: string, n: unknown): number {
  if (Number.isInteger(n) && (n as number) >= 1) return n as number;
  throw new OptionError(`${option} must be a whole number ≥ 1, got ${String(n)}`, { op: layer, option });
}

/** @throws OptionError unless an option is true or false. */
export function checkFlag(layer: string, option: string, given: unknown, fallback: boolean): boolean {
  const flag = given ?? fallback;
  if (typeof flag === 'boolean') return flag;
  throw new OptionError(`${option} must be true or false, got ${JSON.stringify(given)}`, { op: layer, option });
}

export type ParameterDType = 'float32' | 'float64';

/** The dtype of a layer's parameters. @throws OptionError unless it is float32 (the default) or float64. */
export function checkDType(layer: string, dtype: unknown = 'float32'): ParameterDType {
  if (dtype === 'float32' || dtype === 'float64') return dtype;
  throw new OptionError(`dtype must be float32 or float64, got ${String(dtype)}`, { op: layer, option: 'dtype' });
}
