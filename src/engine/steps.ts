/**
 * Steps: what a plan consists of. A step computes buffers from buffers; where each lies in memory is decided later.
 * Everything here is plain data, so that a plan can be looked at, checked and counted.
 */
import type { DType } from '../base/dtypes.ts';
import type { LaneGraph, Node } from '../base/lanes/graph.ts';
import type { Shape } from '../base/shapes.ts';
import type { Channels, Windows } from '../ops/kernels/convolution.ts';
import type { Join, Reducer } from '../ops/lowering.ts';
import type { AxisWindows } from '../ops/kernels/pooling.ts';
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

/**
 * For every element of the domain: the element of `source` that lies index·step further on. The code traps where an index
 * is not below `length`, or negative.
 */
export interface PickStep {
  readonly kind: 'pick';
  readonly domain: Shape;
  readonly source: Access;
  readonly index: Access;
  readonly step: number;
  readonly length: number;
  readonly to: Access;
}

/**
 * For every element of the domain, in row-major order: joins the element of `source` to the one of `to` that lies
 * index·step further on. Along axes where `to` has stride 0 places may repeat; along the others they never do.
 * Traps as a pick does.
 */
export interface PutStep {
  readonly kind: 'put';
  readonly join: Join;
  readonly domain: Shape;
  readonly source: Access;
  readonly index: Access;
  readonly step: number;
  readonly length: number;
  /** Read and written. */
  readonly to: Access;
}

/** One of the three arrays of a convolution, from the other two: families/convolution.ts has the relation between them. */
export interface ConvolutionStep {
  readonly kind: 'convolution';
  readonly dtype: DType;
  /** Which one is computed; the other two are read. */
  readonly result: 'input' | 'weight' | 'output';
  readonly channels: Channels;
  readonly windows: Windows;
  /** Strides run over batch, groups, incoming channels, places of the input. */
  readonly input: Access;
  /** Strides run over groups, outgoing channels, incoming channels, taps. */
  readonly weight: Access;
  /** Strides run over batch, groups, outgoing channels, places of the output. */
  readonly output: Access;
}

/** For each plane of `source` and each window over it, the place of its largest element: ops/kernels/pooling.ts. */
export interface LargestStep {
  readonly kind: 'largest';
  readonly planes: number;
  readonly height: number;
  readonly width: number;
  readonly rows: AxisWindows;
  readonly columns: AxisWindows;
  readonly source: Buffer;
  readonly to: Buffer;
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

/** What an entry of a tape may do: an expression of its operands. */
export interface TapeOperation {
  readonly graph: LaneGraph;
  readonly inputs: readonly DType[];
  readonly value: Node;
  readonly dtype: DType;
}

/** Elements of buffers: the position of each one's buffer in `TapeStep.buffers`, and its byte there. */
export interface Places {
  readonly buffers: Uint32Array;
  readonly bytes: Int32Array;
}

/** Very many operations on single elements, which lie anywhere: interpreted, run after run of the same operation. */
export interface TapeStep {
  readonly kind: 'tape';
  readonly operations: readonly TapeOperation[];
  readonly buffers: readonly Buffer[];
  /** Which operation each entry is; the result of entry i goes to byte 8·i of `values`. Operands come first. */
  readonly entries: Uint16Array;
  /** The operands of all entries, one after the other. */
  readonly operands: Places;
  /** Single elements that go elsewhere in the end. */
  readonly copies: readonly { readonly dtype: DType; readonly from: Places; readonly to: Places }[];
  readonly values: Buffer;
  /** Numbers that are operands, as their dtypes hold them, 8 bytes each. */
  readonly pool: Buffer;
  readonly poolBytes: Uint8Array;
  /** Buffers of others that are read, and those that are written for others. */
  readonly reads: readonly Buffer[];
  readonly writes: readonly Buffer[];
  /** Where the code goes, in which operands are addresses. */
  readonly words: Buffer;
}

export type Step =
  | TapeStep
  | LoopStep
  | ReduceStep
  | ProductStep
  | ConvolutionStep
  | PickStep
  | PutStep
  | LargestStep
  | UniformStep
  | HostStep;
