/**
 * Cells while a program is traced. What a cell holds is an input of the program: ops that read it record a symbol. What
 * is written into it is remembered, later reads give that, and nothing real changes. The front end of `compile` turns
 * the facts gathered here into hidden inputs, effects, and guards.
 */
import { TraceError } from '../base/errors.ts';
import { state, type Lifting } from './recording.ts';
import { refuseReadingCell, type Trace } from './trace.ts';
import { archive, cellOf, makeSymbol, read, REQUIRES_GRAD, setLabel, Value } from './value.ts';

/** What of a cell: its numbers, or its gradient's. */
export type Slot = 'content' | 'grad';

/** Whether a `.grad` was there, and whether it can itself be differentiated. */
export type GradState = 'none' | 'constant' | 'recorded';

/**
 * An argument of the traced function. What the function gets stands for the argument itself; `symbol` is its content as
 * it is at the start. They are two where the argument is a cell, for then the function may write it.
 */
export interface Argument {
  readonly given: Value;
  readonly symbol: Value;
  readonly source: Value;
}

/** A flag that the function read, with the value it had. */
export interface FlagRead {
  readonly owner: object;
  readonly name: string;
  readonly value: unknown;
}

/** What the traced function relied on. A Program is valid as long as all of it holds. */
export interface Facts {
  /** Cells that became hidden inputs, and whether they required gradients. */
  readonly cells: ReadonlyMap<Value, boolean>;
  /** `.grad`s that were looked at. */
  readonly grads: ReadonlyMap<Value, GradState>;
  /** The same of arguments, by position. */
  readonly argumentGrads: ReadonlyMap<number, GradState>;
  /** Positions of arguments that must be leaves: they are written. */
  readonly leaves: ReadonlySet<number>;
  /** Arguments that are a cell which the function also used otherwise: a position, and the cell or the other position. */
  readonly aliases: readonly { readonly position: number; readonly same: Value | number }[];
  /** Cells made while tracing, whose content is a constant of the Program as long as nobody assigns them. */
  readonly constants: ReadonlyMap<Value, Value>;
  readonly flags: readonly FlagRead[];
}

export const gradStateOf = (x: Value): GradState => {
  const held = x._grad;
  return held === null ? 'none' : '_requiresGrad' in held && held._requiresGrad ? 'recorded' : 'constant';
};

const lackOfGraph = (what: string, trace: Trace): never => {
  throw new TraceError(`${what} carries a graph from before ${trace.by}, through which it cannot differentiate`, {
    op: 'backward',
    hint: 'Make it without createGraph, detach() it, or let the compiled function do all of the computation.',
  });
};

/** False for a snapshot whose cell has been assigned since. */
export const isCurrent = (x: Value): boolean => x._isCell || cellOf(x)._twin === x;

/** A stand-in for a cell's new content while a program is traced: a leaf whose gradient is the cell's. */
function standInFor(cell: Value, content: Value, trace: Trace): Value {
  const flags = cell._flags & REQUIRES_GRAD;
  const leaf =
    content._content === null
      ? makeSymbol(cell.shape, cell.dtype, flags !== 0, trace)
      : new Value(cell.shape, cell.dtype, content._content, flags, null, null, null, null);
  leaf._twin = cell;
  if (cell.label !== null) setLabel(leaf, cell.label);
  return leaf;
}

export class CellLifting implements Lifting {
  readonly trace: Trace;
  /** By what the function gets. */
  readonly #arguments = new Map<Value, number>();
  readonly #given: readonly Argument[];
  /** What stands for a cell: a symbol; or what the function gets for it, if it is an argument. */
  readonly #symbols = new Map<Value, Value>();
  /** What symbols stand for. */
  readonly captures: Map<Value, { readonly cell: Value; readonly slot: Slot }> = new Map();
  /** Symbols that stand for a content that the program has computed. */
  readonly #bound = new Map<Value, Value>();
  /** By cell, or by what stands for an argument: what it has been assigned. */
  readonly contents: Map<Value, Value> = new Map();
  /** In the same way, its `.grad` at this point. */
  readonly grads: Map<Value, Value | null> = new Map();
  /** Gradients of arguments that are hidden inputs: by position of the argument. */
  readonly gradInputs: Map<number, Value> = new Map();
  readonly #cells = new Map<Value, boolean>();
  readonly #gradStates = new Map<Value, GradState>();
  readonly #argumentGrads = new Map<number, GradState>();
  readonly #leaves = new Set<number>();
  readonly #aliases: { readonly position: number; readonly same: Value | number }[] = [];
  readonly #constants = new Map<Value, Value>();
  readonly #adopted = new Set<Value>();
  readonly #flags: FlagRead[] = [];
  /** What the function has written into flags. */
  readonly writtenFlags: Map<object, Map<string, unknown>> = new Map();
  /** Whether a cell made during the trace was written: where it lasts, the next trace finds it there. */
  wroteOwn = false;

