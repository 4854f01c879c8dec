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
import { refuseReading, refuseReadingCell, type Trace } from './trace.ts';
import { requireEffects, requireLike, requireOwn } from './writing.ts';

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

/** What few nodes have. */
export interface Extra {
  readonly attrs: Attributes;
  /** Operands beyond the second. */
  readonly rest: readonly Value[] | null;
  readonly trace: Trace | null;
  readonly scope: Scope | null;
  group: readonly Value[] | null;
  label: string | null;
  /** Where a cell's content is while it is not here. */
  remote: Remote | null;
}

/** Somewhere else where numbers live. `fetch` may be called once it is known that they are needed here. */
export interface Remote {
  fetch(): Content;
}

export const REQUIRES_GRAD = 1;
export const CELL = 2;

declare const compared: unique symbol;

/** Nested arrays of numbers (of booleans for bool), as deep as the rank. */
export type NestedArray = number | boolean | NestedArray[];

let created = 0;

/** The number of the youngest Value: all that are made from here on have higher ones. */
export const creationNumber = (): number => created;

const NO_INPUTS: readonly Value[] = Object.freeze([]);

/**
 * A scalar or a tensor of any rank. Immutable, except that leaves are cells: `assign` (and an optimizer) swaps their
 * content, while ops that have read them keep the content they read.
 *
 * Make one with `value`, `constant`, `zeros`, …; every op is a method: `a.add(b).mul(2)`.
 * @example value([1, 2]).mul(3).toArray() // [3, 6]
 */
export interface Value<S extends Shape = Shape> extends Fluent, Methods {
  /** A method, so that S is compared bivariantly: an unknown shape fits a known one and back. */
  [compared](shape: S): void;
}
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging
export class Value<S extends Shape = Shape> {
  // Few and fixed fields: a graph of a million nodes is a million of these. What most nodes lack is in `_extra`.
  /** Creation number: a Value's operands have smaller ones. */
  readonly id: number;
  readonly shape: S;
  readonly dtype: DType;
  /** @internal What `grad` gives, or where it is. */
  _grad: Value | Remote | null;
  /**
   * @internal One number for all elements, or the elements; null while it stands for an argument under a trace, and for
   * a cell whose content is elsewhere.
   */
  _content: Content | null;
  /** @internal What made it; null for leaves. */
  readonly _op: Primitive | null;
  /**
   * @internal The first two operands; further ones are in `_extra`. Snapshots where the operand was a cell; a scalar
   * cell may stand for its own first snapshot (see `read`), so look through `asRead`. In such a cell, once it has been
   * assigned, `_x` is that first snapshot.
   */
  _x: Value | null;
  /** @internal */
  readonly _y: Value | null;
  /** @internal REQUIRES_GRAD and CELL. */
  _flags: number;
  /** @internal A cell's current snapshot (null until there is one), or a snapshot's cell. */
  _twin: Value | null;
  /** @internal */
  _extra: Extra | null;

  /** For the factories below: make Values with `value`, `constant`, `zeros`, … */
  constructor(
    shape: S,
    dtype: DType,
    content: Content | null,
    flags: number,
    op: Primitive | null,
    x: Value | null,
    y: Value | null,
    extra: Extra | null,
  ) {
    if ((dtype as unknown) === undefined) {
      throw new TypeError('new Value(…): make one with value(data) or constant(data), not with the constructor');
    }
    this.id = ++created;
    this.shape = shape;
    this.dtype = dtype;
    this._grad = null;
    this._content = content;
    this._op = op;
    this._x = x;
    this._y = y;
    this._flags = flags;
    this._twin = null;
    this._extra = extra;
  }

  /** @internal */
  get _requiresGrad(): boolean {
    return (this._flags & REQUIRES_GRAD) !== 0;
  }

  /** @internal True for leaves made by users, parameters, buffers. */
  get _isCell(): boolean {
    return (this._flags & CELL) !== 0;
  }

  /** @internal All operands, as they were when they were read. */
  get _inputs(): readonly Value[] {
    if (this._op === null || this._x === null) return NO_INPUTS;
    const rest = this._extra === null ? null : this._extra.rest;
    if (rest !== null) return [asRead(this._x), asRead(this._y!), ...rest.map(asRead)];
    return this._y === null ? [asRead(this._x)] : [asRead(this._x), asRead(this._y)];
  }

  /** @internal */
  get _attrs(): Attributes {
    return this._extra === null ? NO_ATTRIBUTES : this._extra.attrs;
  }

  /** @internal */
  get _trace(): Trace | null {
    return this._extra === null ? null : this._extra.trace;
  }

  /** @internal All outputs of the application that made it, where there are several. */
  get _group(): readonly Value[] | null {
    return this._extra === null ? null : this._extra.group;
  }

