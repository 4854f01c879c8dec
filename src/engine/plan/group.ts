/** Loops under construction: elementwise instructions over one domain, computed together element by element. */
import { bytesPerElement, type DType } from '../../base/dtypes.ts';
import { LaneGraph, type Node } from '../../base/lanes/graph.ts';
import { converted, LANE_TYPES } from '../../base/lanes/program.ts';
import { stridesOf, type Shape } from '../../base/shapes.ts';
import type { Instruction, Var } from '../../program/program.ts';
import type { Access, Buffer, LoopStep } from '../steps.ts';

/** Larger expressions spill out of the registers and take long to compile. */
const MOST_NODES = 400;
const MOST_READS = 14;

/** Bytes of the lanes an instruction computes in; 0 where it only handles truth values. */
export const laneBytes = (avals: readonly { readonly dtype: DType }[]): number =>
  Math.max(0, ...avals.map(({ dtype }) => (dtype === 'bool' ? 0 : bytesPerElement(dtype))));

/** An expression of what is read at one place: shared by loops and reductions. */
export class Expression {
  readonly graph: LaneGraph = new LaneGraph([]);
  readonly reads: Access[] = [];
  private readonly nodes: Map<string, Node> = new Map();
  private readonly masks: 'f32' | 'f64';

  /** `bytes`: of the lanes it will be computed in. */
  constructor(bytes: number) {
    this.masks = bytes === 8 ? 'f64' : 'f32';
  }

  read(access: Access): Node {
    const key = `${access.buffer.id} ${access.start} ${access.strides.join()}`;
    let node = this.nodes.get(key);
    if (node === undefined) {
      node = this.graph.input(LANE_TYPES[access.buffer.dtype]);
      this.reads.push({ buffer: access.buffer, start: access.start, strides: access.strides });
      this.nodes.set(key, node);
    }
    return node;
  }

  constant(value: number, dtype: DType): Node {
    const { graph } = this;
    if (dtype !== 'bool') return graph.number(value, LANE_TYPES[dtype] as 'f64' | 'f32' | 'i32');
    return graph.ne(graph.number(value, this.masks), graph.number(0, this.masks));
  }

  /** What an elementwise instruction makes of its operands. */
  apply({ primitive, attrs, outputs }: Instruction, operands: readonly Node[]): Node {
    if (primitive.compute.kind !== 'lane') throw new TypeError(`${primitive.name} has no lane function`);
    const result = this.graph.apply(primitive.compute.lane(attrs), operands);
    return converted(this.graph, result, LANE_TYPES[outputs[0]!.dtype]);
  }
}

export class LoopGroup {
  readonly kind = 'group';
  readonly domain: Shape;
  /** Its place among the items of the plan. */
  readonly position: number;
  readonly expression: Expression;
  readonly members: Instruction[] = [];
  private bytes: number;
  private readonly nodes: Map<Var, Node> = new Map();
  private readonly stored: Map<Var, Buffer> = new Map();
  private readonly costs: Map<Var, number> = new Map();

  constructor(domain: Shape, position: number, bytes: number) {
    this.domain = domain;
    this.position = position;
    this.bytes = bytes;
    this.expression = new Expression(bytes);
  }

  /** Whether it can take one more instruction of this lane width. */
  hasRoomFor(bytes: number, reads: number): boolean {
    const sameWidth = bytes === 0 || this.bytes === 0 || bytes === this.bytes;
    return sameWidth && this.expression.graph.size < MOST_NODES && this.expression.reads.length + reads <= MOST_READS;
  }

  add(instruction: Instruction, operands: readonly Node[], bytes: number): void {
    this.bytes = Math.max(this.bytes, bytes);
    this.members.push(instruction);
    const before = this.expression.graph.size;
    const out = instruction.outputs[0]!;
    this.nodes.set(out, this.expression.apply(instruction, operands));
    this.costs.set(out, this.expression.graph.size - before);
  }

  /** How many lane operations a value added. */
  costOf(variable: Var): number {
    return this.costs.get(variable) ?? 0;
  }

  /** A value that is computed here from the outset (a copy, a fill). */
  define(variable: Var, node: Node): void {
    this.nodes.set(variable, node);
  }

  node(variable: Var): Node {
    return this.nodes.get(variable)!;
  }

  /** The buffer to which a value computed here goes. */
  store(variable: Var, make: () => Buffer): Buffer {
    let buffer = this.stored.get(variable);
    if (buffer === undefined) {
      buffer = make();
      this.stored.set(variable, buffer);
    }
    return buffer;
  }

  isStored(variable: Var): boolean {
    return this.stored.has(variable);
  }

  /** The loop, of what is needed of it; null where nothing is. */
  finish(): LoopStep | null {
    if (this.stored.size === 0) return null;
    const strides = stridesOf(this.domain);
    const writes = [...this.stored].map(([variable, buffer]) => ({
      to: { buffer, start: 0, strides },
      value: this.nodes.get(variable)!,
    }));
    const { graph, reads } = this.expression;
    return { kind: 'loop', domain: this.domain, graph, reads, writes };
  }
}
