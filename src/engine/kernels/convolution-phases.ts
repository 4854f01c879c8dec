/**
 * The transposed convolution, place by place: along an axis of stride s, the input places ρ, ρ + s, ρ + 2s, … meet the
 * same taps. Such a phase is a convolution of the output without a stride.
 */
import { sizeOf, type Shape } from '../../base/shapes.ts';
import type { Windows } from '../../ops/kernels/convolution.ts';

/** A tap, and which output place it brings to place 0 of the phase, along each axis. */
export interface Tap {
  /** Its index along each axis of the weight. */
  readonly index: readonly number[];
  readonly shift: readonly number[];
}

export interface Phase {
  /** The first input place, along each axis. */
  readonly first: readonly number[];
  /** How many places it has. */
  readonly size: Shape;
  /** In the weight's order. */
  readonly taps: readonly Tap[];
}

interface AxisPhase {
  readonly first: number;
  readonly size: number;
  readonly taps: readonly { readonly index: number; readonly shift: number }[];
}

function axisPhases({ input, taps, stride, padding, dilation }: Windows, axis: number): AxisPhase[] {
  const [n, s, d, p] = [input[axis]!, stride[axis]!, dilation[axis]!, padding[axis]!];
  return Array.from({ length: Math.min(s, n) }, (_, first) => ({
    first,
    size: Math.ceil((n - first) / s),
    taps: Array.from({ length: taps[axis]! }, (_, index) => ({ index, shift: (first + p - index * d) / s })).filter(
      ({ shift }) => Number.isInteger(shift),
    ),
  }));
}

/** All combinations, the last axis fastest. */
const product = <T>(lists: readonly (readonly T[])[]): T[][] =>
  lists.reduce<T[][]>((all, list) => all.flatMap((head) => list.map((x) => [...head, x])), [[]]);

/** Every input place belongs to exactly one phase. */
export function phasesOf(windows: Windows): Phase[] {
  const axes = windows.input.map((_, axis) => axisPhases(windows, axis));
  return product(axes).map((own) => ({
    first: own.map(({ first }) => first),
    size: own.map(({ size }) => size),
    taps: product(own.map(({ taps }) => taps)).map((tap) => ({
      index: tap.map(({ index }) => index),
      shift: tap.map(({ shift }) => shift),
    })),
  }));
}

/** How far shifts reach along each axis, over all phases: lowest, highest. */
export function reachOf(phases: readonly Phase[], rank: number): { low: number[]; high: number[] } {
  const low = new Array<number>(rank).fill(0);
  const high = new Array<number>(rank).fill(0);
  for (const { taps } of phases) {
    for (const { shift } of taps) {
      shift.forEach((n, axis) => {
        low[axis] = Math.min(low[axis]!, n);
        high[axis] = Math.max(high[axis]!, n);
      });
    }
  }
  return { low, high };
}

/** The largest size of a phase along each axis. */
export const largestOf = (phases: readonly Phase[]): number[] =>
  phases.reduce<number[]>((sizes, { size }) => size.map((n, axis) => Math.max(n, sizes[axis] ?? 0)), []);

export const placesOf = (phases: readonly Phase[]): number => Math.max(0, ...phases.map(({ size }) => sizeOf(size)));