  /** @internal */
  get _scope(): Scope | null {
    return this._extra === null ? null : this._extra.scope;
  }

  get rank(): number {
    return this.shape.length;
  }

  /** The number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /** The accumulated gradient of a leaf, once `backward` has reached it. May be set: to null, or to a Value like it. */
  get grad(): Value<S> | null {
    const held = state.lifting === null ? this._grad : state.lifting.gradOf(this);
    return (held === null || held instanceof Value ? held : fetchGrad(this, held)) as Value<S> | null;
  }

  set grad(gradient: Value<S> | null) {
    if (gradient !== null && !isValue(gradient)) {
      throw new TypeError(`grad: expected a Value or null, got ${typeof gradient}`);
    }
    if (gradient !== null) requireLike(this, gradient);
    if (state.trace !== null) requireEffects(this, 'grad');
    if (state.lifting === null) this._grad = gradient;
    else state.lifting.setGrad(this, gradient);
  }

  /** Whether derivatives flow to (or through) it. On leaves it may be set. */
  get requiresGrad(): boolean {
    if (state.lifting !== null && this._isCell) state.lifting.touch(this);
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
    if (on === this.requiresGrad) return;
    requireOwn(this, 'requiresGrad =', 'Set it before the call.');
    const content = contentOf(this);
    archive(this);
    this._flags = on ? this._flags | REQUIRES_GRAD : this._flags & ~REQUIRES_GRAD;
    replaceContent(this, content);
  }

  /** The name given by `named`, or null. */
  get label(): string | null {
    return this._extra === null ? null : this._extra.label;
  }

  /** The name of the op that made it; null for leaves. */
  get op(): string | null {
    return this._op === null ? null : this._op.title(this._attrs);
  }

  /** The Values it was computed from; empty for leaves and where nothing was recorded. */
  get inputs(): readonly Value[] {
    return this._inputs.map(cellOf);
  }

  /** The elements, row-major; read only. For a scalar an array of one. */
  get data(): Storage {
    const content = contentOf(this);
    if (this.shape.length > 0) return arrayOf(this);
    const data = newStorage(this.dtype, 1);
    data[0] = content as number;
    return data;
  }

  toString(): string {
    return `Value ${showShape(this.shape)} ${this.dtype}`;
  }
}

/** Where a Value's present content is: for a cell that has one, its snapshot. */
const holderOf = (x: Value): Value => (x._isCell && x._twin !== null ? x._twin : x);

/** The present content as it is held; refuses traced Values. */
export function contentOf(x: Value, what: string = 'the data'): Content {
  const held = state.lifting !== null && x._isCell ? state.lifting.operand(x) : x;
  return holderOf(held)._content ?? bring(x, what);
}

/** The content of a Value that has none here. */
function bring(x: Value, what: string): Content {
  if (!x._isCell) return refuseReading(x._trace!, what);
  if (state.lifting !== null) return refuseReadingCell(state.lifting.trace, what, x.label);
  fetchContent(x);
  return x._content!;
}

/** True for what has no numbers: Values that stand for an argument under a trace, cells while a program is traced. */
export const isTraced = (x: Value): boolean =>
  (x._content === null && !x._isCell) || (state.lifting !== null && state.lifting.isSymbolic(x));

/** The elements as an array, made once and kept. */
export function arrayOf(x: Value): Storage {
  const content = contentOf(x);
  if (typeof content !== 'number') return content;
  const data = toStorage(content, x.dtype, sizeOf(x.shape));
  if (x.shape.length > 0 && (state.lifting === null || !x._isCell)) {
    x._content = data;
    if (x._twin !== null) x._twin._content = data;
  }
  return data;
}

/** Whether something is a Value. @example isValue(x) ? x.item() : x */
export const isValue = (x: unknown): x is Value => x instanceof Value;

// Making Values ----------------------------------------------------------------------------------------------------

/** A constant that is no cell: lifted numbers, results that nobody differentiates. It knows its scope, as ops do. */
export const immediate = (shape: Shape, dtype: DType, content: Content): Value =>
  new Value(
    shape,
    dtype,
    content,
    0,
    null,
    null,
    null,
    state.scope === null ? null : extraOf(NO_ATTRIBUTES, NO_INPUTS, null),
  );

/** A leaf that can be assigned. */
export const makeCell = (shape: Shape, dtype: DType, content: Content, requiresGrad: boolean): Value =>
  new Value(shape, dtype, content, requiresGrad ? CELL | REQUIRES_GRAD : CELL, null, null, null, null);

