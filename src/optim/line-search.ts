/** A line search whose step lowers the function enough and flattens it enough. */
import type { Value } from '../value/value.ts';

/** A point on the line: how far along, the function there, its gradient, and its slope along the line. */
export interface LinePoint {
  readonly t: number;
  readonly f: number;
  readonly gradient: Value;
  readonly slope: number;
}

export interface LineSearch {
  readonly evaluate: (t: number) => LinePoint;
  /** The point at t = 0; its slope is negative. */
  readonly start: LinePoint;
  readonly firstStep: number;
  /** The largest |element| of the direction. */
  readonly norm: number;
  readonly toleranceChange: number;
  /** So many more steps after the first. */
  readonly maxSteps: number;
}

export interface LineResult {
  readonly point: LinePoint;
  readonly evaluations: number;
}

/** Of the Armijo condition, f(t) ≤ f(0) + c₁·t·f′(0). */
const C1 = 1e-4;
/** Of the strong curvature condition, |f′(t)| ≤ c₂·|f′(0)|. */
const C2 = 0.9;

type Bounds = readonly [number, number];

/** Where the cubic through two points and their slopes is least, within the bounds; their middle if it has no minimum. */
export function cubicMinimum(a: LinePoint, b: LinePoint, bounds?: Bounds): number {
  const [first, last] = a.t <= b.t ? [a, b] : [b, a];
  const [min, max] = bounds ?? [first.t, last.t];
  const d1 = a.slope + b.slope - (3 * (a.f - b.f)) / (a.t - b.t);
  const square = d1 * d1 - a.slope * b.slope;
  if (!(square >= 0)) return (min + max) / 2;
  const d2 = Math.sqrt(square);
  const share = (last.slope + d2 - d1) / (last.slope - first.slope + 2 * d2);
  return Math.min(Math.max(last.t - (last.t - first.t) * share, min), max);
}

/** Two points with a step between them that will do; one point, if that does. */
interface Bracket {
  readonly points: readonly [LinePoint] | readonly [LinePoint, LinePoint];
  readonly steps: number;
}

/** Steps further and further until the slope turns or the function rises. */
function bracket({ evaluate, start, firstStep, maxSteps }: LineSearch): Bracket {
  let before = start;
  let point = evaluate(firstStep);
  for (let steps = 0; steps < maxSteps; steps++) {
    const rises = isTooHigh(point, start) || (steps > 1 && point.f >= before.f);
    if (rises) return { points: [before, point], steps };
    if (isFlat(point, start)) return { points: [point], steps };
    if (point.slope >= 0) return { points: [before, point], steps };
    const next = cubicMinimum(before, point, [point.t + 0.01 * (point.t - before.t), point.t * 10]);
    before = point;
    point = evaluate(next);
  }
  return { points: [start, point], steps: maxSteps };
}

const isTooHigh = (point: LinePoint, start: LinePoint): boolean => point.f > start.f + C1 * point.t * start.slope;

const isFlat = (point: LinePoint, start: LinePoint): boolean => Math.abs(point.slope) <= -C2 * start.slope;

/** The next step inside a bracket: away from its ends if the last one made too little progress. */
function stepInside(a: LinePoint, b: LinePoint, isStuck: boolean): { readonly t: number; readonly isStuck: boolean } {
  const [min, max] = [Math.min(a.t, b.t), Math.max(a.t, b.t)];
  const t = cubicMinimum(a, b);
  const margin = 0.1 * (max - min);
  if (!(Math.min(max - t, t - min) < margin)) return { t, isStuck: false };
  if (!isStuck && t < max && t > min) return { t, isStuck: true };
  return { t: Math.abs(t - max) < Math.abs(t - min) ? max - margin : min + margin, isStuck: false };
}

/** Narrows a bracket until a point in it will do. */
function zoom(search: LineSearch, points: readonly [LinePoint, LinePoint], stepsBefore: number): LineResult {
  const { evaluate, start, norm, toleranceChange, maxSteps } = search;
  let [a, b] = points;
  let isStuck = false;
  let steps = stepsBefore;
  const lower = (): LinePoint => (a.f <= b.f ? a : b);
  let low = lower();
  while (steps < maxSteps && !(Math.abs(b.t - a.t) * norm < toleranceChange)) {
    const step = stepInside(a, b, isStuck);
    isStuck = step.isStuck;
    const point = evaluate(step.t);
    steps++;
    if (isTooHigh(point, start) || point.f >= low.f) {
      if (low === a) b = point;
      else a = point;
      low = lower();
      continue;
    }
    if (isFlat(point, start)) return { point, evaluations: steps + 1 };
    const high = low === a ? b : a;
    const opposite = point.slope * (high.t - low.t) >= 0 ? low : high;
    if (low === a) [a, b] = [point, opposite];
    else [a, b] = [opposite, point];
    low = point;
  }
  return { point: low, evaluations: steps + 1 };
}

/**
 * A step that satisfies the strong Wolfe conditions, or the best that was found. Nocedal and Wright, "Numerical
 * Optimization", 2006, section 3.5.
 */
export function strongWolfe(search: LineSearch): LineResult {
  const { points, steps } = bracket(search);
  if (points.length === 1) return { point: points[0], evaluations: steps + 1 };
  return zoom(search, points, steps);
}
