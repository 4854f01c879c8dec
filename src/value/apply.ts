/** apply: the one way a primitive runs, and the place where the graph is recorded. */
import { isFloat, type DType } from '../base/dtypes.ts';
import { ChainruleError } from '../base/errors.ts';
import { laneKernel } from '../base/lanes/compile.ts';
import type { LaneKernel } from '../base/lanes/kernel.ts';
import { sizeOf } from '../base/shapes.ts';
import { allocate, newDense, type Content, type Dense } from '../base/storage.ts';
import { NO_ATTRIBUTES, type Attributes, type Aval, type Primitive } from '../ops/primitive.ts';
import { state } from './recording.ts';
import { requireLive, type Trace } from './trace.ts';
import { arrayOf, contentOf, extraFor, immediate, isTraced, makeNode, read, type Value } from './value.ts';

/** The innermost live trace among the operands; null if all have numbers. */
function traceOf(primitive: Primitive, inputs: readonly Value[]): Trace | null {
  let innermost: Trace | null = primitive.effect === null ? null : state.trace;
  for (let i = 0; i < inputs.length; i++) {
    if (!isTraced(inputs[i]!)) continue;
    const trace = inputs[i]!._trace!;
    requireLive(trace, primitive.name);
    if (innermost === null || trace.level > innermost.level) innermost = trace;
  }
  return innermost;
}

function anyRequiresGrad(inputs: readonly Value[]): boolean {
  for (let i = 0; i < inputs.length; i++) if (inputs[i]!._requiresGrad) return true;
  return false;
}

const records = (primitive: Primitive, inputs: readonly Value[]): boolean =>
  state.gradients && primitive.derivatives.kind !== 'none' && anyRequiresGrad(inputs);

/** The kernel of a pointwise primitive for these dtypes; made on first use. */
export function kernelOf(primitive: Primitive, attrs: Attributes, inputs: readonly DType[], output: DType): LaneKernel {
  const key =
    attrs === NO_ATTRIBUTES ? `${inputs.join()}>${output}` : `${inputs.join()}>${output}${JSON.stringify(attrs)}`;
  let kernel = primitive.kernels.get(key);
  if (kernel === undefined) {
    if (primitive.compute.kind !== 'lane') throw new TypeError(`${primitive.name} has no lane function`);
    kernel = laneKernel(primitive.compute.lane(attrs), inputs, output);
    if (output === 'int32') kernel = withoutTraps(kernel, primitive.name);
    primitive.kernels.set(key, kernel);
  }
  return kernel;
}

/** Integer division by zero, the one thing that traps, becomes an error that names the op. */
function withoutTraps(kernel: LaneKernel, op: string): LaneKernel {
  const explained = <T>(f: () => T): T => {
    try {
      return f();
    } catch (error) {
      if (!(error instanceof WebAssembly.RuntimeError)) throw error;
      throw new ChainruleError('integer division by zero', {
        op,
        hint: `Divide floats (x.to('float64')) for ±∞ and NaN, or choose another divisor with where().`,
        cause: error,
      });
    }
  };
  return {
    scalar: (...xs) => explained(() => kernel.scalar(...xs)),
    run: (out, xs) => explained(() => kernel.run(out, xs)),
  };
}

function runLane(primitive: Primitive, inputs: readonly Value[], attrs: Attributes, out: Aval): Content {
  const kernel = kernelOf(
    primitive,
    attrs,
    inputs.map((x) => x.dtype),
    out.dtype,
  );
  const contents = inputs.map((x) => contentOf(x));
  if (contents.every((c) => typeof c === 'number')) return kernel.scalar(...contents);
  const data = allocate(out.dtype, sizeOf(out.shape));
  kernel.run(data, contents);
  return data;
}

const denseOf = (x: Value): Dense => ({ data: arrayOf(x), shape: x.shape, dtype: x.dtype });

/** The number that fills every operand; null if there is none. */
function commonFill(inputs: readonly Value[]): number | null {
  if (inputs.length === 0) return null;
  const first = contentOf(inputs[0]!);
  if (typeof first !== 'number') return null;
  return inputs.every((x) => Object.is(contentOf(x), first)) ? first : null;
}

/** Another way to a reference kernel's results, with its bits; null where it is not worth while. */
export type Accelerator = (
  primitive: Primitive,
  inputs: readonly Value[],
  attrs: Attributes,
  outs: readonly Aval[],
) => readonly Content[] | null;

let accelerator: Accelerator | null = null;

/** Sets what large kernels are offered to (null: nothing); returns what it was. */
export function setAccelerator(next: Accelerator | null): Accelerator | null {
  const before = accelerator;
  accelerator = next;
  return before;
}