/** A data-less Value under a trace. */
export const makeSymbol = (shape: Shape, dtype: DType, requiresGrad: boolean, trace: Trace): Value =>
  new Value(
    shape,
    dtype,
    null,
    requiresGrad ? REQUIRES_GRAD : 0,
    null,
    null,
    null,
    extraOf(NO_ATTRIBUTES, NO_INPUTS, trace),
  );

const extraOf = (attrs: Attributes, inputs: readonly Value[], trace: Trace | null): Extra | null =>
  attrs === NO_ATTRIBUTES && inputs.length <= 2 && trace === null && state.scope === null
    ? null
    : {
        attrs,
        rest: inputs.length > 2 ? inputs.slice(2) : null,
        trace,
        scope: state.scope,
        group: null,
        label: null,
        remote: null,
      };

/** The extra part of a Value, made where there is none. */
export const extraFor = (x: Value): Extra =>
  (x._extra ??= { attrs: NO_ATTRIBUTES, rest: null, trace: null, scope: null, group: null, label: null, remote: null });

/** A recorded result. Operands are snapshots already. */
export const makeNode = (
  shape: Shape,
  dtype: DType,
  content: Content | null,
  requiresGrad: boolean,
  op: Primitive,
  inputs: readonly Value[],
  attrs: Attributes,
  trace: Trace | null,
): Value =>
  new Value(
    shape,
    dtype,
    content,
    requiresGrad ? REQUIRES_GRAD : 0,
    op,
    inputs[0] ?? null,
    inputs[1] ?? null,
    extraOf(attrs, inputs, trace),
  );

/** A recorded result of a pointwise op on one or two operands: the short way of `makeNode`. */
export const makePointwiseNode = (
  shape: Shape,
  dtype: DType,
  content: Content,
  op: Primitive,
  x: Value,
  y: Value | null,
): Value =>
  new Value(
    shape,
    dtype,
    content,
    REQUIRES_GRAD,
    op,
    x,
    y,
    state.scope === null ? null : extraOf(NO_ATTRIBUTES, NO_INPUTS, null),
  );

export function setLabel(x: Value, label: string): void {
  extraFor(x).label = label;
}

// Cells ------------------------------------------------------------------------------------------------------------

/** The cell that a snapshot was read from; anything else is itself. */
export const cellOf = (x: Value): Value => (!x._isCell && x._op === null && x._twin !== null ? x._twin : x);

function snapshotOf(cell: Value, content: Content): Value {
  const snapshot = new Value(cell.shape, cell.dtype, content, cell._flags & REQUIRES_GRAD, null, null, null, null);
  snapshot._twin = cell;
  if (cell.label !== null) setLabel(snapshot, cell.label);
  cell._twin = snapshot;
  return snapshot;
}

/**
 * What an op records of an operand: a cell's present snapshot, anything else as it is. A scalar cell is its own first
 * snapshot, which saves an object for each scalar leaf.
 */
export function read(x: Value): Value {
  if (!x._isCell) return x;
  if (x._twin !== null) return x._twin;
  if (x._content === null) {
    fetchContent(x);
    return read(x);
  }
  return x.shape.length === 0 ? x : snapshotOf(x, x._content);
}

/** A recorded operand with the content that was read: a scalar cell that has been assigned since gives its first snapshot. */
export const asRead = (x: Value): Value => ((x._flags & CELL) !== 0 && x._x !== null ? x._x : x);

/** Swaps a cell's content; what was recorded before keeps the old one. */
export function replaceContent(cell: Value, content: Content): void {
  if (cell._extra !== null) cell._extra.remote = null;
  if (cell.shape.length > 0) {
    cell._content = content;
    cell._twin = null;
    return;
  }
  archive(cell);
  snapshotOf(cell, content);
}

/** Keeps a scalar cell's first content, flags and all, for those who recorded the cell itself. */
export function archive(cell: Value): void {
  if (cell.shape.length === 0 && cell._x === null) cell._x = snapshotOf(cell, cell._content!);
}

// Contents that are elsewhere (see residency.ts) --------------------------------------------------------------------

export const remoteOf = (cell: Value): Remote | null => (cell._extra === null ? null : cell._extra.remote);

function fetchContent(cell: Value): void {
  const content = remoteOf(cell)!.fetch();
  replaceContent(cell, content);
  cell._content = content;
}

function fetchGrad(leaf: Value, remote: Remote): Value {
  const gradient = immediate(leaf.shape, leaf.dtype, remote.fetch());
  leaf._grad = gradient;
  return gradient;
}

/** @throws ShapeError unless x can take the place of a Value of this shape. */
export function requireShape(op: string, x: Value, shape: Shape): void {
  if (sameShape(x.shape, shape)) return;
  throw new ShapeError(`expected shape ${showShape(shape)}, got ${showShape(x.shape)}`, {
    op,
    shapes: [shape, x.shape],
  });
}
