/** Elementwise ops: one lane function gives the numbers, one partial per operand gives both derivative modes. */
import { isFloat, type DType } from '../../base/dtypes.ts';
import { DtypeError, requireSameShapes } from '../../base/errors.ts';
import type { LaneFunction } from '../../base/lanes/lanes.ts';
import type { Value } from '../../value/value.ts';
import { primitive, type Aval, type Partial, type Primitive } from '../primitive.ts';
import { fixedSurface, op, type Domain, type ErrorSample, type Op, type OpFacts, type Sample } from '../op.ts';
import { runtime, type Operand, type PointwiseDtypes } from '../runtime.ts';
import type { Simplify } from '../simplify.ts';
import type { Binary, Unary } from './signatures.ts';

// Partials ---------------------------------------------------------------------------------------------------------

/** ∂y/∂x = 1. */
export const one: Partial = (g) => g;
/** ∂y/∂x = −1. */
export const negated: Partial = (g) => g.neg();
/** ∂y/∂x = 0 everywhere (or almost everywhere). */
export const zero: Partial = () => undefined;
/** ∂y/∂x is a factor. */
export const times =
  (factor: Factor): Partial =>
  (g, y, a, b, c) =>
    g.mul(factor(y, a, b, c));
/** ∂y/∂x is 1 where the mask holds and 0 elsewhere: by selection, so that 0 · ∞ never arises. */
export const whereMask =
  (mask: Mask): Partial =>
  (g, y, a, b, c) =>
    g.where(mask(y, a, b, c), 0);
/** ∂y/∂x is 0 where the mask holds and 1 elsewhere; with NaNs, not the same as the opposite mask. */
export const exceptWhere =
  (mask: Mask): Partial =>
  (g, y, a, b, c) =>
    runtime.fill(g.shape, 0, g.dtype).where(mask(y, a, b, c), g);

/** Truth values from the result and the operands. */
export type Mask = (y: Value, a: Value, b: Value, c: Value) => Value;

/** A factor from the result and the operands. */
export type Factor = (y: Value, a: Value, b: Value, c: Value) => Value | number;

// Declarations -----------------------------------------------------------------------------------------------------

export interface PointwiseSpec {
  readonly name: string;
  readonly glyph?: string;
  readonly lane: LaneFunction;
  /** One per operand; absent where the result is not differentiable (comparisons, rounding). */
  readonly partials?: readonly Partial[];
  /** Default `promote`. */
  readonly dtypes?: PointwiseDtypes;
  /** The result's dtype where it is not the operands'. */
  readonly result?: DType;
  /** As in PrimitiveSpec. */
  readonly simplify?: Simplify;
  /** Operand dtypes that are refused, e.g. `['bool']`. */
  readonly refuses?: readonly DType[];
}

function inferPointwise(spec: PointwiseSpec, inputs: readonly Aval[]): readonly Aval[] {
  const first = inputs[0]!;
  requireSameShapes(
    spec.name,
    inputs.map((x) => x.shape),
  );
  if (spec.refuses?.includes(first.dtype)) {
    throw new DtypeError(`is not defined for ${first.dtype}`, {
      op: spec.name,
      hint: `Cast first: x.to('int32') or x.to('float64').`,
    });
  }
  return [{ shape: first.shape, dtype: spec.result ?? first.dtype }];
}

/** A batch axis in front of every operand: the op itself does not change. */
export function batchPointwise(p: () => Primitive): Primitive['batch'] {
  return (inputs, batched, size, attrs) => {
    const full = inputs.map((x, i) => (batched[i] ? x : x.broadcastTo([size, ...x.shape])));
    return [runtime.applyOne(p(), full, attrs)];
  };
}

export function pointwisePrimitive(spec: PointwiseSpec): Primitive {
  const self: Primitive = primitive({
    name: spec.name,
    glyph: spec.glyph ?? spec.name,
    infer: (inputs) => inferPointwise(spec, inputs),
    compute: { kind: 'lane', lane: () => spec.lane },
    ...(spec.simplify === undefined ? {} : { simplify: spec.simplify }),
    derivatives: spec.partials === undefined ? { kind: 'none' } : { kind: 'partials', partials: spec.partials },
    batch: batchPointwise(() => self),
  });
  return self;
}

/** Where the op is sampled, per operand; shapes are filled in. */
export interface PointwiseFacts {
  readonly domains?: readonly Omit<Domain, 'shape'>[];
  readonly samples?: readonly Sample[];
  readonly errors?: readonly ErrorSample[];
  readonly gold?: string | readonly string[];
}

type Declared = Omit<PointwiseSpec, 'partials'> & PointwiseFacts & { readonly partials?: readonly Partial[] };

const SHAPES: readonly (readonly (readonly number[])[])[] = [
  [[], []],
  [[3], [3]],
  [[2, 3], [3]],
  [[0], [0]],
];

function pointwiseFacts(spec: Declared, arity: number, call: (...xs: Value[]) => unknown): OpFacts {
  const samples = (): readonly Sample[] => [
    ...SHAPES.map((shapes): Sample => ({
      inputs: Array.from({ length: arity }, (_, i): Domain => ({
        ...spec.domains?.[i],
        shape: shapes[Math.min(i, 1)]!,
      })),
      call,
      differentiable: spec.partials !== undefined,
    })),
    ...(spec.samples ?? []),
  ];
  return { samples, errors: spec.errors ?? [], ...(spec.gold === undefined ? {} : { gold: spec.gold }) };
}

/** y = f(x). The declaration of a whole op: name, glyph, lane function, partial. */
export function unary(spec: Declared): Op<Unary> {
  const p = pointwisePrimitive(spec);
  const dtypes = spec.dtypes ?? 'promote';
  const call = (x: Operand): Value => runtime.unary(p, x, dtypes);
  return op<Unary>(spec.name, p, call, pointwiseFacts(spec, 1, call), fixedSurface(call, 1));
}

/** z = f(x, y). */
export type BinaryCall = (x: Operand, y: Operand) => Value;

/** z = f(x, y), promoted and broadcast. `around` may look at the operands before the op is applied. */
export function binary(spec: Declared, around: (apply: BinaryCall) => BinaryCall = (apply) => apply): Op<Binary> {
  const p = pointwisePrimitive(spec);
  const dtypes = spec.dtypes ?? 'promote';
  const call = around((x, y) => runtime.binary(p, x, y, dtypes));
  return op<Binary>(spec.name, p, call, pointwiseFacts(spec, 2, call), fixedSurface(call, 2));
}

/** @throws DtypeError unless the dtype is a float. */
export function requireFloat(opName: string, dtype: DType): void {
  if (isFloat(dtype)) return;
  throw new DtypeError(`needs float64 or float32, got ${dtype}`, { op: opName, hint: `Cast first: x.to('float64').` });
}
