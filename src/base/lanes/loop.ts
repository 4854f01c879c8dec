/** The loop over arrays in the scratch memory: vectors where the expression has them, then one element at a time. */
import { bytesPerElement, type DType } from '../dtypes.ts';
import { WasmModule, type FunctionBody, type Local } from '../wasm/index.ts';
import { emitGraph } from './emit.ts';
import type { Node } from './graph.ts';
import { slowFunctions, type LaneProgram } from './program.ts';
import { SCALAR_LOADS, SCALAR_STORES, ScalarForm, scalarType, type SlowFunctions } from './scalar-form.ts';
import { scratchLimits } from './scratch.ts';
import { laneWidth, VectorForm, writeSignMasks, writeSpread, writeSplat, type LaneWidth } from './vector-form.ts';
import { writeLoadVector, writeStoreVector } from './vector-memory.ts';

/** Where operands and result lie in the scratch memory; operand i starts at i · stride, the result behind them. */
export interface Layout {
  readonly stride: number;
  /** Which operands are single numbers, passed as parameters. */
  readonly splats: readonly boolean[];
}

/**
 * Vectors per turn of the loop: two keep the multipliers busy while one waits for its chain (10 to 30 %); four gain no
 * more. Long expressions have enough to do as they are, and their code would take longer to build.
 */
const UNROLL = 2;
const LONG = 256;

/** A module that exports `loop(n, ...splats)`: n elements from and to the scratch memory. */
export function loopModule(program: LaneProgram, layout: Layout): Uint8Array<ArrayBuffer> {
  const module = new WasmModule();
  module.importMemory('scratch', 'memory', scratchLimits);
  const slow = slowFunctions(module);
  const splatTypes = program.graph.inputs.filter((_, i) => layout.splats[i]).map(scalarType);
  module.function('loop', ['i32', ...splatTypes], [], (body) => {
    new LoopWriter(body, program, layout, slow).write();
  });
  return module.encode();
}

class LoopWriter {
  private readonly body: FunctionBody;
  private readonly program: LaneProgram;
  private readonly layout: Layout;
  private readonly slow: SlowFunctions;
  /** The element that is next. */
  private readonly i: Local;
  private readonly order: readonly Node[];

  constructor(body: FunctionBody, program: LaneProgram, layout: Layout, slow: SlowFunctions) {
    this.body = body;
    this.program = program;
    this.layout = layout;
    this.slow = slow;
    this.i = body.local('i32');
    this.order = program.graph.reachable(program.root);
  }

  write(): void {
    const width = laneWidth(this.order);
    if (width !== undefined) this.vectorLoops(width);
    const given = this.splatParameters();
    const form = new ScalarForm(this.slow);
    this.loop(this.body.params[0]!, 1, () => this.scalarStep(form, given));
  }

  /** `for (; i < end; i += step) inside()`, signed. */
  private loop(end: Local, step: number, inside: () => void): void {
    const { body, i } = this;
    body.block([], (done) => {
      body.loop([], (again) => {
        body.get(i).get(end).op('i32.ge_s').brIf(done);
        inside();
        body.get(i).i32(step).op('i32.add').set(i).br(again);
      });
    });
  }

  private scalarStep(form: ScalarForm, given: ReadonlyMap<Node, Local>): void {
    const { body } = this;
    const { graph, root, inputs, output } = this.program;
    this.offset(bytesPerElement(output));
    emitGraph(body, graph, root, form, given, (input) => {
      const dtype = inputs[input.value as number]!;
      this.offset(bytesPerElement(dtype));
      body.memory(SCALAR_LOADS[dtype], (input.value as number) * this.layout.stride);
    });
    body.memory(SCALAR_STORES[output], inputs.length * this.layout.stride);
  }

  /** Whole vectors; the scalar loop behind them does the rest. */
  private vectorLoops(width: LaneWidth): void {
    const { body } = this;
    const lanes = 16 / width;
    const given = this.splatVectors(width);
    const signMasks = writeSignMasks(body, this.order);
    const form = new VectorForm(this.slow, width, signMasks);
    const end = body.local('i32');
    for (const vectors of this.order.length < LONG ? [UNROLL, 1] : [1]) {
      const step = vectors * lanes;
      body
        .get(body.params[0]!)
        .i32(step - 1)
        .op('i32.sub')
        .set(end);
      this.loop(end, step, () => {
        for (let first = 0; first < step; first += lanes) this.vectorStep(form, given, width, first);
      });
    }
  }

  /** One vector, from element i + first on. */
  private vectorStep(form: VectorForm, given: ReadonlyMap<Node, Local>, width: LaneWidth, first: number): void {
    const { body, layout } = this;
    const { graph, root, inputs, output } = this.program;
    const place = (k: number, dtype: DType): number => k * layout.stride + first * bytesPerElement(dtype);
    this.offset(bytesPerElement(output));
    emitGraph(body, graph, root, form, given, (input) => {
      const k = input.value as number;
      const dtype = inputs[k]!;
      this.offset(bytesPerElement(dtype));
      writeLoadVector(body, dtype, width, place(k, dtype));
    });
    writeStoreVector(body, output, width, place(inputs.length, output));
  }

  /** The byte offset of element i within its array. */
  private offset(bytes: number): void {
    this.body.get(this.i);
    if (bytes > 1) this.body.i32(bytes === 8 ? 3 : 2).op('i32.shl');
  }

  private splatParameters(): Map<Node, Local> {
    const given = new Map<Node, Local>();
    let next = 1;
    this.program.graph.inputs.forEach((input, k) => {
      if (this.layout.splats[k]) given.set(input, this.body.params[next++]!);
    });
    return given;
  }

  /** Constants and single numbers, spread over vectors before the loop: inside, they would be built anew each time. */
  private splatVectors(width: LaneWidth): Map<Node, Local> {
    const { body } = this;
    const given = new Map<Node, Local>();
    const keep = (node: Node): void => {
      const vector = body.local('v128');
      body.set(vector);
      given.set(node, vector);
    };
    for (const [input, parameter] of this.splatParameters()) {
      body.get(parameter);
      writeSpread(body, input.type, width);
      keep(input);
    }
    for (const node of this.order) {
      if (node.op !== 'constant') continue;
      writeSplat(body, node);
      keep(node);
    }
    return given;
  }
}
