/** Reductions, which compute their operand on the way where nobody else needs it. */
import type { Node } from '../../base/lanes/graph.ts';
import { sameShape, stridesOf } from '../../base/shapes.ts';
import type { Lowering } from '../../ops/lowering.ts';
import type { Instruction, Program, Var } from '../../program/program.ts';
import type { Access } from '../steps.ts';
import type { Walk } from './access.ts';
import type { Draft } from './draft.ts';
import { Expression, laneBytes, LoopGroup } from './group.ts';

/** A reduction computes its operand itself if that takes no more instructions than this. */
const LONGEST_CONE = 24;
/** Lane functions with more nodes than this are not computed twice. */
const CHEAP_NODES = 8;

export class Reductions {
  private readonly draft: Draft;
  private readonly uses: Map<Var, number> = new Map();
  private readonly makers: Map<Var, Instruction> = new Map();

  constructor(draft: Draft, program: Program) {
    this.draft = draft;
    const use = (v: Var): void => void this.uses.set(v, (this.uses.get(v) ?? 0) + 1);
    for (const instruction of program.instructions) {
      instruction.inputs.forEach(use);
      instruction.outputs.forEach((v) => this.makers.set(v, instruction));
    }
    program.outputs.forEach(use);
  }

  add(instruction: Instruction, { reducer, axes }: Extract<Lowering, { kind: 'reduce' }>): void {
    const [x, out] = [instruction.inputs[0]!, instruction.outputs[0]!];
    const kept = [...x.shape.keys()].filter((axis) => !axes.includes(axis));
    const order = [...kept, ...axes];
    const turned = ({ buffer, start, strides }: Walk): Access => ({
      buffer,
      start,
      strides: order.map((axis) => strides[axis]!),
    });
    const expression = new Expression(laneBytes([x]));
    const value = this.operand(x, expression, turned);
    const { graph, reads } = expression;
    this.draft.compute(out, (to) => ({
      kind: 'reduce',
      reducer,
      outer: kept.map((axis) => x.shape[axis]!),
      inner: axes.map((axis) => x.shape[axis]!),
      graph,
      reads,
      value,
      dtype: x.dtype,
      to: { buffer: to, start: 0, strides: stridesOf(out.shape) },
    }));
  }

  private operand(x: Var, expression: Expression, turned: (walk: Walk) => Access): Node {
    const { draft } = this;
    const nodes = new Map<Var, Node>();
    const nodeOf = (v: Var): Node => {
      const known = nodes.get(v);
      if (known !== undefined) return known;
      const source = draft.sourceOf(v);
      if (source.kind === 'fill') return expression.constant(source.value, v.dtype);
      return expression.read(turned(draft.walkOf(v)));
    };
    for (const instruction of this.coneOf(x))
      nodes.set(instruction.outputs[0]!, expression.apply(instruction, instruction.inputs.map(nodeOf)));
    return nodeOf(x);
  }

  /** The elementwise instructions that make x and that a reduction can repeat at no loss, operands first. */
  private coneOf(x: Var): readonly Instruction[] {
    const found: Instruction[] = [];
    const seen = new Set<Var>();
    const source = this.draft.sourceOf(x);
    if (source.kind !== 'lane' || !(source.group instanceof LoopGroup)) return found;
    const { group } = source;
    const bytes = laneBytes([x]);
    const visit = (v: Var): void => {
      if (seen.has(v) || found.length >= LONGEST_CONE) return;
      seen.add(v);
      const own = this.draft.sourceOf(v);
      const maker = this.makers.get(v);
      if (own.kind !== 'lane' || own.group !== group || own.of !== v || maker === undefined) return;
      if (!sameShape(v.shape, x.shape) || group.isStored(v)) return;
      const width = laneBytes([...maker.inputs, v]);
      if (width !== 0 && width !== bytes) return;
      if (this.uses.get(v)! > 1 && (v === x || group.costOf(v) > CHEAP_NODES)) return;
      maker.inputs.forEach(visit);
      found.push(maker);
    };
    visit(x);
    return found;
  }
}
