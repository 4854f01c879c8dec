/** Functions with a gradient of the caller's own. */
import { isFloat } from '../base/dtypes.ts';
import { ChainruleError } from '../base/errors.ts';
import { primitive, type Aval, type Cotangent, type Primitive } from '../ops/primitive.ts';
import { traceFlat } from '../program/trace.ts';
import { recordResults } from '../value/apply.ts';
import { enableGrad, noGrad } from '../value/recording.ts';
import { immediate, isTraced, requireShape, type Value } from '../value/value.ts';
import { alias, fromTree, toTree } from './arguments.ts';
import { interpretBatched } from './batch.ts';
import { pullBack } from './reverse.ts';
import type { AnyFunction, AnyParameters, AnyTree, LiftedAll, Values } from './signatures.ts';

/** From flat cotangents of the results, the results and the operands to one cotangent per operand. */
type Pullback = (gs: readonly Value[], ys: readonly Value[], xs: readonly Value[]) => readonly Cotangent[];

interface CustomAttributes extends Record<string, unknown> {
  readonly forward: (...xs: Value[]) => readonly Value[];
  readonly pullback: Pullback;
  readonly outs: readonly Aval[];
}

const zeros = ({ shape, dtype }: Aval): Value => immediate(shape, dtype, 0);

/** The pullback is linear in g, so its own pullback is the pushforward. */
function transposed(
  tangents: readonly Cotangent[],
  inputs: readonly Value[],
  outputs: readonly Value[],
  { pullback }: CustomAttributes,
): Cotangent[] {
  const gs = outputs.map((y) => (isFloat(y.dtype) ? alias(zeros(y), 'customGradient') : zeros(y)));
  const cotangents = enableGrad(() => pullback(gs, outputs, inputs));
  const roots: Value[] = [];
  const seeds: Cotangent[] = [];
  cotangents.forEach((c, i) => {
    if (c === undefined || tangents[i] === undefined) return;
    roots.push(c);
    seeds.push(tangents[i]);
  });
  const floats = gs.filter((g) => isFloat(g.dtype));
  const pushed = pullBack(roots, seeds, floats);
  let next = 0;
  return gs.map((g) => (isFloat(g.dtype) ? pushed[next++] : undefined));
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
      attrs.pullback(all.slice(0, m), all.slice(m, 2 * m), all.slice(2 * m)).map((c, i) => c ?? zeros(avals[i]!)),
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

export const customPrimitive: Primitive<CustomAttributes> = primitive<CustomAttributes>({
  name: 'customGradient',
  glyph: '∂',
  infer: (_, { outs }) => outs,
  compute: { kind: 'program', evaluate: (inputs, { forward }) => forward(...inputs) },
  derivatives: {
    kind: 'joint',
    jvp: (tangents, { inputs, outputs, attrs }) => transposed(tangents, inputs, outputs, attrs),
    vjp: (gs, { inputs, outputs, attrs }) =>
      attrs.pullback(
        gs.map((g, i) => g ?? zeros(outputs[i]!)),
        outputs,
        inputs,
      ),
  },
  batch,
});

function applyCustom(
  inputs: readonly Value[],
  { forward, pullback }: Pick<CustomAttributes, 'forward' | 'pullback'>,
): readonly Value[] {
  const run = (): readonly Value[] => forward(...inputs);
  const traced = inputs.some(isTraced);
  const results = traced ? traceFlat('customGradient', (...xs) => forward(...xs), inputs).outputs : noGrad(run);
  const outs = results.map(({ shape, dtype }) => ({ shape, dtype }));
  return recordResults(
    customPrimitive,
    inputs,
    { forward, pullback, outs },
    traced ? outs.map(zeros) : (results as readonly Value[]),
  );
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
  return (...args) => {
    const { leaves, structure } = toTree(args, 'customGradient');
    let resultTree = toTree(null, 'customGradient').structure;
    const forward = (...xs: Value[]): readonly Value[] => {
      const result = toTree(f(...(fromTree(structure, xs) as unknown[])), 'customGradient');
      resultTree = result.structure;
      return result.leaves;
    };
    const pull: Pullback = (gs, ys, xs) => {
      const argumentsAgain = fromTree(structure, xs) as unknown[];
      const cotangents = pullback(fromTree(resultTree, gs), fromTree(resultTree, ys), ...argumentsAgain);
      return checkedCotangents(cotangents, xs);
    };
    const ys = applyCustom(leaves, { forward, pullback: pull });
    return fromTree(resultTree, ys);
  };
}

function checkedCotangents(cotangents: unknown, xs: readonly Value[]): Cotangent[] {
  const list = Array.isArray(cotangents) ? (cotangents as unknown[]).flat(Infinity) : undefined;
  if (list === undefined || list.length !== xs.length) {
    throw new ChainruleError(`the pullback must return one cotangent for each of ${xs.length} arguments`, {
      op: 'customGradient',
      hint: 'Return an array; null stands for no gradient.',
    });
  }
  return list.map((c, i) => {
    if (c === null || c === undefined) return undefined;
    const x = xs[i]!;
    const g = typeof c === 'number' ? immediate(x.shape, x.dtype, c) : (c as Value);
    requireShape('customGradient', g, x.shape);
    return isFloat(x.dtype) ? g.to(x.dtype) : undefined;
  });
}
