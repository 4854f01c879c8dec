/** Forward mode: tangents pushed along the graph, in the order in which it was computed. */
import { isFloat } from '../base/dtypes.ts';
import { ChainruleError } from '../base/errors.ts';
import type { Cotangent } from '../ops/primitive.ts';
import { graphOf, outputsOf } from '../value/order.ts';
import { noGrad } from '../value/recording.ts';
import { immediate, isTraced, requireShape, type Value } from '../value/value.ts';
import { floorOf, fromTree, released, toTree } from './arguments.ts';
import { linearise } from './reverse.ts';
import type { AnyFunction, AnyParameters, LiftedAll, Values } from './signatures.ts';

/** The tangents of all outputs of one application. */
function pushNode(node: Value, tangents: Map<Value, Value>): void {
  const { derivatives } = node._op!;
  const outputs = outputsOf(node);
  const ts = node._inputs.map((x) => tangents.get(x));
  if (derivatives.kind === 'none' || ts.every((t) => t === undefined)) return;
  const at = { inputs: node._inputs, outputs, attrs: node._attrs };
  if (derivatives.kind === 'joint') {
    derivatives.jvp(ts, at).forEach((t, i) => keep(outputs[i]!, t, tangents));
  } else if (derivatives.kind === 'each') {
    keep(node, derivatives.jvp(ts, at), tangents);
  } else {
    const [a, b, c] = node._inputs;
    const parts = ts.map((t, i) => t && derivatives.partials[i]!(t, node, a!, b!, c!));
    keep(node, parts.reduce(sum, undefined), tangents);
  }
}

const sum = (a: Cotangent, b: Cotangent): Cotangent => (a !== undefined && b !== undefined ? a.add(b) : (a ?? b));

function keep(y: Value, t: Cotangent, tangents: Map<Value, Value>): void {
  if (t !== undefined && y._requiresGrad) tangents.set(y, t);
}

/** Tangents of ys for tangents of `aliases`; a structural zero where nothing arrives. */
export function pushForward(ys: readonly Value[], aliases: readonly Value[], given: readonly Cotangent[]): Cotangent[] {
  const tangents = new Map<Value, Value>();
  aliases.forEach((x, i) => {
    const t = given[i];
    if (t !== undefined) tangents.set(x, t);
  });
  const floor = floorOf(aliases);
  const own = new Set(aliases);
  for (const node of graphOf(ys, (x) => x.id >= floor && x._op !== null && !own.has(x))) pushNode(node, tangents);
  return ys.map((y) => tangents.get(y));
}

/**
 * The value of f and its directional derivative along `tangents`: [y, ẏ], each of the structure of f's result.
 * @example jvp((x) => x.exp(), [0], [1]) // [1, 1]
 */
export function jvp<A extends Value[], R>(
  f: (...args: A) => R,
  primals: Readonly<LiftedAll<A>>,
  tangents: Readonly<LiftedAll<A>>,
): [Values<R>, Values<R>];
export function jvp<A extends AnyParameters, R>(
  f: (...args: A) => R,
  primals: Readonly<LiftedAll<A>>,
  tangents: Readonly<LiftedAll<A>>,
): [Values<R>, Values<R>];
export function jvp(f: AnyFunction, primals: readonly unknown[], tangents: readonly unknown[]): [unknown, unknown] {
  if (!Array.isArray(primals) || !Array.isArray(tangents)) {
    throw new TypeError('jvp: primals and tangents are arrays, one entry for each argument: jvp(f, [x], [dx])');
  }
  const { results, structure, aliases, wanted } = linearise(
    'jvp',
    f,
    primals,
    primals.map((_, i) => i),
  );
  const ts = toTree(tangents, 'jvp').leaves;
  if (ts.length !== aliases.length)
    throw new ChainruleError(`${aliases.length} primals but ${ts.length} tangents`, { op: 'jvp' });
  const seeds = ts.map((t, i) => {
    const x = aliases[i]!;
    const full = t.rank === 0 && x.rank > 0 ? t.broadcastTo(x.shape) : t;
    requireShape('jvp', full, x.shape);
    return full.to(x.dtype);
  });
  const push = (): Value[] =>
    pushForward(results, aliases, seeds).map(
      (t, i) => t ?? immediate(results[i]!.shape, isFloat(results[i]!.dtype) ? results[i]!.dtype : 'float64', 0),
    );
  const recorded = wanted || seeds.some((t) => t._requiresGrad || isTraced(t));
  const out = recorded ? push() : noGrad(push);
  return [
    fromTree(
      structure,
      results.map((y) => released(y, wanted)),
    ),
    fromTree(structure, out),
  ];
}
