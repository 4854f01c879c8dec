/** Elementwise application: promotion, broadcasting, and the short way for scalars. */
import { defaultDtype, isFloat, widerDType, type DType } from '../base/dtypes.ts';
import { broadcastShapes, sameShape, SCALAR, type Shape } from '../base/shapes.ts';
import { NO_ATTRIBUTES, type Primitive } from '../ops/primitive.ts';
import type { Operand, PointwiseDtypes } from '../ops/runtime.ts';
import { applyOne, kernelOf } from './apply.ts';
import { liftNumber } from './lift.ts';
import { state } from './recording.ts';
import { read, Value } from './value.ts';

// Promotion --------------------------------------------------------------------------------------------------------

const category = (dtype: DType): number => (dtype === 'bool' ? 0 : dtype === 'int32' ? 1 : 2);

/** The dtype that a JavaScript number or boolean brings of itself. */
const looseDType = (x: number | boolean): DType =>
  typeof x === 'boolean' ? 'bool' : Number.isInteger(x) && Math.abs(x) <= 2147483647 ? 'int32' : defaultDtype();

/**
 * PyTorch's three tiers: tensors decide; a 0-d Value counts only if its category (bool < int < float) is higher than
 * theirs, a JavaScript number only if its category is higher than both.
 * https://docs.pytorch.org/docs/stable/tensor_attributes.html#type-promotion-doc
 */
export function promote(xs: readonly Operand[]): DType {
  let tensor: DType | null = null;
  let scalar: DType | null = null;
  let loose: DType | null = null;
  for (const x of xs) {
    if (!(x instanceof Value)) loose = loose === null ? looseDType(x) : widerDType(loose, looseDType(x));
    else if (x.shape.length > 0) tensor = tensor === null ? x.dtype : widerDType(tensor, x.dtype);
    else scalar = scalar === null ? x.dtype : widerDType(scalar, x.dtype);
  }
  if (tensor === null && scalar === null) return loose === 'bool' ? 'bool' : defaultDtype();
  let result = tensor ?? scalar!;
  if (scalar !== null && category(scalar) > category(result)) result = scalar;
  if (loose !== null && category(loose) > category(result)) result = loose;
  return result;
}

function operandDType(xs: readonly Operand[], dtypes: PointwiseDtypes): DType {
  const promoted = promote(xs);
  if (dtypes === 'float' && !isFloat(promoted)) return defaultDtype();
  return dtypes === 'logical' ? 'bool' : promoted;
}

const fitOne = (x: Operand, dtype: DType, shape: Shape, op: string): Value => {
  if (!(x instanceof Value)) return liftNumber(x, dtype, shape, op);
  const cast = x.dtype === dtype ? x : x.to(dtype);
  return sameShape(cast.shape, shape) ? cast : cast.broadcastTo(shape);
};

/** Operands of one dtype and one shape (`shape` and theirs, broadcast); casts and broadcasts are recorded. */
export function fit(
  op: string,
  xs: readonly Operand[],
  dtypes: PointwiseDtypes,
  shape: Shape = SCALAR,
): readonly Value[] {
  let common = shape;
  for (const x of xs) if (x instanceof Value) common = broadcastShapes(op, common, x.shape);
  const dtype = operandDType(xs, dtypes);
  return xs.map((x) => fitOne(x, dtype, common, op));
}

/** Operands of one dtype; shapes stay. */
export function promoteAll(op: string, xs: readonly Operand[]): readonly Value[] {
  const dtype = promote(xs);
  return xs.map((x) => fitOne(x, dtype, x instanceof Value ? x.shape : SCALAR, op));
}

export const pointwise = (primitive: Primitive, xs: readonly Operand[], dtypes: PointwiseDtypes): Value =>
  applyOne(primitive, fit(primitive.name, xs, dtypes), NO_ATTRIBUTES);

// Scalars ----------------------------------------------------------------------------------------------------------

/** A float64 scalar with a number: everything the short way needs to know. */
const isPlainScalar = (x: unknown): x is Value =>
  x instanceof Value && x.shape.length === 0 && x.dtype === 'float64' && x._trace === null;

const FLOAT64: readonly DType[] = ['float64'];
const TWO_FLOAT64: readonly DType[] = ['float64', 'float64'];

/** The float64 result's dtype is float64 for every primitive that takes the short way. */
function scalarOf(primitive: Primitive, inputs: readonly DType[]): ((...xs: number[]) => number) | null {
  if (primitive.scalar !== null) return primitive.scalar;
  const [out] = primitive.infer(
    inputs.map((dtype) => ({ shape: SCALAR, dtype })),
    NO_ATTRIBUTES,
  );
  if (out!.dtype !== 'float64') return null;
  primitive.scalar = kernelOf(primitive, NO_ATTRIBUTES, inputs, 'float64').scalar;
  return primitive.scalar;
}

export function unary(primitive: Primitive, x: Operand, dtypes: PointwiseDtypes): Value {
  if (isPlainScalar(x) && dtypes !== 'logical' && state.observer === null) {
    const f = scalarOf(primitive, FLOAT64);
    if (f !== null) {
      const content = f(x._content as number);
      return state.gradients && x._requiresGrad && primitive.partials !== null
        ? new Value(SCALAR, 'float64', content, true, false, primitive, [read(x)])
        : new Value(SCALAR, 'float64', content, false);
    }
  }
  return pointwise(primitive, [x], dtypes);
}

export function binary(primitive: Primitive, x: Operand, y: Operand, dtypes: PointwiseDtypes): Value {
  if (isPlainScalar(x) && isPlainScalar(y) && dtypes !== 'logical' && state.observer === null) {
    const f = scalarOf(primitive, TWO_FLOAT64);
    if (f !== null) {
      const content = f(x._content as number, y._content as number);
      return state.gradients && (x._requiresGrad || y._requiresGrad) && primitive.partials !== null
        ? new Value(SCALAR, 'float64', content, true, false, primitive, [read(x), read(y)])
        : new Value(SCALAR, 'float64', content, false);
    }
  }
  return pointwise(primitive, [x, y], dtypes);
}
