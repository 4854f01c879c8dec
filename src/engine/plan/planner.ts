/** From instructions to steps: elementwise chains become loops, views become walks, the rest one step each. */
import type { DType } from '../../base/dtypes.ts';
import type { Node } from '../../base/lanes/graph.ts';
import { sameShape, sizeOf, stridesOf, type Shape } from '../../base/shapes.ts';
import type { Lowering, Part } from '../../ops/lowering.ts';
import { drawOf, type Instruction, type Program, type Var } from '../../program/program.ts';
import type { Access, Buffer, Step } from '../steps.ts';
import { isWhole, partOf, reshaped, wholeOf, type Walk } from './access.ts';
import { Expression, laneBytes, LoopGroup } from './group.ts';
import { bandBox, bandSum } from './bands.ts';
import { contractStep } from './contract.ts';
import { convolutionStep } from './convolution.ts';
import { largestStep, pickStep, putStep } from './indexed.ts';
import { TapeGroup, type TapeOperand } from './tape.ts';

/** Where a variable's elements come from. */
export type Source =
  /** One number stands for all. */
  | { readonly kind: 'fill'; readonly value: number }
  /** A buffer, written by item number `producer` (−1: there from the start). */
  | { readonly kind: 'walk'; readonly walk: Walk; readonly producer: number }
  /** Computed in a loop, in the same row-major order as `of`. */
  | { readonly kind: 'lane'; readonly group: LoopGroup | TapeGroup; readonly of: Var };

/** The words that make the numbers of one draw of a run. */
export interface Key {
  readonly buffer: Buffer;
  readonly draw: number;
}

/** What is executed at one position: a finished step or a loop that still grows. */
export type Item = Step | LoopGroup | TapeGroup;

/** How far back an instruction looks for a loop that it has nothing else to do with. */
const WINDOW = 6;
/** Domains too small for vectors mix widths freely. */
const SMALL = 16;
/** From so many elementwise instructions on single elements on, they are interpreted: code for each would be too much. */
const MANY_SINGLES = 1500;
/** A reduction computes its operand itself if that takes no more instructions than this. */
const LONGEST_CONE = 24;
/** Lane functions with more nodes than this are not computed twice. */
const CHEAP_NODES = 8;

export class Planner {
  readonly items: Item[] = [];
  /** Where the two random words of each draw go. */
  readonly keys: Key[] = [];
  private readonly sources: Map<Var, Source> = new Map();
  private readonly uses: ReadonlyMap<Var, number>;
  private readonly makers: Map<Var, Instruction> = new Map();
  private buffers = 0;
  /** Whether single elements are computed on tapes, and the tape that still grows. */
  private readonly usesTapes: boolean;
  private tape: TapeGroup | null = null;

