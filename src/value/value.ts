/** Value: a scalar or tensor that remembers how it was computed. */
import { newStorage, type DType, type Storage } from '../base/dtypes.ts';
import { ChainruleError, ShapeError, showShape } from '../base/errors.ts';
import type { Shape } from '../base/shape-types.ts';
import { sameShape, sizeOf } from '../base/shapes.ts';
import { toStorage, type Content } from '../base/storage.ts';
import type { Family, Op } from '../ops/op.ts';
import type * as table from '../ops/index.ts';
import { NO_ATTRIBUTES, type Attributes, type Primitive } from '../ops/primitive.ts';
import type { Methods } from './methods.ts';
import { state, type Scope } from './recording.ts';
import { refuseReading, type Trace } from './trace.ts';

/** Every op of the table that has a method, under its own name. */
type Fluent = {
  readonly [
    K in keyof typeof table as (typeof table)[K] extends Op<Family>
      ? (typeof table)[K]['method'] extends undefined
        ? never
        : K
      : never
  ]: (typeof table)[K] extends { readonly method: infer M } ? M : never;
};

declare const compared: unique symbol;

/** Nested arrays of numbers (of booleans for bool), as deep as the rank. */
export type NestedArray = number | boolean | NestedArray[];

let created = 0;

/** The number that the next Value will carry. */
export const nextId = (): number => created + 1;

const NO_INPUTS: readonly Value[] = Object.freeze([]);

/**
 * A scalar or a tensor of any rank. Immutable, except that leaves are cells: `assign` (and an optimizer) swaps their
 * content, while ops that have read them keep the content they read.
 *
 * Make one with `value`, `constant`, `zeros`, …; every op is a method: `a.add(b).mul(2)`.
 * @example value([1, 2]).mul(3).toArray() // [3, 6]
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- methods come from the op table
export interface Value<S extends Shape = Shape> extends Fluent, Methods {
  /** A method, so that S is compared bivariantly: an unknown shape fits a known one and back. */
  [compared](shape: S): void;
}
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging
export class Value<S extends Shape = Shape> {
  /** Creation number: a Value's operands have smaller ones. */
  readonly id: number;
  readonly shape: S;
  readonly dtype: DType;
  /** The accumulated gradient of a leaf, once `backward` has reached it. */
  grad: Value<S> | null = null;
  /** @internal One number for all elements, or the elements; null while it stands for an argument under a trace. */
  _content: Content | null;
  /** @internal What made it; null for leaves. */
  readonly _op: Primitive | null;
  /** @internal What it was made from: snapshots where the operand was a cell. */
  readonly _inputs: readonly Value[];
  /** @internal */
  readonly _attrs: Attributes;
  /** @internal */
  _requiresGrad: boolean;
  /** @internal A cell's current snapshot (null until read), or a snapshot's cell. */
  _twin: Value | null = null;
  /** @internal True for leaves made by users, parameters, buffers. */
  readonly _isCell: boolean;
  /** @internal All outputs of the application that made it, where there are several. */
  _group: readonly Value[] | null = null;
  /** @internal */
  readonly _trace: Trace | null;
  /** @internal */
  readonly _scope: Scope | null;
  /** @internal */
  _label: string | null = null;

  /** @internal Use `value`, `constant` and the other factories. */
  constructor(
    shape: S,
    dtype: DType,
    content: Content | null,
    requiresGrad: boolean,
    isCell: boolean = false,
    op: Primitive | null = null,
    inputs: readonly Value[] = NO_INPUTS,
    attrs: Attributes = NO_ATTRIBUTES,
    trace: Trace | null = null,
  ) {
    this.id = ++created;
    this.shape = shape;
    this.dtype = dtype;
    this._content = content;
    this._requiresGrad = requiresGrad;
    this._isCell = isCell;
    this._op = op;
    this._inputs = inputs;
    this._attrs = attrs;
    this._trace = trace;
    this._scope = op === null ? null : state.scope;
  }

  get rank(): number {
    return this.shape.length;
  }

  /** The number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /** Whether derivatives flow to (or through) it. On leaves it may be set. */
  get requiresGrad(): boolean {
    return this._requiresGrad;
  }

  set requiresGrad(on: boolean) {
    if (!this._isCell) {
      throw new ChainruleError('requiresGrad can be set on leaves only', {
        op: 'requiresGrad',
        hint: 'Use x.detach() to cut a result off its graph.',
      });
    }
    if (on && this.dtype !== 'float64' && this.dtype !== 'float32') {
      throw new ChainruleError(`${this.dtype} has no derivatives`, {
        op: 'requiresGrad',
        hint: `Cast first: x.to('float64').`,
      });
    }
    this._requiresGrad = on;
    this._twin = null;
  }

  /** The name given by `named`, or null. */
  get label(): string | null {
    return this._label;
  }

  /** The name of the op that made it; null for leaves. */
  get op(): string | null {
    return this._op === null ? null : this._op.title(this._attrs);
  }

  /** The Values it was computed from; empty for leaves and where nothing was recorded. */
  get inputs(): readonly Value[] {
    return this._inputs.map((x) => (!x._isCell && x._op === null && x._twin !== null ? x._twin : x));
  }

  /** The elements, row-major; read only. For a scalar an array of one. */
  get data(): Storage {
    if (this._content === null) return refuseReading(this._trace!, 'the data');
    if (this.shape.length > 0) return arrayOf(this);
    const data = newStorage(this.dtype, 1);
    data[0] = this._content as number;
    return data;
  }

  toString(): string {
    return `Value ${showShape(this.shape)} ${this.dtype}`;
  }
}

/** The content as it is held; refuses traced Values. */
export function contentOf(x: Value, what: string = 'the data'): Content {
  return x._content ?? refuseReading(x._trace!, what);
}

/** The elements as an array, made once and kept. */
export function arrayOf(x: Value): Storage {
  const content = contentOf(x);
  if (typeof content !== 'number') return content;
  const data = toStorage(content, x.dtype, sizeOf(x.shape));
  if (x.shape.length > 0) x._content = data;
  return data;
}

export const isValue = (x: unknown): x is Value => x instanceof Value;

/** A constant that is no cell: lifted numbers, intermediate results. */
export const immediate = (shape: Shape, dtype: DType, content: Content): Value =>
  new Value(shape, dtype, content, false);

/** What an op records of an operand: a cell's current snapshot, anything else as it is. */
export function read(x: Value): Value {
  if (!x._isCell) return x;
  if (x._twin !== null) return x._twin;
  const snapshot = new Value(x.shape, x.dtype, x._content, x._requiresGrad);
  snapshot._twin = x;
  snapshot._label = x._label;
  x._twin = snapshot;
  return snapshot;
}

/** Swaps a cell's content; what was recorded before keeps the old one. */
export function replaceContent(cell: Value, content: Content): void {
  cell._content = content;
  cell._twin = null;
}

/** @throws ShapeError unless x can take the place of a Value of this shape. */
export function requireShape(op: string, x: Value, shape: Shape): void {
  if (sameShape(x.shape, shape)) return;
  throw new ShapeError(`expected shape ${showShape(shape)}, got ${showShape(x.shape)}`, {
    op,
    shapes: [shape, x.shape],
  });
}