function runKernel(
  primitive: Primitive,
  inputs: readonly Value[],
  attrs: Attributes,
  outs: readonly Aval[],
): readonly Content[] {
  if (primitive.compute.kind !== 'kernel') throw new TypeError(`${primitive.name} has no kernel`);
  if (primitive.compute.copies === true) {
    const fill = commonFill(inputs);
    if (fill !== null) return outs.map(() => fill);
  }
  const accelerated = accelerator === null ? null : accelerator(primitive, inputs, attrs, outs);
  if (accelerated !== null) return accelerated;
  const outputs = outs.map((out) => newDense(out.shape, out.dtype));
  primitive.compute.run(outputs, inputs.map(denseOf), attrs);
  return outputs.map((out) => (out.shape.length === 0 ? out.data[0]! : out.data));
}

/** The same elements; of a scalar the number itself. */
const viewOf = (content: Content, out: Aval): Content =>
  out.shape.length === 0 && typeof content !== 'number' ? content[0]! : content;

/** The numbers of every output. */
function compute(
  primitive: Primitive,
  inputs: readonly Value[],
  attrs: Attributes,
  outs: readonly Aval[],
): readonly Content[] {
  switch (primitive.compute.kind) {
    case 'lane':
      return [runLane(primitive, inputs, attrs, outs[0]!)];
    case 'kernel':
      return runKernel(primitive, inputs, attrs, outs);
    case 'view':
      return [viewOf(contentOf(inputs[0]!), outs[0]!)];
    case 'program': {
      const before = state.gradients;
      state.gradients = false;
      try {
        return primitive.compute.evaluate(inputs, attrs).map((x) => contentOf(x));
      } finally {
        state.gradients = before;
      }
    }
  }
}

/** Remembers that these are outputs of one application. */
function groupWith(output: Value, outputs: readonly Value[]): void {
  extraFor(output).group = outputs;
}

/** Whether an application with these operands is to be recorded, and under which trace. */
interface Recording {
  readonly trace: Trace | null;
  /** Whether derivatives flow through it. */
  readonly gradients: boolean;
}

/** The outputs of an application, with the graph behind them where someone may ask for it later. */
function record(
  primitive: Primitive,
  inputs: readonly Value[],
  attrs: Attributes,
  outs: readonly Aval[],
  contents: readonly Content[] | null,
  { trace, gradients }: Recording,
): readonly Value[] {
  const operands = gradients || trace !== null ? inputs.map(read) : null;
  const outputs = outs.map((out, i) => {
    const content = contents === null ? null : contents[i]!;
    return operands === null
      ? immediate(out.shape, out.dtype, content!)
      : makeNode(out.shape, out.dtype, content, gradients && isFloat(out.dtype), primitive, operands, attrs, trace);
  });
  if (operands !== null && outputs.length > 1) for (const output of outputs) groupWith(output, outputs);
  if (trace !== null && primitive.effect !== null) trace.draws.push(outputs[0]!);
  if (state.observer !== null) state.observer(primitive, inputs, attrs, outputs);
  return outputs;
}

/** Operands as they are to be recorded: cells as symbols, while a program is traced. */
function lifted(inputs: readonly Value[]): readonly Value[] {
  const { lifting } = state;
  return lifting === null ? inputs : inputs.map((x) => lifting.operand(x));
}

/** Runs a primitive on operands that fit it, and records the application. */
export function apply<A extends Attributes>(p: Primitive<A>, given: readonly Value[], attrs: A): readonly Value[] {
  const primitive = p as unknown as Primitive;
  const inputs = lifted(given);
  const outs = primitive.infer(inputs, attrs);
  const trace = traceOf(primitive, inputs);
  const contents = trace === null ? compute(primitive, inputs, attrs, outs) : null;
  return record(primitive, inputs, attrs, outs, contents, { trace, gradients: records(primitive, inputs) });
}

export const applyOne = <A extends Attributes>(primitive: Primitive<A>, inputs: readonly Value[], attrs: A): Value =>
  apply(primitive, inputs, attrs)[0]!;

/** Records an application whose results are known already (as Values of the same shapes and dtypes). */
export function recordResults<A extends Attributes>(
  p: Primitive<A>,
  given: readonly Value[],
  attrs: A,
  results: readonly Value[],
): readonly Value[] {
  const primitive = p as unknown as Primitive;
  const inputs = lifted(given);
  const trace = traceOf(primitive, [...inputs, ...results]);
  const contents = trace === null ? results.map((x) => contentOf(x)) : null;
  return record(primitive, inputs, attrs, results, contents, { trace, gradients: records(primitive, inputs) });
}