  constructor(program: Program) {
    this.uses = countUses(program);
    const singles = program.instructions.filter(
      ({ primitive, outputs }) => primitive.compute.kind === 'lane' && sizeOf(outputs[0]!.shape) === 1,
    );
    this.usesTapes = singles.length >= MANY_SINGLES;
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
      case 'convolution': {
        const to = this.buffer(out.dtype, sizeOf(out.shape));
        const [a, b] = instruction.inputs.map((v) => this.walkOf(v)) as [Walk, Walk];
        return this.push(convolutionStep(lowering, out, a, b, wholeOf(to, out.shape)), out, to);
      }
      case 'pick': {
        const to = this.buffer(out.dtype, sizeOf(out.shape));
        const [x, index] = instruction.inputs.map((v) => this.wholeOf(v)) as [Buffer, Buffer];
        return this.push(pickStep(lowering, out.shape, x, index, to), out, to);
      }
      case 'put': {
        const to = this.buffer(out.dtype, sizeOf(out.shape));
        const [x, ...others] = instruction.inputs as [Var, Var, Var];
        const [index, source] = others.map((v) => this.wholeOf(v)) as [Buffer, Buffer];
        this.copyInto(to, x);
        return this.push(putStep(lowering, index, source, to), out, to);
      }
      case 'bands':
        return this.bands(instruction, lowering);
      case 'largest': {
        const to = this.buffer(out.dtype, sizeOf(out.shape));
        return this.push(
          largestStep(lowering, instruction.inputs[0]!.shape, this.wholeOf(instruction.inputs[0]!), to),
          out,
          to,
        );
      }
      case 'uniform': {
        const to = this.buffer(out.dtype, sizeOf(out.shape));
        const key = this.buffer('int32', 2);
        this.keys.push({ buffer: key, draw: drawOf(instruction) ?? 0 });
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
  private loop(
    variable: Var,
    bytes: number,
    value: (expression: Expression) => Node,
  ): { walk: Walk; producer: number } {
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

  /** Writes a variable into a buffer of its size, at the end of what there is so far. */
  copyInto(buffer: Buffer, variable: Var): void {
    const { dtype, shape } = variable;
    const source = this.sourceOf(variable);
    if (source.kind === 'fill')
      return this.writeBox(dtype, wholeOf(buffer, shape), (e) => e.constant(source.value, dtype));
    const walk = this.walkOf(variable);
    this.writeBox(dtype, wholeOf(buffer, shape), (e) => e.read(walk));
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
    const own = outputs.map((): Part[] => []);
    for (const part of parts) own[part.output ?? 0]!.push(part);
    outputs.forEach((out, i) => this.mapTo(out, inputs, own[i]!));
  }

  private mapTo(out: Var, inputs: readonly Var[], parts: readonly Part[]): void {
    // Of nothing, any number is all elements.
    if (sizeOf(out.shape) === 0) return void this.sources.set(out, { kind: 'fill', value: 0 });
    const [part] = parts;
    if (parts.length === 1 && sameShape(part!.size, out.shape)) {
      const source = this.sourceOf(inputs[part!.operand]!);
      // One element stays one, whatever its shape.
      if (source.kind === 'lane' && sizeOf(out.shape) === 1 && sizeOf(source.of.shape) === 1)
        return void this.sources.set(out, source);
      return void this.sources.set(out, this.partSource(inputs[part!.operand]!, part!));
    }
    const to = this.buffer(out.dtype, sizeOf(out.shape));
    if (this.joinedOnTape(to, inputs, parts, stridesOf(out.shape))) {
      return void this.sources.set(out, { kind: 'walk', walk: wholeOf(to, out.shape), producer: this.tape!.position });
    }
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

  /** One loop for each band. */
  private bands({ inputs, outputs }: Instruction, lowering: Extract<Lowering, { kind: 'bands' }>): void {
    const out = outputs[0]!;
    const to = this.buffer(out.dtype, sizeOf(out.shape));
    const source = this.walkOf(inputs[0]!);
    for (const band of lowering.bands) {
      const box = bandBox(wholeOf(to, out.shape), lowering.axis, band);
      if (sizeOf(box.shape) > 0) this.writeBox(out.dtype, box, (e) => bandSum(e, out.dtype, source, lowering, band));
    }
    this.sources.set(out, { kind: 'walk', walk: wholeOf(to, out.shape), producer: this.items.length - 1 });
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
    if (this.usesTapes && sizeOf(out.shape) === 1) return this.single(instruction);
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
    if (!(item instanceof LoopGroup) || sizeOf(item.domain) !== sizeOf(shape)) return false;
    if (!item.hasRoomFor(sizeOf(shape) < SMALL ? 0 : bytes, inputs.length)) return false;
    return inputs.every((x) => {
      const source = this.sourceOf(x);
      if (source.kind === 'fill') return true;
      if (source.kind === 'lane') return source.group === item || source.group.position < item.position;
      return source.producer < item.position && reshaped(source.walk, item.domain) !== undefined;
    });
  }

  // Tapes ------------------------------------------------------------------------------------------------------------

  private single(instruction: Instruction): void {
    const { inputs, outputs } = instruction;
    const tape = this.tapeAfter(inputs);
    tape.add(
      instruction,
      inputs.map((x) => this.tapeOperand(x, tape)),
    );
    this.sources.set(outputs[0]!, { kind: 'lane', group: tape, of: outputs[0]! });
  }

  /** The tape that still grows, if these are there before it runs (or on it); else a new one. */
  private tapeAfter(inputs: readonly Var[]): TapeGroup {
    const { tape } = this;
    if (tape !== null && inputs.every((x) => this.isReadyFor(tape, x))) return tape;
    const made = new TapeGroup(this.items.length, (dtype, size) => this.buffer(dtype, size));
    this.items.push(made);
    this.tape = made;
    return made;
  }

  private isReadyFor(tape: TapeGroup, x: Var): boolean {
    const source = this.sourceOf(x);
    return (source.kind === 'lane' && source.group === tape) || this.readyAfter(x) < tape.position;
  }

  private tapeOperand(x: Var, tape: TapeGroup): TapeOperand {
    const source = this.sourceOf(x);
    if (source.kind === 'fill') return { kind: 'number', value: source.value, dtype: x.dtype };
    if (source.kind === 'lane' && source.group === tape) return tape.operand(source.of);
    const { buffer, start } = this.walkOf(x);
    return { kind: 'place', buffer, element: start };
  }

  /** Joins single elements that a tape computes: it writes each to its place. */
  private joinedOnTape(
    to: Buffer,
    inputs: readonly Var[],
    parts: readonly Part[],
    rowMajor: readonly number[],
  ): boolean {
    const { tape } = this;
    const operands = [...new Set(parts.map(({ operand }) => inputs[operand]!))];
    if (tape === null || parts.length < SMALL || parts.length !== to.size) return false;
    if (!operands.every((x) => sizeOf(x.shape) === 1 && this.isReadyFor(tape, x))) return false;
    for (const { operand, at } of parts) {
      const element = at.reduce((sum, index, axis) => sum + index * rowMajor[axis]!, 0);
      tape.copy(this.tapeOperand(inputs[operand]!, tape), to, element);
    }
    return true;
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
      return source.kind === 'fill'
        ? expression.constant(source.value, v.dtype)
        : expression.read(turned(this.walkOf(v)));
    };
    for (const instruction of inlined)
      nodes.set(instruction.outputs[0]!, expression.apply(instruction, instruction.inputs.map(nodeOf)));
    return nodeOf(x);
  }

  /** The elementwise instructions that make x and that a reduction can repeat at no loss, operands first. */
  private coneOf(x: Var): readonly Instruction[] {
    const found: Instruction[] = [];
    const seen = new Set<Var>();
    const source = this.sourceOf(x);
    if (source.kind !== 'lane') return [];
    const { group } = source;
    if (!(group instanceof LoopGroup)) return [];
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
