/** Runs one gold case: outputs, first and second order. */
import { constant, type Value } from 'chainrule';
import { dtypeOf, flattenOutputs, number, tensorsOf, withTensors, type GoldCase, type GoldTensor } from './format.ts';

/** Calls the op as PyTorch is called: positional arguments, then options by PyTorch's names. */
export type Adapter = (args: readonly never[], kwargs: Readonly<Record<string, never>>) => unknown;

/** A case of something that is not here, such as an option: it is counted, and not run. */
export class Unsupported extends Error {}

/** What went wrong, in one line; null if nothing did. */
export type Verdict = string | null;

const shapeText = (shape: readonly number[]): string => `[${shape.join(', ')}]`;

/** |got − expected| ≤ tolerance · max(1, |expected|); NaN meets NaN, ∞ the same ∞. */
function closeEnough(got: number, expected: number, tolerance: number): boolean {
  if (Number.isNaN(expected) || Number.isNaN(got)) return Number.isNaN(expected) && Number.isNaN(got);
  if (!Number.isFinite(expected) || !Number.isFinite(got)) return got === expected;
  return Math.abs(got - expected) <= tolerance * Math.max(1, Math.abs(expected));
}

/** What rounding to float32 leaves of agreement. */
const FLOAT32_TOLERANCE = 1e-5;

/** Where no float goes in, PyTorch's default float32 comes out, and float64 here. */
const sameDtype = (got: Value, expected: GoldTensor): boolean =>
  dtypeOf(expected) === got.dtype || (expected.dtype === 'float32' && got.dtype === 'float64');

export function compareTensor(what: string, got: Value, expected: GoldTensor, strict: number): Verdict {
  const tolerance = expected.dtype === 'float32' ? Math.max(strict, FLOAT32_TOLERANCE) : strict;
  if (got.shape.join() !== expected.shape.join())
    return `${what}: shape ${shapeText(got.shape)}, expected ${shapeText(expected.shape)}`;
  if (!sameDtype(got, expected)) return `${what}: dtype ${got.dtype}, expected ${expected.dtype}`;
  const data = got.data;
  for (let i = 0; i < expected.tensor.length; i++) {
    const want = number(expected.tensor[i]!);
    if (!closeEnough(data[i]!, want, tolerance)) return `${what}[${i}] is ${data[i]}, expected ${want}`;
  }
  return null;
}

/** PyTorch's "no gradient" may be a gradient of zeros here. */
function compareGradients(
  what: string,
  gradients: readonly (Value | null)[],
  expected: readonly (GoldTensor | null)[],
  tolerance: number,
): Verdict {
  for (let i = 0; i < expected.length; i++) {
    const want = expected[i]!;
    const got = gradients[i] ?? null;
    if (want === null) {
      if (got !== null && got.data.some((x) => x !== 0)) return `${what}[${i}] is not zero, expected no gradient`;
      continue;
    }
    if (got === null) {
      if (want.tensor.some((x) => number(x) !== 0)) return `${what}[${i}] is missing`;
      continue;
    }
    const verdict = compareTensor(`${what}[${i}]`, got, want, tolerance);
    if (verdict !== null) return verdict;
  }
  return null;
}

/** Σₖ x[k]·cos(k + shift). */
const weighted = (x: Value, shift: number): Value => {
  const weights = Float64Array.from({ length: x.size }, (_, k) => Math.cos(k + shift));
  return x.mul(constant(weights, { shape: x.shape }) as never).sum();
};

const total = (parts: readonly Value[]): Value | null =>
  parts.reduce<Value | null>((sum, x) => (sum === null ? x : sum.add(x)), null);

/** Everything that a case asks of an op: its outputs, and derivatives of a weighted sum of them, twice. */
interface Evaluation {
  readonly outputs: readonly Value[];
  /** One for each differentiable operand, null where none arrived; null if the case asks for none. */
  readonly grads: readonly (Value | null)[] | null;
  readonly grads2: readonly (Value | null)[] | null;
}

/** The gradients that the leaves have, which they lose. */
function takeGradients(leaves: readonly Value[]): (Value | null)[] {
  const gradients = leaves.map((x) => x.grad);
  leaves.forEach((x) => x.zeroGrad());
  return gradients;
}

function evaluate(adapter: Adapter, gold: GoldCase, tensors: readonly Value[]): Evaluation {
  const given = withTensors(gold, tensors);
  const outputs = flattenOutputs(adapter(given.args as never[], given.kwargs as Record<string, never>));
  if (!gold.grads || gold.grads.length === 0) return { outputs, grads: null, grads2: null };
  const first = total(outputs.filter((_, i) => gold.out[i]?.grad === true).map(weighted));
  if (first !== null && first.requiresGrad) first.backward({ createGraph: true });
  const grads = takeGradients(given.leaves);
  if (!gold.grads2) return { outputs, grads, grads2: null };
  const second = total(grads.flatMap((g, i) => (g === null || gold.grads![i] === null ? [] : [weighted(g, 7 + i)])));
  if (second !== null && second.requiresGrad) second.backward();
  return { outputs, grads, grads2: takeGradients(given.leaves) };
}

/** How a function of the case's tensors is run: as it is, or compiled. */
export type Runner = <R>(f: (...tensors: Value[]) => R) => (...tensors: Value[]) => R;

export const eagerly: Runner = (f) => f;

export function runCase(adapter: Adapter, gold: GoldCase, tolerance: number, runner: Runner = eagerly): Verdict {
  const run = runner((...tensors) => evaluate(adapter, gold, tensors));
  const { outputs, grads, grads2 } = run(...tensorsOf(gold));
  if (outputs.length !== gold.out.length) return `${outputs.length} outputs, expected ${gold.out.length}`;
  for (let i = 0; i < outputs.length; i++) {
    const verdict = compareTensor(`out[${i}]`, outputs[i]!, gold.out[i]!, tolerance);
    if (verdict !== null) return verdict;
  }
  if (grads === null) return null;
  const verdict = compareGradients('grads', grads, gold.grads!, tolerance);
  if (verdict !== null || grads2 === null) return verdict;
  return compareGradients('grads2', grads2, gold.grads2!, tolerance);
}
