/**
 * How an engine may compute a primitive: plain data, stated by the op's own record. Elementwise ops and views need none
 * (their lane function and their kind say it); an op without one runs by its reference kernel.
 */
import type { Shape } from '../base/shapes.ts';
import type { AxisWindows } from './kernels/pooling.ts';
import type { Program } from '../program/program.ts';
import type { Role } from './families/convolution.ts';
import type { Channels, Windows } from './kernels/convolution.ts';

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

/** Places at, at + step, … of an axis. Each is the sum, in order, of terms: element number from + n·stride, times a weight. */
export interface Band {
  readonly at: number;
  readonly step: number;
  readonly count: number;
  /** Without any, +0. A weight is a float64, whatever is weighted; null for 1. */
  readonly terms: readonly { readonly from: number; readonly stride: number; readonly weight: number | null }[];
}

/** What becomes of an element where another one is put: added up (bool: or), or replaced, so that the last one stays. */
export type Join = 'add' | 'replace';

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
  /**
   * One array of a convolution (families/convolution.ts) from the two that are named, in the order of the operands. The
   * input is [batch, groups, incoming, …], the weight [groups, outgoing, incoming, …], the output [batch, groups,
   * outgoing, …].
   */
  | {
      readonly kind: 'convolution';
      readonly result: Role;
      readonly operands: readonly [Role, Role];
      readonly channels: Channels;
      readonly windows: Windows;
    }
  /**
   * Elements of operand 0 that operand 1 names: out[i, j, …] is element number i·strides[0] + … + at·step, where `at` is
   * element number i·indexStrides[0] + … of the index. One that is not below `length` (or negative) is an error, which
   * the reference kernel words.
   */
  | {
      readonly kind: 'pick';
      readonly strides: readonly number[];
      readonly indexStrides: readonly number[];
      readonly step: number;
      readonly length: number;
    }
  /**
   * Operand 0 with elements of operand 2 put where operand 1 says: for every (i, j, …) of the domain, in row-major order,
   * element number i·sourceStrides[0] + … of the source joins element number i·strides[0] + … + at·step, `at` as above.
   * Strides are 0 along the axes whose places the index alone tells apart, and only there may two places be the same.
   */
  | {
      readonly kind: 'put';
      readonly join: Join;
      readonly domain: Shape;
      readonly strides: readonly number[];
      readonly sourceStrides: readonly number[];
      readonly indexStrides: readonly number[];
      readonly step: number;
      readonly length: number;
    }
  /** Sums of a few elements along an axis, added one after the other: from +0 on, or from the first term on. */
  | {
      readonly kind: 'bands';
      readonly axis: number;
      readonly bands: readonly Band[];
      readonly start: 'zero' | 'term';
    }
  /** Over the last two axes, the place of each window's largest element (kernels/pooling.ts). */
  | { readonly kind: 'largest'; readonly rows: AxisWindows; readonly columns: AxisWindows }
  /** Numbers uniform in [0, 1): the next draw. */
  | { readonly kind: 'uniform' }
  /** Made of other primitives: what they do to the operands. Passes put it into the place of the call. */
  | { readonly kind: 'inline'; readonly body: Program };
