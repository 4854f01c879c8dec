/** The law of passes: what is done to a Program before it runs changes no bit. */
import { optimize } from '../../program/passes/index.ts';
import { interpret } from '../../program/interpret.ts';
import type { Program } from '../../program/program.ts';
import { traceFlat } from '../../program/trace.ts';
import { grad } from '../../transform/reverse.ts';
import type { Value } from '../../value/value.ts';
import { batchable, drawing, floatCall, positionsOfFloats, requireSame, type Case, type Law } from './law.ts';

function requireUnchanged(program: Program, inputs: readonly Value[]): void {
  const run = (p: Program): Value[] => drawing(() => interpret(p, inputs));
  const before = run(program);
  optimize(program, (pass, after) =>
    run(after).forEach((y, i) => requireSame(`result ${i} after "${pass}"`, y, before[i]!)),
  );
}

/** The op and its gradient. */
function programsOf({ sample, inputs }: Case): Program[] {
  const forward = traceFlat('trace', sample.call, inputs);
  const argnums = positionsOfFloats(inputs);
  if (argnums.length === 0 || sample.differentiable === false) return [forward];
  const outputs = floatCall(sample);
  const sum = (...xs: Value[]): Value =>
    outputs(...xs)
      .map((y) => y.sum() as unknown as Value)
      .reduce((a, b) => a.add(b));
  return [forward, traceFlat('trace', grad(sum, { argnums }), inputs)];
}

/** Holds for the op and for its gradient, after every pass. */
export const optimizes: Law = {
  name: 'passes change no bit',
  exempts: batchable,
  check(at) {
    for (const program of programsOf(at)) requireUnchanged(program, at.inputs);
  },
};
