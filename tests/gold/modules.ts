/** Gold of modules: a layer with PyTorch's state, run forwards and backwards in its mode (see data/README.md). */
import { constant, value, type Value } from 'chainrule';
import type { AnyModule } from 'chainrule/nn';
import { compareTensor, type Runner, type Verdict } from './compare.ts';
import { dtypeOf, flattenOutputs, isTensor, number, type GoldTensor } from './format.ts';
import type { TorchModule } from './torch-modules.ts';

export interface ModuleCase {
  readonly options: Readonly<Record<string, unknown>>;
  readonly mode: 'train' | 'eval';
  readonly state: Readonly<Record<string, GoldTensor>>;
  readonly inputs: readonly GoldTensor[];
  readonly outputs: readonly GoldTensor[];
  readonly inputGrads: readonly (GoldTensor | null)[];
  readonly paramGrads: Readonly<Record<string, GoldTensor | null>>;
  readonly stateAfter?: Readonly<Record<string, GoldTensor>>;
}

const held = (tensor: GoldTensor): Value =>
  constant(Float64Array.from(tensor.tensor, number), { shape: tensor.shape, dtype: dtypeOf(tensor) });

const leaf = (tensor: GoldTensor): Value =>
  dtypeOf(tensor) === 'float64' ? value(held(tensor).data, { shape: tensor.shape, dtype: 'float64' }) : held(tensor);

const weighted = (x: Value, shift: number): Value =>
  x
    .mul(
      constant(
        Float64Array.from({ length: x.size }, (_, k) => Math.cos(k + shift)),
        { shape: x.shape },
      ) as never,
    )
    .sum();

const states = (tensors: Readonly<Record<string, GoldTensor>>): Record<string, Value> =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, held(tensor)]));

/** Compares named tensors; where PyTorch has none, zeros or nothing will do. */
function compareNamed(
  what: string,
  got: (name: string) => Value | null | undefined,
  expected: Readonly<Record<string, GoldTensor | null>>,
  tolerance: number,
): Verdict {
  for (const [name, want] of Object.entries(expected)) {
    if (want === null || !isTensor(want)) continue;
    const own = got(name);
    if (own === null || own === undefined) return `${what} ${name} is missing`;
    const verdict = compareTensor(`${what} ${name}`, own, want, tolerance);
    if (verdict !== null) return verdict;
  }
  return null;
}

/** Σᵢ Σₖ out[i][k]·cos(k + i), of those that are floats. */
function lossOf(outputs: readonly Value[]): Value {
  const terms = outputs.flatMap((x, i) => (x.dtype === 'float64' ? [weighted(x, i)] : []));
  return terms.reduce((a, b) => a.add(b));
}

/** Outputs, gradients of inputs and parameters, and buffers after the pass. */
export function runModuleCase(
  { build, call }: TorchModule,
  gold: ModuleCase,
  tolerance: number,
  runner: Runner,
): Verdict {
  const model: AnyModule = build(gold.options);
  model.loadStateDict(states(gold.state));
  model.train(gold.mode === 'train');
  const inputs = gold.inputs.map(leaf);
  const run = runner((...xs) => {
    const outputs = flattenOutputs(call(model, xs));
    lossOf(outputs).backward();
    return outputs;
  });
  const outputs = run(...inputs);
  if (outputs.length !== gold.outputs.length) return `${outputs.length} outputs, expected ${gold.outputs.length}`;
  const parameters = new Map(model.namedParameters());
  const buffers = new Map(model.namedBuffers());
  const listed = <T>(xs: readonly T[]): Record<string, T> => Object.fromEntries(xs.map((x, i) => [String(i), x]));
  return (
    compareNamed('output', (i) => outputs[Number(i)], listed(gold.outputs), tolerance) ??
    compareNamed('gradient of input', (i) => inputs[Number(i)]!.grad, listed(gold.inputGrads), tolerance) ??
    compareNamed('gradient of', (name) => parameters.get(name)?.grad, gold.paramGrads, tolerance) ??
    compareNamed('after the pass', (n) => buffers.get(n) ?? parameters.get(n), gold.stateAfter ?? {}, tolerance)
  );
}
