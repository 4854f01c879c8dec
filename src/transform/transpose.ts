/** Forward mode from reverse mode: what a rule that only pulls back needs. */
import { isFloat } from '../base/dtypes.ts';
import type { Aval, Cotangent } from '../ops/primitive.ts';
import { enableGrad } from '../value/recording.ts';
import type { Value } from '../value/value.ts';
import { alias, zerosOf } from './arguments.ts';
import { pullBack } from './reverse.ts';

/**
 * Tangents of the results, from tangents of the operands and a pullback: it is linear in g, so that its own pullback,
 * taken at g = 0, is the pushforward.
 */
export function transposePullback(
  op: string,
  results: readonly Aval[],
  tangents: readonly Cotangent[],
  pullback: (gs: readonly Value[]) => readonly Cotangent[],
): Cotangent[] {
  const gs = results.map((y) => (isFloat(y.dtype) ? alias(zerosOf(y), op) : zerosOf(y)));
  const cotangents = enableGrad(() => pullback(gs));
  const roots: Value[] = [];
  const seeds: Cotangent[] = [];
  cotangents.forEach((c, i) => {
    if (c === undefined || tangents[i] === undefined) return;
    roots.push(c);
    seeds.push(tangents[i]);
  });
  const pushed = pullBack(
    roots,
    seeds,
    gs.filter((g) => isFloat(g.dtype)),
  );
  let next = 0;
  return gs.map((g) => (isFloat(g.dtype) ? pushed[next++] : undefined));
}
