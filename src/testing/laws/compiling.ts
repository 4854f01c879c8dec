/** Laws of compiled functions. `compile` lives in a room above: whoever holds an op to these laws hands it over. */
import { grad } from '../../transform/reverse.ts';
import type { Value } from '../../value/value.ts';
import type { ErrorSample, Sample } from '../../ops/op.ts';
import { weighted } from './batching.ts';
import {
  batchable,
  drawing,
  flatCall,
  LawError,
  positionsOfFloats,
  requireSame,
  resultsOf,
  type Case,
  type Law,
} from './law.ts';

type Call = (...xs: Value[]) => unknown;

/** chainrule's `compile`, or what promises the same. */
export type Compile = (f: Call) => Call;

/** The sample with a call that runs compiled, where it can be traced. */
export const compiledSample = (sample: Sample, compile: Compile): Sample =>
  sample.notBatched === undefined ? { ...sample, call: compile(sample.call) } : sample;

export const compiledErrorSample = (sample: ErrorSample, compile: Compile): ErrorSample => ({
  ...sample,
  call: compile(sample.call),
});

/** A function and its compiled form; made once for a sample, so that later inputs find its memory as earlier ones left it. */
interface Pair {
  readonly what: string;
  readonly eager: Call;
  readonly compiled: Call;
}

function requireEqual({ what, eager, compiled }: Pair, inputs: readonly Value[]): void {
  const { values, names } = resultsOf(drawing(() => eager(...inputs)));
  for (const run of ['compiled', 'called again']) {
    const got = resultsOf(drawing(() => compiled(...inputs))).values;
    if (got.length !== values.length) throw new LawError(`${what}${run}, it has ${got.length} results`);
    got.forEach((y, i) => requireSame(`${what}${names[i]}, ${run}`, y, values[i]!));
  }
}

/** The call, and its gradients: one program with what they are the derivatives of. */
function pairsOf(at: Case, compile: Compile): Pair[] {
  const pair = (what: string, eager: Call): Pair => ({ what, eager, compiled: compile(eager) });
  const call = pair('', flatCall(at.sample));
  const argnums = positionsOfFloats(at.inputs);
  if (at.sample.differentiable === false || argnums.length === 0) return [call];
  return [call, pair('gradient: ', grad(weighted(at), { argnums }))];
}

function compiles(compile: Compile, special: boolean): Law {
  const known = new WeakMap<Sample, readonly Pair[]>();
  return {
    name: special ? 'compiled = eager, at NaN, ±∞ and −0, too' : 'compiled = eager, values and gradients',
    special,
    exempts: (sample) =>
      special && sample.inputs.some(({ matrix }) => matrix !== undefined)
        ? 'matrices must be well conditioned'
        : batchable(sample),
    check(at) {
      const pairs = known.get(at.sample) ?? pairsOf(at, compile);
      known.set(at.sample, pairs);
      for (const pair of pairs) requireEqual(pair, at.inputs);
    },
  };
}

/** Bit for bit, at every sample, with numbers in the domain and with special ones. */
export const compiledLaws = (compile: Compile): readonly Law[] => [compiles(compile, false), compiles(compile, true)];
