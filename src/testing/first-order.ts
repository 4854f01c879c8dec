/** First derivatives in both modes, element by element, and the agreement of the modes with each other. */
import { pushForward } from '../transform/forward.ts';
import { linearise, pullBack } from '../transform/reverse.ts';
import { noGrad } from '../value/recording.ts';
import type { Value } from '../value/value.ts';
import { compare, typicalOf, type Scale } from './compare.ts';
import { centralDifference, lookCloser, type Closer, type Difference } from './differences.ts';
import { basis, dot, weights } from './directions.ts';
import type { Settings } from './options.ts';
import { concatenated, sameNumbers, valuesOf, type Problem } from './problem.ts';
import { chosenElements, outputName, type Row } from './rows.ts';

/** At most this many results are differentiated one by one in reverse mode; of more, weighted sums. */
const SINGLE_RESULTS = 8;

/** Derivatives in one input element, of all results, and the closer look at them (made once, if at all). */
interface Column {
  readonly element: number;
  readonly difference: Difference;
  readonly closer: (result: number) => Closer;
}

function columnOf(problem: Problem, settings: Settings, element: number): Column {
  const direction = basis(problem.inputSize, element);
  const difference = centralDifference(problem.evaluate, problem.point, direction, settings.step);
  let look: ((result: number) => Closer) | null = null;
  const closer = (result: number): Closer => (look ??= lookCloser(problem.evaluate, problem.point, direction))(result);
  return { element, difference, closer };
}

/** One result, or a weighted sum of all. */
interface Probe {
  readonly name: string;
  readonly weights: Float64Array;
  readonly single: number | null;
}

function probesOf(problem: Problem): Probe[] {
  const n = problem.outputSize;
  if (n <= SINGLE_RESULTS) {
    return Array.from({ length: n }, (_, i) => ({ name: outputName(problem, i), weights: basis(n, i), single: i }));
  }
  return [1, 2].map((seed) => ({ name: 'weighted sum of the results', weights: weights(n, seed), single: null }));
}

/** The graph of f at the point, recorded once. */
export interface Recorded {
  readonly results: readonly Value[];
  readonly pull: (seeds: Float64Array) => Float64Array;
  readonly push: (tangents: Float64Array) => Float64Array;
}

export function record(problem: Problem): Recorded {
  const positions = problem.variables.map((_, i) => i);
  const { results, aliases } = linearise('checkGradients', problem.call, problem.toValues(problem.point), positions);
  return {
    results,
    pull(seeds) {
      const given = valuesOf(problem.outputs, seeds).map((g, i) => g.to(results[i]!.dtype));
      const cotangents = noGrad(() => pullBack(results, given, aliases));
      return flat(problem.variables, cotangents, problem.inputSize);
    },
    push(tangents) {
      const out = noGrad(() => pushForward(results, aliases, problem.toValues(tangents)));
      return flat(problem.outputs, out, problem.outputSize);
    },
  };
}

/** Values (structural zeros among them) as one flat array. */
function flat(parts: Problem['outputs'], xs: readonly (Value | undefined)[], size: number): Float64Array {
  const out = new Float64Array(size);
  parts.forEach((part, i) => xs[i] !== undefined && out.set(xs[i].data, part.offset));
  return out;
}

/** Everything of first order. */
export function firstOrder(
  problem: Problem,
  settings: Settings,
  here: Float64Array,
): { rows: Row[]; faults: string[] } {
  const columns = chosenElements(problem.inputSize, settings.maxElements).map((i) => columnOf(problem, settings, i));
  const recorded = record(problem);
  const rows: Row[] = [];
  if (settings.modes.includes('reverse')) rows.push(...reverseRows(problem, settings, here, columns, recorded));
  if (settings.modes.includes('forward')) rows.push(...forwardRows(problem, settings, here, columns, recorded));
  const faults = sameNumbers(concatenated(recorded.results), here) ? [] : ['differentiating f changes its value'];
  if (settings.modes.length > 1) faults.push(...adjointFaults(problem, settings, recorded));
  return { rows, faults };
}

function reverseRows(
  problem: Problem,
  settings: Settings,
  here: Float64Array,
  columns: readonly Column[],
  recorded: Recorded,
): Row[] {
  return probesOf(problem).flatMap((probe) => {
    const got = recorded.pull(probe.weights);
    const expected = columns.map(({ difference }) => dot(probe.weights, difference.derivative));
    const scale: Scale = { tolerance: settings.tolerance, typical: typicalOf(expected, got) };
    const finite = probe.weights.every((w, i) => w === 0 || Number.isFinite(here[i]!));
    const magnitudes = probe.weights.map(Math.abs);
    return columns.map((column, k): Row => {
      const { element, difference } = column;
      const noise = dot(magnitudes, difference.noise);
      const comparison = compare(expected[k]!, got[element]!, noise, scale, finite, () =>
        probe.single === null ? closerSum(problem, probe.weights, element) : column.closer(probe.single),
      );
      return { order: 1, mode: 'reverse', output: probe.name, element, comparison };
    });
  });
}

/** A weighted sum may be smooth where its terms are not, and the other way round: it is looked at as a whole. */
const closerSum = (problem: Problem, by: Float64Array, element: number): Closer =>
  lookCloser((x) => Float64Array.of(dot(by, problem.evaluate(x))), problem.point, basis(problem.inputSize, element))(0);

function forwardRows(
  problem: Problem,
  settings: Settings,
  here: Float64Array,
  columns: readonly Column[],
  recorded: Recorded,
): Row[] {
  const got = columns.map(({ element }) => recorded.push(basis(problem.inputSize, element)));
  const typical = typicalOf(...got, ...columns.map(({ difference }) => difference.derivative));
  const scale: Scale = { tolerance: settings.tolerance, typical };
  return columns.flatMap(({ element, difference, closer }, k) =>
    Array.from({ length: problem.outputSize }, (_, j): Row => {
      const { derivative, noise } = difference;
      const finite = Number.isFinite(here[j]!);
      const comparison = compare(derivative[j]!, got[k]![j]!, noise[j]!, scale, finite, () => closer(j));
      return { order: 1, mode: 'forward', output: outputName(problem, j), element, comparison };
    }),
  );
}

/** ⟨g, Jv⟩ = ⟨Jᵀg, v⟩ for dense v and g: no differences, so that nearly all digits must agree. */
function adjointFaults(problem: Problem, settings: Settings, recorded: Recorded): string[] {
  const v = weights(problem.inputSize, 3);
  const g = weights(problem.outputSize, 4);
  const [tangent, cotangent] = [recorded.push(v), recorded.pull(g)];
  const [left, right] = [dot(g, tangent), dot(cotangent, v)];
  const size = dot(g.map(Math.abs), tangent.map(Math.abs)) + dot(cotangent.map(Math.abs), v.map(Math.abs));
  const allowed = Math.max(1e-10, settings.tolerance * 1e-3) * size + 1e-12;
  if (!Number.isFinite(left) || !Number.isFinite(right) || Math.abs(left - right) <= allowed) return [];
  return [`forward and reverse mode disagree: ⟨g, Jv⟩ = ${left}, but ⟨Jᵀg, v⟩ = ${right}`];
}