  constructor(trace: Trace, args: readonly Argument[]) {
    this.trace = trace;
    this.#given = args;
    args.forEach(({ given, source }, i) => {
      if (this.#arguments.has(given)) {
        this.#aliases.push({ position: i, same: this.#arguments.get(given)! });
        return;
      }
      this.#arguments.set(given, i);
      if (source._isCell) this.#symbols.set(source, given);
    });
  }

  get facts(): Facts {
    return {
      cells: this.#cells,
      grads: this.#gradStates,
      argumentGrads: this.#argumentGrads,
      leaves: this.#leaves,
      aliases: this.#aliases,
      constants: this.#constants,
      flags: this.#flags,
    };
  }

  /** The Value that a symbol of the trace stands for, where the program has computed it; else itself. */
  resolve(x: Value): Value {
    let found = x;
    for (let next = this.#bound.get(found); next !== undefined; next = this.#bound.get(found)) found = next;
    return found;
  }

  /** The position of the argument that x stands for. */
  positionOf(x: Value): number | undefined {
    return this.#arguments.get(x);
  }

  /** Whether `held` is what a slot of x held when the program started. */
  isInitial(x: Value, slot: Slot, held: Value): boolean {
    const position = this.#arguments.get(x);
    if (position !== undefined) {
      return held === (slot === 'grad' ? this.gradInputs.get(position) : this.#given[position]!.symbol);
    }
    const captured = this.captures.get(held);
    return captured !== undefined && captured.cell === x && captured.slot === slot;
  }

  // Reading --------------------------------------------------------------------------------------------------------

  #isOwn(x: Value): boolean {
    return x.id > this.trace.floor && !this.#adopted.has(x);
  }

  adopt(cell: Value): void {
    this.#adopted.add(cell);
  }

  /** Whether what is written into x is there after the call. */
  lasts(x: Value): boolean {
    return !x._isCell || !this.#isOwn(x);
  }

  operand(x: Value): Value {
    const assigned = this.contents.get(x);
    if (assigned !== undefined) return assigned;
    const position = this.#arguments.get(x);
    if (position !== undefined) return this.#given[position]!.symbol;
    if (x._isCell) return this.#isOwn(x) ? this.#constant(x) : this.#contentOf(x);
    const cell = cellOf(x);
    return cell !== x && x._content !== null && isCurrent(x) && !this.#isOwn(cell) ? this.#startOf(cell) : x;
  }

  #constant(cell: Value): Value {
    const snapshot = read(cell);
    this.#constants.set(cell, snapshot);
    return snapshot;
  }

