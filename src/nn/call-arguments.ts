/** What layers with several inputs ask of how they are called. */
import { checkOptions, kindOf, OptionError } from '../base/errors.ts';
import { isValue } from '../value/value.ts';

/** @throws TypeError naming an input that is no Value. */
export function requireInputs(layer: string, inputs: Readonly<Record<string, unknown>>, call: string): void {
  for (const [name, x] of Object.entries(inputs)) {
    if (isValue(x)) continue;
    throw new TypeError(`${layer}: ${name} must be a Value, got ${kindOf(x)}\n  Call ${call}.`);
  }
}

/** What data look like that were not made a Value: nothing, numbers, arrays of them. */
function isBareData(x: unknown): boolean {
  if (x === undefined || x === null || typeof x === 'number' || ArrayBuffer.isView(x)) return true;
  return Array.isArray(x) && x.length > 0 && x.every(isBareData);
}

/**
 * What to throw where a forward pass broke down: for a module that was given bare data, an error that says so, in the
 * place of "x.relu is not a function". Modules may take what they like: nothing is refused that works.
 */
export function explained(error: unknown, layer: string, inputs: readonly unknown[]): unknown {
  const [x] = inputs;
  if (!(error instanceof TypeError) || error.message.includes('must be a Value') || !isBareData(x)) return error;
  const hint = x === undefined || x === null ? '' : '\n  Wrap data with constant(…) or value(…).';
  return new TypeError(`${layer}: forward must be called with a Value, got ${kindOf(x)}${hint}`, { cause: error });
}

/**
 * Refuses masks that are no Values, flags that are no booleans, and what has no name.
 * @throws OptionError.
 */
export function checkCallOptions(layer: string, options: object, known: readonly string[]): void {
  if (isValue(options)) {
    throw new OptionError('masks and options are given by name, not by position', {
      op: layer,
      hint: `Pass an object, such as { ${known[0]}: … }.`,
    });
  }
  checkOptions(layer, options, known);
  for (const [option, x] of Object.entries(options)) {
    const isMask = option.endsWith('Mask') || option === 'mask';
    if (x === undefined || (isMask && (x === null || isValue(x))) || (!isMask && typeof x === 'boolean')) continue;
    const wanted = isMask ? 'a Value (or null)' : 'true or false';
    throw new OptionError(`${option} must be ${wanted}, got ${kindOf(x)}`, { op: layer, option });
  }
}
