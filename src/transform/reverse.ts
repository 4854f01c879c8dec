/** Reverse mode as transforms: grad, valueAndGrad, vjp. */
import { checkOptions, ChainruleError, OptionError, showShape } from '../base/errors.ts';
import { mapTree, type Structure } from '../base/trees.ts';
import type { Cotangent } from '../ops/primitive.ts';
import { flattenResult, isLeaf } from '../program/trace.ts';
import { lift } from '../value/lift.ts';
import { enableGrad, noGrad, refusePromise, requireFunction } from '../value/recording.ts';
import { seedFor, walkReverse } from '../value/reverse.ts';
import { isTraced, requireShape, type Value } from '../value/value.ts';
import type { AnyFunction, AnyParameters, AnyTree, Cotangents, Lifted, LiftedAll, Values } from './signatures.ts';
import { alias, floorOf, fromTree, isWantedOutside, released, toTree, zerosOf } from './arguments.ts';

/** Cotangents of `aliases`; a structural zero where y does not depend on one. */
export function pullBack(ys: readonly Value[], seeds: readonly Cotangent[], aliases: readonly Value[]): Cotangent[] {
  const targets = new Map<Value, number>(aliases.map((x, i) => [x, i]));
  const out = new Array<Cotangent>(aliases.length).fill(undefined);
  walkReverse(ys, seeds, {
    isTarget: (node) => targets.has(node),
    reached: (target, g) => {
      out[targets.get(target)!] = g;
    },
    floor: floorOf(aliases),
  });
  return out;
}

/** The same with zeros in full. */
export const pullBackFull = (ys: readonly Value[], seeds: readonly Cotangent[], aliases: readonly Value[]): Value[] =>
  pullBack(ys, seeds, aliases).map((g, i) => g ?? zerosOf(aliases[i]!));

// Linearising ------------------------------------------------------------------------------------------------------

interface Linearised {
  readonly results: readonly Value[];
  readonly structure: Structure;
  readonly aliases: readonly Value[];
  /** The aliases as a list of argument trees, in the order of the differentiated arguments. */
  readonly argumentTrees: readonly Structure[];
  readonly wanted: boolean;
}

/** Numbers among the arguments become Values, whether or not they are differentiated. */
const withLifted = (args: readonly unknown[], op: string): unknown[] =>
  mapTree(args, isLeaf, (leaf) => (typeof leaf === 'number' ? lift(leaf, op) : leaf)) as unknown[];

/** Runs f with the arguments at `positions` aliased, recording everything. */
export function linearise(
  op: string,
  f: AnyFunction,
  args: readonly unknown[],
  positions: readonly number[],
): Linearised {
  const originals: Value[] = [];
  const aliases: Value[] = [];
  const argumentTrees: Structure[] = [];
  requireFunction(f, op);
  const replaced = withLifted(args, op);
  for (const position of positions) {
    const { leaves, structure } = toTree(args[position], op);
    if (structure.kind === 'static') refuseArgument(op, position, structure.value);
    const own = leaves.map((x) => alias(x, op));
    originals.push(...leaves);
    aliases.push(...own);
    argumentTrees.push(structure);
    replaced[position] = fromTree(structure, own);
  }
  const result = enableGrad(() => {
    const y = f(...replaced);
    refusePromise(y, op);
    return y;
  });
  const { leaves: results, structure } = flattenResult(result, op);
  return { results, structure, aliases, argumentTrees, wanted: isWantedOutside(originals, results, aliases) };
}

function refuseArgument(op: string, position: number, x: unknown): never {
  const got = typeof x !== 'object' || x === null ? String(x) : `a ${x.constructor.name}`;
  throw new TypeError(
    `${op}: argument ${position} must be a Value, a number or a tree of them, got ${got}. Wrap data with value(…) or constant(…).`,
  );
}