  /** What a cell holds at this point. */
  #contentOf(cell: Value): Value {
    const symbol = this.#symbolOf(cell);
    return this.#arguments.has(symbol) ? this.operand(symbol) : symbol;
  }

  /** What it held when the program started. */
  #startOf(cell: Value): Value {
    const symbol = this.#symbolOf(cell);
    const position = this.#arguments.get(symbol);
    return position === undefined ? symbol : this.#given[position]!.symbol;
  }

  /** What stands for a cell. */
  #symbolOf(cell: Value): Value {
    const known = this.#symbols.get(cell);
    if (known !== undefined) {
      this.#noteAlias(known, cell);
      return known;
    }
    const symbol = makeSymbol(cell.shape, cell.dtype, cell._requiresGrad, this.trace);
    symbol._twin = cell;
    if (cell.label !== null) setLabel(symbol, cell.label);
    this.#symbols.set(cell, symbol);
    this.captures.set(symbol, { cell, slot: 'content' });
    this.touch(cell);
    return symbol;
  }

  /** The cell was also given as an argument: that it is the same one is part of what the Program relies on. */
  #noteAlias(symbol: Value, cell: Value): void {
    const position = this.#arguments.get(symbol);
    if (position === undefined || this.#aliases.some((alias) => alias.same === cell)) return;
    this.#aliases.push({ position, same: cell });
  }

  touch(cell: Value): void {
    if (!this.#isOwn(cell)) this.#cells.set(cell, cell._requiresGrad);
  }

  isSymbolic(x: Value): boolean {
    if (!x._isCell) return false;
    const assigned = this.contents.get(x);
    return assigned === undefined ? !this.#isOwn(x) : assigned._content === null;
  }

  // Writing --------------------------------------------------------------------------------------------------------

  collectorOf(leaf: Value): Value | null {
    const x = cellOf(leaf);
    if (x._isCell) return x;
    const position = this.#arguments.get(x);
    const source = position === undefined ? null : this.#given[position]!.source;
    if (source === null || !source._requiresGrad) return null;
    if (source._isCell) return x;
    throw new TraceError(
      `backward() has reached argument ${position!} of ${this.trace.by}, which was computed outside from something that requires gradients`,
      {
        op: 'backward',
        hint: 'Compute it inside, detach() it, or return the result and call backward() on it after the call.',
      },
    );
  }

  isAssignable(x: Value): boolean {
    const position = this.#arguments.get(x);
    return x._isCell || (position !== undefined && this.#given[position]!.source._isCell);
  }

  /** The cell, or for a cell that was given as an argument its symbol; remembers that it is written. */
  #target(x: Value): Value {
    const symbol = x._isCell ? this.#symbols.get(x) : x;
    const position = symbol === undefined ? undefined : this.#arguments.get(symbol);
    if (position !== undefined) {
      this.#leaves.add(position);
      if (x._isCell) this.#noteAlias(symbol!, x);
      return symbol!;
    }
    if (this.#isOwn(x)) this.wroteOwn = true;
    return x;
  }

  assign(x: Value, content: Value): void {
    const target = this.#target(x);
    // A scalar cell may stand for its own first snapshot in graphs recorded before.
    if (target._isCell) archive(target);
    const held = this.operand(content);
    const standIn = standInFor(target, held, this.trace);
    if (held._content === null) this.#bound.set(standIn, held);
    this.contents.set(target, standIn);
  }

  gradOf(x: Value): Value | null {
    if (!this.#collects(x)) return x._grad as Value | null;
    const target = x._isCell ? (this.#argumentOf(x) ?? x) : x;
    const known = this.grads.get(target);
    if (known !== undefined) return known;
    const gradient = this.#initialGrad(target);
    this.grads.set(target, gradient);
    return gradient;
  }

  /** The symbol of a cell that is an argument. */
  #argumentOf(cell: Value): Value | undefined {
    const symbol = this.#symbols.get(cell);
    if (symbol === undefined || !this.#arguments.has(symbol)) return undefined;
    this.#noteAlias(symbol, cell);
    return symbol;
  }

  /** Whether a `.grad` of x is part of the program's state; intermediate results of the trace keep theirs themselves. */
  #collects(x: Value): boolean {
    return x._isCell || this.#arguments.has(x);
  }

  /** What the function relies on about a `.grad` at the start; undefined where it does not matter. */
  initialGradOf(x: Value): GradState | undefined {
    const position = this.#arguments.get(x);
    return position === undefined ? this.#gradStates.get(x) : this.#argumentGrads.get(position);
  }

  #initialGrad(target: Value): Value | null {
    const position = this.#arguments.get(target);
    const source = position === undefined ? target : this.#given[position]!.source;
    const grad = gradStateOf(source);
    if (position !== undefined) this.#argumentGrads.set(position, grad);
    else if (!this.#isOwn(source)) this.#gradStates.set(source, grad);
    if (grad === 'none') return null;
    if (grad === 'recorded' && state.gradients) lackOfGraph('.grad', this.trace);
    const symbol = makeSymbol(source.shape, source.dtype, false, this.trace);
    if (position === undefined) this.captures.set(symbol, { cell: source, slot: 'grad' });
    else this.gradInputs.set(position, symbol);
    return symbol;
  }

  setGrad(x: Value, gradient: Value | null): void {
    const held = gradient === null ? null : this.#fromThisTrace(this.operand(gradient));
    if (this.#collects(x)) {
      this.grads.set(this.#target(x), held);
      return;
    }
    if (!this.#isOwn(x)) refuseReadingCell(this.trace, '.grad', x.label);
    x._grad = held;
  }

  #fromThisTrace(x: Value): Value {
    if (x._content !== null || x._trace === this.trace) return x;
    throw new TraceError(`a gradient from inside ${x._trace!.by} would be written into a cell`, {
      op: 'grad',
      hint: `Return it from the function given to ${x._trace!.by} and write it after the call.`,
    });
  }

  // Flags ----------------------------------------------------------------------------------------------------------

  readFlag<T>(owner: object, name: string, actual: T): T {
    const written = this.writtenFlags.get(owner);
    if (written?.has(name) === true) return written.get(name) as T;
    if (!this.#flags.some((flag) => flag.owner === owner && flag.name === name)) {
      this.#flags.push({ owner, name, value: actual });
    }
    return actual;
  }

  writeFlag(owner: object, name: string, value: unknown): void {
    const written = this.writtenFlags.get(owner) ?? new Map<string, unknown>();
    this.writtenFlags.set(owner, written.set(name, value));
  }
}
