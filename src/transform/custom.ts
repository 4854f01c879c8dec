/** Functions with a gradient of the caller's own. */
import { isFloat } from '../base/dtypes.ts';
import { ChainruleError } from '../base/errors.ts';
import { flatten } from '../base/trees.ts';
import { primitive, type Aval, type Cotangent, type Primitive } from '../ops/primitive.ts';
import { interpret } from '../program/interpret.ts';
import { flattenResult, isLeaf, traceFlat, type Leaf } from '../program/trace.ts';
import { recordResults } from '../value/apply.ts';
import { lift } from '../value/lift.ts';
import { noGrad, requireFunction, state } from '../value/recording.ts';
import { immediate, isTraced, isValue, requireShape, type Value } from '../value/value.ts';
import { avalOf, fromTree, toTree, zerosOf } from './arguments.ts';
import { interpretBatched } from './batch.ts';
import { close } from './call.ts';
import type { AnyFunction, AnyParameters, AnyTree, LiftedAll, Values } from './signatures.ts';
import { transposePullback } from './transpose.ts';

/** From flat cotangents of the results, the results and the operands to one cotangent per operand. */
type Pullback = (gs: readonly Value[], ys: readonly Value[], xs: readonly Value[]) => readonly Cotangent[];

interface CustomAttributes extends Record<string, unknown> {
  readonly forward: (...xs: Value[]) => readonly Value[];
  readonly pullback: Pullback;
  readonly outs: readonly Aval[];
}

function batch(
  inputs: readonly Value[],
  batched: readonly boolean[],
  size: number,
  attrs: CustomAttributes,
): readonly Value[] {
  const n = inputs.length;
  const element = (x: Value, i: number): Aval => ({ shape: batched[i] ? x.shape.slice(1) : x.shape, dtype: x.dtype });
  const avals = inputs.map(element);
  const forwardProgram = traceFlat('vmap', (...xs) => attrs.forward(...xs), avals);
  const m = attrs.outs.length;
  const pullProgram = traceFlat(
    'vmap',
    (...all) =>
      attrs.pullback(all.slice(0, m), all.slice(m, 2 * m), all.slice(2 * m)).map((c, i) => c ?? zerosOf(avals[i]!)),
    [...attrs.outs, ...attrs.outs, ...avals],
  );
  const all = new Array<boolean>(2 * m).fill(true);
  const forward = (...xs: Value[]): readonly Value[] => interpretBatched(forwardProgram, { values: xs, batched, size });
  const pullback: Pullback = (gs, ys, xs) =>
    interpretBatched(pullProgram, { values: [...gs, ...ys, ...xs], batched: [...all, ...batched], size }).map((c, i) =>
      i < n && !batched[i] ? c.sum(0) : c,
    );
  return applyCustom(inputs, { forward, pullback });
}

const customPrimitive: Primitive<CustomAttributes> = primitive<CustomAttributes>({
  name: 'customGradient',
  glyph: '∂',
  infer: (_, { outs }) => outs,
  compute: { kind: 'program', evaluate: (inputs, { forward }) => forward(...inputs) },
  lower: (inputs, { forward }) => ({
    kind: 'inline',
    body: traceFlat('customGradient', (...xs) => forward(...xs), inputs),
  }),
  derivatives: {
    kind: 'joint',
    jvp: (tangents, { inputs, outputs, attrs }) =>
      transposePullback('customGradient', outputs, tangents, (gs) => attrs.pullback(gs, outputs, inputs)),
    vjp: (gs, { inputs, outputs, attrs }) =>
      attrs.pullback(
        gs.map((g, i) => g ?? zerosOf(outputs[i]!)),
        outputs,
        inputs,
      ),
  },
  batch,
});

type Rules = Pick<CustomAttributes, 'forward' | 'pullback'>;

function applyCustom(inputs: readonly Value[], rules: Rules): readonly Value[] {
  if (state.lifting !== null || inputs.some(isTraced)) return applyTraced(inputs, rules);
  const results = noGrad(() => rules.forward(...inputs));
  if (results.some(isTraced)) return applyTraced(inputs, rules);
  return recordResults(customPrimitive, inputs, { ...rules, outs: results.map(avalOf) }, results);
}

/**
 * Under a trace both functions become Programs, and what they captured (arguments of the traced function, too) becomes
 * operands behind the others: the recorded node stands by itself.
 */
