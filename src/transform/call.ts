/** Calls of Programs as single nodes: what checkpoint records, with derivatives that run the Program again. */
import { isFloat } from '../base/dtypes.ts';
import { primitive, type Cotangent, type Primitive } from '../ops/primitive.ts';
import { interpret } from '../program/interpret.ts';
import { makeProgram, type Instruction, type Program } from '../program/program.ts';
import { programStats } from '../program/stats.ts';
import { traceFlat } from '../program/trace.ts';
import { apply, applyOne } from '../value/apply.ts';
import { enableGrad, requireFunction } from '../value/recording.ts';
import type { Value } from '../value/value.ts';
import { alias, fromTree, toTree } from './arguments.ts';
import { interpretBatched } from './batch.ts';
import { pushForward } from './forward.ts';
import { pullBack } from './reverse.ts';
import type { AnyFunction, AnyParameters, LiftedAll, Values } from './signatures.ts';

/** A Program whose captures have become operands in front, with the Values that were captured. */
export interface Closed {
  readonly program: Program;
  readonly captured: readonly Value[];
}

/** Random draws are made now and captured: a Program that runs again for its derivatives must see the same numbers. */
export function close(body: Program): Closed {
  const { program, draws } = withDrawsAsInputs(body);
  const { captures, inputs } = program;
  const own = body.inputs.length;
  return {
    program: makeProgram({
      ...program,
      inputs: [...captures.map((c) => c.variable), ...inputs.slice(own), ...inputs.slice(0, own)],
      captures: [],
    }),
    captured: [...captures.map((c) => c.value), ...draws.map(({ primitive, attrs }) => applyOne(primitive, [], attrs))],
  };
}

interface WithDraws {
  readonly program: Program;
  /** What gives the further inputs. */
  readonly draws: readonly Instruction[];
}

/** A Program whose random draws have become inputs behind the others. */
export function withDrawsAsInputs(program: Program): WithDraws {
  const isDraw = ({ primitive }: Instruction): boolean => primitive.effect === 'random';
  const draws = program.instructions.filter(isDraw);
  if (draws.length === 0) return { program, draws };
  return {
    program: makeProgram({
      ...program,
      inputs: [...program.inputs, ...draws.map((draw) => draw.outputs[0]!)],
      instructions: program.instructions.filter((instruction) => !isDraw(instruction)),
      draws: 0,
    }),
    draws,
  };
}

interface Linear {
  readonly results: Value[];
  /** For each operand its alias, or undefined where it has no derivatives. */
  readonly aliases: readonly (Value | undefined)[];
}

/** Runs a Program on aliases of its float operands (of those that are wanted). */
function lineariseProgram(program: Program, inputs: readonly Value[], wanted: (i: number) => boolean): Linear {
  const aliases = inputs.map((x, i) => (isFloat(x.dtype) && wanted(i) ? alias(x, 'call') : undefined));
  const results = enableGrad(() =>
    interpret(
      program,
      inputs.map((x, i) => aliases[i] ?? x.stopGradient()),
    ),
  );
  return { results, aliases };
}

const present = <T>(xs: readonly (T | undefined)[]): T[] => xs.filter((x): x is T => x !== undefined);

/** Cotangents of a Program's operands. */
export function pullBackProgram(
  program: Program,
  inputs: readonly Value[],
  gs: readonly Cotangent[],
  needed: readonly boolean[],
): Cotangent[] {
  const { results, aliases } = lineariseProgram(program, inputs, (i) => needed[i]!);
  const cotangents = pullBack(results, gs, present(aliases));
  let next = 0;
  return aliases.map((x) => (x === undefined ? undefined : cotangents[next++]));
}

/** Tangents of a Program's results. */
export function pushForwardProgram(
  program: Program,
  inputs: readonly Value[],
  tangents: readonly Cotangent[],
): { results: Value[]; tangents: Cotangent[] } {
  const { results, aliases } = lineariseProgram(program, inputs, (i) => tangents[i] !== undefined);
  const given = tangents.filter((_, i) => aliases[i] !== undefined);
  return { results, tangents: pushForward(results, present(aliases), given) };
}

interface CallAttributes extends Record<string, unknown> {
  readonly body: Program;
}

/** One node for a whole Program, whose operands are all that it depends on; derivatives run it again. */
export const callPrimitive: Primitive<CallAttributes> = primitive<CallAttributes>({
  name: 'call',
  glyph: 'ƒ',
  infer: (_, { body }) => body.outputs.map(({ shape, dtype }) => ({ shape, dtype })),
  compute: { kind: 'program', evaluate: (inputs, { body }) => interpret(body, inputs) },
  lower: (_, { body }) => ({ kind: 'inline', body }),
  flops: (_, { body }) => programStats(body).flop,
  derivatives: {
    kind: 'joint',
    jvp: (tangents, { inputs, attrs }) => pushForwardProgram(attrs.body, inputs, tangents).tangents,
    vjp: (gs, { inputs, attrs }, needed) => pullBackProgram(attrs.body, inputs, gs, needed),
  },
  batch: (inputs, batched, size, { body }) => {
    const avals = inputs.map((x) => ({ shape: x.shape, dtype: x.dtype }));
    const inner = traceFlat('call', (...xs) => interpretBatched(body, { values: xs, batched, size }), avals);
    const { program, captured } = close(inner);
    return apply(callPrimitive, [...captured, ...inputs], { body: program });
  },
});

/**
 * f, remembered as one node: its intermediate results are dropped, and computed again when derivatives are asked for.
 * Trades time for memory. f is traced once for each call, so it must not read numbers.
 * @example const block = checkpoint((x) => x.exp().mul(x)); block(value([1, 2]))
 */
export function checkpoint<A extends Value[], R>(f: (...args: A) => R): (...args: LiftedAll<A>) => Values<R>;
export function checkpoint<A extends AnyParameters, R>(f: (...args: A) => R): (...args: LiftedAll<A>) => Values<R>;
export function checkpoint(f: AnyFunction): (...args: unknown[]) => unknown {
  requireFunction(f, 'checkpoint');
  return (...args) => {
    const { leaves, structure } = toTree(args, 'checkpoint');
    const body = traceFlat('checkpoint', (...xs) => f(...(fromTree(structure, xs) as unknown[])), leaves);
    const { program, captured } = close(body);
    return fromTree(body.result, apply(callPrimitive, [...captured, ...leaves], { body: program }));
  };
}
