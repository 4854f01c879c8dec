/**
 * A primitive: one instruction of a Program, declared once with all its rules. Everything that runs, differentiates,
 * batches, prints, draws or compiles a primitive asks this record; nothing else knows any primitive by name.
 */
import type { DType } from '../base/dtypes.ts';
import type { LaneFunction } from '../base/lanes/lanes.ts';
import type { LaneKernel } from '../base/lanes/kernel.ts';
import { sizeOf, type Shape } from '../base/shapes.ts';
import type { Dense } from '../base/storage.ts';
import type { Program } from '../program/program.ts';
import type { Value } from '../value/value.ts';
import type { Lowering } from './lowering.ts';
import type { Applied, Simpler } from './simplify.ts';

/** What is known of a Value without its numbers. */
export interface Aval {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** The parameters of one application that are no Values (axes, strides, …): plain frozen data. */
export type Attributes = Readonly<Record<string, unknown>>;

/** A tangent or cotangent; `undefined` is a structural zero, which costs nothing. */
export type Cotangent = Value | undefined;

/** One application of a primitive, as its rules see it. */
export interface Application<A extends Attributes = Attributes> {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attrs: A;
}

/**
 * The derivative of a pointwise op in one operand, as a linear map on g: `undefined` where it is zero everywhere.
 * Up to three operands, spelt out: a rest parameter would cost an array for each node.
 */
export type Partial = (g: Value, y: Value, a: Value, b: Value, c: Value) => Cotangent;

/** How a primitive is differentiated. Rules are written with ordinary ops, so derivatives of any order follow. */
export type Derivatives<A extends Attributes = Attributes> =
  /** Integer, boolean or locally constant results. */
  | { readonly kind: 'none' }
  /** Pointwise: one partial per operand serves both modes. */
  | { readonly kind: 'partials'; readonly partials: readonly Partial[] }
  /** One output; the pullback of each operand on its own, so that only what is needed is computed. */
  | {
      readonly kind: 'each';
      jvp(tangents: readonly Cotangent[], at: Application<A>): Cotangent;
      vjp(g: Value, operand: number, at: Application<A>): Cotangent;
    }
  /** Several outputs. */
  | {
      readonly kind: 'joint';
      jvp(tangents: readonly Cotangent[], at: Application<A>): readonly Cotangent[];
      vjp(gs: readonly Cotangent[], at: Application<A>, needed: readonly boolean[]): readonly Cotangent[];
    };

/** How a primitive's numbers are computed. */
export type Computation<A extends Attributes = Attributes> =
  /** Element by element, all shapes equal. */
  | { readonly kind: 'lane'; lane(attrs: A): LaneFunction }
  /** A reference kernel: fills zero-filled outputs. `copies`: every output element is a copy of an input element. */
  | {
      readonly kind: 'kernel';
      run(outputs: readonly Dense[], inputs: readonly Dense[], attrs: A): void;
      readonly copies?: boolean;
    }
  /** The same elements in the same order under another shape: shares them. */
  | { readonly kind: 'view' }
  /** Made of other primitives (scan, calls of Programs). An engine says how a body that is run many times is run. */
  | {
      readonly kind: 'program';
      evaluate(inputs: readonly Value[], attrs: A, run?: BodyRunner): readonly Value[];
    };

/** Runs a Program without captured cells, effects and draws. What it gives holds until that Program is run again. */
export type BodyRunner = (body: Program, inputs: readonly Value[]) => readonly Value[];

export interface PrimitiveSpec<A extends Attributes = Attributes> {
  readonly name: string;
  /** The sign in a drawn node: `×`, `Σ`, `eˣ`. */
  readonly glyph: string;
  /** The name shown to people where one primitive serves several public ops; default `name`. */
  title?(attrs: A): string;
  /** Shapes and dtypes of the outputs; throws errors that teach. */
  infer(inputs: readonly Aval[], attrs: A): readonly Aval[];
  readonly compute: Computation<A>;
  /** How an engine may compute it for operands of these shapes; null where only `compute` can. */
  lower?(inputs: readonly Aval[], attrs: A): Lowering | null;
  /** What an application equals, bit for bit, that is simpler; null for nothing known. */
  simplify?(at: Applied<A>): Simpler;
  /** Arithmetic operations of one application; default: none for copies, else one for each element computed or read. */
  flops?(inputs: readonly Aval[], attrs: A): number;
  readonly derivatives: Derivatives<A>;
  /**
   * The same op with a leading batch axis: operand i has it where `batched[i]`. Every output must have it.
   * `size` is the length of that axis.
   */
  batch(inputs: readonly Value[], batched: readonly boolean[], size: number, attrs: A): readonly Value[];
  /** `random` consumes draws; such an op is recorded under tracing even if none of its operands is symbolic. */
  readonly effect?: 'random';
  /** Inserted by promotion, broadcasting and transforms, rarely written by hand: pictures leave it out unless asked. */
  readonly implicit?: boolean;
}

/** A checked record; all primitives share one hidden class, so that the paths through `apply` stay monomorphic. */
export interface Primitive<A extends Attributes = Attributes> {
  readonly name: string;
  readonly glyph: string;
  title(attrs: A): string;
  infer(inputs: readonly Aval[], attrs: A): readonly Aval[];
  readonly compute: Computation<A>;
  lower(inputs: readonly Aval[], attrs: A): Lowering | null;
  simplify(at: Applied<A>): Simpler;
  flops(inputs: readonly Aval[], attrs: A): number;
  readonly derivatives: Derivatives<A>;
  /** The partials where derivatives are of that kind: the reverse walk's short way. */
  readonly partials: readonly Partial[] | null;
  batch(inputs: readonly Value[], batched: readonly boolean[], size: number, attrs: A): readonly Value[];
  readonly effect: 'random' | null;
  readonly implicit: boolean;
  /** Lane kernels made so far, by operand dtypes and attributes. */
  readonly kernels: Map<string, LaneKernel>;
  /** Lane kernels for operands of one dtype, in the order of DTYPES: the short way of elementwise ops. */
  readonly uniform: (UniformKernel | null)[];
}

/** A lane kernel all of whose operands have one dtype. */
export interface UniformKernel {
  /** Of the result. */
  readonly dtype: DType;
  readonly kernel: LaneKernel;
}

const elements = (avals: readonly Aval[]): number => avals.reduce((n, { shape }) => n + sizeOf(shape), 0);

/** Elementwise, one for each element; a kernel that is no copy, one for each element it reads or writes, whichever are more. */
function usualFlops<A extends Attributes>(spec: PrimitiveSpec<A>, inputs: readonly Aval[], attrs: A): number {
  const { compute } = spec;
  if (compute.kind === 'view' || compute.kind === 'program') return 0;
  const computed = elements(spec.infer(inputs, attrs));
  if (compute.kind === 'lane') return computed;
  const copies = compute.copies === true || spec.lower?.(inputs, attrs)?.kind === 'map';
  return copies ? 0 : Math.max(computed, elements(inputs));
}

export function primitive<A extends Attributes = Attributes>(spec: PrimitiveSpec<A>): Primitive<A> {
  return {
    name: spec.name,
    glyph: spec.glyph,
    title: (attrs) => spec.title?.(attrs) ?? spec.name,
    infer: (inputs, attrs) => spec.infer(inputs, attrs),
    compute: spec.compute,
    lower: (inputs, attrs) => spec.lower?.(inputs, attrs) ?? null,
    simplify: (at) => spec.simplify?.(at) ?? null,
    flops: (inputs, attrs) => (spec.flops === undefined ? usualFlops(spec, inputs, attrs) : spec.flops(inputs, attrs)),
    derivatives: spec.derivatives,
    partials: spec.derivatives.kind === 'partials' ? spec.derivatives.partials : null,
    batch: (inputs, batched, size, attrs) => spec.batch(inputs, batched, size, attrs),
    effect: spec.effect ?? null,
    implicit: spec.implicit ?? false,
    kernels: new Map(),
    uniform: [null, null, null, null],
  };
}

/** The attributes of ops that have none: one shared object. */
export const NO_ATTRIBUTES: Readonly<Record<string, never>> = Object.freeze({});
