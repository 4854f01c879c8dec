/** The methods of Value that are no ops: reading numbers, gradients, names. */
import { castNumber } from '../base/dtypes.ts';
import { checkOptions, ChainruleError, DtypeError, ShapeError, showShape, TraceError } from '../base/errors.ts';
import { format, toNested } from './format.ts';
import { addHook, type GradientHook } from './hooks.ts';
import { copyCast, type ValueJson } from './read.ts';
import { accumulate, backward, type BackwardOptions } from './reverse.ts';
import { noGrad, state } from './recording.ts';
import {
  contentOf,
  immediate,
  isTraced,
  isValue,
  makeCell,
  replaceContent,
  requireShape,
  setLabel,
  Value,
  type NestedArray,
} from './value.ts';
import { requireEffects } from './writing.ts';

export interface Methods {
  /** The only element, as a number. @throws ShapeError if there are several; TraceError under a trace. */
  item(): number;
  /** All elements as nested arrays (a number for a scalar; booleans for bool). */
  toArray(): NestedArray;
  /** Shape, dtype and abbreviated numbers; never throws. */
  toString(): string;
  /** Shape, dtype and all elements; `constant(JSON.parse(text))` is the same Value again. */
  toJSON(): ValueJson;
  /** Accumulates the gradient of this Value into `.grad` of every leaf it depends on. */
  backward(options?: BackwardOptions): void;
  /** Forgets the accumulated gradient. */
  zeroGrad(): void;
  /** The same numbers, cut off the graph. */
  detach(): this;
  /** Gives it a name, shown in graphs and errors; returns itself. */
  named(label: string): this;
  /** Swaps a leaf's content; graphs recorded before keep what they read. Shapes must agree; the dtype stays. */
  assign(x: Value | number): this;
  /**
   * Calls `hook` with the cotangent when the reverse walk gets here; a returned Value replaces it. Returns a remover.
   * Hooks of a traced Value are called for derivatives taken inside the traced function (`vmap(grad(f))`), not for those
   * taken through it (`grad(vmap(f))`): customGradient holds for both.
   */
  onGrad(hook: GradientHook): () => void;
  /** Keeps `.grad` of this intermediate result too; returns itself. */
  retainGrad(): this;
}

const BACKWARD_OPTIONS = ['gradient', 'createGraph'];

function item(x: Value): number {
  const content = contentOf(x, 'item()');
  if (x.size !== 1) {
    throw new ShapeError(`the Value has shape ${showShape(x.shape)}, not one element`, {
      op: 'item',
      shapes: [x.shape],
      hint: 'Use toArray(), at(i, …) or a reduction.',
    });
  }
  return typeof content === 'number' ? content : content[0]!;
}

function assign(cell: Value, x: Value | number): void {
  const { lifting } = state;
  if (lifting === null ? !cell._isCell : !lifting.isAssignable(cell)) {
    throw new ChainruleError('only leaves can be assigned', {
      op: 'assign',
      hint: 'Results of ops are immutable; make a leaf with value(…) or constant(…).',
    });
  }
  if (state.trace !== null) requireEffects(cell, 'assign()');
  if (typeof x !== 'number') requireAssigned(x, cell);
  if (lifting !== null) return lifting.assign(cell, newContent(cell, x));
  if (typeof x === 'number') return replaceContent(cell, castNumber(x, cell.dtype));
  const content = contentOf(x);
  const same = x.dtype === cell.dtype;
  replaceContent(
    cell,
    typeof content === 'number' ? castNumber(content, cell.dtype) : same ? content : copyCast(content, cell.dtype),
  );
}

function requireAssigned(x: unknown, cell: Value): void {
  if (!isValue(x)) throw new TypeError(`assign: expected a Value or a number, got ${typeof x}`);
  requireShape('assign', x, cell.shape);
  const own = state.lifting?.trace ?? null;
  if (x._trace === null || x._trace === own || !isTraced(x)) return;
  throw new TraceError(`assigning a traced Value inside ${x._trace.by}`, {
    op: 'assign',
    hint: 'Return the new content and assign it after the call.',
  });
}

/** What a cell is to hold, as an op's operand. */
const newContent = (cell: Value, x: Value | number): Value =>
  typeof x === 'number'
    ? immediate(cell.shape, cell.dtype, castNumber(x, cell.dtype))
    : noGrad<Value>(() => x.to(cell.dtype));

const jsonNumber = (x: number): number | string =>
  Number.isFinite(x) && !Object.is(x, -0) ? x : Object.is(x, -0) ? '-0' : String(x);

/** Results that retain their gradient already. */
const retaining = new WeakSet<Value>();

const implementation: { [K in keyof Methods]: (this: Value, ...args: never[]) => unknown } = {
  item(this: Value): number {
    return item(this);
  },
  toArray(this: Value): NestedArray {
    return toNested(this.data, this.shape, this.dtype);
  },
  toString(this: Value): string {
    return format(this);
  },
  toJSON(this: Value): ValueJson {
    return { shape: this.shape, dtype: this.dtype, data: Array.from(this.data, jsonNumber) };
  },
  backward(this: Value, options?: BackwardOptions): void {
    if (isValue(options)) throw new TypeError('backward: the cotangent is an option: y.backward({ gradient: g })');
    checkOptions('backward', options, BACKWARD_OPTIONS);
    backward(this, options);
  },
  zeroGrad(this: Value): void {
    this.grad = null;
  },
  detach(this: Value): Value {
    if (isTraced(this)) return this.stopGradient();
    return makeCell(this.shape, this.dtype, contentOf(this), false);
  },
  named(this: Value, label: string): Value {
    if (typeof label !== 'string') throw new TypeError(`named: a label is a string, got ${typeof label}`);
    setLabel(this, label);
    if (this._isCell && this._twin !== null) setLabel(this._twin, label);
    return this;
  },
  assign(this: Value, x: Value | number): Value {
    assign(this, x);
    return this;
  },
  onGrad(this: Value, hook: GradientHook): () => void {
    if (typeof hook !== 'function') throw new TypeError('onGrad: the hook must be a function');
    return addHook(this, hook);
  },
  retainGrad(this: Value): Value {
    if (!this._requiresGrad) throw new DtypeError('the Value requires no gradient', { op: 'retainGrad' });
    if (this._isCell || state.lifting?.isAssignable(this) === true || retaining.has(this)) return this;
    retaining.add(this);
    addHook(this, (g) => accumulate(this, g));
    return this;
  },
};

/** Puts the methods on Value, with printing and the refusal of `+a`. */
export function installMethods(): void {
  for (const [name, method] of Object.entries(implementation)) {
    Object.defineProperty(Value.prototype, name, { value: method, writable: true, configurable: true });
  }
  Object.defineProperty(Value.prototype, Symbol.for('nodejs.util.inspect.custom'), {
    value(this: Value): string {
      return format(this);
    },
  });
  Object.defineProperty(Value.prototype, Symbol.toPrimitive, {
    value(this: Value, hint: string): string {
      if (hint === 'string') return format(this);
      throw new TypeError(
        'Values have no arithmetic operators: use a.add(b), a.mul(b), …, or read the number with x.item()',
      );
    },
  });
}
