/** The reverse walk: cotangents from outputs towards what they were computed from, without recursion. */
import { ChainruleError, DtypeError, showShape, TraceError, kindOf } from '../base/errors.ts';
import { isFloat } from '../base/dtypes.ts';
import { sameShape } from '../base/shapes.ts';
import type { Cotangent, Derivatives, Partial } from '../ops/primitive.ts';
import { applyHooks } from './hooks.ts';
import { PendingCotangents } from './pending.ts';
import { enableGrad, noGrad, state } from './recording.ts';
import { asRead, cellOf, immediate, isTraced, isValue, REQUIRES_GRAD, requireShape, type Value } from './value.ts';
import { requireEffects } from './writing.ts';

export interface ReverseWalk {
  /** Where the walk ends: such a node's cotangent is handed to `reached` and goes no further. */
  isTarget(node: Value): boolean;
  reached(target: Value, cotangent: Value): void;
  /** Nodes older than this cannot depend on a target: they are not visited. */
  readonly floor: number;
  /** Sees every complete cotangent on its way, targets' too: for pictures and reports. */
  passing?(node: Value, cotangent: Value): void;
  /** Hooks are not called: looking at a graph changes nothing. */
  readonly silent?: boolean;
}

/** The cotangent that goes on from a node. */
function arrive(node: Value, g: Value, walk: ReverseWalk): Value {
  const cotangent = walk.silent === true ? g : applyHooks(node, g);
  if (walk.passing !== undefined) walk.passing(node, cotangent);
  return cotangent;
}

/** Pulls cotangents back from `roots`. Gradients fan in by descending creation order. */
export function walkReverse(roots: readonly Value[], seeds: readonly Cotangent[], walk: ReverseWalk): void {
  const pending = new PendingCotangents();
  roots.forEach((root, i) => {
    const seed = seeds[i];
    if (seed !== undefined && root._requiresGrad && root.id >= walk.floor) pending.add(root, seed);
  });
  const outer = state.pulling;
  try {
    drain(pending, walk);
  } finally {
    state.pulling = outer;
  }
}

function drain(pending: PendingCotangents, walk: ReverseWalk): void {
  for (let node = pending.youngest(); node !== undefined; node = pending.youngest()) {
    if (state.observer !== null) state.pulling = node;
    if (node._group !== null && !walk.isTarget(node)) {
      pullJointly(node, pending, walk);
      continue;
    }
    const cotangent = arrive(node, pending.take(node)!, walk);
    if (walk.isTarget(node)) walk.reached(node, cotangent);
    else if (node._op !== null) pull(node, cotangent, pending, walk.floor);
  }
}

/** Whether cotangents have to be pulled back to x. */
const isNeeded = (x: Value, floor: number): boolean => (x._flags & REQUIRES_GRAD) !== 0 && x.id >= floor;

/** The short way of elementwise nodes of one or two operands: no arrays, no records. */
function pullPointwise(
  node: Value,
  partials: readonly Partial[],
  g: Value,
  pending: PendingCotangents,
  floor: number,
): void {
  const a = asRead(node._x!);
  const b = node._y === null ? a : asRead(node._y);
  const c = node._extra === null || node._extra.rest === null ? b : asRead(node._extra.rest[0]!);
  if (isNeeded(a, floor)) {
    const cotangent = partials[0]!(g, node, a, b, c);
    if (cotangent !== undefined) pending.add(a, cotangent);
  }
  if (partials.length > 1 && isNeeded(b, floor)) {
    const cotangent = partials[1]!(g, node, a, b, c);
    if (cotangent !== undefined) pending.add(b, cotangent);
  }
  if (partials.length > 2 && isNeeded(c, floor)) {
    const cotangent = partials[2]!(g, node, a, b, c);
    if (cotangent !== undefined) pending.add(c, cotangent);
  }
}

function pull(node: Value, g: Value, pending: PendingCotangents, floor: number): void {
  const primitive = node._op!;
  if (primitive.partials !== null) return pullPointwise(node, primitive.partials, g, pending, floor);
  const { derivatives } = primitive;
  if (derivatives.kind === 'joint') return pushJointly(node, [node], [g], derivatives, pending, floor);
  if (derivatives.kind === 'each') {
    const inputs = node._inputs;
    const at = { inputs, outputs: [node], attrs: node._attrs };
    for (let i = 0; i < inputs.length; i++) {
      const x = inputs[i]!;
      if (!isNeeded(x, floor)) continue;
      const cotangent = derivatives.vjp(g, i, at);
      if (cotangent !== undefined) pending.add(x, cotangent);
    }
  }
}

type JointDerivatives = Extract<Derivatives, { readonly kind: 'joint' }>;

