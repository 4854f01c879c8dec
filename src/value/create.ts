/** Factories: leaves from data, and filled ones. */
import {
  castNumber,
  defaultDtype,
  isFloat,
  newStorage,
  replaceDefaultDtype,
  type DType,
  type Storage,
} from '../base/dtypes.ts';
import { checkOptions, DtypeError, OptionError, TraceError } from '../base/errors.ts';
import type { Mutable, Shape, ShapeOfData } from '../base/shape-types.ts';
import { checkShape, SCALAR } from '../base/shapes.ts';
import type { Content } from '../base/storage.ts';
import { checkDType, copyCast, readData, withShape, type Data } from './read.ts';
import { state } from './recording.ts';
import { isValue, makeCell, setLabel, type Value } from './value.ts';

export interface ValueOptions<S extends Shape = Shape> {
  readonly dtype?: DType;
  /** The shape that flat data takes. */
  readonly shape?: S;
  readonly requiresGrad?: boolean;
  readonly label?: string;
}

const VALUE_OPTIONS = ['dtype', 'shape', 'requiresGrad', 'label'];

/**
 * Numbers, factories and nested arrays take this dtype: 'float64' (at the start) or 'float32'.
 * @throws DtypeError for any other; TraceError inside a compiled function.
 * @example setDefaultDtype('float32')
 */
export function setDefaultDtype(dtype: 'float64' | 'float32'): void {
  if (dtype !== 'float64' && dtype !== 'float32') {
    throw new DtypeError(`the default dtype is float64 or float32, not ${JSON.stringify(dtype)}`, {
      op: 'setDefaultDtype',
    });
  }
  if (state.lifting !== null) {
    throw new TraceError(`the default dtype is set inside ${state.lifting.trace.by}, while the function is traced`, {
      op: 'setDefaultDtype',
      hint: 'Set it before the call.',
    });
  }
  replaceDefaultDtype(dtype);
}

function make(data: Data, options: ValueOptions | undefined, gradByDefault: boolean, op: string): Value {
  if (typeof data === 'number' && options === undefined)
    return makeCell(SCALAR, defaultDtype(), castNumber(data, defaultDtype()), gradByDefault);
  checkOptions(op, options, VALUE_OPTIONS);
  const dtype = options?.dtype === undefined ? undefined : checkDType(op, options.dtype);
  const { content, shape, dtype: type } = withShape(readData(data, dtype, op), options?.shape, op);
  checkLeafOptions(op, options);
  const requiresGrad = options?.requiresGrad ?? (gradByDefault && isFloat(type));
  if (requiresGrad && !isFloat(type)) {
    throw new OptionError(`${type} has no derivatives`, {
      op,
      option: 'requiresGrad',
      hint: `Leave requiresGrad out, or use a float dtype.`,
    });
  }
  const scalar = shape.length === 0;
  const leaf = makeCell(
    scalar ? SCALAR : Object.freeze([...shape]),
    type,
    scalar && typeof content !== 'number' ? content[0]! : content,
    requiresGrad,
  );
  if (options?.label !== undefined) setLabel(leaf, options.label);
  return leaf;
}

function checkLeafOptions(op: string, options: FillOptions | undefined): void {
  const { requiresGrad, label }: { requiresGrad?: unknown; label?: unknown } = options ?? {};
  if (requiresGrad !== undefined && typeof requiresGrad !== 'boolean') {
    throw new OptionError(`requiresGrad is true or false, got ${typeof requiresGrad}`, { op, option: 'requiresGrad' });
  }
  if (label !== undefined && typeof label !== 'string') {
    throw new OptionError(`a label is a string, got ${label === null ? 'null' : typeof label}`, {
      op,
      option: 'label',
    });
  }
}

/**
 * A leaf from data, copied; float leaves require gradients unless told otherwise.
 * Numbers and nested arrays are float64 (booleans bool); typed arrays keep their type (8- and 16-bit integers → int32,
 * Uint32 → float64).
 * @throws ShapeError for ragged arrays or data that does not fill `shape`; DtypeError for BigInt arrays.
 * @example value([[1, 2], [3, 4]], { label: 'W' })
 */
export function value<const D extends Data, const S extends Shape = ShapeOfData<D>>(
  data: D,
  options?: ValueOptions<S>,
): Value<Mutable<S>> {
  return make(data, options, true, 'value') as unknown as Value<Mutable<S>>;
}

/**
 * A leaf that requires no gradients: data, labels, buffers. Otherwise as `value`.
 * @example constant([0, 1, 1], { dtype: 'int32' })
 */
export function constant<const D extends Data, const S extends Shape = ShapeOfData<D>>(
  data: D,
  options?: ValueOptions<S>,
): Value<Mutable<S>> {
  return make(data, options, false, 'constant') as unknown as Value<Mutable<S>>;
}

// Filled -----------------------------------------------------------------------------------------------------------

export type FillOptions = Omit<ValueOptions, 'shape'>;
export const FILL_OPTIONS: readonly string[] = ['dtype', 'requiresGrad', 'label'];

