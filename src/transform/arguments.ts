/** What transforms do with the arguments of the functions they get: trees of Values and numbers, aliased where needed. */
import { isFloat } from '../base/dtypes.ts';
import { DtypeError } from '../base/errors.ts';
import { flatten, unflatten, type Structure } from '../base/trees.ts';
import { aliasPrimitive } from '../ops/cast.ts';
import { NO_ATTRIBUTES, type Aval } from '../ops/primitive.ts';
import { graphOf } from '../value/order.ts';
import { lift } from '../value/lift.ts';
import { state } from '../value/recording.ts';
import { cellOf, contentOf, immediate, isTraced, makeNode, read, type Value } from '../value/value.ts';
import { isLeaf } from '../program/trace.ts';

export interface Tree {
  readonly leaves: readonly Value[];
  readonly structure: Structure;
}

export function toTree(tree: unknown, op: string): Tree {
  const { leaves, structure } = flatten(tree, isLeaf);
  return { leaves: leaves.map((x) => lift(x, op)), structure };
}

export const fromTree = (structure: Structure, leaves: readonly unknown[]): unknown => unflatten(structure, leaves);

/** The shape and dtype of a Value or variable alone. */
export const avalOf = ({ shape, dtype }: Aval): Aval => ({ shape, dtype });

/** A structural zero in full. */
export const zerosOf = ({ shape, dtype }: Aval): Value => immediate(shape, dtype, 0);

/**
 * A node of its own that stands for x: what a transform differentiates with respect to. It requires gradients even
 * if x does not; derivatives that an outer transform asks for flow through it to x.
 */
export function alias(x: Value, op: string): Value {
  if (!isFloat(x.dtype)) {
    throw new DtypeError(`derivatives need float arguments, got ${x.dtype}`, {
      op,
      hint:
        op === 'jvp' || op === 'vjp'
          ? `Cast it, or let the function capture it: ${op}((x) => f(x, indices), …).`
          : 'Cast it, or leave it out of argnums.',
    });
  }
  const source = state.lifting === null ? read(x) : state.lifting.operand(x);
  return makeNode(x.shape, x.dtype, source._content, true, aliasPrimitive, [source], NO_ATTRIBUTES, source._trace);
}

/** The oldest of the aliases: nothing older depends on them. */
export const floorOf = (aliases: readonly Value[]): number =>
  aliases.reduce((floor, x) => Math.min(floor, x.id), Infinity);

/**
 * Whether someone outside the transform wants derivatives of its result: an argument requires them, or the function
 * used something else that does. Otherwise the transform's own work need not be recorded.
 */
export function isWantedOutside(args: readonly Value[], results: readonly Value[], aliases: readonly Value[]): boolean {
  if (!state.gradients) return false;
  if (args.some((x) => x._requiresGrad)) return true;
  const floor = floorOf(aliases);
  const own = new Set(aliases);
  const isOutside = (x: Value): boolean => x._requiresGrad && (x.id < floor || (x._op === null && cellOf(x)._isCell));
  return graphOf(results, (x) => x._requiresGrad && x.id >= floor && !own.has(x)).some(
    (x) => isOutside(x) || x._inputs.some((input) => isOutside(input)),
  );
}

/** Results cut off the aliases that nobody outside wants derivatives through. */
export const released = (x: Value, wanted: boolean): Value =>
  wanted || !x._requiresGrad ? x : isTraced(x) ? x.stopGradient() : immediate(x.shape, x.dtype, contentOf(x));
