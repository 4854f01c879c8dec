/** The gold files: what PyTorch computed on its own test samples, as JSON (see data/README.md). */
import { constant, isValue, value, type DType, type Value } from 'chainrule';

export interface GoldTensor {
  readonly tensor: readonly (number | string | boolean)[];
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly grad?: boolean;
}

/** Anything in `args` and `kwargs`: tensors, numbers, text, lists, PyTorch's slices. */
export type GoldArgument =
  GoldTensor | number | string | boolean | null | readonly GoldArgument[] | { readonly [key: string]: GoldArgument };

export interface GoldCase {
  readonly args: readonly GoldArgument[];
  readonly kwargs: Readonly<Record<string, GoldArgument>>;
  readonly out: readonly GoldTensor[];
  readonly grads?: readonly (GoldTensor | null)[] | null;
  readonly grads2?: readonly (GoldTensor | null)[] | null;
}

export interface GoldFile {
  readonly op: string;
  readonly torch: string;
  readonly cases: readonly GoldCase[];
}

export const isTensor = (x: unknown): x is GoldTensor =>
  typeof x === 'object' && x !== null && 'tensor' in x && 'shape' in x;

const DTYPES: Readonly<Record<string, DType>> = {
  float64: 'float64',
  float32: 'float32',
  int64: 'int32',
  int32: 'int32',
  uint8: 'int32',
  bool: 'bool',
};

export const number = (x: number | string | boolean): number => (typeof x === 'number' ? x : Number(x));

export function dtypeOf(tensor: GoldTensor): DType {
  const dtype = DTYPES[tensor.dtype];
  if (dtype === undefined) throw new Error(`gold holds a dtype without counterpart here: ${tensor.dtype}`);
  return dtype;
}

export function toValue(tensor: GoldTensor): Value {
  const dtype = dtypeOf(tensor);
  const data = Float64Array.from(tensor.tensor, number);
  return tensor.grad === true
    ? value(data, { shape: tensor.shape, dtype })
    : constant(data, { shape: tensor.shape, dtype });
}

/** Arguments with what `put` makes of tensors. */
function toArguments(x: GoldArgument, put: (tensor: GoldTensor) => Value): unknown {
  if (isTensor(x)) return put(x);
  if (Array.isArray(x)) return x.map((y) => toArguments(y as GoldArgument, put));
  if (typeof x === 'object' && x !== null) {
    return Object.fromEntries(Object.entries(x).map(([key, y]) => [key, toArguments(y, put)]));
  }
  if (x === 'Infinity' || x === '-Infinity' || x === 'NaN') return Number(x);
  return x;
}

const argumentsOf = (
  { args, kwargs }: GoldCase,
  put: (tensor: GoldTensor) => Value,
): { args: unknown[]; kwargs: Record<string, unknown> } => ({
  args: args.map((x) => toArguments(x, put)),
  kwargs: Object.fromEntries(Object.entries(kwargs).map(([key, x]) => [key, toArguments(x, put)])),
});

/** All tensors of a case as leaves, in the order in which its arguments name them. */
export function tensorsOf(gold: GoldCase): Value[] {
  const tensors: Value[] = [];
  argumentsOf(gold, (tensor) => {
    const x = toValue(tensor);
    tensors.push(x);
    return x;
  });
  return tensors;
}

export interface GoldCall {
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  /** The differentiable ones, in the order in which gold lists them. */
  readonly leaves: readonly Value[];
}

/** The case's arguments with these Values for its tensors. */
export function withTensors(gold: GoldCase, tensors: readonly Value[]): GoldCall {
  const leaves: Value[] = [];
  let next = 0;
  const put = ({ grad }: GoldTensor): Value => {
    const x = tensors[next++]!;
    if (grad === true) leaves.push(x);
    return x;
  };
  return { ...argumentsOf(gold, put), leaves };
}

/** A result's Values in PyTorch's order: lists as they are, objects by the order of their keys. */
export function flattenOutputs(result: unknown): Value[] {
  if (isValue(result)) return [result];
  if (typeof result === 'number' || typeof result === 'boolean') return [constant(result)];
  if (Array.isArray(result)) return result.flatMap(flattenOutputs);
  if (typeof result === 'object' && result !== null) return Object.values(result).flatMap(flattenOutputs);
  throw new Error(`an op returned ${String(result)}`);
}
