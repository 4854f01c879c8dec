/** Derivatives of derivatives: each order is held against differences of the one below it. */
import { jvp } from '../transform/forward.ts';
import { grad } from '../transform/reverse.ts';
import type { Value } from '../value/value.ts';
import { compare, typicalOf } from './compare.ts';
import { centralDifference, lookCloser, type Closer, type Numeric } from './differences.ts';
import { basis, weights } from './directions.ts';
import type { Settings } from './options.ts';
import { concatenated, valuesOf, type Problem } from './problem.ts';
import { chosenElements, type Row } from './rows.ts';

/** A function of the problem's variables with a scalar result. */
type Scalar = (...xs: Value[]) => Value;

/** Inputs with at most this many elements are differentiated along each of them, others along two dense directions. */
const SINGLE_DIRECTIONS = 3;
/** Forward over forward gives one element at a time. */
const FORWARD_ELEMENTS = 4;

const total = (terms: readonly Value[]): Value => terms.reduce((sum, term) => sum.add(term));

const inner = (xs: readonly Value[], by: readonly Value[]): Value => total(xs.map((x, i) => x.mul(by[i]!).sum()));

function directionsOf(n: number): Float64Array[] {
  if (n > SINGLE_DIRECTIONS) return [weights(n, 6), weights(n, 7)];
  return Array.from({ length: n }, (_, i) => basis(n, i));
}

/** The results, or a weighted sum of them. */
function scalarOf(problem: Problem): Scalar {
  const by = problem.outputSize === 1 ? Float64Array.of(1) : weights(problem.outputSize, 5);
  const factors = valuesOf(problem.outputs, by);
  return (...xs) => inner(problem.call(...xs), factors);
}

/** One way of differentiating twice, along v. */
interface Way {
  readonly mode: string;
  readonly derivative: (xs: readonly Value[]) => readonly Value[];
}

function waysOf(phi: Scalar, v: readonly Value[], argnums: readonly number[], { modes }: Settings): Way[] {
  const gradient = (...xs: Value[]): Value[] => grad(phi, { argnums })(...xs);
  const along = (...xs: Value[]): Value => jvp(phi, xs, v)[1];
  const ways: Way[] = [];
  if (modes.includes('reverse')) {
    const derivative: Way['derivative'] = (xs) =>
      grad((...ys: Value[]) => inner(gradient(...ys), v), { argnums })(...xs);
    ways.push({ mode: 'reverse over reverse', derivative });
  }
  if (modes.length > 1) {
    ways.push({ mode: 'forward over reverse', derivative: (xs) => jvp(gradient, xs, v)[1] });
    ways.push({ mode: 'reverse over forward', derivative: (xs) => grad(along, { argnums })(...xs) });
  }
  return ways;
}

/** Orders 2 … `order`, each along fixed directions. */
export function higherOrders(problem: Problem, settings: Settings): Row[] {
  const argnums = problem.variables.map((_, i) => i);
  const directions = directionsOf(problem.inputSize);
  const rows: Row[] = [];
  let phi = scalarOf(problem);
  for (let order = 2; order <= settings.order && directions.length > 0; order++) {
    const below = phi;
    for (const direction of directions) {
      if (settings.modes.includes('reverse')) rows.push(...gradientRows(problem, settings, order, below, direction));
      if (settings.modes.includes('forward')) rows.push(...forwardRows(problem, settings, order, below, direction));
    }
    if (rows.some((row) => row.comparison.verdict === 'mismatch')) break;
    const along = problem.toValues(directions[0]!);
    phi = (...xs) => inner(grad(below, { argnums })(...xs), along);
  }
  return rows;
}

const name = (order: number): string =>
  order === 2 ? 'gradient along a direction' : `derivative of order ${order - 1} along a direction`;

/** Ways that give all elements at once, against differences of the gradient. */
function gradientRows(
  problem: Problem,
  settings: Settings,
  order: number,
  phi: Scalar,
  direction: Float64Array,
): Row[] {
  const argnums = problem.variables.map((_, i) => i);
  const gradient: Numeric = (x) => concatenated(grad(phi, { argnums })(...problem.toValues(x)));
  const here = gradient(problem.point);
  const { derivative, noise } = centralDifference(gradient, problem.point, direction, settings.step);
  let look: ((element: number) => Closer) | null = null;
  const closer = (i: number): Closer => (look ??= lookCloser(gradient, problem.point, direction))(i);
  return waysOf(phi, problem.toValues(direction), argnums, settings).flatMap(({ mode, derivative: way }) => {
    const got = concatenated(way(problem.toValues(problem.point)));
    const scale = { tolerance: settings.tolerance, typical: typicalOf(derivative, got) };
    return Array.from(got, (x, i): Row => {
      const finite = Number.isFinite(here[i]!);
      const comparison = compare(derivative[i]!, x, noise[i]!, scale, finite, () => closer(i));
      return { order, mode, output: name(order), element: i, comparison };
    });
  });
}

/** Forward over forward, one element at a time. */
function forwardRows(problem: Problem, settings: Settings, order: number, phi: Scalar, direction: Float64Array): Row[] {
  const v = problem.toValues(direction);
  const along = (...xs: Value[]): Value => jvp(phi, xs, v)[1];
  const numeric: Numeric = (x) => concatenated([along(...problem.toValues(x))]);
  const finite = Number.isFinite(numeric(problem.point)[0]!);
  const found = chosenElements(problem.inputSize, FORWARD_ELEMENTS).map((element) => {
    const e = basis(problem.inputSize, element);
    const [, t] = jvp(along, problem.toValues(problem.point), problem.toValues(e));
    return { element, e, got: t.item(), difference: centralDifference(numeric, problem.point, e, settings.step) };
  });
  const typical = typicalOf(
    found.map(({ got }) => got),
    found.map(({ difference }) => difference.derivative[0]!),
  );
  return found.map(({ element, e, got, difference }): Row => {
    const scale = { tolerance: settings.tolerance, typical };
    const closer = (): Closer => lookCloser(numeric, problem.point, e)(0);
    const comparison = compare(difference.derivative[0]!, got, difference.noise[0]!, scale, finite, closer);
    return { order, mode: 'forward over forward', output: name(order), element, comparison };
  });
}
