/** chainrule: the public names. */
import './value/install.ts';

export {
  AxisError,
  ChainruleError,
  DataError,
  DtypeError,
  GradientMismatchError,
  OptionError,
  ShapeError,
  TraceError,
} from './base/errors.ts';
export type { DType, Storage } from './base/dtypes.ts';
export type { Shape } from './base/shapes.ts';
export * from './ops/index.ts';
export {
  arange,
  constant,
  eye,
  full,
  linspace,
  ones,
  onesLike,
  setDefaultDtype,
  value,
  zeros,
  zerosLike,
  type FillOptions,
  type ValueOptions,
} from './value/create.ts';
export type { Data, ValueJson } from './value/read.ts';
export { noGrad } from './value/recording.ts';
export { isValue, Value, type NestedArray } from './value/value.ts';
export { trace } from './program/trace.ts';
export { interpret } from './program/interpret.ts';
export type { Program } from './program/program.ts';
export type { Cost, ProgramStats } from './program/stats.ts';
export { grad, valueAndGrad, vjp, type GradOptions } from './transform/reverse.ts';
export { jvp } from './transform/forward.ts';
export { vmap, type VmapOptions } from './transform/batch.ts';
export { manualSeed, randomState, setRandomState, type RandomState } from './value/random.ts';
export { hessian, hvp, jacobian, type JacobianOptions } from './transform/jacobian.ts';
export { scan, type ScanOptions } from './transform/scan.ts';
export { checkpoint } from './transform/call.ts';
export { compile, type Compiled, type CompileOptions } from './engine/compile.ts';
export type { ExecutableStats } from './engine/executable.ts';
export type { CompiledProgram, PassResult } from './engine/inspect.ts';
export { customGradient } from './transform/custom.ts';
export { defineOp, type ElementwiseOp, type TensorOp } from './transform/define.ts';
// What the rules of one's own op take and give.
export type { Dense } from './base/storage.ts';
export type { Application, Attributes, Aval, Cotangent } from './ops/primitive.ts';
export type { ErrorSample, Sample } from './ops/op.ts';
export { AnomalyError, detectAnomaly } from './transform/anomaly.ts';
