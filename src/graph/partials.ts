/** Local derivatives ∂node/∂operand: ones pulled back through a single op, or through a folded scope. */
import { isFloat } from '../base/dtypes.ts';
import type { Cotangent } from '../ops/primitive.ts';
import { noGrad } from '../value/recording.ts';
import { walkReverse } from '../value/reverse.ts';
import { immediate, type Value } from '../value/value.ts';
import type { Step } from './steps.ts';

const onesLike = (x: Value): Value => immediate(x.shape, x.dtype, 1);

const zeroLike = (x: Value): Value => immediate(x.shape, x.dtype, 0);

/** Derivatives of Σ outputs with respect to each operand: null where there are none or no numbers. */
export function partialsOfStep(step: Step, operands: readonly (Value | null)[]): readonly (Value | null)[] {
  const none = operands.map(() => null);
  const outputs = step.outputs.map((output) => output.value);
  if (step.primitive === null || !outputs.every((y) => y !== null) || !operands.every((x) => x !== null)) return none;
  return noGrad(() => pullOnes(step, operands, outputs));
}

function pullOnes(step: Step, inputs: readonly Value[], outputs: readonly Value[]): readonly (Value | null)[] {
  const { derivatives } = step.primitive!;
  const at = { inputs, outputs, attrs: step.attrs };
  const wanted = inputs.map((x) => isFloat(x.dtype));
  const y = outputs[0]!;
  const finish = (g: Cotangent, i: number): Value | null => (wanted[i] ? (g ?? zeroLike(inputs[i]!)) : null);
  switch (derivatives.kind) {
    case 'none':
      return inputs.map(() => null);
    case 'partials': {
      const [a, b, c] = [inputs[0]!, inputs[1] ?? inputs[0]!, inputs[2] ?? inputs[0]!];
      return inputs.map((_, i) => (wanted[i] ? finish(derivatives.partials[i]!(onesLike(y), y, a, b, c), i) : null));
    }
    case 'each':
      return inputs.map((_, i) => (wanted[i] ? finish(derivatives.vjp(onesLike(y), i, at), i) : null));
    case 'joint': {
      const gs = outputs.map((output) => (isFloat(output.dtype) ? onesLike(output) : undefined));
      return derivatives.vjp(gs, at, wanted).map(finish);
    }
  }
}

/** Derivatives of Σ outputs with respect to Values at the edge of a folded scope. */
export function partialsOfScope(outputs: readonly Value[], boundary: ReadonlySet<Value>): ReadonlyMap<Value, Value> {
  const found = new Map<Value, Value>();
  noGrad(() =>
    walkReverse(
      outputs,
      outputs.map((y) => (isFloat(y.dtype) ? onesLike(y) : undefined)),
      {
        isTarget: (node) => boundary.has(node) || node._op === null,
        reached: (target, g) => void found.set(target, g),
        floor: 0,
        silent: true,
      },
    ),
  );
  return found;
}
