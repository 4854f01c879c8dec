/** From instructions to steps: elementwise chains become loops, views become walks, the rest one step each. */
import type { DType } from '../../base/dtypes.ts';
import type { Node } from '../../base/lanes/graph.ts';
import { sameShape, sizeOf, stridesOf, type Shape } from '../../base/shapes.ts';
import type { Lowering, Part } from '../../ops/lowering.ts';
import type { Instruction, Program, Var } from '../../program/program.ts';
import type { Access, Buffer, Step } from '../steps.ts';
import { isWhole, partOf, reshaped, wholeOf, type Walk } from './access.ts';
import { Expression, laneBytes, LoopGroup } from './group.ts';
import { contractStep } from './contract.ts';

/** Where a variable's elements come from. */
export type Source =
  /** One number stands for all. */
  | { readonly kind: 'fill'; readonly value: number }
  /** A buffer, written by item number `producer` (−1: there from the start). */
  | { readonly kind: 'walk'; readonly walk: Walk; readonly producer: number }
  /** Computed in a loop, in the same row-major order as `of`. */
  | { readonly kind: 'lane'; readonly group: LoopGroup; readonly of: Var };

/** What is executed at one position: a finished step or a loop that still grows. */
export type Item = Step | LoopGroup;

/** How far back an instruction looks for a loop that it has nothing else to do with. */
const WINDOW = 6;
/** Domains too small for vectors mix widths freely. */
const SMALL = 16;
/** A reduction computes its operand itself if that takes no more instructions than this. */
const LONGEST_CONE = 24;
/** Lane functions with more nodes than this are not computed twice. */
const CHEAP_NODES = 8;

export class Planner {
  readonly items: Item[] = [];
  /** A key of two random words for each draw, in order. */
  readonly keys: Buffer[] = [];
  private readonly sources: Map<Var, Source> = new Map();
  private readonly uses: ReadonlyMap<Var, number>;
  private readonly makers: Map<Var, Instruction> = new Map();
  private buffers = 0;

  constructor(program: Program) {
    this.uses = countUses(program);
  }

  buffer(dtype: DType, size: number): Buffer {
    return { id: this.buffers++, dtype, size };
  }

  /** A variable that is there from the start. */
  given(variable: Var, source: Source): void {
    this.sources.set(variable, source);
  }

  sourceOf(variable: Var): Source {
    return this.sources.get(variable)!;
  }

  instruction(instruction: Instruction): void {
    instruction.outputs.forEach((v) => this.makers.set(v, instruction));
    const { primitive, inputs, attrs } = instruction;
    if (primitive.compute.kind === 'view') return this.view(instruction);
    if (primitive.compute.kind === 'lane') return this.elementwise(instruction);
    const lowering = primitive.lower(inputs, attrs);
    if (lowering === null) return this.host(instruction);
    this.lowered(instruction, lowering);
  }

  private lowered(instruction: Instruction, lowering: Lowering): void {
    const out = instruction.outputs[0]!;
    switch (lowering.kind) {
      case 'map':
        return this.map(instruction, lowering.parts);
      case 'reduce':
        return this.reduce(instruction, lowering);
      case 'contract': {
        const to = this.buffer(out.dtype, sizeOf(out.shape));
        const [a, b] = instruction.inputs.map((v) => this.walkOf(v)) as [Walk, Walk];
        return this.push(contractStep(lowering, out, a, b, wholeOf(to, out.shape)), out, to);
      }
      case 'uniform': {
        const to = this.buffer(out.dtype, sizeOf(out.shape));
        const key = this.buffer('int32', 2);
        this.keys.push(key);
        return this.push({ kind: 'uniform', to, key }, out, to);
      }
    }
  }

  /** A finished step that writes all of one variable. */
  private push(step: Step, out: Var, to: Buffer): void {
    this.items.push(step);
    this.sources.set(out, { kind: 'walk', walk: wholeOf(to, out.shape), producer: this.items.length - 1 });
  }

  // Walks ------------------------------------------------------------------------------------------------------------

  private strided(variable: Var): { walk: Walk; producer: number } {
    const source = this.sourceOf(variable);
    switch (source.kind) {
      case 'walk':
        return source;
      case 'lane': {
        const buffer = source.group.store(source.of, () => this.buffer(variable.dtype, sizeOf(variable.shape)));
        return { walk: wholeOf(buffer, variable.shape), producer: source.group.position };
      }
      case 'fill':
        return this.filled(variable, source.value);
    }
  }

  /** How to read a variable from a buffer. */
  walkOf(variable: Var): Walk {
    return this.strided(variable).walk;
  }

  /** A buffer that holds a variable and nothing else, row-major. */
  wholeOf(variable: Var): Buffer {
    const { walk } = this.strided(variable);
    return isWhole(walk) ? walk.buffer : this.copied(variable).walk.buffer;
  }

  /** A loop of its own, which gives `variable` from what `value` makes. */
  private loop(variable: Var, bytes: number, value: (expression: Expression) => Node): { walk: Walk; producer: number } {
    const group = new LoopGroup(variable.shape, this.items.length, bytes);
    this.items.push(group);
    group.define(variable, value(group.expression));
    const buffer = group.store(variable, () => this.buffer(variable.dtype, sizeOf(variable.shape)));
    return { walk: wholeOf(buffer, variable.shape), producer: group.position };
  }