/** A leaf of the given content; never requires gradients unless told. */
export function leaf<S extends Shape>(
  op: string,
  shape: S,
  content: (dtype: DType) => Content,
  options: FillOptions | undefined,
  dtype: DType,
): Value<Mutable<S>> {
  checkOptions(op, options, FILL_OPTIONS);
  checkLeafOptions(op, options);
  const type = options?.dtype === undefined ? dtype : checkDType(op, options.dtype);
  const checked = Object.freeze(checkShape(op, shape));
  const held = content(type);
  const scalar = checked.length === 0;
  const made = makeCell(scalar ? SCALAR : checked, type, scalar && typeof held !== 'number' ? held[0]! : held, false);
  if (options?.requiresGrad === true) made.requiresGrad = true;
  if (options?.label !== undefined) setLabel(made, options.label);
  return made as unknown as Value<Mutable<S>>;
}

/** A Value filled with one number. @example full([2, 2], 7) */
export const full = <const S extends Shape>(
  shape: S,
  fill: number | boolean,
  options?: FillOptions,
): Value<Mutable<S>> => {
  if (typeof fill !== 'number' && typeof fill !== 'boolean') {
    const hint = isValue(fill) ? '; x.broadcastTo(shape) repeats a Value' : '';
    throw new TypeError(
      `full: fill must be a number or a boolean, got ${isValue(fill) ? 'a Value' : typeof fill}${hint}`,
    );
  }
  const dtype = typeof fill === 'boolean' ? 'bool' : defaultDtype();
  return leaf('full', shape, (type) => castNumber(Number(fill), type), options, dtype);
};

/** Zeros, of the default dtype unless told. @example zeros([2, 3]) */
export const zeros = <const S extends Shape>(shape: S, options?: FillOptions): Value<Mutable<S>> =>
  leaf('zeros', shape, () => 0, options, defaultDtype());

/** Ones, of the default dtype unless told. @example ones([3], { dtype: 'float32' }) */
export const ones = <const S extends Shape>(shape: S, options?: FillOptions): Value<Mutable<S>> =>
  leaf('ones', shape, () => 1, options, defaultDtype());

/** Zeros of the shape and dtype of x. @example zerosLike(x) */
export const zerosLike = <V extends Value>(x: V, options?: FillOptions): V =>
  leaf('zerosLike', x.shape, () => 0, options, x.dtype) as unknown as V;

/** Ones of the shape and dtype of x. @example y.backward({ gradient: onesLike(y) }) */
export const onesLike = <V extends Value>(x: V, options?: FillOptions): V =>
  leaf('onesLike', x.shape, () => 1, options, x.dtype) as unknown as V;

/** The identity matrix, or with `m` columns a rectangular one. @example eye(3) */
export const eye = <const N extends number, const M extends number = N>(
  n: N,
  m?: M | null,
  options?: FillOptions,
): Value<[N, M]> => {
  const columns: number = m ?? n;
  const fill = (dtype: DType): Storage => {
    const data = newStorage(dtype, n * columns);
    for (let i = 0; i < Math.min(n, columns); i++) data[i * columns + i] = 1;
    return data;
  };
  return leaf('eye', checkShape('eye', [n, columns]), fill, options, defaultDtype()) as unknown as Value<[N, M]>;
};

/** start, start+step, … below `end`; with one number 0 … n−1. @example arange(0, 1, 0.25) */
export function arange(start: number, end?: number, step: number = 1, options?: FillOptions): Value<[number]> {
  const [from, to] = end === undefined ? [0, start] : [start, end];
  if (![from, to, step].every(Number.isFinite) || step === 0) {
    throw new OptionError(`start, end and step must be finite and step ≠ 0, got ${from}, ${to}, ${step}`, {
      op: 'arange',
    });
  }
  const n = Math.max(0, Math.ceil((to - from) / step));
  return leaf<[number]>(
    'arange',
    [n],
    (dtype) =>
      copyCast(
        Array.from({ length: n }, (_, i) => from + i * step),
        dtype,
      ),
    options,
    defaultDtype(),
  );
}

/** `count` numbers evenly from start to end, both included. @example linspace(0, 1, 5) */
export function linspace<const N extends number>(
  start: number,
  end: number,
  count: N,
  options?: FillOptions,
): Value<[N]> {
  if (!Number.isInteger(count) || count < 0)
    throw new OptionError(`count must be a whole number ≥ 0, got ${String(count)}`, {
      op: 'linspace',
      option: 'count',
    });
  if (!Number.isFinite(start) || !Number.isFinite(end)) {
    throw new OptionError(`start and end must be finite, got ${String(start)} and ${String(end)}`, { op: 'linspace' });
  }
  const step = count > 1 ? (end - start) / (count - 1) : 0;
  // From both ends towards the middle, as PyTorch does, so that both ends are exact.
  const at = (i: number): number => (i < count / 2 ? start + step * i : end - step * (count - 1 - i));
  return leaf(
    'linspace',
    [count],
    (dtype) =>
      copyCast(
        Array.from({ length: count }, (_, i) => at(i)),
        dtype,
      ),
    options,
    defaultDtype(),
  ) as unknown as Value<[N]>;
}
