/** One derivative held against differences: the verdict on each element. */
import type { Closer } from './differences.ts';

/**
 * `ok`: they agree. `mismatch`: they do not. `kink`: f is not smooth there, and what was got lies between its one-sided
 * derivatives. `notFinite`: f itself is NaN or infinite there, so that nothing can be said.
 */
export type Verdict = 'ok' | 'mismatch' | 'kink' | 'notFinite';

export interface Comparison {
  readonly expected: number;
  readonly got: number;
  /** |got − expected|. */
  readonly error: number;
  /** The largest error that would have been accepted. */
  readonly allowed: number;
  readonly verdict: Verdict;
  /** One-sided derivatives, where they differ. */
  readonly kink: Closer['kink'];
}

/** Derivatives smaller than this count as zero. */
const NOTHING = 1e-10;
/** However uncertain the differences are, this much error is never accepted. */
const LARGEST_UNCERTAINTY = 1e-3;

const distance = (a: number, b: number): number => (Object.is(a, b) || a === b ? 0 : Math.abs(a - b));

export interface Scale {
  readonly tolerance: number;
  /** The largest derivative of the same check, at most 1: small derivatives beside large ones need not be as exact. */
  readonly typical: number;
}

/** The magnitude of the derivatives of one check. */
export function typicalOf(...lists: readonly ArrayLike<number>[]): number {
  let largest = 0;
  for (const list of lists) {
    for (let i = 0; i < list.length; i++) {
      const x = Math.abs(list[i]!);
      if (x > largest && x < Infinity) largest = x;
    }
  }
  return Math.min(1, largest);
}

const allowedFor = (expected: number, got: number, { tolerance, typical }: Scale): number =>
  tolerance * Math.max(finite(expected), finite(got), typical) + NOTHING;

const finite = (x: number): number => (Number.isFinite(x) ? Math.abs(x) : 0);

/** At first sight; `closer` is asked only if that does not settle it. */
export function compare(
  expected: number,
  got: number,
  noise: number,
  scale: Scale,
  isFiniteThere: boolean,
  closer: () => Closer,
): Comparison {
  const allowed = allowedFor(expected, got, scale) + (Number.isFinite(noise) ? noise : 0);
  const error = distance(expected, got);
  if (!isFiniteThere) return { expected, got, error, allowed, verdict: 'notFinite', kink: null };
  if (error <= allowed) return { expected, got, error, allowed, verdict: 'ok', kink: null };
  return settle(got, scale, closer());
}

function settle(got: number, scale: Scale, { derivative, uncertainty, kink }: Closer): Comparison {
  const base = allowedFor(derivative, got, scale);
  const size = Math.max(finite(derivative), finite(got), scale.typical);
  const trusted = Number.isFinite(uncertainty) ? Math.min(2 * uncertainty, LARGEST_UNCERTAINTY * size) : 0;
  const allowed = base + trusted;
  const error = distance(derivative, got);
  const found = { expected: derivative, got, error, allowed };
  if (error <= allowed) return { ...found, verdict: 'ok', kink: null };
  if (kink !== null && isBetween(got, kink, Math.max(allowed, 1e-4 * size))) return { ...found, verdict: 'kink', kink };
  return { ...found, verdict: 'mismatch', kink };
}

/** Any number between the one-sided derivatives is a fair answer; at the edge of f's domain any answer is. */
function isBetween(got: number, { left, right }: { left: number; right: number }, slack: number): boolean {
  if (Number.isNaN(left) || Number.isNaN(right)) return true;
  // At a jump both quotients grow without limit: the derivative on either side of it is a fair answer.
  if (Math.abs(left) > 1e3 && Math.abs(right) > 1e3 && left * right > 0) return Number.isFinite(got);
  return got >= Math.min(left, right) - slack && got <= Math.max(left, right) + slack;
}
