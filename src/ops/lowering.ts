/**
 * How an engine may compute a primitive: plain data, stated by the op's own record. Elementwise ops and views need none
 * (their lane function and their kind say it); an op without one runs by its reference kernel.
 */
import type { Shape } from '../base/shapes.ts';
import type { Program } from '../program/program.ts';

/** A box of an output whose elements are those of an operand, one by one. */
export interface Part {
  /** Which output it lies in; absent: the first. */
  readonly output?: number;
  readonly operand: number;
  /** The box's first corner in the output, and its size (never 0). */
  readonly at: Shape;
  readonly size: Shape;
  /** How far apart its places lie along each axis of the output (at least 1); absent: everywhere 1. */
  readonly steps?: readonly number[];
  /** Its element (i, j, …) is the operand's element number start + i·strides[0] + j·strides[1] + … */
  readonly start: number;
  readonly strides: readonly number[];
}

/** A reduction in the project's order of accumulation. */
export type Reducer = 'sum' | 'product' | 'maximum' | 'minimum' | 'all' | 'any' | 'argmax' | 'argmin';

export type Lowering =
  /** Copies: broadcasts, permutations, slices, paddings, joins. What no part covers is +0; parts do not overlap. */
  | { readonly kind: 'map'; readonly parts: readonly Part[] }
  /** One operand, reduced over sorted axes, which it loses. */
  | { readonly kind: 'reduce'; readonly reducer: Reducer; readonly axes: readonly number[] }
  /** The general product of two operands (families/contraction.ts): names of axes. */
  | {
      readonly kind: 'contract';
      readonly a: readonly number[];
      readonly b: readonly number[];
      readonly out: readonly number[];
    }
  /** Numbers uniform in [0, 1): the next draw. */
  | { readonly kind: 'uniform' }
  /** Made of other primitives: what they do to the operands. Passes put it into the place of the call. */
  | { readonly kind: 'inline'; readonly body: Program };
