/** A user's function as what can be checked: float numbers in, float numbers out, with names for both. */
import { isFloat } from '../base/dtypes.ts';
import { ChainruleError, OptionError } from '../base/errors.ts';
import { sizeOf, type Shape } from '../base/shapes.ts';
import { flatten, unflatten, type Structure } from '../base/trees.ts';
import { isLeaf } from '../program/trace.ts';
import { lift } from '../value/lift.ts';
import { noGrad } from '../value/recording.ts';
import { immediate, isValue, type Value } from '../value/value.ts';

/** A float leaf of the arguments. */
export interface Variable {
  /** Which argument it belongs to. */
  readonly argument: number;
  /** `argument 1`, `argument 0.weights[2]`. */
  readonly name: string;
  readonly shape: Shape;
  readonly size: number;
  /** Where it lies among all numbers. */
  readonly offset: number;
}

export interface Output {
  readonly name: string;
  readonly shape: Shape;
  readonly size: number;
  readonly offset: number;
}

export interface Problem {
  readonly variables: readonly Variable[];
  readonly outputs: readonly Output[];
  /** The number of float elements among the arguments. */
  readonly inputSize: number;
  readonly outputSize: number;
  /** The point, flat. */
  readonly point: Float64Array;
  /** f on Values in place of the variables: the float Values of its result. */
  readonly call: (...xs: Value[]) => Value[];
  /** Numbers to numbers, nothing recorded. */
  readonly evaluate: (point: Float64Array) => Float64Array;
  /** Flat numbers as Values of the variables' shapes. */
  readonly toValues: (flat: Float64Array) => Value[];
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- functions of any arguments are checked
export type AnyFunction = (...args: any[]) => unknown;

/** The path to each leaf, written as in code. */
export function leafPaths(structure: Structure, name: string): string[] {
  switch (structure.kind) {
    case 'leaf':
      return [name];
    case 'static':
      return [];
    case 'array':
      return structure.children.flatMap((child, i) => leafPaths(child, `${name}[${i}]`));
    case 'object':
      return structure.children.flatMap((child, i) => {
        const key = structure.keys[i]!;
        return leafPaths(child, /^[\w$]+$/.test(key) ? `${name}.${key}` : `${name}[${JSON.stringify(key)}]`);
      });
  }
}

const toFloat64 = (x: Value): Float64Array => Float64Array.from(x.data);

/** Flat numbers as Values of the given shapes. */
export const valuesOf = (parts: readonly Output[], flat: Float64Array): Value[] =>
  parts.map(({ shape, offset, size }) =>
    immediate(shape, 'float64', shape.length === 0 ? flat[offset]! : flat.slice(offset, offset + size)),
  );

/** Bit for bit, all NaNs being equal. */
export const sameNumbers = (a: ArrayLike<number>, b: ArrayLike<number>): boolean => {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
};

function checkArgnums(op: string, argnums: readonly number[], given: number): void {
  for (const position of argnums) {
    if (Number.isInteger(position) && position >= 0 && position < given) continue;
    throw new OptionError(`argnums names argument ${String(position)}, but ${given} were given`, {
      op,
      option: 'argnums',
      hint: 'Positions count from 0.',
    });
  }
}

/** The float results with their names; refuses a result without any. */
function floatLeaves(result: unknown, op: string): { values: Value[]; names: string[] } {
  if (typeof (result as { then?: unknown } | null)?.then === 'function') {
    throw new TypeError(`${op}: the function returned a Promise; it must be synchronous.`);
  }
  const { leaves, structure } = flatten(result, isLeaf);
  const names = leafPaths(structure, 'result');
  const values = leaves.map((x) => lift(x, op));
  const floats = values.flatMap((x, i) => (isFloat(x.dtype) ? [i] : []));
  return { values: floats.map((i) => values[i]!), names: floats.map((i) => names[i]!) };
}

/**
 * Float leaves of the arguments become float64 variables (float32 ones too: differences need the digits); integers,
 * booleans and anything that is no number are passed on as they are.
 */
export function problemOf(op: string, f: AnyFunction, args: readonly unknown[], argnums?: readonly number[]): Problem {
  if (argnums !== undefined) checkArgnums(op, argnums, args.length);
  const variables: Variable[] = [];
  const parts: Float64Array[] = [];
  const isVariable: boolean[] = [];
  const { leaves, structure } = flatten(args, isLeaf);
  const paths = leafPaths(structure, '').map((path) => path.replace(/^\[(\d+)\]/, 'argument $1'));
  let offset = 0;
  leaves.forEach((leaf, i) => {
    const argument = Number(/\d+/.exec(paths[i]!)![0]);
    const chosen = argnums === undefined || argnums.includes(argument);
    const float = isValue(leaf) ? isFloat(leaf.dtype) : typeof leaf === 'number';
    isVariable.push(chosen && float);
    if (!chosen || !float) return;
    const x = lift(leaf, op);
    const size = sizeOf(x.shape);
    variables.push({ argument, name: paths[i]!, shape: x.shape, size, offset });
    parts.push(toFloat64(x));
    offset += size;
  });
  if (variables.length === 0) {
    throw new ChainruleError('no argument is a float: there is nothing to differentiate', {
      op,
      hint: 'Give numbers or float Values; integers and booleans are passed on but not differentiated.',
    });
  }
  const call = (...xs: Value[]): Value[] => {
    const replaced = withVariables(leaves, isVariable, xs, op);
    return floatLeaves(f(...(unflatten(structure, replaced) as unknown[])), op).values;
  };
  const toValues = (flat: Float64Array): Value[] => valuesOf(variables, flat);
  const evaluate = (point: Float64Array): Float64Array => noGrad(() => concatenated(call(...toValues(point))));
  const point = concatenatedData(parts, offset);
  const first = noGrad(() =>
    floatLeaves(f(...(unflatten(structure, withVariables(leaves, isVariable, toValues(point), op)) as unknown[])), op),
  );
  const outputs = outputsOf(first.values, first.names);
  if (outputs.length === 0)
    throw new ChainruleError('f returned no float Value: there is nothing to differentiate', { op });
  const outputSize = outputs.reduce((n, y) => n + y.size, 0);
  return { variables, outputs, inputSize: offset, outputSize, point, call, evaluate, toValues };
}

/** Numbers that are not differentiated are lifted, as transforms do. */
function withVariables(
  leaves: readonly unknown[],
  isVariable: readonly boolean[],
  xs: readonly Value[],
  op: string,
): unknown[] {
  let next = 0;
  return leaves.map((leaf, i) => (isVariable[i] ? xs[next++]! : typeof leaf === 'number' ? lift(leaf, op) : leaf));
}

function outputsOf(values: readonly Value[], names: readonly string[]): Output[] {
  let offset = 0;
  return values.map((y, i) => {
    const output = { name: names[i]!, shape: y.shape, size: y.size, offset };
    offset += y.size;
    return output;
  });
}

function concatenatedData(parts: readonly Float64Array[], length: number): Float64Array {
  const out = new Float64Array(length);
  let next = 0;
  for (const part of parts) {
    out.set(part, next);
    next += part.length;
  }
  return out;
}

/** All elements of some Values, in order. */
export const concatenated = (xs: readonly Value[]): Float64Array =>
  concatenatedData(
    xs.map(toFloat64),
    xs.reduce((n, x) => n + x.size, 0),
  );

/** The index of an element of a shape: `[1, 2]`. */
export function indexOf(flat: number, shape: Shape): number[] {
  const out = new Array<number>(shape.length);
  let rest = flat;
  for (let i = shape.length - 1; i >= 0; i--) {
    out[i] = rest % shape[i]!;
    rest = Math.floor(rest / shape[i]!);
  }
  return out;
}