/** Splits flat cotangents into one tree for each argument. */
export function treesOf(structures: readonly Structure[], leaves: readonly Value[]): unknown[] {
  let next = 0;
  const count = (s: Structure): number =>
    s.kind === 'leaf' ? 1 : s.kind === 'static' ? 0 : s.children.reduce((n, child) => n + count(child), 0);
  return structures.map((s) => {
    const n = count(s);
    next += n;
    return fromTree(s, leaves.slice(next - n, next));
  });
}

// grad -------------------------------------------------------------------------------------------------------------

export interface GradOptions {
  /** Which arguments to differentiate: one position (default 0), or several, which gives an array. */
  readonly argnums?: number | readonly number[];
  /** f returns [y, aux]; aux is passed on undifferentiated. */
  readonly hasAux?: boolean;
}

/** @throws OptionError for positions that are no arguments. */
export function positionsOf(op: string, options: GradOptions | undefined, given: number): readonly number[] {
  const argnums = options?.argnums ?? 0;
  const positions = typeof argnums === 'number' ? [argnums] : argnums;
  for (const position of positions) {
    if (Number.isInteger(position) && position >= 0 && position < given) continue;
    throw new OptionError(`argnums names argument ${JSON.stringify(position)}, but ${given} were given`, {
      op,
      option: 'argnums',
      hint: 'Positions are numbers that count from 0.',
    });
  }
  if (new Set(positions).size < positions.length) {
    throw new OptionError(`argnums names an argument twice: ${positions.join(', ')}`, { op, option: 'argnums' });
  }
  return positions;
}

function scalarResult(op: string, results: readonly Value[]): Value {
  const y = results[0];
  if (results.length !== 1 || y === undefined) {
    throw new ChainruleError(`f must return one scalar, it returned ${results.length} Values`, {
      op,
      hint: 'Use vjp or jacobian for several results; hasAux for extra ones.',
    });
  }
  if (y.size === 1) return y;
  throw new ChainruleError(`f must return a scalar, it returned shape ${showShape(y.shape)}`, {
    op,
    shapes: [y.shape],
    hint: 'Reduce it, e.g. .sum(), or use jacobian(f) or vjp(f, …).',
  });
}

/** What `grad(f, options)` gives: cotangents, with `hasAux` in front of what f passes on. */
export type GradResult<A extends readonly unknown[], O> = O extends { readonly hasAux: true }
  ? [Cotangents<A, O>, AnyTree]
  : Cotangents<A, O>;

interface Differentiated {
  readonly value: Value;
  readonly gradient: unknown;
  readonly aux: unknown;
}

function differentiate(
  op: string,
  f: AnyFunction,
  options: GradOptions | undefined,
  args: readonly unknown[],
): Differentiated {
  const positions = positionsOf(op, options, args.length);
  let aux: unknown;
  const main: AnyFunction = (...xs: unknown[]) => {
    const result = f(...xs);
    if (options?.hasAux !== true) return result;
    if (!Array.isArray(result) || result.length !== 2)
      throw new ChainruleError('with hasAux, f must return [y, aux]', { op, option: 'hasAux' });
    aux = result[1];
    return result[0];
  };
  const { results, aliases, argumentTrees, wanted } = linearise(op, main, args, positions);
  const y = scalarResult(op, results);
  const walk = (): Value[] => pullBackFull([y], [seedFor(y, undefined, op)], aliases);
  const gradients = treesOf(argumentTrees, wanted ? walk() : noGrad(walk));
  const auxTree = aux === undefined ? undefined : flattenResultLoosely(aux, wanted);
  return {
    value: released(y, wanted),
    gradient: typeof (options?.argnums ?? 0) === 'number' ? gradients[0] : gradients,
    aux: auxTree,
  };
}

const flattenResultLoosely = (aux: unknown, wanted: boolean): unknown => {
  const { leaves, structure } = flattenResult(aux, 'grad');
  return fromTree(
    structure,
    leaves.map((x) => released(x, wanted)),
  );
};

