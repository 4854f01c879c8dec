/** From a lane function to WebAssembly modules: the scalar export, and a loop over arrays in the shared scratch memory. */
import type { DType } from '../dtypes.ts';
import { bytesPerElement } from '../dtypes.ts';
import { WasmModule, type FunctionBody, type FunctionRef, type Local, type MemoryOpName } from '../wasm/index.ts';
import { emitGraph } from './emit.ts';
import { LaneGraph, type Node } from './graph.ts';
import type { LaneFunction, LaneType } from './lanes.ts';
import { ScalarForm, scalarType, type SlowFunctions } from './scalar-form.ts';
import { scratchLimits } from './scratch.ts';
import { fitsVectors, splatOp, VectorForm, writeSplat, type LaneWidth } from './vector-form.ts';

const LANE_TYPES: Readonly<Record<DType, LaneType>> = { float64: 'f64', float32: 'f32', int32: 'i32', bool: 'mask' };

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

function converted(graph: LaneGraph, result: Node, type: LaneType): Node {
  if (type === 'mask') return result.type === 'mask' ? result : graph.ne(result, 0);
  return graph.to(result, type as 'f64' | 'f32' | 'i32');
}

/** The slow functions of one module: each is written when it is first called. */
function slowFunctions(module: WasmModule): SlowFunctions {
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

/** Where operands and result lie in the scratch memory; operand i starts at i · stride, the result behind them. */
export interface Layout {
  readonly stride: number;
  /** Which operands are single numbers, passed as parameters. */
  readonly splats: readonly boolean[];
}

/** Vectors per turn of the loop: two keep the multipliers busy while one waits for its chain. */
const UNROLL = 2;

/** A module that exports `loop(n, ...splats)`: n elements from and to the scratch memory. */
export function loopModule(program: LaneProgram, layout: Layout): Uint8Array<ArrayBuffer> {
  const module = new WasmModule();
  module.importMemory('scratch', 'memory', scratchLimits);
  const slow = slowFunctions(module);
  const splatTypes = program.graph.inputs.filter((_, i) => layout.splats[i]).map(scalarType);
  module.function('loop', ['i32', ...splatTypes], [], (body) => {
    const i = body.local('i32');
    const width = vectorWidth(program, layout);
    if (width !== undefined) writeVectorLoops(body, i, program, layout, slow, width);
    writeLoop(body, i, body.params[0]!, 1, scalarStep(body, i, program, layout, slow));
  });
  return module.encode();
}

function vectorWidth({ graph, root, inputs, output }: LaneProgram, { splats }: Layout): LaneWidth | undefined {
  const widths = new Set(inputs.filter((_, i) => !splats[i]).map(bytesPerElement));
  widths.add(bytesPerElement(output));
  widths.delete(1);
  const [width] = widths;
  if (widths.size !== 1 || (width !== 4 && width !== 8)) return undefined;
  return fitsVectors(graph.reachable(root), width) ? width : undefined;
}

/** `for (; i < end; i += step) inside()`, signed. */
function writeLoop(body: FunctionBody, i: Local, end: Local, step: number, inside: () => void): void {
  body.block([], (done) => {
    body.loop([], (again) => {
      body.get(i).get(end).op('i32.ge_s').brIf(done);
      inside();
      body.get(i).i32(step).op('i32.add').set(i).br(again);
    });
  });
}

function splatLocals({ graph }: LaneProgram, { splats }: Layout, body: FunctionBody): Map<Node, Local> {
  const given = new Map<Node, Local>();
  let next = 1;
  graph.inputs.forEach((input, k) => {
    if (splats[k]) given.set(input, body.params[next++]!);
  });
  return given;
}

const LOADS: Readonly<Record<DType, MemoryOpName>> = {
  float64: 'f64.load',
  float32: 'f32.load',
  int32: 'i32.load',
  bool: 'i32.load8_u',
};
const STORES: Readonly<Record<DType, MemoryOpName>> = {
  float64: 'f64.store',
  float32: 'f32.store',
  int32: 'i32.store',
  bool: 'i32.store8',
};

/** The byte offset of element i within its array. */
function writeOffset(body: FunctionBody, i: Local, bytes: number): void {
  body.get(i);
  if (bytes > 1) body.i32(bytes === 8 ? 3 : 2).op('i32.shl');
}

function scalarStep(
  body: FunctionBody,
  i: Local,
  program: LaneProgram,
  layout: Layout,
  slow: SlowFunctions,
): () => void {
  const { graph, root, inputs, output } = program;
  const given = splatLocals(program, layout, body);
  return () => {
    writeOffset(body, i, bytesPerElement(output));
    emitGraph(body, graph, root, new ScalarForm(slow), given, (input) => {
      const k = input.value as number;
      writeOffset(body, i, bytesPerElement(inputs[k]!));
      body.memory(LOADS[inputs[k]!], k * layout.stride);
    });
    body.memory(STORES[output], inputs.length * layout.stride);
  };
}

/** The loop over whole vectors; the scalar loop behind it does the rest. */
function writeVectorLoops(
  body: FunctionBody,
  i: Local,
  program: LaneProgram,
  layout: Layout,
  slow: SlowFunctions,
  width: LaneWidth,
): void {
  const lanes = 16 / width;
  const given = splatVectors(body, program, layout, width);
  const signMask = hasOp(program, 'copySign') ? writeSignMask(body, width) : undefined;
  const form = new VectorForm(slow, width, signMask);
  const end = body.local('i32');
  for (const vectors of UNROLL > 1 ? [UNROLL, 1] : [1]) {
    body
      .get(body.params[0]!)
      .i32(vectors * lanes - 1)
      .op('i32.sub')
      .set(end);
    writeLoop(body, i, end, vectors * lanes, () => {
      for (let u = 0; u < vectors; u++) writeVectorStep(body, i, program, layout, form, given, width, u * lanes);
    });
  }
}

const hasOp = ({ graph, root }: LaneProgram, op: Node['op']): boolean => graph.reachable(root).some((x) => x.op === op);

/** Constants and single numbers, spread over vectors before the loop. */
function splatVectors(body: FunctionBody, program: LaneProgram, layout: Layout, width: LaneWidth): Map<Node, Local> {
  const given = new Map<Node, Local>();
  for (const [input, param] of splatLocals(program, layout, body)) {
    const vector = body.local('v128');
    body.get(param);
    if (input.type === 'mask') writeSplatMask(body, width);
    else body.op(splatOp(input.type));
    body.set(vector);
    given.set(input, vector);
  }
  for (const node of program.graph.reachable(program.root)) {
    if (node.op !== 'constant') continue;
    const vector = body.local('v128');
    writeSplat(body, node);
    body.set(vector);
    given.set(node, vector);
  }
  return given;
}

/** 0 or 1 on the stack becomes no bits or all bits in every lane. */
function writeSplatMask(body: FunctionBody, width: LaneWidth): void {
  if (width === 8) body.op('i64.extend_i32_u').op('i64x2.splat').op('i64x2.neg');
  else body.op('i32x4.splat').op('i32x4.neg');
}

function writeSignMask(body: FunctionBody, width: LaneWidth): Local {
  const mask = body.local('v128');
  if (width === 8) body.i64(0x7fffffffffffffffn).op('i64x2.splat');
  else body.i32(0x7fffffff).op('i32x4.splat');
  body.set(mask);
  return mask;
}

function writeVectorStep(
  body: FunctionBody,
  i: Local,
  { graph, root, inputs, output }: LaneProgram,
  { stride }: Layout,
  form: VectorForm,
  given: ReadonlyMap<Node, Local>,
  width: LaneWidth,
  first: number,
): void {
  writeOffset(body, i, bytesPerElement(output));
  emitGraph(body, graph, root, form, given, (input) => {
    const k = input.value as number;
    const bytes = bytesPerElement(inputs[k]!);
    const at = k * stride + first * bytes;
    writeOffset(body, i, bytes);
    if (inputs[k] === 'bool') writeLoadMask(body, width, at);
    else body.memory('v128.load', at, 3);
  });
  const at = inputs.length * stride + first * bytesPerElement(output);
  if (output === 'bool') writeStoreMask(body, width, at);
  else body.memory('v128.store', at, 3);
}

/** Bytes 0 and 1 become lanes without bits and lanes full of them. */
function writeLoadMask(body: FunctionBody, width: LaneWidth, at: number): void {
  if (width === 4) body.memory('v128.load32_zero', at, 0);
  else body.memory('i32.load16_u', at, 0).op('i32x4.splat');
  body.op('i16x8.extend_low_i8x16_u').op('i32x4.extend_low_i16x8_u');
  if (width === 4) body.op('i32x4.neg');
  else body.op('i64x2.extend_low_i32x4_u').op('i64x2.neg');
}

/** Lanes full of bits become bytes 0 and 1: the sign bits, spread by a multiplication to one per byte. */
function writeStoreMask(body: FunctionBody, width: LaneWidth, at: number): void {
  if (width === 4) {
    body.op('i32x4.bitmask').i32(0x00204081).op('i32.mul').i32(0x01010101).op('i32.and').memory('i32.store', at, 0);
  } else {
    body.op('i64x2.bitmask').i32(0x81).op('i32.mul').i32(0x0101).op('i32.and').memory('i32.store16', at, 0);
  }
}