/** All outputs of one application wait until the youngest of them has its turn; then they are pulled back together. */
function pullJointly(node: Value, pending: PendingCotangents, walk: ReverseWalk): void {
  const outputs = node._group!;
  const gs = outputs.map((output) => {
    const g = pending.take(output);
    return g === undefined ? undefined : arrive(output, g, walk);
  });
  const { derivatives } = node._op!;
  if (derivatives.kind !== 'joint')
    throw new ChainruleError('several outputs need a joint derivative rule', { op: node._op!.name });
  pushJointly(node, outputs, gs, derivatives, pending, walk.floor);
}

function pushJointly(
  node: Value,
  outputs: readonly Value[],
  gs: readonly Cotangent[],
  derivatives: JointDerivatives,
  pending: PendingCotangents,
  floor: number,
): void {
  const inputs = node._inputs;
  const needed = inputs.map((x) => isNeeded(x, floor));
  const cotangents = derivatives.vjp(gs, { inputs, outputs, attrs: node._attrs }, needed);
  for (let i = 0; i < inputs.length; i++) {
    const cotangent = cotangents[i];
    if (needed[i] && cotangent !== undefined) pending.add(inputs[i]!, cotangent);
  }
}

// backward ---------------------------------------------------------------------------------------------------------

export interface BackwardOptions {
  /** The cotangent to start from; required unless the Value is a scalar. */
  readonly gradient?: Value | number;
  /** Record the gradients themselves, so that they can be differentiated again. */
  readonly createGraph?: boolean;
}

/** The cotangent that a walk starts from. */
export function seedFor(y: Value, gradient: Value | number | undefined, op: string): Value {
  if (!isFloat(y.dtype)) throw new DtypeError(`only float Values have gradients, got ${y.dtype}`, { op });
  if (gradient === undefined) {
    if (y.size === 1) return immediate(y.shape, y.dtype, 1);
    throw new ChainruleError(`the Value has shape ${showShape(y.shape)}; a gradient starts from a scalar`, {
      op,
      shapes: [y.shape],
      hint: 'Reduce it first, e.g. y.sum(), or say where to start: y.backward({ gradient: onesLike(y) }).',
    });
  }
  if (!isValue(gradient) && typeof gradient !== 'number') {
    throw new TypeError(`${op}: gradient must be a Value or a number, got ${kindOf(gradient)}`);
  }
  const g = isValue(gradient) ? gradient : immediate(y.shape, y.dtype, gradient);
  if (!sameShape(g.shape, y.shape)) requireShape(`${op}({ gradient })`, g, y.shape);
  return g.dtype === y.dtype ? g : g.to(y.dtype);
}

/**
 * Accumulates into `.grad` of every leaf that y depends on and that requires gradients. Differentiates at the point
 * where the forward pass ran, even if leaves have been assigned since. Reading never consumes: it may be called again.
 * @throws ChainruleError if y depends on nothing that requires a gradient.
 */
export function backward(y: Value, options: BackwardOptions = {}): void {
  if (!y._requiresGrad) {
    throw new ChainruleError('nothing that it was computed from requires a gradient', {
      op: 'backward',
      hint: 'Make leaves with value(…) (constant(…) does not require gradients), and compute outside noGrad.',
    });
  }
  if (y._trace !== null && isTraced(y) && y._trace !== state.lifting?.trace) {
    throw new TraceError(`backward() inside ${y._trace.by} would write gradients into cells`, {
      op: 'backward',
      hint: 'Use grad(f) or vjp(f, …) inside traced functions; they return gradients.',
    });
  }
  const run = (): void => {
    const root = y._isCell ? y : null;
    const seed = seedFor(y, options.gradient, 'backward');
    if (root !== null) return accumulate(root, applyHooks(root, seed));
    walkReverse([y], [seed], {
      isTarget: (node) => node._op === null,
      reached: (leaf, g) => {
        const cell = state.lifting === null ? cellOf(leaf) : state.lifting.collectorOf(leaf);
        if (cell !== null && (cell._isCell || state.lifting !== null)) accumulate(cell, g);
      },
      floor: 0,
    });
  };
  if (options.createGraph === true) enableGrad(run);
  else noGrad(run);
}

/** A new Value each time: an earlier gradient that someone kept stays as it was. */
export function accumulate(cell: Value, g: Value): void {
  if (state.trace !== null) requireEffects(cell, 'backward()');
  if (cell._grad === null && state.lifting === null) {
    cell._grad = g;
    return;
  }
  const before = cell.grad;
  const sum = before === null ? g : before.add(g);
  if (state.lifting === null) cell._grad = sum;
  else state.lifting.setGrad(cell, sum);
}
