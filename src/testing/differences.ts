/**
 * Numerical derivatives: central differences with Richardson's extrapolation, and a closer look (many step sizes, both
 * sides on their own) where the first answer does not settle the matter.
 */

/** A function of numbers. */
export type Numeric = (point: Float64Array) => Float64Array;

const EPSILON = 2.220446049250313e-16;
/** About ε^(1/5), the best step for a rule of fourth order. */
const STEP = 1 / 1024;

/** Step lengths are relative to the size of what moves, but no smaller than this. */
const SMALLEST_SCALE = 1 / 16;

/** The largest |x| among what the direction moves. */
export function scaleOf(point: Float64Array, direction: Float64Array): number {
  let scale = SMALLEST_SCALE;
  let length = 0;
  for (let i = 0; i < point.length; i++) {
    const d = Math.abs(direction[i]!);
    if (d === 0) continue;
    if (d > length) length = d;
    if (Math.abs(point[i]!) > scale) scale = Math.abs(point[i]!);
  }
  return length === 0 ? scale : scale / length;
}

/** point + h · direction. */
function moved(point: Float64Array, direction: Float64Array, h: number): Float64Array {
  const out = point.slice();
  for (let i = 0; i < out.length; i++) if (direction[i] !== 0) out[i]! += h * direction[i]!;
  return out;
}

/** The step that is really taken: point + h is rounded. Powers of two keep the error small; this removes it. */
const reached = (point: Float64Array, direction: Float64Array, h: number): number => {
  const i = direction.findIndex((d) => d !== 0);
  if (i < 0 || direction.some((d, k) => d !== 0 && k !== i)) return h;
  return (point[i]! + h * direction[i]! - point[i]!) / direction[i]!;
};

export interface Difference {
  readonly derivative: Float64Array;
  /** How far rounding of f's results may have moved each of them. */
  readonly noise: Float64Array;
}

/** (f(x + hd) − f(x − hd)) / 2h at h and h/2, extrapolated. */
export function centralDifference(f: Numeric, point: Float64Array, direction: Float64Array, step?: number): Difference {
  const h = (step ?? STEP) * scaleOf(point, direction);
  const wide = central(f, point, direction, h);
  const near = central(f, point, direction, h / 2);
  const derivative = near.derivative.map((d, i) => (4 * d - wide.derivative[i]!) / 3);
  return { derivative, noise: near.noise };
}

function central(f: Numeric, point: Float64Array, direction: Float64Array, h: number): Difference {
  const ahead = f(moved(point, direction, h));
  const behind = f(moved(point, direction, -h));
  const width = reached(point, direction, h) - reached(point, direction, -h);
  const derivative = ahead.map((y, i) => (y - behind[i]!) / width);
  const noise = ahead.map((y, i) => (64 * EPSILON * Math.max(Math.abs(y), Math.abs(behind[i]!))) / width);
  return { derivative, noise };
}

// A closer look ----------------------------------------------------------------------------------------------------

/** What is known of one derivative after looking closely. */
export interface Closer {
  /** The steadiest of the estimates; NaN if there is none. */
  readonly derivative: number;
  /** How much neighbouring estimates differ. */
  readonly uncertainty: number;
  /** Set where f is not smooth at the point: its one-sided derivatives (possibly ±∞ or NaN) differ. */
  readonly kink: { readonly left: number; readonly right: number } | null;
}

const LEVELS = 11;
const SHRINK = 4;

/** Differences at steps from 4/1024 down to about 4e-9, all elements of f at once. */
export function lookCloser(f: Numeric, point: Float64Array, direction: Float64Array): (element: number) => Closer {
  const scale = scaleOf(point, direction);
  const here = f(point);
  const levels = Array.from({ length: LEVELS }, (_, level) => {
    let h = 4 * STEP * scale;
    for (let k = 0; k < level; k++) h /= SHRINK;
    const [ahead, behind] = [f(moved(point, direction, h)), f(moved(point, direction, -h))];
    const [forth, back] = [reached(point, direction, h), reached(point, direction, -h)];
    return {
      h,
      center: ahead.map((y, i) => (y - behind[i]!) / (forth - back)),
      right: ahead.map((y, i) => (y - here[i]!) / forth),
      left: behind.map((y, i) => (y - here[i]!) / back),
    };
  });
  return (element) => {
    const centers = levels.map((level) => level.center[element]!);
    const rights = levels.map((level) => level.right[element]!);
    const lefts = levels.map((level) => level.left[element]!);
    return { ...steadiest(centers), kink: kinkOf(lefts, rights, centers) };
  };
}

/** Richardson over neighbouring levels; the estimate that differs least from both its neighbours. */
function steadiest(centers: readonly number[]): { derivative: number; uncertainty: number } {
  const factor = SHRINK * SHRINK;
  const estimates = centers.slice(1).map((d, i) => (factor * d - centers[i]!) / (factor - 1));
  let [derivative, uncertainty] = [NaN, Infinity];
  for (let i = 1; i + 1 < estimates.length; i++) {
    const [before, here, after] = [estimates[i - 1]!, estimates[i]!, estimates[i + 1]!];
    const spread = Math.max(Math.abs(here - before), Math.abs(here - after));
    if (spread < uncertainty) [derivative, uncertainty] = [here, spread];
  }
  return { derivative, uncertainty };
}

// Two levels well apart, both above the rounding noise of a one-sided difference.
const WIDE = 4;
const NARROW = 8;

/**
 * At a smooth point the two sides approach each other as fast as the step shrinks. They do not at a kink; at a jump
 * (also of the derivative that is being differenced) the quotients grow instead.
 */
function kinkOf(
  lefts: readonly number[],
  rights: readonly number[],
  centers: readonly number[],
): { left: number; right: number } | null {
  const [left, right] = [lefts[NARROW]!, rights[NARROW]!];
  if (!Number.isFinite(left) || !Number.isFinite(right)) {
    return Number.isFinite(left) || Number.isFinite(right) ? { left, right } : null;
  }
  const [wide, narrow] = [Math.abs(rights[WIDE]! - lefts[WIDE]!), Math.abs(right - left)];
  const size = Math.max(Math.abs(left), Math.abs(right));
  const parted = narrow > 0.4 * wide && narrow > 1e-4 * size && narrow > 1e-7;
  const growing = Math.abs(centers[NARROW]!) > 4 * Math.abs(centers[WIDE]!) && Math.abs(centers[NARROW]!) > 1e3;
  return parted || growing ? { left: left + 0, right: right + 0 } : null;
}
