/** Elementwise application: promotion, broadcasting, and the short way for scalars. */
import { defaultDtype, isFloat, widerDType, type DType, type Storage } from '../base/dtypes.ts';
import type { LaneKernel } from '../base/lanes/kernel.ts';
import { broadcastShapes, sameShape, SCALAR, type Shape } from '../base/shapes.ts';
import { allocate, type Content } from '../base/storage.ts';
import { NO_ATTRIBUTES, type Primitive, type UniformKernel } from '../ops/primitive.ts';
import type { Operand, PointwiseDtypes } from '../ops/runtime.ts';
import { applyOne, kernelOf } from './apply.ts';
import { liftNumber } from './lift.ts';
import { state } from './recording.ts';
import { contentOf, immediate, makePointwiseNode, read, Value } from './value.ts';

// Promotion --------------------------------------------------------------------------------------------------------

const category = (dtype: DType): number => (dtype === 'bool' ? 0 : dtype === 'int32' ? 1 : 2);

/** The dtype that a JavaScript number or boolean brings of itself. */
const looseDType = (x: number | boolean): DType =>
  typeof x === 'boolean' ? 'bool' : (x | 0) === x ? 'int32' : defaultDtype();

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

// The short way: operands of one dtype and one shape, nothing traced, nobody watching ---------------------------------

const codeOf = (dtype: DType): number =>
  dtype === 'float64' ? 3 : dtype === 'float32' ? 2 : dtype === 'int32' ? 1 : 0;

/** The kernel for operands of one dtype; `infer` has its say once. */
function uniformKernel(primitive: Primitive, dtype: DType, arity: number): UniformKernel {
  const known = primitive.uniform[codeOf(dtype)];
  if (known !== null && known !== undefined) return known;
  const inputs = new Array<DType>(arity).fill(dtype);
  const [out] = primitive.infer(
    inputs.map((d) => ({ shape: SCALAR, dtype: d })),
    NO_ATTRIBUTES,
  );
  const made = { dtype: out!.dtype, kernel: kernelOf(primitive, NO_ATTRIBUTES, inputs, out!.dtype) };
  primitive.uniform[codeOf(dtype)] = made;
  return made;
}

/** Whether an operand's dtype is the one to compute in. */
const stays = (dtype: DType, dtypes: PointwiseDtypes): boolean =>
  dtypes === 'promote' || (dtypes === 'float' ? isFloat(dtype) : dtype === 'bool');

export function unary(primitive: Primitive, operand: Operand, dtypes: PointwiseDtypes): Value {
  if (!(operand instanceof Value) || state.watched || !stays(operand.dtype, dtypes))
    return pointwise(primitive, [operand], dtypes);
  const x = operand._isCell ? read(operand) : operand;
  const content = x._content;
  if (content === null) return pointwise(primitive, [x], dtypes);
  const { dtype, kernel } = uniformKernel(primitive, x.dtype, 1);
  const result = typeof content === 'number' ? kernel.scalar(content) : runUnary(kernel, dtype, content);
  return state.gradients && x._requiresGrad && primitive.partials !== null
    ? makePointwiseNode(x.shape, dtype, result, primitive, x, null)
    : immediate(x.shape, dtype, result);
}

function runUnary(kernel: LaneKernel, dtype: DType, x: Storage): Storage {
  const out = allocate(dtype, x.length);
  kernel.run(out, [x]);
  return out;
}

function runBinary(kernel: LaneKernel, dtype: DType, x: Content, y: Content, length: number): Storage {
  const out = allocate(dtype, length);
  kernel.run(out, [x, y]);
  return out;
}

/** A number beside a float Value takes its dtype and shape; anything else goes the long way. */
const besideFloat = (x: Value, y: Operand): Operand =>
  typeof y === 'number' && isFloat(x.dtype)
    ? immediate(x.shape, x.dtype, x.dtype === 'float32' ? Math.fround(y) : y)
    : y;

/** A 0-d Value beside a float tensor, where nobody records: its number, as it is cast and broadcast. */
function spread(scalar: Value, tensor: Value): Value {
  const x = contentOf(scalar) as number;
  return immediate(tensor.shape, tensor.dtype, tensor.dtype === 'float32' ? Math.fround(x) : x);
}

/** Whether only the number of a 0-d Value matters: nobody watches, traces or differentiates. */
const spreads = (scalar: Value, tensor: Value): boolean =>
  scalar.shape.length === 0 &&
  tensor.shape.length > 0 &&
  !state.watched &&
  isFloat(scalar.dtype) &&
  isFloat(tensor.dtype) &&
  !(state.gradients && (scalar._requiresGrad || tensor._requiresGrad)) &&
  (scalar._content !== null || scalar._isCell);

export function binary(primitive: Primitive, a: Operand, b: Operand, dtypes: PointwiseDtypes): Value {
  const left = a instanceof Value ? a : b instanceof Value ? besideFloat(b, a) : a;
  const right = b instanceof Value ? b : a instanceof Value ? besideFloat(a, b) : b;
  if (!(left instanceof Value) || !(right instanceof Value)) return pointwise(primitive, [a, b], dtypes);
  if (left.dtype === right.dtype && sameShape(left.shape, right.shape)) {
    return state.watched || !stays(left.dtype, dtypes)
      ? pointwise(primitive, [a, b], dtypes)
      : uniform(primitive, left, right, dtypes);
  }
  if (dtypes === 'logical') return pointwise(primitive, [a, b], dtypes);
  if (spreads(right, left)) return uniform(primitive, left, spread(right, left), dtypes);
  if (spreads(left, right)) return uniform(primitive, spread(left, right), right, dtypes);
  return pointwise(primitive, [a, b], dtypes);
}

/** Operands of one dtype and shape, in which to compute. */
function uniform(primitive: Primitive, left: Value, right: Value, dtypes: PointwiseDtypes): Value {
  const x = left._isCell ? read(left) : left;
  const y = right._isCell ? read(right) : right;
  const xs = x._content;
  const ys = y._content;
  if (xs === null || ys === null) return pointwise(primitive, [x, y], dtypes);
  const { dtype, kernel } = uniformKernel(primitive, x.dtype, 2);
  const result =
    typeof xs === 'number' && typeof ys === 'number'
      ? kernel.scalar(xs, ys)
      : runBinary(kernel, dtype, xs, ys, typeof xs === 'number' ? (ys as Storage).length : xs.length);
  return state.gradients && (x._requiresGrad || y._requiresGrad) && primitive.partials !== null
    ? makePointwiseNode(x.shape, dtype, result, primitive, x, y)
    : immediate(x.shape, dtype, result);
}
