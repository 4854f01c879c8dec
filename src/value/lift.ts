/** Numbers and booleans as Values. */
import { castNumber, defaultDtype, type DType } from '../base/dtypes.ts';
import { SCALAR, type Shape } from '../base/shapes.ts';
import type { Operand } from '../ops/runtime.ts';
import { immediate, Value } from './value.ts';

const refuse = (x: unknown, op: string): never => {
  const got =
    x === null ? 'null' : Array.isArray(x) ? 'an array' : typeof x === 'object' ? `a ${x.constructor.name}` : typeof x;
  throw new TypeError(
    `${op}: an operand must be a Value, a number or a boolean, got ${got}. Wrap data with value(…) or constant(…).`,
  );
};

/** A number or boolean as a constant of the given dtype, everywhere the same. */
export function liftNumber(x: number | boolean, dtype: DType, shape: Shape, op: string): Value {
  if (typeof x !== 'number' && typeof x !== 'boolean') return refuse(x, op);
  return immediate(shape, dtype, castNumber(Number(x), dtype));
}

/** A Value as it is; a number in the default dtype; a boolean as bool. */
export function lift(x: Operand, op: string): Value {
  if (x instanceof Value) return x;
  return liftNumber(x, typeof x === 'boolean' ? 'bool' : defaultDtype(), SCALAR, op);
}
