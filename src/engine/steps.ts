/**
 * Steps: what a plan consists of. A step computes buffers from buffers; where each lies in memory is decided later.
 * Everything here is plain data, so that a plan can be looked at, checked and counted.
 */
import type { DType } from '../base/dtypes.ts';
import type { LaneGraph, Node } from '../base/lanes/graph.ts';
import type { Shape } from '../base/shapes.ts';
import type { Reducer } from '../ops/lowering.ts';
import type { Attributes, Aval, Primitive } from '../ops/primitive.ts';

/** A row-major array in the engine's memory. */
export interface Buffer {
  readonly id: number;
  readonly dtype: DType;
  /** Elements. */
  readonly size: number;
}

/** How a step walks a buffer: its element at (i, j, …) is number start + i·strides[0] + j·strides[1] + … */
export interface Access {
  readonly buffer: Buffer;
  readonly start: number;
  readonly strides: readonly number[];
}

/** For every element of the domain: read, compute, write. Every write covers each of its places once. */
export interface LoopStep {
  readonly kind: 'loop';
  readonly domain: Shape;
  readonly graph: LaneGraph;
  /** Input number i of the graph is read through reads[i]. */
  readonly reads: readonly Access[];
  readonly writes: readonly { readonly to: Access; readonly value: Node }[];
}

/** For every element of the outer domain: the reduction, over the inner domain, of an expression of what is read. */
export interface ReduceStep {
  readonly kind: 'reduce';
  readonly reducer: Reducer;
  readonly outer: Shape;
  readonly inner: Shape;
  readonly graph: LaneGraph;
  /** Strides run over the outer axes, then the inner ones. */
  readonly reads: readonly Access[];
  /** What is reduced; of type `dtype`. */
  readonly value: Node;
  readonly dtype: DType;
  /** Strides run over the outer axes. */
  readonly to: Access;
}

/** out[batch, m, n] = Σ_k a[batch, m, k] · b[batch, n, k], in the order of base/products. Each of the four may be several axes. */
export interface ProductStep {
  readonly kind: 'product';
  readonly dtype: DType;
  readonly batch: Shape;
  readonly m: Shape;
  readonly n: Shape;
  readonly k: Shape;
  /** Strides run over batch, m, k. */
  readonly a: Access;
  /** Strides run over batch, n, k. */
  readonly b: Access;
  /** Strides run over batch, m, n. */
  readonly to: Access;
}

/** Fills with the numbers of one draw. */
export interface UniformStep {
  readonly kind: 'uniform';
  readonly to: Buffer;
  /** Two int32 words, written before each run. */
  readonly key: Buffer;
}

/** A reference kernel, run on views of the memory. */
export interface HostStep {
  readonly kind: 'host';
  readonly primitive: Primitive;
  readonly attrs: Attributes;
  readonly inputs: readonly Buffer[];
  readonly inputAvals: readonly Aval[];
  readonly outputs: readonly Buffer[];
  readonly outputAvals: readonly Aval[];
}

export type Step = LoopStep | ReduceStep | ProductStep | UniformStep | HostStep;