  private filled(variable: Var, value: number): { walk: Walk; producer: number } {
    const made = this.loop(variable, laneBytes([variable]), (e) => e.constant(value, variable.dtype));
    this.sources.set(variable, { kind: 'walk', ...made });
    return made;
  }

  /** The elements brought into row-major order. */
  copied(variable: Var): { walk: Walk; producer: number } {
    const { walk } = this.strided(variable);
    const made = this.loop(variable, laneBytes([variable]), (e) => e.read(walk));
    this.sources.set(variable, { kind: 'walk', ...made });
    return made;
  }

  // Views and copies -------------------------------------------------------------------------------------------------

  private view({ inputs, outputs }: Instruction): void {
    const [x, out] = [inputs[0]!, outputs[0]!];
    const source = this.sourceOf(x);
    if (source.kind !== 'walk') return void this.sources.set(out, source);
    const walk = reshaped(source.walk, out.shape);
    if (walk !== undefined) return void this.sources.set(out, { ...source, walk });
    const copy = this.copied(x);
    this.sources.set(out, { kind: 'walk', walk: reshaped(copy.walk, out.shape)!, producer: copy.producer });
  }

  private map({ inputs, outputs }: Instruction, parts: readonly Part[]): void {
    outputs.forEach((out, i) => {
      const own = parts.filter(({ output = 0 }) => output === i);
      this.mapTo(out, inputs, own);
    });
  }

  private mapTo(out: Var, inputs: readonly Var[], parts: readonly Part[]): void {
    const [part] = parts;
    if (parts.length === 1 && sameShape(part!.size, out.shape)) {
      return void this.sources.set(out, this.partSource(inputs[part!.operand]!, part!));
    }
    const to = this.buffer(out.dtype, sizeOf(out.shape));
    const covered = parts.reduce((n, { size }) => n + sizeOf(size), 0) === to.size;
    if (!covered) this.writeBox(out.dtype, wholeOf(to, out.shape), (e) => e.constant(0, out.dtype));
    for (const p of parts) {
      const source = this.partSource(inputs[p.operand]!, p);
      const rowMajor = stridesOf(out.shape);
      const start = p.at.reduce((sum, at, i) => sum + at * rowMajor[i]!, 0);
      const strides = rowMajor.map((stride, i) => stride * (p.steps?.[i] ?? 1));
      this.writeBox(out.dtype, { buffer: to, start, strides, shape: p.size }, (e) =>
        source.kind === 'fill' ? e.constant(source.value, out.dtype) : e.read(source.walk),
      );
    }
    this.sources.set(out, { kind: 'walk', walk: wholeOf(to, out.shape), producer: this.items.length - 1 });
  }

  private partSource(x: Var, part: Part): Exclude<Source, { kind: 'lane' }> {
    const source = this.sourceOf(x);
    if (source.kind === 'fill') return source;
    const { walk, producer } = this.strided(x);
    const direct = partOf(walk, part);
    if (direct !== undefined) return { kind: 'walk', walk: direct, producer };
    const copy = this.copied(x);
    return { kind: 'walk', walk: partOf(copy.walk, part)!, producer: copy.producer };
  }

  private writeBox(dtype: DType, { buffer, start, strides, shape }: Walk, value: (e: Expression) => Node): void {
    const expression = new Expression(laneBytes([{ dtype }]));
    const node = value(expression);
    const to: Access = { buffer, start, strides };
    const { graph, reads } = expression;
    this.items.push({ kind: 'loop', domain: shape, graph, reads, writes: [{ to, value: node }] });
  }

  // Elementwise ------------------------------------------------------------------------------------------------------

  private elementwise(instruction: Instruction): void {
    const { inputs, outputs } = instruction;
    const out = outputs[0]!;
    const bytes = laneBytes([...inputs, out]);
    const group = this.groupFor(instruction, bytes);
    const operands = inputs.map((x) => this.operand(x, group, (walk) => reshaped(walk, group.domain)!));
    group.add(instruction, operands, bytes);
    this.sources.set(out, { kind: 'lane', group, of: out });
  }

  private operand(x: Var, group: LoopGroup, fit: (walk: Walk) => Walk): Node {
    const source = this.sourceOf(x);
    if (source.kind === 'fill') return group.expression.constant(source.value, x.dtype);
    if (source.kind === 'lane' && source.group === group) return group.node(source.of);
    return group.expression.read(fit(this.walkOf(x)));
  }

  /** The youngest loop that the instruction can join, or a new one. */
  private groupFor({ inputs, outputs }: Instruction, bytes: number): LoopGroup {
    const { shape } = outputs[0]!;
    const ready = Math.max(-1, ...inputs.map((x) => this.readyAfter(x)));
    for (let i = this.items.length - 1; i >= Math.max(0, ready, this.items.length - WINDOW); i--) {
      if (this.canJoin(this.items[i]!, inputs, shape, bytes)) return this.items[i] as LoopGroup;
    }
    const last = this.items[ready];
    if (last !== undefined && this.canJoin(last, inputs, shape, bytes)) return last as LoopGroup;
    const group = new LoopGroup(shape, this.items.length, bytes);
    this.items.push(group);
    return group;
  }

