/** What is recorded at the moment: gradients or not, under which scope, by which trace, watched by whom. */
import type { Attributes, Primitive } from '../ops/primitive.ts';
import { Trace } from './trace.ts';
import type { Value } from './value.ts';

/** A named part of a computation: a composite op, a layer. Each entry into it is an instance of its own. */
export interface Scope {
  readonly name: string;
  readonly parent: Scope | null;
  readonly id: number;
}

/** Called after each op: anomaly detection. */
export type Observer = (
  primitive: Primitive,
  inputs: readonly Value[],
  attrs: Attributes,
  outputs: readonly Value[],
) => void;

/**
 * What a program trace does with cells: reads of them are symbols, and what is written into them is remembered, so that
 * nothing real changes while a function is traced. See lifting.ts.
 */
export interface Lifting {
  readonly trace: Trace;
  /** What an op records of an operand: of a cell its content at this point of the trace. */
  operand(x: Value): Value;
  /** Whether x is a cell whose numbers are unknown at this point. */
  isSymbolic(x: Value): boolean;
  /** Where a gradient that has reached a leaf goes: a cell, or what stands for an argument; null where nobody collects it. */
  collectorOf(leaf: Value): Value | null;
  /** Whether x may be assigned: a cell, or what stands for an argument that is one. */
  isAssignable(x: Value): boolean;
  /** New content, of the cell's shape and dtype. */
  assign(cell: Value, content: Value): void;
  gradOf(x: Value): Value | null;
  setGrad(x: Value, gradient: Value | null): void;
  /** Says of a cell that has just been made that it will last: it counts as one from outside. */
  adopt(cell: Value): void;
  /** The function asked whether a cell requires gradients. */
  touch(cell: Value): void;
  /** A flag that the function reads: what it has written itself, else `actual`. */
  readFlag<T>(owner: object, name: string, actual: T): T;
  writeFlag(owner: object, name: string, value: unknown): void;
}

interface State {
  /** False inside noGrad. */
  gradients: boolean;
  scope: Scope | null;
  trace: Trace | null;
  /** Set while a whole program is traced (`trace`, `compile`). */
  lifting: Lifting | null;
  observer: Observer | null;
  /** Whether ops have to go the long way: someone observes them, or cells stand for something else. */
  watched: boolean;
  /** The node whose cotangent is being pulled back, while someone observes. */
  pulling: Value | null;
  scopesEntered: number;
}

/** The one mutable place; changed only by the functions below, each of which restores it. */
export const state: State = {
  gradients: true,
  scope: null,
  trace: null,
  lifting: null,
  observer: null,
  watched: false,
  pulling: null,
  scopesEntered: 0,
};

/** @throws TypeError for a Promise: state could not be restored in time. */
export function refusePromise(result: unknown, by: string): void {
  if (typeof (result as { then?: unknown } | null)?.then === 'function') {
    throw new TypeError(
      `${by}: the function returned a Promise; functions given to ${by} must be synchronous. Await data before the call.`,
    );
  }
}

/** @throws TypeError unless f is a function. */
export function requireFunction(f: unknown, by: string, which: string = 'the first argument'): void {
  if (typeof f !== 'function') {
    throw new TypeError(`${by}: ${which} must be a function, got ${f === null ? 'null' : typeof f}`);
  }
}

function withGradients<T>(on: boolean, f: () => T, by: string): T {
  requireFunction(f, by);
  const before = state.gradients;
  state.gradients = on;
  try {
    const result = f();
    refusePromise(result, by);
    return result;
  } finally {
    state.gradients = before;
  }
}

/**
 * Runs f without recording gradients; its results do not require them. Symbolic recording goes on.
 * @example noGrad(() => w.sub(w.grad.mul(0.1)))
 */
export const noGrad = <T>(f: () => T): T => withGradients(false, f, 'noGrad');

/** Runs f with gradients recorded, also inside noGrad: what transforms of f need. */
export const enableGrad = <T>(f: () => T): T => withGradients(true, f, 'enableGrad');

/** Runs f under a named scope: the ops it records are drawn as one box. */
export function withScope<T>(name: string, f: () => T): T {
  const before = state.scope;
  state.scope = { name, parent: before, id: ++state.scopesEntered };
  try {
    return f();
  } finally {
    state.scope = before;
  }
}

/** Runs f under a new trace, which ends with it. Values up to creation number `floor` are older than it. */
export function withTrace<T>(by: string, floor: number, f: (trace: Trace) => T): T {
  const before = state.trace;
  const scope = state.scope;
  const trace = new Trace((before?.level ?? 0) + 1, by, floor);
  state.trace = trace;
  try {
    const result = f(trace);
    refusePromise(result, by);
    return result;
  } finally {
    trace.end();
    state.trace = before;
    state.scope = scope;
  }
}

/** Runs f while cells are symbols. */
export function withLifting<T>(lifting: Lifting, f: () => T): T {
  const { lifting: before, watched } = state;
  state.lifting = lifting;
  state.watched = true;
  try {
    return f();
  } finally {
    state.lifting = before;
    state.watched = watched;
  }
}

/** Runs f while every op is shown to `observer`. */
export function withObserver<T>(observer: Observer, f: () => T): T {
  const { observer: before, watched } = state;
  state.observer = observer;
  state.watched = true;
  try {
    return f();
  } finally {
    state.observer = before;
    state.watched = watched;
  }
}
