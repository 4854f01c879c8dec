/** Steps that no generated code does: reference kernels on views of the memory. */
import type { Storage } from '../base/dtypes.ts';
import type { Dense } from '../base/storage.ts';
import type { BodyRunner } from '../ops/primitive.ts';
import { contentOf, immediate } from '../value/value.ts';
import { copyOf, write } from './memory/residency.ts';
import type { Buffer, HostStep } from './steps.ts';

/** Runs a host step; `view` gives a buffer's elements, `run` computes the bodies of loops. */
export function runHost(step: HostStep, view: (buffer: Buffer) => Storage, run: BodyRunner): void {
  const { compute } = step.primitive;
  const outputs = step.outputs.map(view);
  const inputs = step.inputs.map(view);
  if (compute.kind === 'kernel') {
    const dense = (views: readonly Storage[], avals: HostStep['inputAvals']): Dense[] =>
      views.map((data, i) => ({ data, ...avals[i]! }));
    for (const out of outputs) out.fill(0);
    return compute.run(dense(outputs, step.outputAvals), dense(inputs, step.inputAvals), step.attrs);
  }
  if (compute.kind !== 'program') throw new TypeError(`${step.primitive.name} has no reference kernel`);
  const operands = step.inputAvals.map(({ shape, dtype }, i) =>
    immediate(shape, dtype, copyOf(inputs[i]!, shape.length === 0)),
  );
  compute.evaluate(operands, step.attrs, run).forEach((result, i) => write(outputs[i]!, contentOf(result)));
}