  private readyAfter(x: Var): number {
    const source = this.sourceOf(x);
    return source.kind === 'fill' ? -1 : source.kind === 'walk' ? source.producer : source.group.position;
  }

  private canJoin(item: Item, inputs: readonly Var[], shape: Shape, bytes: number): boolean {
    if (item.kind !== 'group' || sizeOf(item.domain) !== sizeOf(shape)) return false;
    if (!item.hasRoomFor(sizeOf(shape) < SMALL ? 0 : bytes, inputs.length)) return false;
    return inputs.every((x) => {
      const source = this.sourceOf(x);
      if (source.kind === 'fill') return true;
      if (source.kind === 'lane') return source.group === item || source.group.position < item.position;
      return source.producer < item.position && reshaped(source.walk, item.domain) !== undefined;
    });
  }

  // Reductions -------------------------------------------------------------------------------------------------------

  private reduce(instruction: Instruction, { reducer, axes }: Extract<Lowering, { kind: 'reduce' }>): void {
    const [x, out] = [instruction.inputs[0]!, instruction.outputs[0]!];
    const kept = [...x.shape.keys()].filter((axis) => !axes.includes(axis));
    const order = [...kept, ...axes];
    const turned = ({ strides, ...walk }: Walk): Access => ({
      buffer: walk.buffer,
      start: walk.start,
      strides: order.map((axis) => strides[axis]!),
    });
    const expression = new Expression(laneBytes([x]));
    const value = this.cone(x, expression, turned);
    const to = this.buffer(out.dtype, sizeOf(out.shape));
    const { graph, reads } = expression;
    this.push(
      {
        kind: 'reduce',
        reducer,
        outer: kept.map((axis) => x.shape[axis]!),
        inner: axes.map((axis) => x.shape[axis]!),
        graph,
        reads,
        value,
        dtype: x.dtype,
        to: { buffer: to, start: 0, strides: stridesOf(out.shape) },
      },
      out,
      to,
    );
  }

  /** What a reduction reads: its operand, computed on the way where nobody else needs it. */
  private cone(x: Var, expression: Expression, turned: (walk: Walk) => Access): Node {
    const inlined = this.coneOf(x);
    const nodes = new Map<Var, Node>();
    const nodeOf = (v: Var): Node => {
      const known = nodes.get(v);
      if (known !== undefined) return known;
      const source = this.sourceOf(v);
      return source.kind === 'fill' ? expression.constant(source.value, v.dtype) : expression.read(turned(this.walkOf(v)));
    };
    for (const instruction of inlined) nodes.set(instruction.outputs[0]!, expression.apply(instruction, instruction.inputs.map(nodeOf)));
    return nodeOf(x);
  }

  /** The elementwise instructions that make x and that a reduction can repeat at no loss, operands first. */
  private coneOf(x: Var): readonly Instruction[] {
    const found: Instruction[] = [];
    const seen = new Set<Var>();
    const source = this.sourceOf(x);
    if (source.kind !== 'lane') return [];
    const { group } = source;
    const bytes = laneBytes([x]);
    const visit = (v: Var, root: boolean): void => {
      if (seen.has(v) || found.length >= LONGEST_CONE) return;
      seen.add(v);
      const own = this.sourceOf(v);
      const maker = this.makers.get(v);
      if (own.kind !== 'lane' || own.group !== group || own.of !== v || maker === undefined) return;
      if (!sameShape(v.shape, x.shape) || group.isStored(v)) return;
      const width = laneBytes([...maker.inputs, v]);
      if (width !== 0 && width !== bytes) return;
      if (this.uses.get(v)! > 1 && (root || group.costOf(v) > CHEAP_NODES)) return;
      maker.inputs.forEach((input) => visit(input, false));
      found.push(maker);
    };
    visit(x, true);
    return found;
  }

  // Everything else --------------------------------------------------------------------------------------------------

  private host({ primitive, attrs, inputs, outputs }: Instruction): void {
    const buffers = outputs.map((v) => this.buffer(v.dtype, sizeOf(v.shape)));
    this.items.push({
      kind: 'host',
      primitive,
      attrs,
      inputs: inputs.map((v) => this.wholeOf(v)),
      inputAvals: inputs.map(({ shape, dtype }) => ({ shape, dtype })),
      outputs: buffers,
      outputAvals: outputs.map(({ shape, dtype }) => ({ shape, dtype })),
    });
    const producer = this.items.length - 1;
    outputs.forEach((v, i) => this.sources.set(v, { kind: 'walk', walk: wholeOf(buffers[i]!, v.shape), producer }));
  }
}

function countUses(program: Program): Map<Var, number> {
  const uses = new Map<Var, number>();
  const use = (v: Var): void => void uses.set(v, (uses.get(v) ?? 0) + 1);
  program.instructions.forEach(({ inputs }) => inputs.forEach(use));
  program.outputs.forEach(use);
  return uses;
}