function applyTraced(inputs: readonly Value[], { forward, pullback }: Rules): readonly Value[] {
  const n = inputs.length;
  const avals = inputs.map(avalOf);
  const body = close(traceFlat('customGradient', (...xs) => forward(...xs), avals));
  const outs = body.program.outputs.map(avalOf);
  const m = outs.length;
  let present: readonly boolean[] = [];
  const pull = close(
    traceFlat(
      'customGradient',
      (...all) => {
        const cotangents = pullback(all.slice(0, m), all.slice(m, 2 * m), all.slice(2 * m));
        present = cotangents.map((c) => c !== undefined);
        return cotangents.filter((c) => c !== undefined);
      },
      [...outs, ...outs, ...avals],
    ),
  );
  const k = n + body.captured.length;
  const closed: Rules = {
    forward: (...xs) => interpret(body.program, [...xs.slice(n, k), ...xs.slice(0, n)]),
    pullback: (gs, ys, xs) => {
      const cotangents = interpret(pull.program, [...xs.slice(k), ...gs, ...ys, ...xs.slice(0, n)]);
      let next = 0;
      return xs.map((_, i) => (present[i] === true ? cotangents[next++] : undefined));
    },
  };
  const operands = [...inputs, ...body.captured, ...pull.captured];
  // Constants alone are as known under the trace as outside it.
  const results = operands.some(isTraced) ? outs.map(zerosOf) : noGrad(() => closed.forward(...operands));
  return recordResults(customPrimitive, operands, { ...closed, outs }, results);
}

/** A pullback's cotangents. */
type Pulled = readonly (Value | number | null | undefined)[];

/**
 * f with a gradient of your own: `pullback(g, y, ...xs)` gets the cotangent of the result, the result and the
 * arguments, and returns one cotangent per argument (null for none). Forward mode follows by transposing it; write it
 * with ops, and it can be differentiated again. Several results come, and their cotangents go, as an array.
 * @example const clip = customGradient((x) => x.clone(), (g) => [g.clamp(-1, 1)])
 */
export function customGradient<A extends Value[], R>(
  f: (...args: A) => R,
  pullback: (g: Values<R>, y: Values<R>, ...xs: A) => Pulled,
): (...args: LiftedAll<A>) => Values<R>;
export function customGradient<A extends AnyParameters, R>(
  f: (...args: A) => R,
  pullback: (g: Values<R>, y: Values<R>, ...xs: A) => readonly unknown[],
): (...args: LiftedAll<A>) => Values<R>;
export function customGradient(
  f: AnyFunction,
  pullback: (g: AnyTree, y: AnyTree, ...xs: AnyParameters) => readonly unknown[],
): (...args: unknown[]) => unknown {
  requireFunction(f, 'customGradient');
  requireFunction(pullback, 'customGradient', 'the pullback');
  return (...args) => {
    const { leaves, structure } = toTree(args, 'customGradient');
    let resultTree = toTree(null, 'customGradient').structure;
    const forward = (...xs: Value[]): readonly Value[] => {
      const result = flattenResult(f(...(fromTree(structure, xs) as unknown[])), 'customGradient');
      resultTree = result.structure;
      return result.leaves;
    };
    const pull: Pullback = (gs, ys, xs) => {
      const argumentsAgain = fromTree(structure, xs) as unknown[];
      const cotangents = pullback(fromTree(resultTree, gs), fromTree(resultTree, ys), ...argumentsAgain);
      return checkedCotangents(cotangents, argumentsAgain);
    };
    const ys = applyCustom(leaves, { forward, pullback: pull });
    return fromTree(resultTree, ys);
  };
}

type MaybeLeaf = Leaf | null | undefined;

const isMaybeLeaf = (x: unknown): x is MaybeLeaf => x === null || x === undefined || isLeaf(x);

/** One cotangent for each leaf of each argument; null for a whole tree stands for all of its leaves. */
function checkedCotangents(cotangents: unknown, args: readonly unknown[]): Cotangent[] {
  const list = Array.isArray(cotangents) ? (cotangents as unknown[]) : [];
  const hint = 'Return an array with an entry of the structure of each argument; null stands for no gradient.';
  if (list.length !== args.length) {
    const got = Array.isArray(cotangents) ? `${list.length}` : isValue(cotangents) ? 'a Value' : typeof cotangents;
    throw new ChainruleError(
      `the pullback must return one cotangent for each of ${args.length} arguments, got ${got}`,
      { op: 'customGradient', hint },
    );
  }
  return args.flatMap((arg, i) => {
    const xs = flatten(arg, isValue).leaves;
    const given = list[i] ?? new Array<null>(xs.length).fill(null);
    const gs = flatten(given, isMaybeLeaf).leaves;
    if (gs.length === xs.length) return xs.map((x, j) => checkedCotangent(gs[j], x));
    throw new ChainruleError(`the cotangent of argument ${i} has ${gs.length} leaves, the argument has ${xs.length}`, {
      op: 'customGradient',
      hint,
    });
  });
}

function checkedCotangent(c: MaybeLeaf, x: Value): Cotangent {
  if (c === null || c === undefined) return undefined;
  const g = typeof c === 'number' ? immediate(x.shape, x.dtype, c) : lift(c, 'customGradient');
  requireShape('customGradient', g, x.shape);
  return isFloat(x.dtype) ? g.to(x.dtype) : undefined;
}
