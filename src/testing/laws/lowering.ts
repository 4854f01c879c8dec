/** The law of lowerings: what an engine is told to do is what the reference kernel does. */
import type { DType, Storage } from '../../base/dtypes.ts';
import type { Dense } from '../../base/storage.ts';
import type { Attributes, Primitive } from '../../ops/primitive.ts';
import { grad } from '../../transform/reverse.ts';
import { withObserver } from '../../value/recording.ts';
import { immediate, isTraced, type Value } from '../../value/value.ts';
import {
  drawing,
  floatCall,
  positionsOfFloats,
  requireClose,
  requireSame,
  everything,
  type Case,
  type Law,
} from './law.ts';
import { runConvolution } from './lowered-convolution.ts';
import { runBands, runContract, runMap, runPick, runPut, runReduce, type LoweringOf } from './lowered.ts';

const dense = (x: Value): Dense => ({ data: x.data, shape: x.shape, dtype: x.dtype });

const asValue = (x: Value, data: Storage): Value => immediate(x.shape, x.dtype, x.shape.length === 0 ? data[0]! : data);

const TOLERANCE: Readonly<Record<DType, number>> = { float64: 1e-12, float32: 1e-4, int32: 0, bool: 0 };

/** How large the terms are that may have cancelled. */
const magnitude = (inputs: readonly Value[]): number =>
  inputs.reduce((product, x) => product * Math.max(1, ...Array.from(x.data, Math.abs).filter(Number.isFinite)), 1);

function requireLowered(p: Primitive, inputs: readonly Value[], attrs: Attributes, outputs: readonly Value[]): void {
  const lowering = p.lower(inputs, attrs);
  const operands = inputs.map(dense);
  switch (lowering?.kind) {
    case 'map':
      return runMap(lowering, operands, outputs).forEach((data, i) =>
        requireSame(`${p.name}, its parts copied: output ${i}`, asValue(outputs[i]!, data), outputs[i]!),
      );
    case 'bands':
      return requireSame(
        `${p.name}, its bands summed`,
        asValue(outputs[0]!, runBands(lowering, operands, outputs)[0]!),
        outputs[0]!,
      );
    case 'pick':
    case 'put': {
      const [data] = lowering.kind === 'pick' ? runPick(lowering, operands, outputs) : runPut(lowering, operands);
      return requireSame(`${p.name}, as it is lowered`, asValue(outputs[0]!, data!), outputs[0]!);
    }
    case 'reduce':
    case 'contract':
    case 'convolution': {
      const [data] = runSums(lowering, operands, outputs);
      const [y] = outputs;
      return requireClose(
        `${p.name}, as it is lowered`,
        asValue(y!, data!),
        y!,
        TOLERANCE[y!.dtype],
        magnitude(inputs),
      );
    }
    default:
      return;
  }
}

function runSums(
  lowering: LoweringOf<'reduce' | 'contract' | 'convolution'>,
  operands: readonly Dense[],
  outputs: readonly Value[],
): Storage[] {
  if (lowering.kind === 'reduce') return runReduce(lowering, operands, outputs);
  if (lowering.kind === 'contract') return runContract(lowering, operands, outputs);
  return runConvolution(lowering, operands, outputs);
}

/** Runs f and looks at every application in it. */
const looking = (f: () => unknown): void =>
  void withObserver(
    (p, inputs, attrs, outputs) => {
      if (![...inputs, ...outputs].some(isTraced)) requireLowered(p, inputs, attrs, outputs);
    },
    () => drawing(f),
  );

function gradients({ sample, inputs }: Case): void {
  const argnums = positionsOfFloats(inputs);
  const outputs = floatCall(sample);
  if (argnums.length === 0 || sample.differentiable === false) return;
  const sum = (...xs: Value[]): Value =>
    outputs(...xs).reduce((total, y) => total.add(y.sum()), immediate([], 'float64', 0));
  grad(sum, { argnums })(...inputs);
}

/** Holds for every primitive that the op and its gradient apply. */
export const lowers: Law = {
  name: 'lowered = the reference kernel',
  exempts: everything,
  check(at) {
    looking(() => at.sample.call(...at.inputs));
    looking(() => gradients(at));
  },
};
