/**
 * What ops need from the room above them: running primitives, lifting numbers. The value room hands these over once,
 * when it installs the methods; ops never import it.
 */
import type { DType } from '../base/dtypes.ts';
import type { Shape } from '../base/shapes.ts';
import type { Value } from '../value/value.ts';
import type { Attributes, Primitive } from './primitive.ts';

/** What every op takes for an operand. */
export type Operand = Value | number | boolean;

export interface Runtime {
  /** Runs and records a primitive with one output. Operands are Values whose shapes and dtypes already fit. */
  applyOne<A extends Attributes>(primitive: Primitive<A>, inputs: readonly Value[], attrs: A): Value;
  /** The same for any number of outputs. */
  apply<A extends Attributes>(primitive: Primitive<A>, inputs: readonly Value[], attrs: A): readonly Value[];
  /** A pointwise op on one operand; `dtypes` says what becomes of integers. */
  unary(primitive: Primitive, x: Operand, dtypes: PointwiseDtypes): Value;
  /** A pointwise op on two: promotes, broadcasts (both recorded), applies. */
  binary(primitive: Primitive, x: Operand, y: Operand, dtypes: PointwiseDtypes): Value;
  /** The same for any number of operands. */
  pointwise(primitive: Primitive, xs: readonly Operand[], dtypes: PointwiseDtypes): Value;
  /** Operands brought to one dtype and shape (at least `shape`, broadcast), casts and broadcasts recorded. */
  fit(op: string, xs: readonly Operand[], dtypes: PointwiseDtypes, shape?: Shape): readonly Value[];
  /** Operands brought to one dtype by the rules of promotion; shapes stay. */
  promoteAll(op: string, xs: readonly Operand[]): readonly Value[];
  /** A Value from a number (default dtype), a boolean, or a Value as it is; anything else is refused with the op's name. */
  lift(x: Operand, op: string): Value;
  /** A constant that holds `content` everywhere; costs no memory. */
  fill(shape: Shape, content: number, dtype: DType): Value;
  /** A constant of given elements (not copied). */
  fromArray(data: Float64Array | Float32Array | Int32Array | Uint8Array, shape: Shape, dtype: DType): Value;
  /** A drawn Value as a leaf that can be assigned and may require gradients; under a trace as it is. */
  asLeaf(x: Value, options: { readonly requiresGrad?: boolean; readonly label?: string } | undefined): Value;
  isValue(x: unknown): x is Value;
  withScope<T>(name: string, f: () => T): T;
}

/**
 * What a pointwise op does with dtypes. `promote`: PyTorch's three tiers. `float`: the same, integers becoming the
 * default float dtype. `logical`: operands as they are tested for ≠ 0. The result has the operands' dtype unless the
 * primitive's `infer` says otherwise (comparisons give bool).
 */
export type PointwiseDtypes = 'promote' | 'float' | 'logical';

/** Filled in by the value room. */
export const runtime: Runtime = {} as Runtime;

export const bindRuntime = (functions: Runtime): void => {
  Object.assign(runtime, functions);
};
