/** Elementwise instructions: each joins a loop over its domain, or opens one. */
import type { Node } from '../../base/lanes/graph.ts';
import { sizeOf } from '../../base/shapes.ts';
import type { Instruction, Var } from '../../program/program.ts';
import { reshaped } from './access.ts';
import type { Draft, Item } from './draft.ts';
import { laneBytes, LoopGroup } from './group.ts';

/** How far back an instruction looks for a loop that it has nothing else to do with. */
const WINDOW = 6;
/** Domains too small for vectors mix widths freely. */
const SMALL = 16;

export function planElementwise(draft: Draft, instruction: Instruction): void {
  const { inputs, outputs } = instruction;
  const out = outputs[0]!;
  const bytes = laneBytes([...inputs, out]);
  const group = groupFor(draft, instruction, bytes);
  const operands = inputs.map((x) => operandIn(draft, group, x));
  group.add(instruction, operands, bytes);
  draft.set(out, { kind: 'lane', group, of: out });
}

function operandIn(draft: Draft, group: LoopGroup, x: Var): Node {
  const source = draft.sourceOf(x);
  if (source.kind === 'fill') return group.expression.constant(source.value, x.dtype);
  if (source.kind === 'lane' && source.group === group) return group.node(source.of);
  return group.expression.read(reshaped(draft.walkOf(x), group.domain)!);
}

/** The youngest loop that the instruction can join, or a new one. */
function groupFor(draft: Draft, instruction: Instruction, bytes: number): LoopGroup {
  const { items } = draft;
  const ready = Math.max(-1, ...instruction.inputs.map((x) => draft.readyAfter(x)));
  for (let i = items.length - 1; i >= Math.max(0, ready, items.length - WINDOW); i--) {
    const item = items[i]!;
    if (canJoin(draft, item, instruction, bytes)) return item;
  }
  const last = items[ready];
  if (last !== undefined && canJoin(draft, last, instruction, bytes)) return last;
  const group = new LoopGroup(instruction.outputs[0]!.shape, items.length, bytes);
  items.push(group);
  return group;
}

/** Whether the instruction computes over the loop's domain, and all its operands are there when the loop runs. */
function canJoin(draft: Draft, item: Item, { inputs, outputs }: Instruction, bytes: number): item is LoopGroup {
  const size = sizeOf(outputs[0]!.shape);
  if (!(item instanceof LoopGroup) || sizeOf(item.domain) !== size) return false;
  if (!item.hasRoomFor(size < SMALL ? 0 : bytes, inputs.length)) return false;
  return inputs.every((x) => {
    const source = draft.sourceOf(x);
    if (source.kind === 'fill') return true;
    if (source.kind === 'lane') return source.group === item || source.group.position < item.position;
    return source.producer < item.position && reshaped(source.walk, item.domain) !== undefined;
  });
}
