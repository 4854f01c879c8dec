/** From a lane function to its expression, and to the WebAssembly module of its scalar form. */
import type { DType } from '../dtypes.ts';
import { WasmModule, type FunctionBody, type FunctionRef } from '../wasm/index.ts';
import { emitGraph } from './emit.ts';
import { LaneGraph, type Node } from './graph.ts';
import type { LaneFunction, LaneType } from './lanes.ts';
import { ScalarForm, scalarType, type SlowFunctions } from './scalar-form.ts';

/** What a lane holds of an element of each dtype. */
export const LANE_TYPES: Readonly<Record<DType, LaneType>> = {
  float64: 'f64',
  float32: 'f32',
  int32: 'i32',
  bool: 'mask',
};

/** What a kernel computes: the expression, and how its operands and result are stored. */
export interface LaneProgram {
  readonly graph: LaneGraph;
  readonly root: Node;
  readonly inputs: readonly DType[];
  readonly output: DType;
}

export function buildProgram(f: LaneFunction, inputs: readonly DType[], output: DType): LaneProgram {
  const graph = new LaneGraph(inputs.map((dtype) => LANE_TYPES[dtype]));
  const result = f(graph, ...graph.inputs) as Node;
  return { graph, root: converted(graph, result, LANE_TYPES[output]), inputs, output };
}

/** A lane function's result, as its dtype holds it. */
export function converted(graph: LaneGraph, result: Node, type: LaneType): Node {
  if (type === 'mask') return result.type === 'mask' ? result : graph.ne(result, 0);
  return graph.to(result, type as 'f64' | 'f32' | 'i32');
}

/** The slow functions of one module: each is written when it is first called. */
export function slowFunctions(module: WasmModule): SlowFunctions {
  const written = new Map<string, { slow: LaneFunction; ref: FunctionRef }[]>();
  const find: SlowFunctions = (rare) => {
    const [, fast, ...xs] = rare.args as [Node, Node, ...Node[]];
    const types = xs.map((x) => x.type);
    const key = `${types.join()}:${fast.type}`;
    const siblings = written.get(key) ?? [];
    const known = siblings.find((entry) => entry.slow === rare.slow);
    if (known !== undefined) return known.ref;
    const declared = module.declare(
      types.map((type) => scalarType({ type })),
      [scalarType(fast)],
    );
    written.set(key, [...siblings, { slow: rare.slow!, ref: declared }]);
    const graph = new LaneGraph(types);
    const result = rare.slow!(graph, ...graph.inputs) as Node;
    const root = result.type === fast.type ? result : graph.to(result, fast.type as 'f64' | 'f32' | 'i32');
    writeScalar(declared.body, graph, root, find);
    return declared;
  };
  return find;
}

function writeScalar(body: FunctionBody, graph: LaneGraph, root: Node, slow: SlowFunctions): void {
  const given = new Map(graph.inputs.map((input, i) => [input, body.params[i]!]));
  emitGraph(body, graph, root, new ScalarForm(slow), given, () => undefined);
}

/** A module that exports `scalar`: one element. */
export function scalarModule({ graph, root }: LaneProgram): Uint8Array<ArrayBuffer> {
  const module = new WasmModule();
  const slow = slowFunctions(module);
  module.function('scalar', graph.inputs.map(scalarType), [scalarType(root)], (body) =>
    writeScalar(body, graph, root, slow),
  );
  return module.encode();
}