/**
 * The gradient of a function with a scalar result: a function of the same arguments that returns one cotangent of the
 * first argument's structure (an array for an array of `argnums`); with `hasAux`, [gradient, aux].
 * Composes with itself and every other transform.
 * @example grad((x) => x.mul(x).mul(x))(2).item() // 12
 */
export function grad<A extends Value[], const O extends GradOptions = GradOptions>(
  f: (...args: A) => unknown,
  options?: O,
): (...args: LiftedAll<A>) => GradResult<A, O>;
export function grad<A extends AnyParameters, const O extends GradOptions = GradOptions>(
  f: (...args: A) => unknown,
  options?: O,
): (...args: LiftedAll<A>) => GradResult<A, O>;
export function grad(f: AnyFunction, options?: GradOptions): (...args: unknown[]) => unknown {
  requireFunction(f, 'grad');
  checkOptions('grad', options, ['argnums', 'hasAux']);
  return (...args) => {
    const { gradient, aux } = differentiate('grad', f, options, args);
    return options?.hasAux === true ? [gradient, aux] : gradient;
  };
}

/** As grad, with the value in front: [y, gradient]; with `hasAux` [[y, aux], gradient]. */
export function valueAndGrad<A extends Value[], R, const O extends GradOptions = GradOptions>(
  f: (...args: A) => R,
  options?: O,
): (...args: LiftedAll<A>) => [Values<R>, Cotangents<A, O>];
export function valueAndGrad<A extends AnyParameters, R, const O extends GradOptions = GradOptions>(
  f: (...args: A) => R,
  options?: O,
): (...args: LiftedAll<A>) => [Values<R>, Cotangents<A, O>];
export function valueAndGrad(f: AnyFunction, options?: GradOptions): (...args: unknown[]) => unknown {
  requireFunction(f, 'valueAndGrad');
  checkOptions('valueAndGrad', options, ['argnums', 'hasAux']);
  return (...args) => {
    const { value, gradient, aux } = differentiate('valueAndGrad', f, options, args);
    return [options?.hasAux === true ? [value, aux] : value, gradient];
  };
}

/**
 * The value of f and its pullback: from a cotangent of the result (of its structure) to one cotangent per argument.
 * @example const [y, pullback] = vjp((x, w) => x.mul(w), 2, 3); pullback(1) // [3, 2]
 */
export function vjp<A extends Value[], R>(
  f: (...args: A) => R,
  ...args: LiftedAll<A>
): [Values<R>, (g: Lifted<Values<R>>) => Values<A>];
export function vjp<A extends AnyParameters, R>(
  f: (...args: A) => R,
  ...args: LiftedAll<A>
): [Values<R>, (g: Lifted<Values<R>>) => Values<A>];
export function vjp(f: AnyFunction, ...args: unknown[]): [unknown, (g: unknown) => unknown[]] {
  const { results, structure, aliases, argumentTrees, wanted } = linearise(
    'vjp',
    f,
    args,
    args.map((_, i) => i),
  );
  const pullback = (g: unknown): unknown[] => {
    const given = toTree(g, 'vjp').leaves;
    if (given.length !== results.length) {
      throw new ChainruleError(`the pullback takes ${results.length} cotangents, got ${given.length}`, { op: 'vjp' });
    }
    const seeds = results.map((y, i) => {
      const seed = given[i]!;
      const full = seed.rank === 0 && y.rank > 0 ? seed.broadcastTo(y.shape) : seed;
      requireShape('vjp', full, y.shape);
      return full.to(y.dtype);
    });
    const walk = (): Value[] => pullBackFull(results, seeds, aliases);
    return treesOf(argumentTrees, wanted || seeds.some((s) => s._requiresGrad || isTraced(s)) ? walk() : noGrad(walk));
  };
  return [
    fromTree(
      structure,
      results.map((y) => released(y, wanted)),
    ),
    pullback,
  ];
}
